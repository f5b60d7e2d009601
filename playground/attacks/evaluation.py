"""Accuracy against ε, with the outcome of every sample kept so that curves can be compared in pairs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from torch import Tensor

from playground.attacks.ball import lengths
from playground.attacks.problem import (
    Clip,
    Model,
    Norm,
    check_count,
    check_inputs,
    check_number,
    correct,
)
from playground.attacks.registry import AttackSlot, run

Progress = Callable[[str, float], None]
"""Told what is being computed, and the share that is done."""


@dataclass(frozen=True)
class Curve:
    """The accuracy of one model under one attack, for rising ε.

    Attributes:
        label: What the attack is called.
        attack: Its name in ``ATTACKS``.
        options: Its options.
        epsilons: Sizes of the perturbation, rising.
        outcomes: For each of them one character a sample: ``"1"`` right, ``"0"`` wrong.
    """

    label: str
    attack: str
    options: Mapping[str, Any]
    epsilons: tuple[float, ...]
    outcomes: tuple[str, ...]

    def right(self, eps: float) -> np.ndarray:
        """Return which samples are right at an ε of the curve, ``(samples,)`` of bool.

        Raises:
            ValueError: If the curve has no such ε.
        """
        return _bits(self.outcomes[self.epsilons.index(eps)])

    @property
    def accuracies(self) -> tuple[float, ...]:
        """The share of right samples at each ε, from 0 to 1."""
        return tuple(float(_bits(text).mean()) for text in self.outcomes)

    @property
    def errors(self) -> tuple[float, ...]:
        """The standard error of each accuracy."""
        size = len(self.outcomes[0])
        return tuple(math.sqrt(a * (1 - a) / size) for a in self.accuracies)


def _bits(text: str) -> np.ndarray:
    return np.frombuffer(text.encode("ascii"), np.uint8) == ord("1")


def _text(right: Tensor) -> str:
    return "".join("1" if value else "0" for value in right.tolist())


@dataclass(frozen=True)
class Gap:
    """By how much one accuracy is above another one on the same samples.

    Attributes:
        mean: Difference of the accuracies, −1 to 1.
        error: Standard error of the mean of the samples' differences.
    """

    mean: float
    error: float

    @property
    def tolerance(self) -> float:
        """What passes for no difference: one point, or two standard errors if they are more."""
        return max(0.01, 2 * self.error)


def paired(above: np.ndarray, below: np.ndarray) -> Gap:
    """Return the gap between the outcomes ``(samples,)`` of two attacks on the same samples.

    Raises:
        ValueError: If there are no samples, or their numbers differ.
    """
    if above.shape != below.shape or not len(above):
        raise ValueError(f"samples: {above.shape} and {below.shape} cannot be paired")
    gaps = above.astype(float) - below.astype(float)
    error = float(gaps.std(ddof=1)) / math.sqrt(len(gaps)) if len(gaps) > 1 else 0.0
    return Gap(float(gaps.mean()), error)


def check_epsilons(epsilons: Sequence[float]) -> tuple[float, ...]:
    """Return the ε of a curve.

    Raises:
        ValueError: If there are none, or they do not rise from 0 or more.
    """
    values = tuple(float(eps) for eps in epsilons)
    for eps in values:
        check_number("epsilons", eps, 0)
    if not values or any(b <= a for a, b in pairwise(values)):
        raise ValueError(f"epsilons: {values} is not legal; legal are one or more that rise")
    return values


def suggested_epsilons(x: Tensor, norm: Norm, clip: Clip, count: int = 11) -> tuple[float, ...]:
    """Return equidistant ε from 0 up to where any input can be made to say nothing.

    With a clip range that is half of it in every value, where an image can be turned grey; for
    points the greatest distance from their mean, where all can be moved to one place.

    Raises:
        ValueError: If fewer than two are wanted, or all points are one.
    """
    check_count("count", count, 2)
    size = x[:1].numel()
    if clip is not None:
        half = (clip[1] - clip[0]) / 2
        top = half if norm == "linf" else half * math.sqrt(size)
    else:
        gaps = x - x.mean(0)
        top = float(gaps.abs().max() if norm == "linf" else lengths(gaps).max())
    check_number("x: greatest distance", top, 0, above=True)
    return tuple(float(eps) for eps in np.linspace(0, top, count))


def robust(
    model: Model,
    x: Tensor,
    y: Tensor,
    attack: AttackSlot,
    eps: float,
    *,
    clip: Clip = (0.0, 1.0),
    source: Model | None = None,
    seed: int = 0,
    batch_size: int | None = None,
    only_right: bool = True,
    clean: Tensor | None = None,
) -> Tensor:
    """Return which samples are still right under an attack, ``(batch,)`` of bool.

    Args:
        model: The model that is attacked and judged.
        x: Inputs ``(batch, …)`` inside the clip range.
        y: True classes ``(batch,)``.
        attack: The attack and its options.
        eps: Size of the perturbation.
        clip: Legal range of the values, ``None`` for points.
        source: The other model of a transfer.
        seed: Seed of what the attack draws.
        batch_size: Inputs at once.
        only_right: Samples that are wrong already count as errors and are left alone. Otherwise they
            are attacked like the others, and judged by what came out.
        clean: Which samples are right without an attack, where that is known.

    Raises:
        ValueError: As ``run`` does.
    """
    y = check_inputs(x, y, clip)
    if not only_right:
        moved = run(
            attack, model, x, y, eps=eps, clip=clip, source=source, seed=seed, batch_size=batch_size
        )
        return correct(model, moved, y, batch_size)
    right = correct(model, x, y, batch_size) if clean is None else clean.clone()
    chosen = right.nonzero()[:, 0]
    moved = run(
        attack,
        model,
        x[chosen],
        y[chosen],
        eps=eps,
        clip=clip,
        source=source,
        seed=seed,
        batch_size=batch_size,
    )
    right[chosen] = correct(model, moved, y[chosen], batch_size)
    return right


def accuracy_curve(
    model: Model,
    x: Tensor,
    y: Tensor,
    attack: AttackSlot,
    epsilons: Sequence[float],
    *,
    label: str = "",
    clip: Clip = (0.0, 1.0),
    source: Model | None = None,
    seed: int = 0,
    batch_size: int | None = None,
    only_right: bool = True,
    progress: Progress | None = None,
) -> Curve:
    """Return the accuracy under an attack for each ε.

    Args:
        model: The model that is attacked and judged.
        x: Inputs ``(batch, …)`` inside the clip range, at least one.
        y: True classes ``(batch,)``.
        attack: The attack and its options.
        epsilons: Rising sizes of the perturbation.
        label: What the curve is called; the attack's label without.
        clip: Legal range of the values, ``None`` for points.
        source: The other model of a transfer.
        seed: Seed of what the attack draws, the same for every ε.
        batch_size: Inputs at once.
        only_right: See ``robust``.
        progress: Told before each ε.

    Raises:
        ValueError: For inputs or settings that are not legal.
    """
    epsilons = check_epsilons(epsilons)
    y = check_inputs(x, y, clip)
    if not len(x):
        raise ValueError("x: no samples; legal is one or more")
    label = label or attack.entry.label
    clean = correct(model, x, y, batch_size) if only_right else None
    outcomes = []
    for i, eps in enumerate(epsilons):
        if progress is not None:
            progress(f"{label}, ε = {eps:g}", i / len(epsilons))
        outcomes.append(
            robust(
                model,
                x,
                y,
                attack,
                eps,
                clip=clip,
                source=source,
                seed=seed,
                batch_size=batch_size,
                only_right=only_right,
                clean=clean,
            )
        )
    options = attack.options.model_dump(mode="json")
    return Curve(label, attack.name, options, epsilons, tuple(map(_text, outcomes)))
