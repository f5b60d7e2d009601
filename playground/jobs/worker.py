"""What runs on a slot: one attempt at a training, or one drawing of the views of a run that rests.

Nothing is lost when the process is killed at any moment: see ``playground.jobs.recorder`` for the
order of the writes. Functions here are called by Dask with plain values and return nothing; the
store holds all.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from playground.experiment import Experiment
from playground.jobs.artifacts import LIVE, Folder
from playground.jobs.queries import read_amendments, set_columns
from playground.jobs.reader import Reader
from playground.jobs.recorder import Recorder, SupersededError
from playground.jobs.records import STUDY, TRAINING, checked_id, versions, view_of
from playground.jobs.settings import read_settings
from playground.jobs.store import Store, is_full, passes
from playground.training.control import View
from playground.training.events import ENDINGS, Amendment, Event

Train = Callable[..., Iterator[Event]]


@dataclass(frozen=True)
class Claim:
    """What an attempt begins with."""

    experiment: str
    checkpoint: bytes | None
    amendments: Sequence[Amendment]
    kind: str = TRAINING


def run(home: str, run_id: str, attempt: int, train: Train | None = None) -> None:
    """Train a run until it ends, is paused, gives its slot back or is taken away.

    Args:
        home: Folder of the store.
        run_id: The run.
        attempt: Number of this attempt; unless it is the run's newest one, nothing happens.
        train: What trains; ``playground.training.train`` when absent.
    """
    store = Store(read_settings(home=home))
    try:
        recorder = Recorder(store, checked_id(run_id), attempt)
        try:
            claimed = claim(store, run_id, attempt)
            if claimed is not None:
                _train(claimed, recorder, train or _default_train())
        except SupersededError:
            return
        except Exception as error:
            if passes(error) and not is_full(error):
                raise  # the engine takes the run up again, from the store that is there by then
            with contextlib.suppress(SupersededError):
                recorder.fail(_words(error))
            raise
    finally:
        store.close()


def claim(store: Store, run_id: str, attempt: int) -> Claim | None:
    """Take an assigned run, and drop what is beyond its checkpoint: it will be trained again.

    Returns:
        ``None`` if the run was taken already, or is no longer there for this attempt.

    Raises:
        OSError: If the checkpoint that the store names is gone.
    """
    with store.writing() as db:
        taken = db.execute(
            "UPDATE runs SET worker = ?, versions = json_patch(versions, ?), "
            "started = COALESCE(started, ?), step = MAX(checkpoint_step, 0) "
            "WHERE id = ? AND attempt = ? AND status = 'running' AND worker IS NULL",
            (_whoami(), json.dumps(versions()), time.time(), run_id, attempt),
        )
        if taken.rowcount == 0:
            return None
        row = db.execute("SELECT * FROM runs WHERE id = ?", (run_id,)).fetchone()
        for table in ("metrics", "snapshots"):
            query = f"DELETE FROM {table} WHERE run = ? AND step > ?"
            db.execute(query, (run_id, row["checkpoint_step"]))
        amendments = read_amendments(db, run_id)
    folder = Folder(store.runs_folder, run_id)
    checkpoint = folder.read(row["checkpoint"]) if row["checkpoint"] else None
    if row["checkpoint"] and checkpoint is None:
        raise OSError(f"the checkpoint {row['checkpoint']} of the run is gone from the store")
    folder.keep_checkpoint(row["checkpoint"])
    return Claim(row["experiment"], checkpoint, amendments, row["kind"])


def draw(home: str, run_id: str, view_version: int) -> None:
    """Draw a run that is not training: the view that it asks for, or else its recording.

    Args:
        home: Folder of the store.
        run_id: The run.
        view_version: Which wish this is; an outdated one draws nothing.
    """
    store = Store(read_settings(home=home))
    try:
        with store.reading() as db:
            row = db.execute(
                "SELECT * FROM runs WHERE id = ? AND view_version = ?",
                (checked_id(run_id), view_version),
            ).fetchone()
        if row is None:
            return
        view = view_of(row["view"])
        folder = Folder(store.runs_folder, run_id)
        try:
            if _shows(folder, view):
                _record_views(store, row, view)
            else:
                _redraw(store, row, view)
        except Exception as error:  # a view that fails must not keep its slot busy for ever
            _drawn(store, row, view_error=f"{type(error).__name__}: {error}")
    finally:
        store.close()


def _words(error: Exception) -> str:
    if is_full(error):
        return "the server's disk is full; the run can go on when there is space again"
    return f"{type(error).__name__}: {error}"


def _default_train() -> Train:
    from playground.training import train

    return train


def _train(claimed: Claim, recorder: Recorder, train: Train) -> None:
    experiment = Experiment.model_validate_json(claimed.experiment)
    event = None
    # Nobody looks at a run of a study; its figures are all that is wanted.
    options = {"snapshots": False} if claimed.kind == STUDY else {}
    for event in train(
        experiment,
        checkpoint=claimed.checkpoint,
        control=recorder,
        amendments=claimed.amendments,
        **options,
    ):
        if recorder.superseded:
            raise SupersededError
        recorder.record(event)
    if not isinstance(event, ENDINGS):
        recorder.fail("the training ended without saying why")


def _shows(folder: Folder, view: View) -> bool:
    """Return whether the newest picture of a run shows what a view asks for."""
    from playground.analysis.frames import Frames

    try:
        shown = Frames.unpack(folder.read(LIVE) or b"").meta["features"]
    except ValueError:
        return False
    asked = list(view.features or (0, 1))
    return shown == asked[: len(shown)]


def _redraw(store: Store, row: sqlite3.Row, view: View) -> None:
    """Draw the newest picture of a run anew, from its checkpoint."""
    from playground.training import redraw

    folder = Folder(store.runs_folder, row["id"])
    payload = folder.read(row["checkpoint"])
    if payload is None:
        _drawn(store, row, view_error="the run has gone on, or its checkpoint is gone")
        return
    frame = redraw(Experiment.model_validate_json(row["experiment"]), payload, view)
    with _mine(store, row) as db:
        if db is not None:
            folder.write_live(frame)
            set_columns(db, row["id"], view_drawn=row["view_version"], view_error="")


def _record_views(store: Store, row: sqlite3.Row, view: View) -> None:
    """Draw the recording of a run, from the weights that it kept."""
    from playground.training import retell

    folder = Folder(store.runs_folder, row["id"])
    made = retell(
        Experiment.model_validate_json(row["experiment"]),
        Reader(store.home).snapshots(row["id"]),
        checkpoint=folder.read(row["checkpoint"]),
        view=view,
    )
    frames = b"" if made is None else made.pack()
    with _mine(store, row) as db:
        if db is not None:
            name = folder.write_recording(row["checkpoint_step"], view.features or (0, 1), frames)
            done = {"recording": name, "recording_size": len(frames), "view_error": ""}
            set_columns(db, row["id"], view_drawn=row["view_version"], **done)


def _drawn(store: Store, row: sqlite3.Row, **columns: object) -> None:
    with _mine(store, row) as db:
        if db is not None:
            set_columns(db, row["id"], view_drawn=row["view_version"], **columns)


@contextlib.contextmanager
def _mine(store: Store, row: sqlite3.Row) -> Iterator[sqlite3.Connection | None]:
    """Lend a transaction in which a run is still as it was drawn; ``None`` if it has gone on."""
    with store.writing() as db:
        still = db.execute(
            "SELECT 1 FROM runs WHERE id = ? AND view_version = ? AND checkpoint = ? "
            "AND status <> 'running'",
            (row["id"], row["view_version"], row["checkpoint"]),
        ).fetchone()
        yield db if still else None


def _whoami() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"
