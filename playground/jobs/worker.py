"""What runs on a slot: one attempt at a training, or one drawing of the views of a run that rests.

Nothing is lost when the process is killed at any moment: see ``playground.jobs.recorder`` for the
order of the writes. Functions here are called by Dask with plain values and return nothing; the
store holds all.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import platform
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

import playground
from playground.experiment import Experiment
from playground.jobs.artifacts import Folder
from playground.jobs.queries import read_amendments
from playground.jobs.recorder import Recorder, SupersededError
from playground.jobs.records import checked_id, view_of
from playground.jobs.settings import read_settings
from playground.jobs.store import Store
from playground.training.events import ENDINGS, Amendment, Event

Train = Callable[..., Iterator[Event]]


@dataclass(frozen=True)
class Claim:
    """What an attempt begins with."""

    experiment: str
    checkpoint: bytes | None
    amendments: Sequence[Amendment]


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
            "UPDATE runs SET worker = ?, versions = ?, started = COALESCE(started, ?), "
            "step = MAX(checkpoint_step, 0) "
            "WHERE id = ? AND attempt = ? AND status = 'running' AND worker IS NULL",
            (_whoami(), json.dumps(_versions()), time.time(), run_id, attempt),
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
    return Claim(row["experiment"], checkpoint, amendments)


def draw(home: str, run_id: str, view_version: int) -> None:
    """Draw the views of a run that is not training, as its ``view`` asks, from its last checkpoint.

    Args:
        home: Folder of the store.
        run_id: The run.
        view_version: Which wish this is; an outdated one draws nothing.
    """
    store = Store(read_settings(home=home))
    try:
        with store.reading() as db:
            row = db.execute(
                "SELECT experiment, checkpoint, view FROM runs WHERE id = ? AND view_version = ?",
                (checked_id(run_id), view_version),
            ).fetchone()
        if row is None:
            return
        frame, words = _redraw(Folder(store.runs_folder, run_id), *tuple(row))
        _keep_drawing(store, run_id, view_version, frame, words)
    finally:
        store.close()


def _words(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "the server's disk is full; the run can go on when there is space again"
    return f"{type(error).__name__}: {error}"


def _default_train() -> Train:
    from playground.training import train

    return train


def _train(claimed: Claim, recorder: Recorder, train: Train) -> None:
    experiment = Experiment.model_validate_json(claimed.experiment)
    event = None
    for event in train(
        experiment,
        checkpoint=claimed.checkpoint,
        control=recorder,
        amendments=claimed.amendments,
    ):
        if recorder.superseded:
            raise SupersededError
        recorder.record(event)
    if not isinstance(event, ENDINGS):
        recorder.fail("the training ended without saying why")


def _redraw(
    folder: Folder, experiment: str, checkpoint: str, view: str
) -> tuple[bytes | None, str]:
    """Return the frame, or ``None`` and why there is none."""
    from playground.training import redraw

    try:
        payload = folder.read(checkpoint)
        if payload is None:
            return None, "the run has gone on, or its checkpoint is gone"
        return redraw(Experiment.model_validate_json(experiment), payload, view_of(view)), ""
    except Exception as error:  # a view that fails must not keep its slot busy for ever
        return None, f"{type(error).__name__}: {error}"


def _keep_drawing(
    store: Store, run_id: str, view_version: int, frame: bytes | None, words: str
) -> None:
    with store.writing() as db:
        mine = db.execute(
            "UPDATE runs SET view_drawn = view_version, view_error = ? "
            "WHERE id = ? AND view_version = ? AND status <> 'running'",
            (words, run_id, view_version),
        )
        if mine.rowcount and frame is not None:
            Folder(store.runs_folder, run_id).write_live(frame)


def _whoami() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def _versions() -> dict[str, str]:
    try:
        torch = version("torch")
    except PackageNotFoundError:
        torch = ""
    return {
        "python": platform.python_version(),
        "torch": torch,
        "package": playground.__version__,
    }
