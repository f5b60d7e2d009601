"""Lookahead around an optimiser against the optimiser alone, over several seeds."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from playground.experiment import Experiment
from playground.training.events import Metrics

NOTABLE = 2.0  # standard errors that a difference has to exceed to be more than chance


@dataclass(frozen=True)
class Cell:
    """One way to train.

    Attributes:
        inner: Name of the optimiser that makes the steps.
        rate: Its learning rate.
        period: Fast steps k between two slow ones; 0 is the optimiser alone.
    """

    inner: str
    rate: float
    period: int

    @property
    def alone(self) -> Cell:
        """The same without Lookahead."""
        return Cell(self.inner, self.rate, 0)


def cells(inners: Sequence[str], rates: Sequence[float], periods: Sequence[int]) -> list[Cell]:
    """Return every combination, each optimiser alone before Lookahead around it."""
    return [Cell(i, rate, k) for i in inners for rate in rates for k in (0, *periods)]


def experiment_of(base: Experiment, cell: Cell, alpha: float, seed: int) -> Experiment:
    """Return an experiment with the optimiser of a cell and the seed of weights and batches.

    Raises:
        ValueError: If the optimiser is unknown, or a value is out of bounds.
    """
    inner = {"name": cell.inner, "options": {"learning_rate": cell.rate}}
    around = {
        "name": "lookahead",
        "options": {"inner": inner, "k": max(cell.period, 1), "alpha": alpha},
    }
    slot = type(base.optimizer).model_validate(around if cell.period else inner)
    return base.model_copy(update={"optimizer": slot, "weight_seed": seed})


@dataclass(frozen=True)
class Compared:
    """What some repetitions of a cell came to.

    Attributes:
        cell: The cell.
        mean: Mean of the quantity over the repetitions that have it; nan without any.
        std: Standard deviation of a sample; ``None`` of fewer than two.
        count: Repetitions that have it.
        difference: Mean of the differences to the optimiser alone, seed by seed; ``None`` of the
            optimiser itself, and where no seed has both.
        error: Standard error of that mean; ``None`` of fewer than two pairs.
        less: Pairs in which Lookahead has less.
        pairs: Seeds that have both.
    """

    cell: Cell
    mean: float
    std: float | None
    count: int
    difference: float | None
    error: float | None
    less: int
    pairs: int

    @property
    def notable(self) -> bool:
        """Whether the difference exceeds so many standard errors that chance is a poor explanation."""
        known = self.difference is not None and self.error is not None
        return known and abs(self.difference) > NOTABLE * self.error


def compared(values: Mapping[Cell, Sequence[float | None]]) -> list[Compared]:
    """Compare each cell with its optimiser alone.

    Args:
        values: Of each cell one number for each seed, the same seeds in each; ``None`` where there is
            none (yet), as after a divergence.
    """
    return [_compared(cell, own, values.get(cell.alone, ())) for cell, own in values.items()]


def _compared(cell: Cell, own: Sequence[float | None], alone: Sequence[float | None]) -> Compared:
    known = [value for value in own if _is_number(value)]
    pairs = [a - b for a, b in zip(own, alone) if cell.period and _is_number(a) and _is_number(b)]
    return Compared(
        cell=cell,
        mean=statistics.fmean(known) if known else math.nan,
        std=statistics.stdev(known) if len(known) > 1 else None,
        count=len(known),
        difference=statistics.fmean(pairs) if pairs else None,
        error=statistics.stdev(pairs) / len(pairs) ** 0.5 if len(pairs) > 1 else None,
        less=sum(pair < 0 for pair in pairs),
        pairs=len(pairs),
    )


def _is_number(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def mean_course(
    runs: Sequence[Sequence[Metrics]], quantity: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return steps, mean and standard deviation of a quantity over runs ``(n,)`` each.

    Args:
        runs: Metrics of each; only steps that all of them have are returned.
        quantity: A field of ``Metrics``.
    """
    held = [{m.step: getattr(m, quantity) for m in metrics} for metrics in runs]
    common = sorted(set.intersection(*(set(each) for each in held))) if held else []
    table = np.array([[each[step] for step in common] for each in held], dtype=float)
    if not common:
        return np.zeros(0), np.zeros(0), np.zeros(0)
    spread = table.std(axis=0, ddof=1) if len(held) > 1 else np.zeros(len(common))
    return np.array(common), table.mean(axis=0), spread
