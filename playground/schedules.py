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
