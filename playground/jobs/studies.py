"""Studies: many small trainings that are handed in at once, found again by what they train, and compared.

Their runs leave metrics and a last checkpoint, no pictures. They come after all other work, so that a
study never makes somebody wait, and have caps of their own.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from playground.jobs.admission import check_disk, check_study_caps, in_words
from playground.jobs.admission import stop as end
from playground.jobs.artifacts import Folder
from playground.jobs.client import Jobs
from playground.jobs.queries import insert_run, metrics_of
from playground.jobs.reader import Reader
from playground.jobs.records import IMPORTED, STUDY, Refused, RunRecord, new_id, record_of

if TYPE_CHECKING:
    from playground.experiment import Experiment
    from playground.training.events import Metrics

_BEAT_SECONDS = 0.5  # between two looks at the store
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
            "SELECT * FROM runs WHERE removed IS NULL AND kind = ? "
            f"AND experiment IN ({marks}) ORDER BY created",
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


def hand_in(jobs: Jobs, experiments: Iterable[Experiment], *, priority: int = 0) -> int:
    """Queue what neither has ended nor is on its way; return how many runs that were.

    Args:
        jobs: The store.
        experiments: What is to be trained.
        priority: Of two of this user's runs that wait the one with the greater comes first; what waits
            already gets it as well.

    Raises:
        Refused: If one is beyond the limits, a cap is hit, or the store does not take them; then none
            is queued.
    """
    from playground.training import estimate, refusal

    wanted = list(dict.fromkeys(experiments))
    held = find(jobs, wanted)
    missing = [e for e, run in zip(wanted, held) if not (is_done(run) or is_going(run))]
    _set_priority(jobs, held, priority)
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
                "priority": priority,
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


def _set_priority(jobs: Jobs, runs: Iterable[RunRecord | None], priority: int) -> None:
    """Give those of this user's runs that wait another priority."""
    mine = [
        run.id
        for run in runs
        if is_going(run) and run.user == jobs.user and run.priority != priority
    ]
    if mine:
        with in_words(), jobs.store.writing() as db:
            query = "UPDATE runs SET priority = ? WHERE id IN (SELECT value FROM json_each(?))"
            db.execute(query, (priority, json.dumps(mine)))


def stop(jobs: Jobs, runs: Iterable[RunRecord | None]) -> None:
    """Stop what trains or waits and is this user's; what has ended stays, others' runs go on.

    All stop in one instant, as one write to the store: a thousand would take seconds one by one.

    Raises:
        Refused: If the store does not take it; then none is stopped.
    """
    mine = [run.id for run in runs if is_going(run) and (run.user == jobs.user or jobs.is_teacher)]
    if not mine:
        return
    with in_words(), jobs.store.writing() as db:
        rows = db.execute(
            "SELECT id, status, command FROM runs WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps(mine),),
        ).fetchall()
        for row in rows:
            end(db, row)


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


def last_figures(jobs: Reader, run_ids: Sequence[str]) -> dict[str, Metrics]:
    """Return the newest metrics of many runs by their ids; runs without any are left out.

    One look-up in the index for each run, however many metrics it has.
    """
    from playground.training.events import Metrics

    names = ", ".join(f"m.{name}" for name in Metrics.__dataclass_fields__)
    with jobs.store.reading() as db:
        rows = db.execute(
            f"SELECT m.run, {names} FROM json_each(?) AS wanted JOIN metrics AS m "
            "ON m.run = wanted.value "
            "AND m.step = (SELECT MAX(step) FROM metrics WHERE run = wanted.value)",
            (json.dumps(list(run_ids)),),
        ).fetchall()
    return {row["run"]: metrics_of(row) for row in rows}


def follow(
    jobs: Reader,
    experiments: Sequence[Experiment],
    *,
    progress: Callable[[list[RunRecord | None]], None] | None = None,
    patience: float = float("inf"),
) -> list[RunRecord | None]:
    """Wait until nothing of a study trains or waits any more; return the run of each experiment.

    Args:
        jobs: The store.
        experiments: What was handed in.
        progress: Told the runs whenever one has got on.
        patience: Seconds in which nothing gets on, after which this gives up.

    Raises:
        TimeoutError: If nothing has moved for so long.
    """
    last, moved = None, time.monotonic()
    while True:
        runs = find(jobs, experiments)
        state = [(run.id, run.status, run.step) if run else None for run in runs]
        if state != last:
            last, moved = state, time.monotonic()
            if progress is not None:
                progress(runs)
        if not any(map(is_going, runs)):
            return runs
        if time.monotonic() - moved > patience:
            raise TimeoutError(f"no training has moved for {patience:.0f} s; is the engine alive?")
        time.sleep(_BEAT_SECONDS)


def courses(
    jobs: Reader, run_ids: Sequence[str], quantity: str, every: int = 1
) -> list[tuple[str, int, float]]:
    """Return a quantity of many runs at the ends of epochs: id of the run, epoch, value.

    Args:
        jobs: The store.
        run_ids: The runs.
        quantity: A field of ``Metrics``; where a run has none there is no row.
        every: Only each so many epochs, so that long runs do not take a page's time.

    Raises:
        ValueError: If there is no such quantity.
    """
    from playground.training.events import Metrics

    if quantity not in Metrics.__dataclass_fields__:
        legal = ", ".join(Metrics.__dataclass_fields__)
        raise ValueError(f"quantity: {quantity!r} is not legal; legal is {legal}")
    with jobs.store.reading() as db:
        rows = db.execute(
            f"SELECT m.run, CAST(m.epoch AS INTEGER) AS epoch, m.{quantity} AS value "
            "FROM json_each(?) AS wanted JOIN metrics AS m ON m.run = wanted.value "
            "WHERE m.epoch = CAST(m.epoch AS INTEGER) AND CAST(m.epoch AS INTEGER) % ? = 0 "
            f"AND m.{quantity} IS NOT NULL ORDER BY m.run, m.step",
            (json.dumps(list(run_ids)), max(1, every)),
        ).fetchall()
    return [(row["run"], row["epoch"], row["value"]) for row in rows]
