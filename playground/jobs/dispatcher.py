"""The dispatcher: gives slots, asks for them back, and picks up after accidents."""

from __future__ import annotations

import itertools
import logging
import sqlite3
import time
from dataclasses import dataclass, field

from playground.jobs import tasks
from playground.jobs.pool import Done, Pool
from playground.jobs.queries import set_columns
from playground.jobs.records import STUDY
from playground.jobs.schedule import Holding, Plan, Waiting, plan
from playground.jobs.settings import Settings
from playground.jobs.store import Store

logger = logging.getLogger(__name__)

MAX_TRIES = 3
LOOK_SECONDS = 0.25  # at least so often while there is work: quanta and stops are a matter of time
VIEW_SECONDS = 60.0
FEW_STEPS = 100  # of somebody who steps by hand
_UNFINISHED = (
    "SELECT id, user, kind, status, attempt, estimate_seconds, held_seconds, queued_since, assigned, "
    "command, yield_asked, step, until_step, priority FROM runs WHERE status IN ('queued', 'running')"
)
_TO_DRAW = (
    "SELECT id, user, view_version FROM runs "
    "WHERE view_version > view_drawn AND checkpoint IS NOT NULL AND status <> 'running' "
    "AND removed IS NULL"
)


@dataclass
class Task:
    """What a slot does now. ``number`` is the attempt, or the version of the view.

    ``since`` is on the clock of the store, which may be set; ``begun`` and ``unwanted`` are not.
    """

    run_id: str
    user: str
    slot: str
    number: int
    since: float
    is_view: bool
    short: bool
    background: bool = False
    priority: int = 0
    begun: float = field(default_factory=time.monotonic)
    unwanted: float | None = None


class Dispatcher:
    """One turn after another, in one thread; the store holds all that must outlive it."""

    def __init__(self, store: Store, pool: Pool, settings: Settings) -> None:
        self._store = store
        self._pool = pool
        self._settings = settings
        self._watch = store.connect()
        self._seen = -1
        self._looked = 0.0
        self._served: dict[str, float] = {}
        self._names = itertools.count()
        self._ended: list[Done] = []
        self.tasks: dict[str, Task] = {}
        self.slots = 0
        self.queued = 0

    def turn(self, timeout: float, *, starting: bool = True) -> None:
        """Take note of what has ended, and plan anew if there is news.

        Args:
            timeout: Seconds to wait for something to end.
            starting: Whether anything may be started.

        Raises:
            PoolError: If the cluster is gone.
            sqlite3.OperationalError: If the store does not answer; another turn makes it good.
        """
        self._ended += self._pool.done(timeout)
        news = bool(self._ended)
        while self._ended:  # taken off the list only when the store has it
            self._settle(self._ended[0])
            del self._ended[0]
        if self._news() or news:
            self._looked = time.monotonic()
            try:
                self._look(starting)
            except sqlite3.Error:
                self._seen = -1  # what was news is news until it has been dealt with
                raise

    def ask_all(self) -> None:
        """Ask every training for its slot, before the engine ends."""
        for task in self.tasks.values():
            self._ask(task.run_id)

    def close(self) -> None:
        """Close the dispatcher's own connection."""
        self._watch.close()

    def _news(self) -> bool:
        with self._store.repairing():
            if self._store.moved(self._watch):  # a damaged one was set aside
                self._watch.close()
                self._watch, self._seen = self._store.connect(), -1
            (version,) = self._watch.execute("PRAGMA data_version").fetchone()
        changed, self._seen = version != self._seen, version
        busy = bool(self.tasks or self.queued)
        return changed or (busy and time.monotonic() - self._looked > LOOK_SECONDS)

    def _look(self, starting: bool) -> None:
        with self._store.reading() as db:
            rows = db.execute(_UNFINISHED).fetchall()
            views = db.execute(_TO_DRAW).fetchall()
        mine = {(t.run_id, t.number) for t in self.tasks.values() if not t.is_view}
        for row in rows:
            if row["status"] == "running" and (row["id"], row["attempt"]) not in mine:
                self._recover(row["id"], row["attempt"], "the engine ended while it was training")
        self._stop_hard(rows)
        slots = self._pool.slots()
        self.slots = len(slots)
        self.queued = sum(row["status"] == "queued" for row in rows)
        if starting:
            self._carry_out(self._plan(rows, views), slots)

    def _time(self) -> float:
        """Return the time; if the clock was set back, nothing lies in the future for that."""
        now = time.time()
        for task in self.tasks.values():
            task.since = min(task.since, now)
        for user, served in self._served.items():
            self._served[user] = min(served, now)
        return now

    def _plan(self, rows: list[sqlite3.Row], views: list[sqlite3.Row]) -> Plan:
        now = self._time()
        drawing = {task.run_id for task in self.tasks.values() if task.is_view}
        waiting = [
            Waiting(
                row["id"],
                row["user"],
                min(row["queued_since"], now),
                self._is_short(row),
                background=row["kind"] == STUDY,
                priority=row["priority"],
            )
            for row in rows
            if row["status"] == "queued"
        ]
        waiting += [
            Waiting(row["id"], row["user"], now, is_view=True, version=row["view_version"])
            for row in views
            if row["id"] not in drawing
        ]
        asked = {row["id"] for row in rows if row["yield_asked"]}
        by_id = {row["id"]: row for row in rows}
        for task in self.tasks.values():  # what takes longer than was expected is a long one
            if task.short and task.run_id in by_id:
                task.short = self._is_short(by_id[task.run_id], time.monotonic() - task.begun)
        holding = [
            Holding(
                t.run_id,
                t.user,
                t.since,
                t.short,
                t.is_view,
                t.run_id in asked,
                t.background,
                t.priority,
            )
            for t in self.tasks.values()
        ]
        quantum = self._settings.quantum_seconds
        return plan(waiting, holding, self.slots, now=now, quantum=quantum, served=self._served)

    def _is_short(self, row: sqlite3.Row, held: float = 0.0) -> bool:
        """Whether the run is, or is asked to be, over soon; one that takes longer was not."""
        limit = self._settings.short_seconds
        steps = row["until_step"]
        if steps is not None and steps - row["step"] <= FEW_STEPS:
            return held <= limit
        return row["estimate_seconds"] <= limit and row["held_seconds"] + held <= 2 * limit

    def _carry_out(self, decided: Plan, slots: list[str]) -> None:
        busy = {task.slot for task in self.tasks.values()}
        free = [slot for slot in slots if slot not in busy]
        for work, slot in zip(decided.starts, free):
            self._start(work, slot)
        for run_id in decided.yields:
            self._ask(run_id)

    def _start(self, work: Waiting, slot: str) -> None:
        now = time.time()
        number = work.version if work.is_view else self._assign(work.run_id, now)
        if number is None:
            return
        self._served[work.user] = now
        key = f"{work.run_id}-{number}-{next(self._names)}-{now:.0f}"
        self.tasks[key] = Task(
            work.run_id,
            work.user,
            slot,
            number,
            now,
            work.is_view,
            work.short,
            work.background,
            work.priority,
        )
        function = tasks.draw_view if work.is_view else tasks.train_run
        self._pool.submit(slot, key, function, str(self._store.home), work.run_id, number)

    def _assign(self, run_id: str, now: float) -> int | None:
        """Make the run this engine's; return the number of the attempt, ``None`` if it is gone."""
        with self._store.writing() as db:
            row = db.execute(
                "UPDATE runs SET status = 'running', reason = '', assigned = ?, yield_asked = 0, "
                "attempt = attempt + 1, tries = tries + 1, worker = NULL "
                "WHERE id = ? AND status = 'queued' RETURNING attempt",
                (now, run_id),
            ).fetchone()
        return None if row is None else row["attempt"]

    def _ask(self, run_id: str) -> None:
        with self._store.writing() as db:
            query = "UPDATE runs SET yield_asked = 1 WHERE id = ? AND status = 'running'"
            db.execute(query, (run_id,))

    def _settle(self, done: Done) -> None:
        task = self.tasks.get(done.key)
        if task is None:
            return
        if done.error:
            logger.warning("run %s on %s: %s", task.run_id, task.slot, done.error)
        if not task.is_view:
            self._recover(task.run_id, task.number, done.error or "the worker gave it up")
        elif done.error:
            with self._store.writing() as db:
                db.execute(
                    "UPDATE runs SET view_drawn = view_version, view_error = ? "
                    "WHERE id = ? AND view_version = ?",
                    (done.error, task.run_id, task.number),
                )
        del self.tasks[done.key]

    def _recover(self, run_id: str, attempt: int, words: str) -> None:
        """Decide what becomes of a run whose attempt ended without saying how, if it did."""
        with self._store.writing() as db:
            row = db.execute(
                "SELECT * FROM runs WHERE id = ? AND attempt = ? AND status = 'running'",
                (run_id, attempt),
            ).fetchone()
            if row is None:  # it ended as it should
                return
            values = {"worker": None, "command": None, "commanded": None, "yield_asked": 0}
            ended = {"ended": time.time(), "until_step": None}
            if row["command"] == "stop":
                values |= {"status": "stopped", "reason": "stopped by hand", **ended}
            elif row["command"] == "pause":
                values |= {"status": "paused", "reason": "paused by hand", "until_step": None}
            elif row["tries"] >= MAX_TRIES:
                reason = f"given up after {MAX_TRIES} attempts in a row without progress: {words}"
                values |= {"status": "failed", "reason": reason, **ended}
            else:
                values |= {"status": "queued", "reason": f"goes on from its checkpoint: {words}"}
            step = max(row["checkpoint_step"], 0)
            set_columns(db, run_id, **values, step=step)

    def _stop_hard(self, rows: list[sqlite3.Row]) -> None:
        """Restart workers that hang: at a run that is to be stopped or is gone, or at a drawing."""
        now, limit = time.monotonic(), self._settings.stop_seconds
        wanted = {
            (row["id"], row["attempt"])
            for row in rows
            if row["status"] == "running" and row["command"] != "stop"
        }
        for key, task in list(self.tasks.items()):
            if task.is_view and now - task.begun > VIEW_SECONDS:
                self._pool.kill(task.slot)
                self._settle(Done(key, f"the drawing took longer than {VIEW_SECONDS:.0f} s"))
            elif task.is_view or (task.run_id, task.number) in wanted:
                task.unwanted = None
            elif now - (task.unwanted or now) <= limit:
                task.unwanted = task.unwanted or now
            else:
                logger.warning("run %s does not stop; its worker is restarted", task.run_id)
                self._pool.kill(task.slot)
                self._settle(Done(key, "it did not react, so its worker was restarted"))
