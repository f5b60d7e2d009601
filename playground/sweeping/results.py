"""What a sweep has shown: means and spreads of each setting, the best one, and the Pareto front."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from playground.experiment import Experiment
from playground.jobs import Reader, RunRecord, studies
from playground.sweeping.plan import Point
from playground.training import estimate
from playground.training.events import Metrics
from playground.training.painter import finite

QUANTITIES = {
    "validation_accuracy": "Validation accuracy (%)",
    "validation_loss": "Validation loss",
    "seconds": "Training time (s)",
    "parameters": "Parameters",
    "nfe_forward": "NFE (forward)",
}
"""What is told of each setting, with its name for people."""
COSTS = ("seconds", "parameters", "nfe_forward")
"""What accuracy may be weighed against."""
_ENDED = ("finished", "diverged")


@dataclass(frozen=True)
class Ended:
    """One training of a sweep as far as it has come.

    Attributes:
        status: A run's, ``missing`` where there is none.
        reason: Why, in words.
        metrics: Its last figures.
        parameters: Trainable parameters, 0 where they are not known yet.
        run: Its id, empty without.
    """

    status: str
    reason: str = ""
    metrics: Metrics | None = None
    parameters: int = 0
    run: str = ""


@dataclass(frozen=True)
class Figure:
    """One quantity over the repetitions: mean, and deviation of a sample (``None`` of a single one)."""

    mean: float
    std: float | None = None


@dataclass(frozen=True)
class Row:
    """One setting and what has come of it.

    Attributes:
        place: Which point of the sweep it is, from 0.
        point: The setting itself.
        figures: Of the trainings that have ended, by the names in ``QUANTITIES``; accuracy in percent;
            left out where there is none, as the accuracy of a regression.
        ended: Trainings that have finished or diverged.
        diverged: Those among them that diverged; they count with what they had reached.
        failed: Trainings that failed or were stopped.
        runs: Ids of the runs of those that have ended.
    """

    place: int
    point: Point
    figures: dict[str, Figure] = field(default_factory=dict)
    ended: int = 0
    diverged: int = 0
    failed: int = 0
    runs: tuple[str, ...] = ()

    def mean(self, quantity: str) -> float:
        """Return the mean of a quantity, ``nan`` where there is none."""
        found = self.figures.get(quantity)
        return math.nan if found is None else found.mean

    def std(self, quantity: str) -> float | None:
        """Return the deviation of a quantity, ``None`` where there is none."""
        found = self.figures.get(quantity)
        return None if found is None else found.std

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, as a table and a file have it: one level, no ``nan``."""
        flat: dict[str, Any] = dict(self.point.values)
        for quantity in QUANTITIES:
            flat |= finite({quantity: self.mean(quantity)})
            flat[f"{quantity}_std"] = self.std(quantity)
        return {
            **flat,
            "ended": self.ended,
            "diverged": self.diverged,
            "failed": self.failed,
            "runs": list(self.runs),
        }


def ended_of(jobs: Reader, runs: Sequence[RunRecord | None]) -> list[Ended]:
    """Return how stored runs stand, with their last figures, by one query."""
    ids = list({run.id for run in runs if run is not None and run.status in _ENDED})
    found = studies.last_figures(jobs, ids) if ids else {}
    return [
        Ended("missing")
        if run is None
        else Ended(run.status, run.reason, found.get(run.id), run.parameters, run.id)
        for run in runs
    ]


def rows(
    points: Sequence[Point], experiments: Sequence[Experiment], ended: Sequence[Ended]
) -> list[Row]:
    """Return what has come of each setting.

    Args:
        points: The settings.
        experiments: What was trained, each once.
        ended: How each of these stands.
    """
    known = dict(zip(experiments, ended, strict=True))
    return [
        _row(place, point, [known[e] for e in point.experiments])
        for place, point in enumerate(points)
    ]


def _row(place: int, point: Point, all_: list[Ended]) -> Row:
    done = [each for each in all_ if each.status in _ENDED]
    figures = {
        "validation_accuracy": _figure(done, "validation_accuracy", 100.0),
        "validation_loss": _figure(done, "validation_loss"),
        "seconds": _figure(done, "seconds"),
        "nfe_forward": _figure(done, "nfe_forward"),
    }
    if done:
        count = done[0].parameters or estimate(point.experiments[0]).parameters
        figures["parameters"] = Figure(count)
    return Row(
        place,
        point,
        {name: found for name, found in figures.items() if found is not None},
        len(done),
        sum(each.status == "diverged" for each in done),
        sum(each.status in ("failed", "stopped") for each in all_),
        tuple(each.run for each in done if each.run),
    )


def _figure(ended: list[Ended], name: str, factor: float = 1.0) -> Figure | None:
    found = [getattr(each.metrics, name) for each in ended if each.metrics is not None]
    values = [factor * value for value in found if value is not None and math.isfinite(value)]
    if not values:
        return None
    return Figure(statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else None)


def score_of(found: Sequence[Row]) -> str:
    """Return by what settings are compared: the accuracy, or the loss where there is none."""
    judged = any("validation_accuracy" in row.figures for row in found)
    return "validation_accuracy" if judged else "validation_loss"


def best(found: Sequence[Row]) -> Row | None:
    """Return the setting with the greatest mean accuracy, or the least loss of a regression.

    Of equal ones the one with the smaller loss, and then the quicker one. A setting of which some
    repetitions have still to end is compared by those that have; ``None`` where none has.
    """
    score = score_of(found)
    sign = -1.0 if score == "validation_accuracy" else 1.0
    usable = [row for row in found if score in row.figures]

    def order(row: Row) -> tuple[float, float, float]:
        rest = [row.mean(name) for name in ("validation_loss", "seconds")]
        loss, seconds = (value if math.isfinite(value) else math.inf for value in rest)
        return sign * row.mean(score), loss, seconds

    return min(usable, key=order, default=None)


def pareto(costs: Sequence[float], scores: Sequence[float]) -> list[int]:
    """Return which of several nets nobody beats: none is at least as good at no more cost.

    Args:
        costs: What each costs; less is better.
        scores: How good each is; more is better.

    Returns:
        Their places by rising cost; of equal ones all. What is not finite is never among them.

    Raises:
        ValueError: If there are not as many costs as scores.
    """
    both = list(zip(costs, scores, strict=True))
    order = [i for i, (cost, score) in enumerate(both) if math.isfinite(cost + score)]
    order.sort(key=lambda i: (both[i][0], -both[i][1], i))
    front: list[int] = []
    for i in order:
        if not front or both[i][1] > both[front[-1]][1] or both[i] == both[front[-1]]:
            front.append(i)
    return front


def front_of(found: Sequence[Row], cost: str) -> list[Row]:
    """Return the settings that no other one beats in accuracy (or loss) at no more cost.

    Raises:
        ValueError: For a cost that is none.
    """
    if cost not in COSTS:
        raise ValueError(f"cost: {cost!r} is not legal; legal is {', '.join(COSTS)}")
    score = score_of(found)
    sign = 1.0 if score == "validation_accuracy" else -1.0
    scores = [sign * row.mean(score) for row in found]
    return [found[i] for i in pareto([row.mean(cost) for row in found], scores)]
