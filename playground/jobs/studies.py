"""Studies: many small trainings that are handed in at once, found again by what they train, and compared.

Their runs leave metrics and a last checkpoint, no pictures. They come after all other work, so that a
study never makes somebody wait, and have caps of their own.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from playground.jobs.admission import check_disk, check_study_caps, in_words
from playground.jobs.artifacts import Folder
from playground.jobs.client import Jobs
from playground.jobs.queries import insert_run, metrics_of
from playground.jobs.reader import Reader
from playground.jobs.records import IMPORTED, STUDY, Refused, RunRecord, new_id, record_of

if TYPE_CHECKING:
    from playground.experiment import Experiment
    from playground.training.events import Metrics

_ENDED = ("finished", "diverged")
# What has an end comes first, then what will have one.
_ORDER = {"finished": 0, "diverged": 0, "running": 1, "queued": 2}


def find(
    jobs: Reader, experiments: Sequence[Experiment], kind: str = STUDY
) -> list[RunRecord | None]:
    """Return the run of each experiment in any study of anybody, ``None`` where there is none.

    Equal experiments give equal figures, so that it does not matter whose run it was. One that ended
    is preferred to one that trains; one that was stopped or failed is only returned where there is no
    other.

    Args:
        jobs: The store.
        experiments: What is looked for.
        kind: ``study``, or ``training`` for runs that somebody has started by themselves.
    """
    texts = [experiment.model_dump_json() for experiment in experiments]
    if not texts:
        return []
    marks = ", ".join("?" * len(set(texts)))
    with jobs.store.reading() as db:
        rows = db.execute(
            f"SELECT * FROM runs WHERE kind = ? AND experiment IN ({marks}) ORDER BY created",
            [kind, *set(texts)],
        ).fetchall()
    best: dict[str, RunRecord] = {}
    for run in map(record_of, rows):
        if not is_known(jobs, run):
            continue
        held = best.get(run.experiment_json)
        if held is None or _rank(run) <= _rank(held):
            best[run.experiment_json] = run
    return [best.get(text) for text in texts]


def is_known(jobs: Reader, run: RunRecord) -> bool:
    """Return whether a run's figures count for who asks.

    Those of a run that came from a file are its owner's word, which nobody else has to take.
    """
    return IMPORTED not in run.versions or run.user == getattr(jobs, "user", None)


def _rank(run: RunRecord) -> int:
    going = run.status != "running" or run.command != "stop"
    return _ORDER.get(run.status, 3) if going else 3


def is_done(run: RunRecord | None) -> bool:
    """Return whether a run has come to an end of its own."""
    return run is not None and run.status in _ENDED


def is_going(run: RunRecord | None) -> bool:
    """Return whether a run trains or waits, and nobody has asked it to stop."""
    return run is not None and run.status in ("queued", "running") and run.command != "stop"


def hand_in(jobs: Jobs, experiments: Iterable[Experiment]) -> int:
    """Queue what neither has ended nor is on its way; return how many runs that were.

    Raises:
        Refused: If one is beyond the limits, a cap is hit, or the store does not take them; then none
            is queued.
    """
    from playground.training import estimate, refusal

    wanted = list(dict.fromkeys(experiments))
    missing = [
        e for e, run in zip(wanted, find(jobs, wanted)) if not (is_done(run) or is_going(run))
    ]
    now, values = time.time(), []
    for experiment in missing:
        words = refusal(experiment)
        if words:
            raise Refused(words)
        values.append(
            {
                "id": new_id(),
                "user": jobs.user,
                "kind": STUDY,
                "experiment": experiment.model_dump_json(),
                "status": "queued",
                "created": now,
                "queued_since": now,
                "estimate_seconds": estimate(experiment).seconds,
            }
        )
    folders = [Folder(jobs.store.runs_folder, each["id"]) for each in values]
    try:
        with in_words():
            check_disk(jobs.store)
            for folder in folders:
                folder.make()
            with jobs.store.writing() as db:
                check_study_caps(db, jobs.settings, jobs.user, len(values))
                for each in values:
                    insert_run(db, each)
    except BaseException:
        for folder in folders:
            folder.remove()
        raise
    return len(values)


def stop(jobs: Jobs, runs: Iterable[RunRecord | None]) -> None:
    """Stop what trains or waits and is this user's; what has ended stays, others' runs go on."""
    for run in runs:
        if is_going(run) and (run.user == jobs.user or jobs.is_teacher):
            with suppress(Refused):  # deleted meanwhile
                jobs.stop(run.id)


def figures(jobs: Reader, run_ids: Sequence[str]) -> dict[str, list[Metrics]]:
    """Return the metrics of many runs by their ids, in order; runs without any are left out."""
    from playground.training.events import Metrics

    marks = ", ".join("?" * len(run_ids))
    with jobs.store.reading() as db:
        rows = db.execute(
            f"SELECT run, {', '.join(Metrics.__dataclass_fields__)} FROM metrics "
            f"WHERE run IN ({marks}) ORDER BY run, step",
            list(run_ids),
        ).fetchall()
    found: dict[str, list[Metrics]] = {}
    for row in rows:
        found.setdefault(row["run"], []).append(metrics_of(row))
    return found
