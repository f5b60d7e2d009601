"""Runs brought back from a file: into the store as they were, under new ids and their bringer's name."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import ValidationError

from playground.exchange import own_data
from playground.exchange.about import COLUMNS, LONGEST_NOTE, About, Change
from playground.exchange.archive import Bundle
from playground.exchange.checking import BROKEN, Checker
from playground.exchange.reading import Opened
from playground.experiment import Experiment
from playground.jobs import Jobs, Refused
from playground.jobs.admission import check_disk, in_words
from playground.jobs.artifacts import Folder
from playground.jobs.queries import insert_run
from playground.jobs.records import IMPORTED, TRAINING, new_id, text_of_view
from playground.training import refusal
from playground.training.control import View
from playground.training.events import Metrics

_METRICS = (
    f"INSERT INTO metrics (run, {', '.join(COLUMNS)}) "
    f"VALUES (:run, {', '.join(f':{name}' for name in COLUMNS)})"
)
_AS_THEY_WERE = (
    *(
        "name",
        "starred",
        "reason",
        "created",
        "started",
        "ended",
        "estimate_seconds",
        "held_seconds",
    ),
    *("device", "device_reason", "path", "parameters", "step", "epoch"),
)


def bring(jobs: Jobs, data: bytes, told: Callable[[int], None] | None = None) -> list[str]:
    """Put the runs of an archive in the store; return their new ids, in the order of the file.

    They belong to who brings them, in the state in which they were; one that had not ended is stopped,
    and goes on from its checkpoint when it is resumed. Their views are drawn anew from their weights,
    which gives what was seen where they were trained. A note says where they came from.

    Args:
        jobs: The store, as the one who brings them sees it.
        data: The file.
        told: Is told how many runs have been checked.

    Raises:
        Refused: If the file is not as this program writes it, too large for the store, or the store
            does not take it; then nothing of it is kept.
    """
    opened = Opened(data)
    _check_room(jobs, opened)
    arrivals = _Arrivals(jobs)
    try:
        with in_words():
            for number, held in enumerate(opened, 1):
                arrivals.take(held, f"run {number}")
                if told is not None:
                    told(number)
            return arrivals.insert()
    except BaseException:
        arrivals.undo()
        raise


def _check_room(jobs: Jobs, opened: Opened) -> None:
    """Raise Refused where the runs of a file have no room."""
    kept, limit = jobs.settings.kept_runs_per_user, jobs.settings.max_disk_mb
    with in_words():
        check_disk(jobs.store)
        used = jobs.store.size() / 1e6
    if len(opened) > kept:
        raise Refused(
            f"the file holds {len(opened)} runs, and this server keeps {kept} for one user "
            "(PLAYGROUND_KEPT_RUNS_PER_USER); export fewer at once"
        )
    if used + opened.size / 1e6 > limit:
        raise Refused(
            f"the file takes {opened.size / 1e6:.0f} MB, for which there is no room: this server allows "
            f"{limit} MB for all runs (PLAYGROUND_MAX_DISK_MB); delete runs first"
        )


@dataclass(frozen=True)
class _Rows:
    """What the tables will say of a run whose files are written."""

    run: dict[str, object]
    about: About
    metrics: list[Metrics]
    sizes: dict[int, int]  # of the kept weights, by their steps


class _Arrivals:
    """What has been made of an archive so far: folders and own data; the rows come last, all at once."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._rows: list[_Rows] = []
        self._folders: list[Folder] = []
        self._data: list[Path] = []

    def take(self, held: Bundle, called: str) -> None:
        """Check a run and write its files. Raises Refused where something of it is not legal."""
        if held.data is not None:
            self._keep_data(held, called)
        experiment = _admitted(held, called)
        _check(held, experiment, called)
        run_id = new_id()
        folder = Folder(self._jobs.store.runs_folder, run_id)
        self._folders.append(folder)
        folder.make()
        values = _row(held, experiment, run_id, self._jobs.user)
        if held.checkpoint is not None:
            step = held.about.checkpoint_step
            values["checkpoint"] = folder.write_checkpoint(0, step, held.checkpoint)
            values |= {"checkpoint_step": step, "checkpoint_size": len(held.checkpoint)}
            # Images have no plane that could be drawn.
            values["view_version"] = int(not experiment.network.entry.takes_images)
        for step, weights in held.snapshots.items():
            folder.write_snapshot(step, weights)
        sizes = {step: len(weights) for step, weights in held.snapshots.items()}
        self._rows.append(_Rows(values, held.about, held.figures.metrics(), sizes))

    def insert(self) -> list[str]:
        """Make the runs known, all or none; return their ids."""
        with self._jobs.store.writing(durable=True) as db:
            for rows in self._rows:
                _insert(db, rows)
        return [str(rows.run["id"]) for rows in self._rows]

    def undo(self) -> None:
        """Remove what has been written."""
        for folder in self._folders:
            folder.remove()
        if self._data:
            with suppress(OSError, sqlite3.Error):
                used = self._jobs.tables_in_use()
                for path in self._data:
                    if path.stem not in used:
                        path.unlink(missing_ok=True)

    def _keep_data(self, held: Bundle, called: str) -> None:
        try:
            new = own_data.keep(
                held.experiment, held.data, self._jobs.settings, self._jobs.tables_in_use
            )
        except ValueError as error:
            raise Refused(f"{called}: {error}") from None
        if new is not None:
            self._data.append(new)


def _admitted(held: Bundle, called: str) -> Experiment:
    """Return the experiment of a run if this server would train it."""
    try:
        experiment = held.experiment  # anew: its own data may only now be here
    except ValidationError as error:
        raise Refused(f"{called}: {error.errors()[0]['msg']}") from None
    if held.about.data is not None and own_data.read(experiment) is None:
        raise Refused(
            f"{called} learned own data ({held.about.data[:12]}…) that are neither in the file nor on "
            "this server"
        )
    words = refusal(experiment)
    if words:
        raise Refused(f"{called}: {words}")
    return experiment


def _check(held: Bundle, experiment: Experiment, called: str) -> None:
    """Raise Refused unless view, amendments and weights fit the experiment."""
    about, inputs = held.about, experiment.n_features
    shown = about.features
    if shown is not None and (max(shown) >= inputs or len(set(shown)) < min(2, inputs)):
        raise Refused(f"{called}: the view shows inputs {shown}; the data have 0 to {inputs - 1}")
    if not all(_changes(each) for each in about.amendments):
        raise Refused(f"{called}: an amendment changes nothing")
    if held.checkpoint is None and not held.snapshots:
        return
    what = "the net"
    try:
        checker = Checker(experiment)
        if about.parameters not in (0, checker.parameters):
            raise ValueError(f"has {checker.parameters} parameters, not {about.parameters}")
        if held.checkpoint is not None:
            what = "the checkpoint"
            checker.check_checkpoint(held.checkpoint, about.checkpoint_step)
        for step, weights in held.snapshots.items():
            what = f"the weights of step {step}"
            checker.check_weights(weights)
    except BROKEN as error:
        raise Refused(f"{called}: {what}: {error}"[:500]) from None


def _changes(amendment: Change) -> dict[str, float | str]:
    return amendment.model_dump(exclude={"step"}, exclude_none=True)


def _row(held: Bundle, experiment: Experiment, run_id: str, user: str) -> dict[str, object]:
    """Return the columns of a run, but for its files."""
    about, now = held.about, time.time()
    values = {name: getattr(about, name) for name in _AS_THEY_WERE}
    values["ended"] = now if about.ended is None else about.ended
    if about.status == "paused":
        why = f" ({about.reason})" if about.reason else ""
        values["reason"] = f"it was paused when it was exported{why}"
    came_from = {**about.versions, IMPORTED: about.id}
    return {
        **values,
        "id": run_id,
        "user": user,
        "kind": TRAINING,
        "experiment": experiment.model_dump_json(),
        "status": "stopped" if about.status == "paused" else about.status,
        "starred": int(about.starred),
        "note": _note(about, now),
        "queued_since": now,
        "notices": json.dumps(about.notices),
        "versions": json.dumps(came_from),
        "view": text_of_view(View(None if about.features is None else tuple(about.features))),
    }


def _note(about: About, now: float) -> str:
    """Return the note of a run with a line that says where it came from."""
    day = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(now))
    wrote = about.versions.get("package")
    by = f", made by version {wrote} of this program" if wrote else ""
    line = f"Imported on {day} from a file: run {about.id}{by}."
    kept = about.note[: LONGEST_NOTE - len(line) - 2].strip()
    return f"{kept}\n\n{line}" if kept else line


def _insert(db: sqlite3.Connection, rows: _Rows) -> None:
    run = rows.run["id"]
    insert_run(db, rows.run)
    db.executemany(_METRICS, [{"run": run, **asdict(each)} for each in rows.metrics])
    db.executemany(
        "INSERT INTO snapshots (run, step, epoch, file, size) VALUES (?, ?, ?, ?, ?)",
        [
            (run, s.step, s.epoch, f"snapshots/{s.step}.safetensors", rows.sizes[s.step])
            for s in rows.about.snapshots
        ],
    )
    db.executemany(
        "INSERT INTO amendments (run, step, changes) VALUES (?, ?, ?)",
        [(run, a.step, json.dumps(_changes(a))) for a in rows.about.amendments],
    )
    db.executemany(
        "INSERT INTO tags (run, tag) VALUES (?, ?)", [(run, tag) for tag in rows.about.tags]
    )
