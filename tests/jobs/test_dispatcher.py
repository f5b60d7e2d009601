"""The dispatcher on slots that do nothing but remember what they were given."""

from __future__ import annotations

import itertools
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from playground.experiment import Experiment
from playground.jobs import Jobs, worker
from playground.jobs.dispatcher import Dispatcher
from playground.jobs.pool import Done
from playground.jobs.recorder import Recorder
from playground.jobs.settings import read_settings
from playground.training.control import View
from playground.training.events import Checkpoint, Finished, Paused


class Shelf:
    """A pool whose work ends when the test says so."""

    address = "nowhere"

    def __init__(self, slots: int) -> None:
        self.names = [f"slot{i}" for i in range(slots)]
        self.work: dict[str, tuple[object, ...]] = {}
        self.killed: list[str] = []
        self.ended: list[Done] = []
        self._count = itertools.count()

    def start(self) -> None: ...

    def close(self) -> None: ...

    def slots(self) -> list[str]:
        return list(self.names)

    def submit(self, slot: str, key: str, function: Callable[..., None], *args: object) -> None:
        assert slot in self.names
        assert slot not in [work[0] for work in self.work.values()], "two on one slot"
        self.work[key] = (slot, function.__name__, *args[1:])

    def done(self, timeout: float) -> list[Done]:
        ended, self.ended = self.ended, []
        return ended

    def kill(self, slot: str) -> None:
        self.killed.append(slot)
        self.names[self.names.index(slot)] = f"new{next(self._count)}"
        self.work = {key: work for key, work in self.work.items() if work[0] != slot}

    def end(self, run_id: str, error: str | None = None) -> None:
        (key,) = [key for key, work in self.work.items() if work[2] == run_id]
        del self.work[key]
        self.ended.append(Done(key, error))

    def given(self) -> list[tuple[object, ...]]:
        return [work[1:] for work in self.work.values()]


@pytest.fixture
def shelf() -> Shelf:
    return Shelf(2)


@pytest.fixture
def dispatcher(jobs: Jobs, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> Iterator[Dispatcher]:
    monkeypatch.setenv("PLAYGROUND_QUANTUM_SECONDS", "0.3")
    monkeypatch.setenv("PLAYGROUND_STOP_SECONDS", "0.5")
    result = Dispatcher(jobs.store, shelf, read_settings())
    yield result
    result.close()


def finish(jobs: Jobs, run_id: str, attempt: int) -> None:
    recorder = Recorder(jobs.store, run_id, attempt)
    assert worker.claim(jobs.store, run_id, attempt) is not None
    recorder.record(Checkpoint(5, 0.5, b"weights"))
    recorder.record(Finished(5, "done"))


def wait_until(condition: Callable[[], bool], act: Callable[[], None], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        act()
        time.sleep(0.02)


def test_runs_are_given_out_and_come_back(
    jobs: Jobs, experiment: Experiment, shelf: Shelf, dispatcher: Dispatcher
) -> None:
    runs = [jobs.submit(experiment) for _ in range(3)]
    dispatcher.turn(0)
    assert shelf.given() == [("train_run", run, 1) for run in runs[:2]]
    assert (dispatcher.queued, dispatcher.slots, len(dispatcher.tasks)) == (3, 2, 2)
    finish(jobs, runs[0], 1)
    shelf.end(runs[0])
    dispatcher.turn(0)
    assert ("train_run", runs[2], 1) in shelf.given()
    assert [jobs.get(run).status for run in runs] == ["finished", "running", "running"]


def test_a_dead_worker_costs_an_attempt_and_three_without_progress_fail(
    jobs: Jobs, experiment: Experiment, shelf: Shelf, dispatcher: Dispatcher
) -> None:
    run_id = jobs.submit(experiment)
    for attempt in (1, 2, 3):
        dispatcher.turn(0)
        assert shelf.given() == [("train_run", run_id, attempt)]
        shelf.end(run_id, "KilledWorker: it died")
    dispatcher.turn(0)
    run = jobs.get(run_id)
    assert run.status == "failed"
    assert "3 attempts in a row without progress" in run.reason
    assert "KilledWorker: it died" in run.reason
    jobs.resume(run_id)
    dispatcher.turn(0)
    assert shelf.given() == [("train_run", run_id, 4)]


def test_progress_earns_new_attempts(
    jobs: Jobs, experiment: Experiment, shelf: Shelf, dispatcher: Dispatcher
) -> None:
    run_id = jobs.submit(experiment)
    for attempt in range(1, 7):
        dispatcher.turn(0)
        recorder = Recorder(jobs.store, run_id, attempt)
        assert worker.claim(jobs.store, run_id, attempt) is not None
        recorder.record(Checkpoint(attempt, 0.1, b"weights"))
        shelf.end(run_id, "it died")
    for attempt in range(7, 9):  # the same checkpoint again is no progress
        dispatcher.turn(0)
        recorder = Recorder(jobs.store, run_id, attempt)
        assert worker.claim(jobs.store, run_id, attempt) is not None
        recorder.record(Checkpoint(6, 0.1, b"weights"))
        shelf.end(run_id, "it died")
    dispatcher.turn(0)
    assert jobs.get(run_id).status == "running"
    shelf.end(run_id, "it died")
    dispatcher.turn(0)
    assert jobs.get(run_id).status == "failed"


@pytest.mark.parametrize(("ask", "status"), [("stop", "stopped"), ("pause", "paused")])
def test_a_worker_that_dies_while_it_should_halt_halts(
    jobs: Jobs,
    experiment: Experiment,
    shelf: Shelf,
    dispatcher: Dispatcher,
    ask: str,
    status: str,
) -> None:
    run_id = jobs.submit(experiment)
    dispatcher.turn(0)
    getattr(jobs, ask)(run_id)
    shelf.end(run_id, "it died")
    dispatcher.turn(0)
    run = jobs.get(run_id)
    assert (run.status, run.command) == (status, None)


def test_a_new_engine_takes_up_what_the_old_one_left(
    jobs: Jobs, experiment: Experiment, shelf: Shelf, dispatcher: Dispatcher
) -> None:
    runs = [jobs.submit(experiment) for _ in range(2)]
    dispatcher.turn(0)
    after = Dispatcher(jobs.store, Shelf(2), read_settings())
    after.turn(0)
    assert [jobs.get(run).status for run in runs] == ["queued", "queued"]
    after.turn(0)
    assert sorted(after._pool.given()) == sorted(("train_run", run, 2) for run in runs)
    after.close()


def test_a_worker_that_ignores_a_stop_is_restarted(
    jobs: Jobs, experiment: Experiment, shelf: Shelf, dispatcher: Dispatcher
) -> None:
    run_id, other = jobs.submit(experiment), jobs.submit(experiment)
    dispatcher.turn(0)
    (slot,) = [work[0] for work in shelf.work.values() if work[2] == run_id]
    jobs.stop(run_id)
    dispatcher.turn(0)
    assert shelf.killed == []
    wait_until(lambda: bool(shelf.killed), lambda: dispatcher.turn(0))
    assert shelf.killed == [slot]
    assert jobs.get(run_id).status == "stopped"
    assert jobs.get(other).status == "running"


def test_the_worker_of_a_deleted_run_is_freed(
    jobs: Jobs, experiment: Experiment, shelf: Shelf, dispatcher: Dispatcher
) -> None:
    run_id = jobs.submit(experiment)
    dispatcher.turn(0)
    jobs.delete(run_id)
    wait_until(lambda: bool(shelf.killed), lambda: dispatcher.turn(0))
    assert dispatcher.tasks == {}


def test_a_slot_is_asked_back_for_those_who_wait(
    jobs: Jobs, experiment: Experiment, shelf: Shelf, dispatcher: Dispatcher
) -> None:
    first, second, third = (jobs.submit(experiment) for _ in range(3))
    dispatcher.turn(0)

    def asked() -> list[str]:
        with jobs.store.reading() as db:
            return [row[0] for row in db.execute("SELECT id FROM runs WHERE yield_asked = 1")]

    assert asked() == []
    wait_until(lambda: bool(asked()), lambda: dispatcher.turn(0))
    (gives,) = asked()
    assert gives in (first, second)
    recorder = Recorder(jobs.store, gives, 1)
    assert worker.claim(jobs.store, gives, 1) is not None
    assert recorder.poll().halt == "pause"
    recorder.record(Paused(3, "its turn is over"))
    shelf.end(gives)
    dispatcher.turn(0)
    assert ("train_run", third, 1) in shelf.given()
    assert jobs.get(gives).status == "queued"


def test_single_steps_of_a_long_run_are_interactive(
    jobs: Jobs, shelf: Shelf, dispatcher: Dispatcher
) -> None:
    long = Experiment(epochs=400, path="torch")
    first, second, third = (jobs.submit(long, start=False) for _ in range(3))
    assert jobs.get(first).estimate_seconds > read_settings().short_seconds
    for run_id in (first, second):
        jobs.resume(run_id)
    dispatcher.turn(0)
    assert shelf.given() == [("train_run", first, 1)]  # the last slot is kept
    jobs.step(third)
    dispatcher.turn(0)
    assert shelf.given() == [("train_run", first, 1), ("train_run", third, 1)]


def test_a_resting_run_is_drawn_when_its_view_changes(
    jobs: Jobs, experiment: Experiment, shelf: Shelf, dispatcher: Dispatcher
) -> None:
    run_id = jobs.submit(experiment)
    jobs.request_view(run_id, View((1, 0)))
    jobs.pause(run_id)
    dispatcher.turn(0)
    assert shelf.given() == []  # nothing to draw from yet
    jobs.resume(run_id)
    dispatcher.turn(0)
    finish(jobs, run_id, 1)
    shelf.end(run_id)
    dispatcher.turn(0)
    assert shelf.given() == [("draw_view", run_id, 1)]
    jobs.request_view(run_id, View((0, 1)))
    dispatcher.turn(0)
    assert shelf.given() == [("draw_view", run_id, 1)]  # one at a time
    shelf.end(run_id)
    dispatcher.turn(0)
    assert shelf.given() == [("draw_view", run_id, 2)]
    shelf.end(run_id, "it died")
    dispatcher.turn(0)
    assert shelf.given() == []
    assert jobs.get(run_id).view_error == "it died"


def test_a_drawing_that_hangs_is_ended(
    jobs: Jobs,
    experiment: Experiment,
    shelf: Shelf,
    dispatcher: Dispatcher,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run_id = jobs.submit(experiment)
    dispatcher.turn(0)
    finish(jobs, run_id, 1)
    shelf.end(run_id)
    jobs.request_view(run_id, View((1, 0)))
    dispatcher.turn(0)
    assert shelf.given() == [("draw_view", run_id, 1)]
    monkeypatch.setattr("playground.jobs.dispatcher.VIEW_SECONDS", 0.1)
    wait_until(lambda: bool(shelf.killed), lambda: dispatcher.turn(0))
    assert "longer than" in jobs.get(run_id).view_error


def test_nothing_starts_while_the_engine_ends(
    jobs: Jobs, experiment: Experiment, shelf: Shelf, dispatcher: Dispatcher, home: Path
) -> None:
    run_id = jobs.submit(experiment)
    dispatcher.turn(0, starting=False)
    assert shelf.given() == []
    wait_until(lambda: bool(shelf.given()), lambda: dispatcher.turn(0))
    assert shelf.given() == [("train_run", run_id, 1)]


def test_a_store_that_does_not_answer_loses_nothing(
    jobs: Jobs,
    experiment: Experiment,
    shelf: Shelf,
    dispatcher: Dispatcher,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runs = [jobs.submit(experiment) for _ in range(2)]
    dispatcher.turn(0)
    for run_id in runs:
        shelf.end(run_id, "the worker died")
    with monkeypatch.context() as patch:
        patch.setattr(dispatcher, "_recover", lambda *_: raise_locked())
        with pytest.raises(sqlite3.OperationalError):
            dispatcher.turn(0)
    assert [jobs.get(run).status for run in runs] == ["running", "running"]
    dispatcher.turn(0)
    assert [jobs.get(run).attempt for run in runs] == [2, 2]
    assert len(shelf.given()) == 2


def raise_locked() -> None:
    raise sqlite3.OperationalError("database is locked")


def test_a_clock_that_is_set_back_does_not_stop_the_taking_of_turns(
    jobs: Jobs,
    experiment: Experiment,
    shelf: Shelf,
    dispatcher: Dispatcher,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runs = [jobs.submit(experiment) for _ in range(2)]
    dispatcher.turn(0)
    others = [Jobs(user="bob").submit(experiment)]
    now = time.time
    monkeypatch.setattr("playground.jobs.dispatcher.time.time", lambda: now() - 86400)

    def asked() -> bool:
        with jobs.store.reading() as db:
            (count,) = db.execute("SELECT COUNT(*) FROM runs WHERE yield_asked").fetchone()
        return count == 1

    wait_until(asked, lambda: dispatcher.turn(0))
    assert {jobs.get(run).status for run in runs} == {"running"}
    assert jobs.get(others[0]).status == "queued"
