"""Finding the engine, and starting one when none runs."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from playground.jobs.records import EngineState
from playground.jobs.store import Store

FRESH_SECONDS = 5.0
RETRY_SECONDS = 10.0
START_SECONDS = 60.0
IDLE_MINUTES = "60"  # of an engine that nobody started by hand
OTHER_ENGINE = 3
"""Exit code of an engine that found another one at work."""
HOW_TO_START = "start it with: python -m playground engine"


class Started(Protocol):
    """An engine that this process has started: a process, or a thread of this one."""

    pid: int

    def poll(self) -> int | None:
        """Return the exit code, ``None`` as long as it lives."""
        ...


_lock = threading.Lock()
_started: dict[Path, tuple[Started, float]] = {}


def engine_state(store: Store) -> EngineState:
    """Return what the engine's last sign of life says; ``down`` when that is too long ago."""
    state = _last_words(store)
    process, since = _started.get(store.home, (None, 0.0))
    if state.alive or process is None or process.pid == state.pid:
        return state
    if process.poll() is None and abs(time.time() - since) < START_SECONDS:
        return EngineState("starting", "the engine is starting")  # and has not spoken yet
    return state


def _last_words(store: Store) -> EngineState:
    with store.reading() as db:
        row = db.execute("SELECT * FROM engine WHERE id = 1").fetchone()
    if row is None:
        return EngineState("down", f"no engine has run here yet; {HOW_TO_START}")
    names = ("pid", "address", "slots", "running", "queued", "beat")
    figures = {name: row[name] for name in names}
    state = EngineState(row["state"], row["message"], **figures)
    if state.alive and row["host"] == socket.gethostname() and not _exists(store, state.pid):
        message = f"the engine's process ended without a word; {HOW_TO_START}"
        return replace(state, state="down", message=message)
    age = abs(time.time() - state.beat)  # a beat from the future: the clock was set back since
    if state.alive and age > FRESH_SECONDS:
        message = f"the engine has given no sign of life for {age:.0f} s; {HOW_TO_START}"
        return replace(state, state="down", message=message)
    return state


def _exists(store: Store, pid: int) -> bool:
    """Return whether a process of this machine lives; a child that has ended is buried first."""
    process, _ = _started.get(store.home, (None, 0.0))
    if process is not None and process.pid == pid:
        return process.poll() is None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's, or no process id at all
        return True
    return True


def ensure_engine(store: Store) -> EngineState:
    """Return the engine's state, and start an engine in the background unless one runs.

    The engine outlives the process that started it and ends by itself when it has been idle for
    long. One that failed is tried again after some seconds, not at once.
    """
    state = engine_state(store)
    if state.alive:
        _visit(store)
        return state
    if state.state == "failed" and abs(time.time() - state.beat) < RETRY_SECONDS:
        return state
    with _lock:
        process, since = _started.get(store.home, (None, 0.0))
        if process is not None:
            code, age = process.poll(), abs(time.time() - since)
            patience = RETRY_SECONDS if code == OTHER_ENGINE else START_SECONDS
            if code in (None, OTHER_ENGINE) and age < patience:
                return EngineState("starting", "the engine is starting")
            if code in (1, 2) and age < RETRY_SECONDS:
                words = f"the engine ended at once; {store.home / 'engine.log'} says why"
                return EngineState("failed", words)
        _started[store.home] = (_spawn(store), time.time())
    return EngineState("starting", "the engine is starting")


def _visit(store: Store) -> None:
    """Note that somebody needs the engine; at most every 20 s, because a write wakes it."""
    now = time.time()
    with store.noting() as db:  # locked or full: then it is said later
        row = db.execute("SELECT visited FROM engine WHERE id = 1").fetchone()
        # A visit from the future: the clock was set back since.
        if row is not None and abs(now - row["visited"]) > 20.0:
            db.execute("UPDATE engine SET visited = ? WHERE id = 1", (now,))


def _spawn(store: Store) -> Started:
    if store.settings.low_memory:
        from playground.jobs.inside import InsideEngine

        return InsideEngine(store.settings)
    root = Path(__file__).resolve().parents[2]
    environment = {"PLAYGROUND_IDLE_MINUTES": IDLE_MINUTES, **os.environ}
    environment["PLAYGROUND_HOME"] = str(store.home)
    with (store.home / "engine.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "playground", "engine"],
            cwd=root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
