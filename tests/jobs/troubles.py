"""What the tests of faults have in common: a lock that somebody holds, an engine's sign of life."""

from __future__ import annotations

import os
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playground.jobs import Jobs


@contextmanager
def held_by_another(home: Path, how: str = "IMMEDIATE") -> Iterator[None]:
    """As if another process wrote for longer than anybody waits."""
    other = sqlite3.connect(home / "store.sqlite", isolation_level=None, check_same_thread=False)
    other.execute(f"BEGIN {how}")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


def until(condition: Callable[[], object], seconds: float = 90.0) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def beat(jobs: Jobs, at: float) -> None:
    """Write a sign of life of an engine that is this very process."""
    with jobs.store.writing() as db:
        db.execute(
            "INSERT OR REPLACE INTO engine (id, pid, host, started, beat, state, message, address, "
            "slots, running, queued) VALUES (1, ?, ?, ?, ?, 'ready', '', '', 2, 0, 0)",
            (os.getpid(), socket.gethostname(), at, at),
        )
