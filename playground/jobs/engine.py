"""The engine: the process that owns the slots. ``python -m playground engine``.

There is one for each store, held by a lock on a file. It can be killed at any moment: the store is
the truth, and the next engine takes up what is unfinished.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import signal
import socket
import sqlite3
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TextIO

from playground.jobs.backup import Backups
from playground.jobs.dispatcher import Dispatcher
from playground.jobs.launch import OTHER_ENGINE
from playground.jobs.pool import DaskPool, Pool, PoolError
from playground.jobs.priority import group_steps_back
from playground.jobs.settings import Settings, SettingsError, read_settings
from playground.jobs.store import Store, passes
from playground.jobs.sweep import Sweeps

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.02
BEAT_SECONDS = 1.0
STUCK_SECONDS = 60.0
LEAVE_SECONDS = 5.0
SWEEP_SECONDS = 60.0


@dataclass
class Pulse:
    """What the heartbeat tells; written by the engine, read by the thread that beats."""

    state: str = "starting"
    message: str = "the engine is starting its workers"
    address: str = ""
    slots: int = 0
    running: int = 0
    queued: int = 0
    turned: float = 0.0


class Engine:
    """One engine on one store."""

    def __init__(self, settings: Settings, pool: Pool) -> None:
        self._store = Store(settings)
        self._pool = pool
        self._idle_seconds = settings.idle_minutes * 60
        self._dispatcher = Dispatcher(self._store, pool, settings)
        self._pulse = Pulse(turned=time.monotonic())
        self._started = time.time()
        self._busy_at = time.monotonic()
        self._visited = 0.0
        self._leave = threading.Event()
        self._dead = threading.Event()

    def leave(self) -> None:
        """Ask the engine to end; runs give their slots back first."""
        self._leave.set()

    def serve(self) -> int:
        """Work until asked to leave; return the exit code."""
        with contextlib.suppress(sqlite3.Error):  # a store that is locked may be free in a moment
            self._beat()
        threads = [
            threading.Thread(target=work, daemon=True)
            for work in (self._keep_beating, self._keep_sweeping)
        ]
        for thread in threads:
            thread.start()
        code, last = 0, ("down", "the engine was stopped")
        try:
            self._pool.start()
            self._pulse.address = self._pool.address
            self._pulse.state, self._pulse.message = "ready", ""
            logger.info("ready at %s", self._pool.address)
            while not self._leave.is_set() and not self._is_idle():
                self._turn(POLL_SECONDS)
            self._hand_back()
        except PoolError as error:
            logger.error("%s", error)
            code, last = 1, ("failed", str(error))
        except Exception as error:
            logger.exception("the engine failed")
            code, last = 1, ("failed", f"the engine failed: {type(error).__name__}: {error}")
        finally:
            self._dead.set()
            for thread in threads:
                thread.join(LEAVE_SECONDS)  # one may be waiting for a store that is locked
            self._pool.close()
            self._dispatcher.close()
            self._pulse.state, self._pulse.message = last
            with contextlib.suppress(sqlite3.Error):  # then its silence has to say it
                self._beat()
            self._store.close()
        return code

    def _turn(self, timeout: float, *, starting: bool = True) -> None:
        dispatcher, pulse = self._dispatcher, self._pulse
        try:
            dispatcher.turn(timeout, starting=starting)
        except sqlite3.OperationalError as error:
            # Locked for long, or the disk is full: trainings go on, and the next turn makes it good.
            if time.monotonic() - pulse.turned > STUCK_SECONDS and not passes(error):
                raise
            logger.warning("the store did not answer: %s", error)
            if passes(error):
                pulse.turned, pulse.message = time.monotonic(), f"the store did not answer: {error}"
            self._leave.wait(BEAT_SECONDS)
            return
        pulse.turned, pulse.message = time.monotonic(), ""
        pulse.slots, pulse.queued = dispatcher.slots, dispatcher.queued
        pulse.running = len(dispatcher.tasks)

    def _hand_back(self) -> None:
        """Let every training write its checkpoint, so that nothing has to be done twice."""
        self._dispatcher.ask_all()
        deadline = time.monotonic() + LEAVE_SECONDS
        while self._dispatcher.tasks and time.monotonic() < deadline:
            self._turn(POLL_SECONDS, starting=False)

    def _is_idle(self) -> bool:
        now = time.monotonic()
        if self._dispatcher.tasks or self._dispatcher.queued:
            self._busy_at = now
        if not self._idle_seconds or now - self._busy_at < self._idle_seconds:
            return False
        with self._store.reading() as db:
            row = db.execute("SELECT visited FROM engine WHERE id = 1").fetchone()
        visited = row["visited"] if row else self._visited
        if visited != self._visited:  # whatever the clock said: somebody came since
            self._visited, self._busy_at = visited, now
            return False
        logger.info("nothing to do for %.0f minutes", self._idle_seconds / 60)
        return True

    def _keep_beating(self) -> None:
        while not self._dead.wait(BEAT_SECONDS):
            stuck = time.monotonic() - self._pulse.turned > STUCK_SECONDS
            if self._pulse.state == "starting" or not stuck:
                try:
                    self._beat()
                except sqlite3.Error:  # the next beat may find the store in a better state
                    logger.exception("no heartbeat")

    def _keep_sweeping(self) -> None:
        sweeps, backups = Sweeps(self._store), Backups(self._store)
        while not self._dead.wait(SWEEP_SECONDS):
            try:
                gone = sweeps.look()
            except (sqlite3.Error, OSError) as error:
                logger.warning("the store could not be cleared up: %s", error)
            else:
                if gone:
                    logger.info("%d old runs cleared away", len(gone))
            backups.look()

    def _beat(self) -> None:
        pulse = self._pulse
        with self._store.writing() as db:
            db.execute(
                "INSERT INTO engine (id, pid, host, started, beat, state, message, address, slots, "
                "running, queued) VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
                "ON CONFLICT DO UPDATE SET pid = excluded.pid, host = excluded.host, "
                "started = excluded.started, beat = excluded.beat, state = excluded.state, "
                "message = excluded.message, address = excluded.address, slots = excluded.slots, "
                "running = excluded.running, queued = excluded.queued",
                (
                    os.getpid(),
                    socket.gethostname(),
                    self._started,
                    time.time(),
                    pulse.state,
                    pulse.message,
                    pulse.address,
                    pulse.slots,
                    pulse.running,
                    pulse.queued,
                ),
            )


def main() -> int:
    """Run the engine in this process until it is told to end (SIGTERM, Ctrl-C).

    Its settings are environment variables, see ``playground.jobs.settings``.

    Returns:
        0 after an orderly end, 1 if the cluster failed, 2 for wrong settings, 3 if another engine
        serves this store.
    """
    logging.basicConfig(format="%(asctime)s %(name)s: %(message)s", level=logging.WARNING)
    logging.getLogger("playground").setLevel(logging.INFO)
    try:
        settings = read_settings()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    # The workers inherit it, and so does whatever else reads it: the folder of own data, say.
    os.environ["PLAYGROUND_HOME"] = str(settings.home)

    def begun(engine: Engine) -> None:
        group_steps_back()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: engine.leave())

    return serve_alone(settings, DaskPool(settings), begun)


def serve_alone(settings: Settings, pool: Pool, begun: Callable[[Engine], None]) -> int:
    """Serve a store unless another engine does; return the exit code, as ``main`` does.

    Args:
        settings: Of the store.
        pool: The slots.
        begun: Is told of the engine before it serves.
    """
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (settings.home / "engine.lock").open("w") as lock:
        if not _locked(lock):
            print(f"another engine serves {settings.home} already", file=sys.stderr)
            return OTHER_ENGINE
        engine = Engine(settings, pool)
        begun(engine)
        return engine.serve()


def _locked(lock: TextIO) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
