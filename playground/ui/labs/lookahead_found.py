"""A study of the Lookahead lab: what is compared, what the store has of it, what is looked at closer."""

from __future__ import annotations

from dataclasses import dataclass

from playground.experiment import Experiment
from playground.jobs import RunRecord
from playground.training.events import Metrics
from playground.training.lookahead_study import Cell
from playground.ui.labs.lookahead_settings import Settings


@dataclass(frozen=True)
class Study:
    """What is to be compared.

    Attributes:
        base: What all trainings share.
        cells: Ways to train.
        experiments: Of each cell one for each seed.
    """

    base: Experiment
    cells: tuple[Cell, ...]
    experiments: tuple[tuple[Experiment, ...], ...]

    @property
    def flat(self) -> list[Experiment]:
        """All experiments, cell by cell."""
        return [each for row in self.experiments for each in row]


@dataclass(frozen=True)
class Found:
    """What the store has of a study: for each cell and seed the run and its metrics."""

    runs: list[list[RunRecord | None]]
    metrics: dict[str, list[Metrics]]

    @property
    def flat(self) -> list[RunRecord | None]:
        """All runs, cell by cell."""
        return [run for row in self.runs for run in row]

    def ended(self, cell: int) -> list[list[Metrics]]:
        """Return the metrics of the runs of a cell that took all their steps."""
        return [
            self.metrics[run.id]
            for run in self.runs[cell]
            if run is not None and run.status == "finished" and run.id in self.metrics
        ]

    def last(self, cell: int, quantity: str) -> list[float | None]:
        """Return the last value of a quantity for each seed, ``None`` where there is none."""
        return [
            getattr(self.metrics[run.id][-1], quantity)
            if run is not None and run.status == "finished" and self.metrics.get(run.id)
            else None
            for run in self.runs[cell]
        ]


def looks(settings: Settings) -> dict[str, tuple[str, float]]:
    """Return the pairs of inner optimiser and rate that can be looked at closer, by name."""
    return {
        f"{inner}/{rate}": (inner, float(rate))
        for inner in settings.inner
        for rate in settings.rates
    }


def look_of(settings: Settings) -> str:
    """Return which of them is looked at."""
    names = looks(settings)
    return settings.look if settings.look in names else next(iter(names))


def look_k_of(settings: Settings) -> str:
    """Return with which k."""
    return settings.look_k if settings.look_k in settings.periods else settings.periods[0]
