"""Trains a sweep to its end: by the engine, which keeps every run, or here in this process."""

from __future__ import annotations

from collections.abc import Callable

from playground.jobs import Jobs, studies
from playground.sweeping.plan import Sweep, distinct
from playground.sweeping.results import Ended, Row, ended_of, rows
from playground.sweeping.storing import start
from playground.training.repetitions import train_all

Progress = Callable[[int, int], None]
"""Told how many trainings have ended, and of how many."""


def by_engine(
    sweep: Sweep,
    jobs: Jobs,
    *,
    progress: Progress | None = None,
    patience: float = float("inf"),
) -> list[Row]:
    """Train in the background; what has ended before, by whomever, is not trained again.

    Args:
        sweep: The sweep; it is kept in the store.
        jobs: The store; its engine is started if none runs.
        progress: Told whenever something has got on.
        patience: Seconds in which nothing gets on, after which this gives up.

    Raises:
        Refused: If the store does not take it; then nothing is queued.
        TimeoutError: If nothing has moved for so long.
    """
    start(jobs, sweep)
    jobs.ensure_engine()
    points = sweep.points()
    experiments = distinct(points)

    def told(runs: list) -> None:
        if progress is not None:
            progress(sum(not studies.is_going(run) for run in runs), len(runs))

    runs = studies.follow(jobs, experiments, progress=told, patience=patience)
    return rows(points, experiments, ended_of(jobs, runs))


def here(sweep: Sweep, *, progress: Progress | None = None) -> list[Row]:
    """Train in threads of this process; nothing is kept, and runs have no ids.

    Args:
        sweep: The sweep.
        progress: Told whenever a training has ended, from any thread.
    """
    points = sweep.points()
    experiments = distinct(points)
    found = train_all(experiments, progress)
    ended = [Ended(each.status, each.reason, each.metrics) for each in found]
    return rows(points, experiments, ended)
