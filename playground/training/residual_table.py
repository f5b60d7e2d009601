"""Table 1 of the residual-stacking paper as it is printed, and what can be checked of it: the weights."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import torch

from playground.networks import build

EPOCHS, BATCH = 120, 256
"""The only settings of the training that the paper gives."""
CIFAR = (3, 32, 32)


@dataclass(frozen=True)
class Printed:
    """A line of the table.

    Attributes:
        network: Name of the net.
        depth: Its layers.
        parameters: As printed, for 10 and 100 classes.
        accuracy: In percent, on CIFAR-10 and CIFAR-100.
    """

    network: str
    depth: int
    parameters: tuple[str, str]
    accuracy: tuple[float, float]


CLASSES = (10, 100)
TABLE_1: tuple[tuple[Printed, Printed], ...] = (
    (
        Printed("preact_resnet", 18, ("11,171k", "11,217k"), (91.54, 73.28)),
        Printed("tm_resnet", 22, ("11,001k", "11,047k"), (93.01, 71.28)),
    ),
    (
        Printed("preact_resnet", 34, ("21,27k", "21,325k"), (90.94, 73.53)),
        Printed("tm_resnet", 36, ("21,035k", "21,081k"), (93.44, 74.97)),
    ),
    (
        Printed("preact_resnet", 50, ("23,509k", "23,693k"), (92.79, 74.77)),
        Printed("tm_resnet", 44, ("23,511k", "23,696k"), (93.81, 74.88)),
    ),
    (
        Printed("preact_resnet", 101, ("42,501k", "42,685k"), (93.53, 75.35)),
        Printed("tm_resnet", 86, ("42,497k", "42,682k"), (93.42, 76.50)),
    ),
    (
        Printed("preact_resnet", 152, ("58,144k", "58,329k"), (93.68, 75.30)),
        Printed("tm_resnet", 137, ("58,141k", "58,325"), (94.14, 76.14)),
    ),
)
"""The pairs of nets with about as many weights: Wang et al. (2024), table 1."""


@cache
def counted(network: str, depth: int, classes: int) -> int:
    """Return the weights of a published net on CIFAR images, from the net itself without values."""
    with torch.device("meta"):
        net = build(network, n_features=CIFAR, n_classes=classes, depth=depth)
    return sum(p.numel() for p in net.parameters())


def agreement(printed: str, count: int) -> str:
    """Return in words how a printed number of thousands of weights agrees with a count."""
    digits = re.sub(r"\D", "", printed)
    cut, rounded = count // 1000, round(count / 1000)
    if int(digits) == cut == rounded:
        return "equal"
    if int(digits) in (cut, rounded):
        return "equal, rounded" if int(digits) == rounded else "equal, cut off"
    whole = str(cut)
    missing = len(digits) == len(whole) - 1 and whole.startswith(digits)
    return "a digit is missing" if missing else "differs"


def ahead() -> list[tuple[int, int]]:
    """Return the cells, as depth of the PreActResNet and classes, in which TM-ResNet is ahead."""
    return [
        (euler.depth, classes)
        for euler, taylor in TABLE_1
        for classes, a, b in zip(CLASSES, euler.accuracy, taylor.accuracy)
        if b > a
    ]
