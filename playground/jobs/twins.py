"""Runs of the same experiment: equal experiments give equal figures, so one of them is enough."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from playground.jobs.client import Jobs
from playground.jobs.records import TRAINING, RunRecord, record_of
from playground.jobs.studies import is_known

if TYPE_CHECKING:
    from playground.experiment import Experiment

_RESTS = ("paused", "stopped")


def twins(jobs: Jobs, experiments: Sequence[Experiment]) -> list[RunRecord | None]:
    """Return a run of each experiment that was or is trained as it was handed in, ``None`` without one.

    A run whose learning rate was changed while it trained, one that was thrown away, one that failed,
    and one that somebody else brought from a file are no twins. What has come to its own end is
    preferred to what trains, that to what rests, and of two alike one's own, then the newest.

    Args:
        jobs: The store as a user sees it.
        experiments: What is looked for.
    """
    texts = {experiment.model_dump_json() for experiment in experiments}
    if not texts:
        return []
    marks = ", ".join("?" * len(texts))
    with jobs.store.reading() as db:
        rows = db.execute(
            f"SELECT * FROM runs WHERE kind = ? AND experiment IN ({marks}) AND removed IS NULL "
            "AND status != 'failed' AND command IS NOT 'stop' AND pending = '{}' AND id NOT IN "
            "(SELECT run FROM amendments WHERE changes LIKE '%learning_rate%') ORDER BY created",
            [TRAINING, *texts],
        ).fetchall()
    best: dict[str, RunRecord] = {}
    for run in map(record_of, rows):
        if not is_known(jobs, run):
            continue
        held = best.get(run.experiment_json)
        if held is None or _rank(run, jobs.user) <= _rank(held, jobs.user):
            best[run.experiment_json] = run
    return [best.get(experiment.model_dump_json()) for experiment in experiments]


def _rank(run: RunRecord, user: str) -> tuple[int, bool]:
    ended = run.status in ("finished", "diverged")
    return 0 if ended else 2 if run.status in _RESTS else 1, run.user != user
