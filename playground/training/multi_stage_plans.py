"""Experiments of the multi-stage lab: the fit itself, and the three figures of the lecture on it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from playground.experiment import DataSlot, Experiment, NetworkSlot, OptimizerSlot
from playground.registry import bounds

FINE = 10
"""So many times more points judge than train."""
MOST_FINE = 20_000
UNITS, LAYERS, POINTS = (5, 10, 20, 40, 60), (1, 2, 3, 4, 5), (50, 100, 200, 400, 800)
MAGNITUDES = tuple(10.0**k for k in range(-4, 5))
DOMAIN_POINTS = 300
MOST_STEPS = int(bounds(Experiment.model_fields["epochs"])[1] or 1)
"""Most optimiser steps of a stage."""


@dataclass(frozen=True)
class Budget:
    """How long each stage is trained.

    Attributes:
        adam: Steps of Adam.
        lbfgs: L-BFGS iterations after them.
    """

    adam: int
    lbfgs: int

    def times(self, factor: int) -> Budget:
        """Return a budget so many times as large."""
        return Budget(self.adam * factor, self.lbfgs * factor)


def experiment_of(
    *,
    data: DataSlot,
    n_train: int,
    network: NetworkSlot,
    optimizer: OptimizerSlot,
    lbfgs: int,
    data_seed: int = 1,
    weight_seed: int = 1,
    precision: str = "float64",
) -> Experiment:
    """Return the experiment of a fit in stages.

    Args:
        data: What is fitted.
        n_train: At how many points; ten times as many judge, or all other rows of a table.
        network: The multi-stage net.
        optimizer: Adam followed by L-BFGS.
        lbfgs: L-BFGS iterations in each stage; rounded up to whole steps.
        data_seed: Of noise and of points drawn at random.
        weight_seed: Of the initial weights.
        precision: ``float64``, or ``float32`` to see its floor.
    """
    plan = optimizer.options
    steps = plan.adam_steps + math.ceil(lbfgs / plan.iterations)
    rows = data.entry.n_rows(data.options)
    n_validation = max(2, min(MOST_FINE, FINE * n_train))
    if rows is not None:  # of a table, what is not trained on judges
        n_train = min(n_train, rows - 2)
        n_validation = rows - n_train
    return Experiment(
        data=data,
        n_train=n_train,
        n_validation=n_validation,
        data_seed=data_seed,
        network=network,
        scheme="euler",
        weight_seed=weight_seed,
        loss="mean_square",
        optimizer=optimizer,
        epochs=max(1, steps),
        precision=precision,
        path="torch",
    )


def fitted(
    budget: Budget,
    *,
    scale: str = "current",
    n_train: int = DOMAIN_POINTS,
    seed: int = 1,
    data: Mapping[str, Any] | None = None,
    **network: Any,
) -> Experiment:
    """Return the experiment of a fit to the lecture's target, with some options changed."""
    return experiment_of(
        data=DataSlot(name="function", options=dict(data or {})),
        n_train=n_train,
        network=NetworkSlot(name="multi_stage", options=network),
        optimizer=OptimizerSlot(
            name="adam_lbfgs", options={"adam_steps": budget.adam, "scale": scale}
        ),
        lbfgs=budget.lbfgs,
        weight_seed=seed,
    )


def figure_1(budget: Budget, scale: str, seed: int) -> dict[str, Experiment]:
    """Return one large net against two small ones, and one small net by each optimiser alone.

    All take the same number of steps: a single stage is trained as long as both stages together, Adam
    alone no longer than an experiment may be.
    """
    whole = budget.times(2)
    every = whole.adam + whole.lbfgs
    alone = min(every, MOST_STEPS)
    return {
        "two stages of 20 units": fitted(budget, scale=scale, seed=seed, stages=2),
        "one stage of 30 units": fitted(whole, scale=scale, seed=seed, stages=1, width=30),
        "one of 20, Adam alone": fitted(Budget(alone, 0), scale=scale, seed=seed, stages=1),
        "one of 20, L-BFGS alone": fitted(Budget(0, every), scale=scale, seed=seed, stages=1),
        "one of 20, both": fitted(whole, scale=scale, seed=seed, stages=1),
    }


@dataclass(frozen=True)
class Panel:
    """One panel of figure 2: a setting, its values, and a training for each value and seed."""

    name: str
    title: str
    values: Sequence[int]
    experiments: Sequence[Sequence[Experiment]]


def figure_2(budget: Budget, scale: str, repetitions: int, first: int) -> list[Panel]:
    """Return single stages of many sizes: units, layers, data; several seeds of each."""
    seeds = range(first, first + repetitions)

    def panel(name: str, title: str, values: Sequence[int], key: str) -> Panel:
        return Panel(
            name,
            title,
            values,
            [
                [fitted(budget, scale=scale, seed=seed, stages=1, **{key: v}) for seed in seeds]
                for v in values
            ],
        )

    return [
        panel("units", "units in each of 3 layers", UNITS, "width"),
        panel("layers", "hidden layers of 20 units", LAYERS, "depth"),
        panel("data", "training points", POINTS, "n_train"),
    ]


def figure_3(
    budget: Budget, scale: str, repetitions: int, first: int
) -> dict[str, list[list[Experiment]]]:
    """Return single stages on the target at magnitudes from 1e-4 to 1e4, as it is and divided."""
    seeds = range(first, first + repetitions)
    return {
        label: [
            [
                fitted(
                    budget,
                    scale=scale,
                    seed=seed,
                    stages=1,
                    normalise=rule,
                    data={"magnitude": magnitude},
                )
                for seed in seeds
            ]
            for magnitude in MAGNITUDES
        ]
        for label, rule in (("as it is", "none"), ("divided by its RMS", "rms"))
    }
