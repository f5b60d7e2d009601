"""Trains a sweep to its end: by the engine, which keeps every run, or here in this process."""

from __future__ import annotations

import threading
from collections.abc import Callable

from playground.jobs import Jobs, studies
from playground.sweeping.plan import Sweep, distinct
from playground.sweeping.results import Ended, Row, ended_of, rows
from playground.sweeping.storing import start
from playground.training import estimate
from playground.training import events as e
from playground.training.repetitions import train_many

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
    done, lock = 0, threading.Lock()

    def told(_: int, event: e.Event) -> None:
        nonlocal done
        if isinstance(event, e.ENDINGS):
            with lock:
                done += 1
                if progress is not None:
                    progress(done, len(experiments))

    # The longest first, so that no thread begins one of them when the others are done.
    order = sorted(experiments, key=lambda each: -estimate(each).seconds)
    found = {outcome.experiment: outcome for outcome in train_many(order, told=told)}
    ended = [
        Ended(found[each].status, found[each].reason, found[each].metrics) for each in experiments
    ]
    return rows(points, experiments, ended)
