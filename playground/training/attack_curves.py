"""Accuracy against ε of several nets with several repetitions each, one point of a curve at a time."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from playground.attacks import AttackSlot, Gap, paired, robust, suggested_epsilons
from playground.attacks.problem import Model, Norm
from playground.training.attacked import Subject

GREATEST = 1e6  # an ε beyond it is of no use to anybody
_TIMED = 64  # samples of a gradient that is timed
_NOISE_NORMS = ("linf", "l2")


def norm_of(attack: AttackSlot) -> Norm:
    """Return the norm that ε bounds; a standard deviation counts as a bound of every value."""
    norm = getattr(attack.options, "norm", "linf")
    return norm if norm in _NOISE_NORMS else "linf"


def epsilons_of(
    subjects: Sequence[Subject], attack: AttackSlot, top: float, count: int
) -> tuple[float, ...]:
    """Return the sizes of the perturbation, from 0 on at equal distances.

    Args:
        subjects: The nets and their samples.
        attack: What ε is the size of.
        top: The greatest; zero takes as much as any of the nets can be made to say nothing with.
        count: How many.

    Raises:
        ValueError: For fewer than two, no subjects, a negative top or one beyond all measure.
    """
    if not 0 <= top <= GREATEST:
        raise ValueError(f"top: {top:g} is not legal; legal is 0 to {GREATEST:g}")
    if not subjects:
        raise ValueError("subjects: none; legal is one or more")
    if top == 0:
        norm = norm_of(attack)
        found = [suggested_epsilons(s.x, norm, s.clip, 2)[-1] for s in subjects]
        top = _rounded_up(max(found))
    if count < 2:
        raise ValueError(f"count: {count} is not legal; legal is 2 or more")
    return tuple(float(f"{eps:.6g}") for eps in np.linspace(0, top, count))


def _rounded_up(value: float) -> float:
    """Return the least number of two digits that is not below a value."""
    unit = 10.0 ** (math.floor(math.log10(value)) - 1)
    return float(f"{math.ceil(value / unit - 1e-9) * unit:.6g}")


def noise_beside(attack: AttackSlot) -> AttackSlot:
    """Return Gaussian noise that is as large as the perturbations of an attack, in its norm."""
    return AttackSlot(name="gaussian_noise", options={"norm": norm_of(attack)})


def outcome(
    subject: Subject, attack: AttackSlot, eps: float, seed: int, source: Model | None = None
) -> str:
    """Return which samples are right under an attack: ``"1"`` right, ``"0"`` wrong, one for each.

    Samples that are wrong already count as errors. The same as one point of
    ``playground.attacks.accuracy_curve``.

    Args:
        subject: The net and its samples.
        attack: The attack and its options.
        eps: Size of the perturbation.
        seed: Seed of what the attack draws.
        source: The other model of a transfer.

    Raises:
        ValueError: For a transfer without a source, or a source that does not fit.
    """
    model, x, y = subject.model, subject.x, subject.y
    right = robust(model, x, y, attack, eps, clip=subject.clip, source=source, seed=seed)
    return "".join("1" if value else "0" for value in right.tolist())


def accuracy(outcomes: str) -> float:
    """Return the share of samples that are right, of what ``outcome`` returned."""
    return outcomes.count("1") / len(outcomes)


def gap(above: str, below: str) -> Gap:
    """Return by how much one outcome on the same samples is above another one."""
    return paired(*(np.array([value == "1" for value in text]) for text in (above, below)))


@dataclass(frozen=True)
class Spread:
    """A mean over repetitions; ``std`` is that of a sample, ``None`` of a single one."""

    mean: float
    std: float | None
    count: int

    @property
    def error(self) -> float | None:
        """Standard error of the mean, ``None`` of a single value."""
        return None if self.std is None else self.std / math.sqrt(self.count)


def spread(values: Sequence[float]) -> Spread | None:
    """Return mean and standard deviation of values, ``None`` of no values."""
    if not values:
        return None
    std = statistics.stdev(values) if len(values) > 1 else None
    return Spread(statistics.fmean(values), std, len(values))


def falls_to(epsilons: Sequence[float], accuracies: Sequence[float], level: float) -> float | None:
    """Return the ε at which a curve first reaches a level from above, between its points by a line.

    Args:
        epsilons: Rising.
        accuracies: One for each.
        level: The level.

    Returns:
        ``None`` if the curve stays above it.
    """
    before: tuple[float, float] | None = None
    for eps, value in zip(epsilons, accuracies):
        if value <= level:
            if before is None or before[1] == value:
                return eps
            share = (before[1] - level) / (before[1] - value)
            return before[0] + share * (eps - before[0])
        before = eps, value
    return None


@dataclass(frozen=True)
class Rise:
    """Where a larger ε helped a net: from ``low`` to ``high`` its accuracy rose by ``by``."""

    low: float
    high: float
    by: float


def largest_rise(epsilons: Sequence[float], outcomes: Sequence[str]) -> Rise | None:
    """Return by how much a curve rises at most from one ε to any larger one, beyond chance.

    What could be done with a small ε can be done with a larger one, so a rise shows an attack that is
    too weak or misled. Differences count beyond one point and two standard errors of the same samples.

    Args:
        epsilons: Rising.
        outcomes: What ``outcome`` returned for each.
    """
    worst: Rise | None = None
    least = 0
    for i, text in enumerate(outcomes):
        found = gap(text, outcomes[least])
        if found.mean > found.tolerance and (worst is None or found.mean > worst.by):
            worst = Rise(epsilons[least], epsilons[i], found.mean)
        if accuracy(text) < accuracy(outcomes[least]):
            least = i
    return worst


def gradients_of(attack: AttackSlot) -> float:
    """Return about how many gradients an attack takes for a sample, its verdict counted in."""
    options = attack.options
    steps = getattr(options, "steps", 1 if attack.entry.knows == "gradient" else 0)
    if attack.entry.knows == "logits":
        return steps * options.samples * 2 / 3 + 1  # a pass forward is a third of a gradient
    return steps * getattr(options, "restarts", 1) + 1


def seconds_of(subject: Subject) -> float:
    """Return the seconds of a gradient for one sample, by some that are taken and timed here."""
    x = subject.x[:_TIMED]
    y = subject.y[:_TIMED]
    taken = []
    for _ in range(2):  # the first is slow
        began = time.perf_counter()
        inputs = x.clone().requires_grad_(True)
        torch.nn.functional.cross_entropy(subject.model(inputs), y).backward()
        taken.append(time.perf_counter() - began)
    return min(taken) / len(x)
