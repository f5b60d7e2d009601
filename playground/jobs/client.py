"""What pages and the command line do with runs: hand in, steer, look, delete."""

from __future__ import annotations

import hmac
import json
import math
import sqlite3
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from playground.jobs import launch
from playground.jobs.admission import check_caps, check_disk, give_way, in_words, stop
from playground.jobs.artifacts import recording_name
from playground.jobs.queries import insert_run, row_of, set_columns
from playground.jobs.reader import Reader
from playground.jobs.records import (
    TRAINING,
    EngineState,
    Refused,
    checked_id,
    new_id,
    record_of,
    text_of_view,
    view_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playground.experiment import Experiment
    from playground.training.control import View

AMENDABLE = ("learning_rate",)
"""Live changes that a training takes."""
MAX_NAME = 200


class Jobs(Reader):
    """The store as one user sees it.

    Whoever knows a run's id may look at the run; only its owner, or whoever holds the server's
    teacher key, may steer, rename or delete it; anyone else gets ``Refused``.
    """

    def __init__(
        self, home: str | Path | None = None, *, user: str = "local", key: str = ""
    ) -> None:
        """Open the store.

        Args:
            home: Folder of the store; from the environment (``PLAYGROUND_HOME``) when absent.
            user: Id of the user on whose behalf this acts: secret, random, kept in the browser.
            key: Teacher's key, if the user typed one.

        Raises:
            SettingsError: For a setting that makes no sense.
        """
        super().__init__(home)
        self.user = user
        self._key = key

    @property
    def is_teacher(self) -> bool:
        """Whether the key is the server's teacher key."""
        expected = self.settings.teacher_key
        return bool(expected) and hmac.compare_digest(expected.encode(), self._key.encode())

    # The engine ---------------------------------------------------------------------------------

    def ensure_engine(self) -> EngineState:
        """Return the engine's state; start one if none runs. Takes milliseconds: call freely."""
        return launch.ensure_engine(self.store)

    def engine_state(self) -> EngineState:
        """Return the engine's state as of its last sign of life."""
        return launch.engine_state(self.store)

    # Handing in and steering --------------------------------------------------------------------

    def submit(
        self,
        experiment: Experiment,
        *,
        name: str = "",
        start: bool = True,
        until_step: int | None = None,
        instead_of: str | None = None,
    ) -> str:
        """Hand in an experiment; return the id of its run.

        Args:
            experiment: What to train.
            name: What the owner calls it.
            start: Queue it; otherwise it waits, paused at step 0, for ``resume`` or ``step``.
            until_step: Pause after this optimiser step; 0 shows the initial weights and waits,
                which the cap of a user lets pass.
            instead_of: A run of this user that ends in the same instant: deleted if it never trained
                and has no name, else stopped. It goes on if the new one is refused. Somebody
                else's, or one that is gone, is left alone.

        Raises:
            Refused: If the experiment is beyond the limits, a cap is hit, or the store does not
                take it; the message says which.
            ValueError: If the name is too long.
        """
        from playground.training import estimate, refusal

        _check_name(name)
        words = refusal(experiment)
        if words:
            raise Refused(words)
        run_id, now = new_id(), time.time()
        values = {
            "id": run_id,
            "user": self.user,
            "kind": TRAINING,
            "name": name,
            "experiment": experiment.model_dump_json(),
            "status": "queued" if start else "paused",
            "reason": "" if start else "not started yet",
            "created": now,
            "queued_since": now,
            "until_step": until_step,
            "estimate_seconds": estimate(experiment).seconds,
        }
        preview = until_step == 0
        folder, gone = self._folder(run_id), False
        try:
            with in_words():
                check_disk(self.store)
                folder.make()
                with self.store.writing() as db:
                    gone = give_way(db, instead_of, self.user)
                    if start:
                        check_caps(db, self.settings, self.user, preview=preview)
                    insert_run(db, values)
        except BaseException:
            folder.remove()
            raise
        if gone:
            self._folder(instead_of).remove()
        return run_id

    def pause(self, run_id: str) -> None:
        """Halt a run after its present step; it keeps its place in time and can be resumed."""
        with self._steering(run_id) as (db, row):
            if row["status"] == "queued":
                set_columns(
                    db, run_id, status="paused", reason="paused while waiting", until_step=None
                )
            elif row["status"] == "running" and row["command"] != "stop":
                set_columns(db, run_id, command="pause", commanded=time.time())

    def resume(self, run_id: str) -> None:
        """Let a paused, stopped or failed run go on from its last checkpoint.

        Raises:
            Refused: If it has finished or diverged, or a cap is hit.
        """
        with self._steering(run_id) as (db, row):
            self._go_on(db, row, until_step=None)

    def step(self, run_id: str, n_steps: int = 1) -> None:
        """Train ``n_steps`` optimiser steps more and pause; further calls before that add up.

        Raises:
            Refused: As ``resume`` does.
            ValueError: If ``n_steps`` is less than one.
        """
        if n_steps < 1:
            raise ValueError(f"n_steps is {n_steps}; it must be at least 1")
        with self._steering(run_id) as (db, row):
            pending = row["until_step"] if row["status"] in ("queued", "running") else None
            self._go_on(db, row, until_step=max(row["step"], pending or 0) + n_steps)

    def extend(self, run_id: str, experiment: Experiment) -> None:
        """Let a run that rests go on as the same experiment with more stages.

        Raises:
            Refused: If it trains, the experiment is another one or beyond the limits, or a cap is hit.
        """
        from playground.training import estimate, refusal
        from playground.training.staged import goes_on

        words = refusal(experiment)
        if words:
            raise Refused(words)
        with self._steering(run_id) as (db, row):
            if row["status"] not in ("finished", "paused", "stopped"):
                raise Refused(f"the run is {row['status']}; stages are added to one that rests")
            before = record_of(row).experiment
            if before == experiment or not goes_on(before, experiment):
                raise Refused("the run is of another experiment; stages are all that can be added")
            check_caps(db, self.settings, row["user"])
            values = {"experiment": experiment.model_dump_json(), "status": "queued", "reason": ""}
            values |= {"tries": 0, "ended": None, "command": None, "commanded": None}
            values |= {"until_step": None, "queued_since": time.time()}
            set_columns(db, run_id, **values, estimate_seconds=estimate(experiment).seconds)

    def stop(self, run_id: str) -> None:
        """End a run after its present step; a run that has ended stays as it is."""
        with self._steering(run_id) as (db, row):
            stop(db, row)

    def release(self, run_id: str) -> None:
        """End a run of this user that is shown no longer, as ``instead_of`` does."""
        with in_words(), self.store.writing() as db:
            gone = give_way(db, checked_id(run_id), self.user)
        if gone:
            self._folder(run_id).remove()

    def change(self, run_id: str, **changes: float) -> None:
        """Change a run while it trains, such as ``learning_rate=0.01``; recorded with its step.

        Raises:
            Refused: If the run has ended.
            ValueError: For a field that cannot be changed, or a value that is not positive and
                finite.
        """
        for field, value in changes.items():
            if field not in AMENDABLE:
                raise ValueError(f"{field!r} cannot be changed live; {', '.join(AMENDABLE)} can")
            if not (math.isfinite(value) and value > 0):
                raise ValueError(f"{field} is {value!r}; it must be a positive number")
        with self._steering(run_id) as (db, row):
            if row["status"] not in ("queued", "running", "paused"):
                raise Refused(f"the run has ended ({row['status']}); nothing can be changed in it")
            pending = {**json.loads(row["pending"]), **changes}
            set_columns(db, run_id, pending=json.dumps(pending))

    def request_view(self, run_id: str, view: View) -> None:
        """Ask for other views: a training run shows them next, any other one is drawn again.

        The view belongs to the run, and everyone who looks at the run sees it, so it is the
        owner's.
        """
        with self._steering(run_id) as (db, row):
            text = text_of_view(view)
            waiting = row["view_version"] > row["view_drawn"]
            missing = row["view_error"] or self._folder(run_id).live_version() is None
            if text != row["view"] or (missing and not waiting):
                set_columns(
                    db, run_id, view=text, view_version=row["view_version"] + 1, view_error=""
                )

    def request_recording(self, run_id: str) -> None:
        """Ask for the recording of a run that rests; whoever may look at the run may ask.

        It is drawn on the slot that is kept for short work. Where drawing has failed once, nothing
        happens: ``RunRecord.view_error`` says why.
        """
        with in_words(), self.store.writing() as db:
            row = row_of(db, run_id)
            waiting = row["view_version"] > row["view_drawn"]
            features = view_of(row["view"]).features or (0, 1)
            there = row["recording"] == recording_name(row["checkpoint_step"], features)
            rests = row["status"] not in ("queued", "running")
            if rests and not (waiting or there or row["view_error"]):
                set_columns(db, run_id, view_version=row["view_version"] + 1)

    def adopt(self, guest: str) -> None:
        """Take over the runs of a tab that had started them before its browser told who it is.

        Args:
            guest: The random id that only this tab had until then.

        Raises:
            Refused: If the store does not take it.
        """
        with in_words():
            with self.store.reading() as db:  # nearly always there are none, and nobody has to wait
                if not db.execute("SELECT 1 FROM runs WHERE user = ?", (guest,)).fetchone():
                    return
            with self.store.writing() as db:
                db.execute("UPDATE runs SET user = ? WHERE user = ?", (self.user, guest))

    def rename(self, run_id: str, name: str) -> None:
        """Give a run a name of at most 200 characters. Raises ValueError for a longer one."""
        _check_name(name)
        with self._steering(run_id) as (db, _):
            set_columns(db, run_id, name=name)

    def delete(self, run_id: str) -> None:
        """Delete a run, its figures and its files, for good; if it is training, it ends.

        ``marks.throw_away`` can be undone.
        """
        with self._steering(run_id) as (db, _):
            db.execute("DELETE FROM runs WHERE id = ?", (run_id,))
        self._folder(run_id).remove()

    def check_owner(self, row: sqlite3.Row) -> None:
        """Raise Refused unless the run of a row is this user's, or this user is the teacher."""
        if row["user"] != self.user and not self.is_teacher:
            raise Refused("this run belongs to somebody else: you may look at it, not steer it")

    # Inside -------------------------------------------------------------------------------------

    @contextmanager
    def _steering(self, run_id: str) -> Iterator[tuple[sqlite3.Connection, sqlite3.Row]]:
        with in_words(), self.store.writing() as db:
            row = row_of(db, run_id)
            self.check_owner(row)
            yield db, row

    def _go_on(self, db: sqlite3.Connection, row: sqlite3.Row, until_step: int | None) -> None:
        if row["status"] in ("finished", "diverged"):
            raise Refused(f"the run has {row['status']}; reset it to train again")
        if row["status"] == "running" and row["command"] == "stop":
            raise Refused("the run is being stopped; resume it when it has stopped")
        values = {"command": None, "commanded": None, "until_step": until_step}
        resting = row["status"] not in ("queued", "running")
        if resting or row["until_step"] == 0:
            check_caps(db, self.settings, row["user"])
        if resting:
            fresh = {"status": "queued", "reason": "", "tries": 0, "ended": None}
            values |= {**fresh, "queued_since": time.time()}
        set_columns(db, row["id"], **values)


def _check_name(name: str) -> None:
    if len(name) > MAX_NAME:
        raise ValueError(f"name has {len(name)} characters; at most {MAX_NAME} are legal")
