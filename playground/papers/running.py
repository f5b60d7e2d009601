"""Trains what a table needs: by the engine, which keeps every run, or here in this process."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from playground.jobs import Jobs, Reader, studies
from playground.jobs.records import RunRecord
from playground.papers.paper import Training
from playground.papers.reports import Outcome
from playground.training.repetitions import train_all

Progress = Callable[[int, int], None]
"""Told how many trainings have ended, and of how many."""


def by_engine(
    made: Sequence[Training],
    jobs: Jobs,
    *,
    progress: Progress | None = None,
    patience: float = float("inf"),
) -> list[Outcome]:
    """Train in the background, as a study; what was trained before is found and not trained again.

    Args:
        made: What is trained.
        jobs: The store; its engine is started if none runs.
        progress: Told whenever some have ended.
        patience: Seconds without any training ending or getting on, after which this gives up.

    Returns:
        How each training ended, in their order, with the ids of their runs.

    Raises:
        Refused: If the store does not take them; then none is queued.
        TimeoutError: If nothing has moved for so long.
    """
    experiments = [training.experiment for training in made]
    jobs.ensure_engine()
    studies.hand_in(jobs, experiments)

    def told(runs: list[RunRecord | None]) -> None:
        if progress is not None:
            progress(sum(not studies.is_going(run) for run in runs), len(runs))

    return outcomes_of(jobs, studies.follow(jobs, experiments, progress=told, patience=patience))


def outcomes_of(jobs: Reader, runs: Sequence[RunRecord | None]) -> list[Outcome]:
    """Return how stored runs ended, with their last figures; a run that is gone has failed."""
    ids = list({run.id for run in runs if run is not None})
    found = studies.last_figures(jobs, ids) if ids else {}
    outcomes = []
    for run in runs:
        if run is None:
            outcomes.append(Outcome("", "failed", "its run is gone from the store", None))
            continue
        outcomes.append(Outcome(run.id, run.status, run.reason, found.get(run.id)))
    return outcomes


def here(made: Sequence[Training], *, progress: Progress | None = None) -> list[Outcome]:
    """Train in threads of this process; nothing is kept, and runs have no ids.

    Args:
        made: What is trained.
        progress: Told whenever one has ended.
    """
    found = train_all([training.experiment for training in made], progress)
    return [Outcome("", each.status, each.reason, each.metrics) for each in found]
