"""Finding and starting the engine, with processes that only pretend to be one."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from playground.jobs import Jobs, launch


@pytest.fixture
def spawned(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[subprocess.Popen[bytes]]]:
    """What was started; set ``code`` of the module for what such a process does."""
    processes: list[subprocess.Popen[bytes]] = []

    def spawn(_: object) -> subprocess.Popen[bytes]:
        process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        processes.append(process)
        return process

    monkeypatch.setattr(launch, "_spawn", spawn)
    yield processes
    for process in processes:
        process.kill()
        process.communicate()


def beat(
    jobs: Jobs, state: str, age: float = 0.0, *, host: str = "elsewhere", pid: int = 7
) -> None:
    with jobs.store.writing() as db:
        db.execute(
            "INSERT OR REPLACE INTO engine "
            "VALUES (1, ?, ?, 0, ?, ?, 'words', 'tcp://x', 2, 1, 3, 0)",
            (pid, host, time.time() - age, state),
        )


def exit_with(monkeypatch: pytest.MonkeyPatch, home: Path, code: int | None, age: float) -> None:
    class Ended:
        pid = 8

        def poll(self) -> int | None:
            return code

    monkeypatch.setitem(launch._started, home, (Ended(), time.time() - age))


def test_nobody_is_told_so_and_how_to_help(jobs: Jobs) -> None:
    state = jobs.engine_state()
    assert (state.state, state.alive) == ("down", False)
    assert "python -m playground engine" in state.message


def test_a_living_engine_is_used(jobs: Jobs, spawned: list) -> None:
    beat(jobs, "ready")
    state = jobs.ensure_engine()
    assert (state.state, state.slots, state.running, state.queued) == ("ready", 2, 1, 3)
    with jobs.store.reading() as db:
        assert db.execute("SELECT visited FROM engine").fetchone()[0] > time.time() - 5
    assert spawned == []


def test_a_silent_engine_is_replaced_once(jobs: Jobs, spawned: list) -> None:
    beat(jobs, "ready", age=60)
    assert jobs.engine_state().state == "down"
    for _ in range(3):
        assert jobs.ensure_engine().state == "starting"
    assert len(spawned) == 1


def test_an_engine_that_failed_is_tried_again_later(jobs: Jobs, spawned: list) -> None:
    beat(jobs, "failed")
    state = jobs.ensure_engine()
    assert (state.state, state.message) == ("failed", "words")
    assert spawned == []
    beat(jobs, "failed", age=60)
    assert jobs.ensure_engine().state == "starting"
    assert len(spawned) == 1


@pytest.mark.parametrize(
    ("code", "age", "state", "spawns"),
    [
        (None, 5.0, "starting", 0),  # it is still importing
        (None, 100.0, "starting", 1),  # it hangs
        (2, 1.0, "failed", 0),  # its settings are wrong: not again at once
        (2, 60.0, "starting", 1),
        (launch.OTHER_ENGINE, 1.0, "starting", 0),  # another one was faster
        (launch.OTHER_ENGINE, 60.0, "starting", 1),  # and has gone since
        (-9, 1.0, "starting", 1),  # killed
        (0, 1.0, "starting", 1),  # ended by somebody
    ],
)
def test_what_became_of_the_last_one_decides(
    jobs: Jobs,
    spawned: list,
    monkeypatch: pytest.MonkeyPatch,
    code: int | None,
    age: float,
    state: str,
    spawns: int,
) -> None:
    exit_with(monkeypatch, jobs.store.home, code, age)
    assert jobs.ensure_engine().state == state
    assert len(spawned) == spawns


def test_a_killed_engine_of_this_machine_is_missed_at_once(jobs: Jobs, spawned: list) -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    beat(jobs, "ready", host=socket.gethostname(), pid=process.pid)
    assert jobs.engine_state().state == "ready"
    process.kill()
    process.communicate()
    state = jobs.engine_state()
    assert (state.state, state.pid) == ("down", process.pid)
    assert "python -m playground engine" in state.message
    beat(jobs, "ready", pid=process.pid)  # on another machine that number means somebody else
    assert jobs.engine_state().state == "ready"


def test_a_child_that_was_killed_does_not_look_alive(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    monkeypatch.setitem(launch._started, jobs.store.home, (process, time.time()))
    beat(jobs, "ready", host=socket.gethostname(), pid=process.pid)
    os.kill(process.pid, signal.SIGKILL)  # and nobody waits for it: it stays in the table
    deadline = time.monotonic() + 60
    while jobs.engine_state().alive:
        assert time.monotonic() < deadline
    process.communicate()


def test_an_engine_that_comes_up_is_no_engine_that_is_down(jobs: Jobs, spawned: list) -> None:
    beat(jobs, "ready", age=60)
    jobs.ensure_engine()
    assert jobs.engine_state().state == "starting"  # its own first beat is still to come
    spawned[0].kill()
    spawned[0].communicate()
    assert jobs.engine_state().state == "down"


def test_a_beat_from_the_future_is_a_clock_that_was_set_back(jobs: Jobs, spawned: list) -> None:
    beat(jobs, "ready", age=-3600)
    assert jobs.engine_state().state == "down"
    beat(jobs, "failed", age=-3600)
    assert jobs.ensure_engine().state == "starting"
    assert len(spawned) == 1
