"""The worker's hand in the store: reads what is asked of a run, writes what the training yields.

Order is everything here. Events reach the store in the order in which the training yields them, in
transactions that hold a stretch of the stream without gaps. A checkpoint's file is on the disk
before the transaction that names it, and that transaction also holds every event before it. So
whenever the worker is killed, the store holds a checkpoint and everything before it, perhaps more;
the next attempt drops what is more and trains it again, which gives the same figures, since
trainings repeat bit for bit. Every transaction checks that this attempt is still the one that
counts.
"""

from __future__ import annotations

import json
import sqlite3
import time
from dataclasses import asdict, fields, replace

from playground.jobs.artifacts import Folder
from playground.jobs.reader import FAR
from playground.jobs.records import view_of
from playground.jobs.store import Store, passes
from playground.training.control import Orders, View
from playground.training.events import (
    Amendment,
    Checkpoint,
    Diverged,
    Event,
    Failed,
    Finished,
    Live,
    Metrics,
    Paused,
    Snapshot,
    Started,
    Stopped,
)

POLL_SECONDS = 0.03
FLUSH_SECONDS = 0.1
LOCKED_SECONDS = 600.0  # that a worker waits for a store that somebody else holds
STATUS = {Finished: "finished", Stopped: "stopped", Diverged: "diverged", Failed: "failed"}
_COLUMNS = [field.name for field in fields(Metrics)]
_INSERT_METRICS = (
    f"INSERT OR REPLACE INTO metrics (run, {', '.join(_COLUMNS)}) "
    f"VALUES (:run, {', '.join(f':{name}' for name in _COLUMNS)})"
)
_POLLED = "command, until_step, pending, watched_until, view, view_version, yield_asked"


class SupersededError(Exception):
    """The run is no longer this attempt's: it was deleted, or another worker has it."""


class Recorder:
    """One attempt at one run: its control (``poll``) and its scribe (``record``).

    Raises:
        SupersededError: From ``record`` and ``flush``, as soon as the run is no longer this
            attempt's.
        OSError, sqlite3.Error: If the disk is full or the store out of reach.
    """

    def __init__(self, store: Store, run_id: str, attempt: int) -> None:
        self._store = store
        self._run = run_id
        self._attempt = attempt
        self._folder = Folder(store.runs_folder, run_id)
        self._statements: list[tuple[str, dict[str, object]]] = []
        self._newest: Metrics | None = None
        self._flushed = 0.0
        self._polled = 0.0
        self._orders = Orders()
        self._handed: dict[str, float] = {}
        self._view_asked = 0  # version of the view that the training was told last
        self._view_taken = 0  # the same, once it has surely been taken up
        self._view_drawn: int | None = None  # what the live frame shows
        self._view_text = ""
        self._view = View()
        self.superseded = False
        self._begun = time.monotonic()

    # Control ------------------------------------------------------------------------------------

    def poll(self) -> Orders:
        """Return what is asked now; looks into the store at most every 30 ms."""
        now = time.monotonic()
        if now - self._polled < POLL_SECONDS:
            return self._orders
        self._polled = now
        try:
            row = self._polled_row()
            if row is None:
                return self._give_up()
            if self._statements and now - self._flushed >= FLUSH_SECONDS:
                self.flush()
        except SupersededError:
            return self._give_up()
        except sqlite3.OperationalError as error:
            if not passes(error):
                raise
            return self._orders  # nobody's wish can be read now; the training goes on as it was
        orders, changes = self._orders_of(row), self._new_changes(json.loads(row["pending"]))
        self._orders = orders  # without the changes, which are handed out once
        return replace(orders, changes=changes) if changes else orders

    def _polled_row(self) -> sqlite3.Row | None:
        with self._store.reading() as db:
            return db.execute(
                f"SELECT {_POLLED} FROM runs WHERE id = ? AND attempt = ? AND status = 'running'",
                (self._run, self._attempt),
            ).fetchone()

    def _give_up(self) -> Orders:
        self.superseded = True
        self._orders = Orders(halt="stop", reason="another attempt took the run over")
        return self._orders

    def _orders_of(self, row: sqlite3.Row) -> Orders:
        halt, reason = None, ""
        if row["command"] == "stop":
            halt, reason = "stop", "stopped by hand"
        elif row["command"] == "pause":
            halt, reason = "pause", "paused by hand"
        elif row["yield_asked"]:
            halt, reason = "pause", "waiting for its next turn"
        if row["view"] != self._view_text:
            self._view_text, self._view = row["view"], view_of(row["view"])
        if self._orders.watched:  # only then does a training look at the view
            self._view_taken = self._view_asked
        self._view_asked = row["view_version"]
        return Orders(
            halt=halt,
            reason=reason,
            until_step=row["until_step"],
            # What lies far ahead was said before the clock was set back.
            watched=0.0 < row["watched_until"] - time.time() < FAR,
            view=self._view,
        )

    def _new_changes(self, pending: dict[str, float]) -> dict[str, float]:
        new = {key: v for key, v in pending.items() if self._handed.get(key) != v}
        self._handed = pending
        return new

    # Scribe -------------------------------------------------------------------------------------

    def record(self, event: Event) -> None:
        """Write an event, or keep it for the next transaction, which is at most 0.1 s away."""
        match event:
            case Metrics():
                self._add(_INSERT_METRICS, **asdict(event))
                self._newest = event
            case Live():
                self._record_live(event)
            case Snapshot():
                self._record_snapshot(event)
            case Checkpoint():
                self._record_checkpoint(event)
            case Amendment():
                self._record_amendment(event)
            case Started():
                self._record_start(event)
            case Paused():
                self._add_pause(event)
                self.flush()
            case Finished() | Stopped() | Diverged() | Failed():
                self._add_end(STATUS[type(event)], event.reason, event.step)
                self.flush()
        if self._statements and time.monotonic() - self._flushed >= FLUSH_SECONDS:
            self.flush()

    def flush(self, *, durable: bool = False) -> None:
        """Write what was kept, in one transaction; a store that is locked is waited for."""
        until = time.monotonic() + LOCKED_SECONDS
        while True:
            try:
                return self._flush(durable=durable)
            except sqlite3.OperationalError as error:
                code = getattr(error, "sqlite_errorcode", 0) & 0xFF
                if code != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                    raise

    def _flush(self, *, durable: bool) -> None:
        with self._store.writing(durable=durable) as db:
            mine = db.execute(
                "SELECT 1 FROM runs WHERE id = ? AND attempt = ? AND status = 'running'",
                (self._run, self._attempt),
            ).fetchone()
            if mine is None:
                self.superseded = True
                raise SupersededError(self._run)
            for statement, values in self._statements:
                db.execute(statement, {"run": self._run, **values})
            if self._newest is not None:
                position = (self._newest.step, self._newest.epoch, self._run)
                db.execute("UPDATE runs SET step = ?, epoch = ? WHERE id = ?", position)
        self._statements, self._newest = [], None
        self._flushed = time.monotonic()

    def fail(self, reason: str) -> None:
        """End the run as failed, for a trouble outside the training; what was kept is let go."""
        self._statements, self._newest = [], None
        self._add_end("failed", reason, None)
        self.flush()

    def _add(self, statement: str, **values: object) -> None:
        self._statements.append((statement, values))

    def _record_start(self, event: Started) -> None:
        self._add(
            "UPDATE runs SET device = :device, device_reason = :reason, path = :path, "
            "parameters = :parameters, "
            "notices = CASE WHEN :step = 0 THEN :notices ELSE notices END WHERE id = :run",
            **{**asdict(event), "notices": json.dumps(event.notices)},
        )
        self.flush()
        self._flushed = 0.0  # the first metrics are not made to wait

    def _record_live(self, event: Live) -> None:
        self.flush()  # also asks whether the run is still ours
        self._view_drawn = self._view_taken
        self._folder.write_live(event.frame)

    def _record_snapshot(self, event: Snapshot) -> None:
        file = self._folder.write_snapshot(event.step, event.weights)
        self._add(
            "INSERT OR REPLACE INTO snapshots (run, step, epoch, file, size) "
            "VALUES (:run, :step, :epoch, :file, :size)",
            step=event.step,
            epoch=event.epoch,
            file=file,
            size=len(event.weights),
        )

    def _record_checkpoint(self, event: Checkpoint) -> None:
        file = self._folder.write_checkpoint(self._attempt, event.step, event.payload)
        if self._newest is not None and self._newest.step <= event.step:
            self._newest = None
        self._add(
            "UPDATE runs SET checkpoint = :file, checkpoint_step = :step, checkpoint_size = :size, "
            "tries = CASE WHEN :step > checkpoint_step THEN 0 ELSE tries END, "
            "step = :step, epoch = :epoch WHERE id = :run",
            file=file,
            step=event.step,
            epoch=event.epoch,
            size=len(event.payload),
        )
        self.flush(durable=True)
        self._folder.keep_checkpoint(file)

    def _record_amendment(self, event: Amendment) -> None:
        self._add(
            "INSERT INTO amendments (run, step, changes) VALUES (:run, :step, :changes) "
            "ON CONFLICT DO UPDATE SET changes = json_patch(changes, excluded.changes)",
            step=event.step,
            changes=json.dumps(event.changes),
        )
        for key, value in event.changes.items():  # a newer wish for the same field stays
            self._add(
                "UPDATE runs SET pending = json_remove(pending, :key) "
                "WHERE id = :run AND json_extract(pending, :key) = :value",
                key=f"$.{key}",
                value=value,
            )
        self.flush()

    def _add_pause(self, event: Paused) -> None:
        """Decide now what the pause means: the owner may have changed their mind since."""
        self._add(
            "UPDATE runs SET "
            "status = CASE WHEN command = 'stop' THEN 'stopped' "
            " WHEN command = 'pause' OR until_step <= :step THEN 'paused' ELSE 'queued' END, "
            "reason = CASE WHEN command = 'stop' THEN 'stopped by hand' ELSE :reason END, "
            "ended = CASE WHEN command = 'stop' THEN :now END, "
            "queued_since = :now WHERE id = :run",
            step=event.step,
            reason=event.reason,
            now=time.time(),
        )
        self._add_release(event.step)

    def _add_end(self, status: str, reason: str, step: int | None) -> None:
        self._add(
            "UPDATE runs SET status = :status, reason = :reason, ended = :now WHERE id = :run",
            status=status,
            reason=reason,
            now=time.time(),
        )
        self._add_release(step)

    def _add_release(self, step: int | None) -> None:
        self._add(
            "UPDATE runs SET command = NULL, commanded = NULL, yield_asked = 0, tries = 0, "
            "until_step = CASE WHEN status = 'queued' THEN until_step END, "
            "held_seconds = held_seconds + :held, "
            "view_drawn = COALESCE(:drawn, view_drawn), "
            "worker = NULL, step = COALESCE(:step, step) WHERE id = :run",
            held=time.monotonic() - self._begun,
            drawn=self._view_drawn,
            step=step,
        )
