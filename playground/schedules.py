"""Learning-rate schedules: a factor of the rate over the course of a training."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from playground.registry import Entry, Options, Registry, option


@dataclass(frozen=True, kw_only=True)
class Schedule(Entry):
    """A schedule: ``factor(options, progress)`` multiplies the rate; progress runs from 0 to 1."""

    factor: Callable[[Any, float], float]


SCHEDULES: Registry[Schedule] = Registry("schedule")


class CosineOptions(Options):
    """Options of the cosine schedule."""

    floor: float = option(
        0.0, label="Floor", help="Share of the rate that is left at the end.", ge=0, le=1
    )


class StepOptions(Options):
    """Options of the step schedule."""

    drops: int = option(3, label="Drops", help="Number of drops on the way.", ge=1, le=20)
    factor: float = option(
        0.2, label="Factor", help="What remains of the rate after each drop.", ge=0.001, le=1
    )


class MultiStepOptions(Options):
    """Options of the schedule with drops at given places; the defaults are those of TisODE."""

    factor: float = option(
        0.2, label="Factor", help="What remains of the rate after each drop.", ge=0.001, le=1
    )
    first: float = option(
        0.3,
        label="First drop",
        help="Share of the epochs after which the rate drops; 1: never.",
        ge=0,
        le=1,
        step=0.05,
    )
    second: float = option(
        0.6,
        label="Second drop",
        help="Share of the epochs after which it drops again; 1: never.",
        ge=0,
        le=1,
        step=0.05,
    )
    third: float = option(
        0.9,
        label="Third drop",
        help="Share of the epochs after which it drops for the last time; 1: never.",
        ge=0,
        le=1,
        step=0.05,
    )


def _dropped(options: MultiStepOptions, progress: float) -> float:
    """Return the factor of the rate, one for each drop that the training has passed."""
    passed = min(progress, 1.0 - 1e-12)  # a drop at 1 is never reached
    drops = (options.first, options.second, options.third)
    return options.factor ** sum(passed >= drop for drop in drops)


SCHEDULES.add(
    Schedule(
        name="constant",
        label="constant",
        summary="The rate stays as it is.",
        factor=lambda _, __: 1.0,
    )
)
SCHEDULES.add(
    Schedule(
        name="cosine",
        label="cosine",
        summary="The rate falls along half a cosine to its floor.",
        options=CosineOptions,
        factor=lambda o, s: o.floor + (1 - o.floor) * 0.5 * (1 + math.cos(math.pi * min(s, 1.0))),
    )
)
SCHEDULES.add(
    Schedule(
        name="step",
        label="step",
        summary="The rate falls by a factor at equal distances.",
        options=StepOptions,
        factor=lambda o, s: o.factor ** math.floor(min(s, 1.0 - 1e-12) * (o.drops + 1)),
    )
)
SCHEDULES.add(
    Schedule(
        name="multi_step",
        label="multi-step",
        summary="The rate falls by a factor at three places of one's choice.",
        reference="Yan, Du, Tan and Feng (2020): times 0.2 after epochs 30, 60 and 90 of 100",
        options=MultiStepOptions,
        factor=_dropped,
    )
)
