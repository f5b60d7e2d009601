"""A store that is locked: who works waits, who clicks is told, and all go on afterwards."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from playground.experiment import Experiment
from playground.jobs import Jobs, Refused, engine, worker
from playground.jobs import store as store_module
from playground.jobs.dispatcher import Dispatcher
from playground.jobs.engine import Engine
from playground.jobs.settings import read_settings
from playground.training.events import Checkpoint
from tests.jobs.stub import training
from tests.jobs.test_dispatcher import Shelf
from tests.jobs.troubles import beat, held_by_another, until

Assign = Callable[[Jobs, str], int]


@pytest.fixture
def hasty(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long for a lock."""
    monkeypatch.setattr(store_module, "BUSY_SECONDS", 0.05)
    jobs.store.close()  # the connections that wait for long


@pytest.mark.parametrize("how", ["IMMEDIATE", "EXCLUSIVE"])
def test_a_worker_trains_on_while_the_store_is_locked(
    home: Path, jobs: Jobs, experiment: Experiment, assign: Assign, hasty: None, how: str
) -> None:
    run_id = jobs.submit(experiment)
    attempt = assign(jobs, run_id)
    locked, free = threading.Event(), threading.Event()

    def train(*args: object, **options: object) -> Iterator[object]:
        for count, event in enumerate(training(30)(*args, **options)):
            if count == 10:
                locked.set()
                assert free.wait(10)
            yield event

    def lock() -> None:
        assert locked.wait(10)
        with held_by_another(home, how):
            free.set()
            time.sleep(0.4)  # eight times as long as anybody waits

    other = threading.Thread(target=lock)
    other.start()
    worker.run(str(home), run_id, attempt, train)
    other.join()
    run = jobs.get(run_id)
    assert (run.status, run.step) == ("finished", 30)
    assert [m.step for m in jobs.metrics(run_id)] == list(range(31))


def test_a_worker_that_waited_for_too_long_leaves_the_run_to_the_engine(
    home: Path,
    jobs: Jobs,
    experiment: Experiment,
    assign: Assign,
    hasty: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("playground.jobs.recorder.LOCKED_SECONDS", 0.1)
    run_id = jobs.submit(experiment)
    attempt = assign(jobs, run_id)
    held = []

    def train(*args: object, **options: object) -> Iterator[object]:
        for event in training(30)(*args, **options):
            if isinstance(event, Checkpoint) and event.step == 14:
                held.append(held_by_another(home))
                held[0].__enter__()
            yield event

    with pytest.raises(sqlite3.OperationalError, match="locked"):
        worker.run(str(home), run_id, attempt, train)
    held[0].__exit__(None, None, None)
    run = jobs.get(run_id)
    assert (run.status, run.checkpoint_step) == ("running", 7)  # not failed: the engine settles it
    dispatcher = Dispatcher(jobs.store, Shelf(1), read_settings())
    until(lambda: dispatcher.turn(0) or jobs.get(run_id).attempt > attempt)
    again = jobs.get(run_id)
    worker.run(str(home), run_id, again.attempt, training(30))
    assert jobs.get(run_id).status == "finished"
    dispatcher.close()


class Patient(Shelf):
    """Slots on which nothing ends; the engine waits as long as it is told."""

    def done(self, timeout: float) -> list[object]:
        time.sleep(timeout)
        return super().done(timeout)


def test_an_engine_outlives_a_lock_of_any_length(
    home: Path, jobs: Jobs, experiment: Experiment, hasty: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BEAT_SECONDS", 0.02)
    monkeypatch.setattr(engine, "STUCK_SECONDS", 0.1)
    shelf = Patient(2)
    with held_by_another(home):  # from the very beginning
        served = Engine(read_settings(), shelf)
        codes: list[int] = []
        thread = threading.Thread(target=lambda: codes.append(served.serve()))
        thread.start()
        time.sleep(0.4)
        with pytest.raises(Refused, match="busy or out of reach; try again"):
            jobs.submit(experiment)
    run_id = jobs.submit(experiment)
    until(lambda: ("train_run", run_id, 1) in shelf.given())
    with held_by_another(home):
        time.sleep(0.4)  # four times as long as an engine may be stuck
    other = jobs.submit(experiment)
    until(lambda: ("train_run", other, 1) in shelf.given())
    until(lambda: abs(time.time() - jobs.engine_state().beat) < 1)
    assert jobs.engine_state().message == ""
    monkeypatch.setattr(engine, "LEAVE_SECONDS", 0.1)
    served.leave()
    thread.join(10)
    assert codes == [0]


def test_a_visit_to_a_locked_store_is_no_accident(
    home: Path, jobs: Jobs, hasty: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    beat(jobs, time.time())
    with held_by_another(home):
        assert jobs.ensure_engine().state == "ready"


def test_who_only_looks_does_not_wait_for_who_writes(
    home: Path, jobs: Jobs, experiment: Experiment
) -> None:
    run_id = jobs.submit(experiment)
    beat(jobs, time.time())
    began = time.monotonic()
    with held_by_another(home):
        jobs.watch(run_id, 60.0)
        jobs.adopt("a guest without runs")
        assert jobs.ensure_engine().state == "ready"
        assert _watched(jobs, run_id) < time.time()
    assert time.monotonic() - began < store_module.BUSY_SECONDS / 2
    jobs.watch(run_id, 60.0)
    assert _watched(jobs, run_id) > time.time() + 50
    with pytest.raises(Refused, match="no run"):
        jobs.watch("a" * 16)


def test_who_writes_after_a_note_waits_as_long_as_before(
    home: Path, jobs: Jobs, experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection on which a note was not taken serves others afterwards."""
    monkeypatch.setattr(store_module, "NOTE_SECONDS", 0.0)
    run_id = jobs.submit(experiment)
    jobs.store.close()
    with held_by_another(home):
        jobs.watch(run_id)
        other = threading.Thread(target=lambda: jobs.rename(run_id, "after the lock"))
        other.start()
        time.sleep(0.5)
    other.join()
    assert jobs.get(run_id).name == "after the lock"


def _watched(jobs: Jobs, run_id: str) -> float:
    with jobs.store.reading() as db:
        return db.execute("SELECT watched_until FROM runs WHERE id = ?", (run_id,)).fetchone()[0]
