"""Tables III and IV of the neural ODE attention paper: as printed, and counted in nets built here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from playground.networks import build

CLASSIC, FLOW = "classic_attention", "ode_attention"
Form = Literal["score", "qkv"]


@dataclass(frozen=True)
class Printed:
    """A row of table III.

    Attributes:
        loss: Test loss.
        accuracy: Share of right answers, like the next three in [0, 1].
        precision: As printed; the paper does not say how the classes are averaged.
        recall: The same.
        f1: The same.
        seconds: Inference time; the paper does not say of how many images, or where.
    """

    loss: float
    accuracy: float
    precision: float
    recall: float
    f1: float
    seconds: float


TABLE_III: dict[tuple[str, str], Printed] = {
    (FLOW, "mnist"): Printed(0.3699, 0.8874, 0.8869, 0.8874, 0.8868, 0.0955),
    (FLOW, "fashion_mnist"): Printed(0.3800, 0.8874, 0.8863, 0.8874, 0.8866, 0.1031),
    (FLOW, "cifar10"): Printed(1.7411, 0.3822, 0.3730, 0.3822, 0.3737, 0.1038),
    (FLOW, "cifar100"): Printed(3.9617, 0.1233, 0.1032, 0.1233, 0.0991, 0.1069),
    (CLASSIC, "mnist"): Printed(0.3863, 0.8828, 0.8827, 0.8828, 0.8826, 0.9990),
    (CLASSIC, "fashion_mnist"): Printed(0.385128, 0.8842, 0.884171, 0.8842, 0.8840, 1.0212),
    (CLASSIC, "cifar10"): Printed(1.775356, 0.3603, 0.352789, 0.3603, 0.3533, 1.0038),
    (CLASSIC, "cifar100"): Printed(4.053468, 0.1025, 0.091688, 0.1025, 0.077547, 1.013438),
}
"""Table III by net and data set."""

TABLE_IV: dict[tuple[str, str], int] = {
    (CLASSIC, "mnist"): 5387,
    (CLASSIC, "fashion_mnist"): 5387,
    (CLASSIC, "cifar10"): 5899,
    (CLASSIC, "cifar100"): 17509,
    (FLOW, "mnist"): 3531,
    (FLOW, "fashion_mnist"): 3531,
    (FLOW, "cifar10"): 3659,
    (FLOW, "cifar100"): 6629,
}
"""Table IV: trainable parameters by net and data set."""

SETS: dict[str, tuple[str, tuple[int, int, int], int]] = {
    "mnist": ("MNIST", (1, 28, 28), 10),
    "fashion_mnist": ("Fashion-MNIST", (1, 28, 28), 10),
    "cifar10": ("CIFAR-10", (3, 32, 32), 10),
    "cifar100": ("CIFAR-100", (3, 32, 32), 100),
}
"""Label, shape of an image and number of classes of the paper's data sets."""

_PARTS = (
    ("lift", "encoding"),
    ("field", "field of the ODE"),
    ("norm", "layer norm"),
    ("head.attention", "attention"),
    ("head.decoder", "decoder"),
)
PARTS = tuple(label for _, label in _PARTS)
"""What the parameters of both nets are for, from input to output."""


def table_net(name: str, dataset: str, form: Form, width: int | None = None) -> nn.Module:
    """Return a net of table IV on the rows of every channel, without room for its weights.

    Args:
        name: ``CLASSIC`` or ``FLOW``.
        dataset: A name in ``SETS``.
        form: One score a position, or queries, keys and values.
        width: Components of a position; that of the table without.
    """
    _, shape, classes = SETS[dataset]
    options: dict[str, Any] = {"encoding": "rows", "form": form}
    options |= {} if width is None else {"width": width}
    with torch.device("meta"):
        return build(name, n_features=shape, n_classes=classes, **options)


def parts_of(net: nn.Module) -> dict[str, int]:
    """Return how many trainable parameters each part of an attention net has; the sum is its count."""
    found = dict.fromkeys(PARTS, 0)
    for key, parameter in net.named_parameters():
        label = next(label for prefix, label in _PARTS if key.startswith(f"{prefix}."))
        found[label] += parameter.numel() if parameter.requires_grad else 0
    return found


def operations(net: nn.Module, shape: tuple[int, int, int]) -> int:
    """Return the floating-point operations of the matrix products for one image, counted as they run.

    Args:
        net: A net with weights.
        shape: Channels, height and width of an image.
    """
    parameter = next(net.parameters())
    training = net.training
    net.eval()
    try:
        with torch.inference_mode(), FlopCounterMode(display=False) as counter:
            net(torch.zeros(1, *shape, dtype=parameter.dtype, device=parameter.device))
    finally:
        net.train(training)
    return int(counter.get_total_flops())
