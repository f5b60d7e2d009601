"""A clock that is set, forward or back: nothing is cleared away, nobody waits for ever."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from playground.experiment import Experiment
from playground.jobs import Jobs, Refused, engine, launch, marks, worker
from playground.jobs.dispatcher import Dispatcher
from playground.jobs.engine import Engine
from playground.jobs.recorder import Recorder
from playground.jobs.settings import read_settings
from playground.jobs.sweep import Sweeps
from tests.jobs.stub import training
from tests.jobs.test_dispatcher import Shelf
from tests.jobs.troubles import beat, until

Assign = Callable[[Jobs, str], int]
DAY = 86400.0


class Clock:
    """A clock that can be set, beside one that cannot."""

    def __init__(self) -> None:
        self.now, self.steady = 1.7e9, 100.0

    def pass_by(self, seconds: float) -> None:
        self.now += seconds
        self.steady += seconds


@pytest.mark.parametrize("jump", [3600.0, DAY, -3600.0, -DAY, -3 * DAY])
def test_a_clock_that_is_set_clears_nothing_away(
    jobs: Jobs, experiment: Experiment, jump: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    for module in ("client", "marks", "reader", "admission"):
        monkeypatch.setattr(f"playground.jobs.{module}.time.time", lambda: clock.now)
    sweeps = Sweeps(jobs.store, clock=lambda: clock.now, steady=lambda: clock.steady)
    preview = jobs.submit(experiment, start=False)
    thrown = jobs.submit(experiment, name="thrown away")
    marks.throw_away(jobs, [thrown])
    clock.pass_by(60)
    assert sweeps.look() == []
    clock.now += jump
    for _ in range(19):  # everything is kept for as long as if it had begun at that moment
        clock.pass_by(60)
        assert sweeps.look() == []
    assert jobs.get(preview).status == "paused"
    assert marks.put_back(jobs, [thrown]) == [thrown]
    marks.throw_away(jobs, [thrown])
    for _ in range(60):
        clock.pass_by(60)
        sweeps.look()
    if jump > -3600:  # and not for ever; what lies in the future stays for as long as that
        assert marks.put_back(jobs, [thrown]) == []
        with pytest.raises(Refused):
            jobs.get(preview)


@pytest.mark.parametrize("jump", [3600.0, DAY, -3600.0, -DAY])
def test_an_engine_is_neither_dead_nor_alive_for_ever_after_a_jump(
    jobs: Jobs, jump: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, spawned = Clock(), []
    monkeypatch.setattr(launch.time, "time", lambda: clock.now)
    monkeypatch.setattr(launch, "_spawn", lambda store: spawned.append(store))
    beat(jobs, clock.now)
    assert jobs.engine_state().state == "ready"
    clock.now += jump
    beat(jobs, clock.now)  # its next beat, a second later
    assert jobs.engine_state().state == "ready"
    assert jobs.ensure_engine().state == "ready"
    with jobs.store.reading() as db:
        (visited,) = db.execute("SELECT visited FROM engine").fetchone()
    assert visited == clock.now  # the visit is noted whichever way the clock went
    clock.now += 60  # no beat any more
    assert jobs.engine_state().state == "down"
    assert spawned == []


@pytest.mark.parametrize("jump", [3600.0, DAY, -3600.0, -DAY])
def test_an_idle_engine_ends_when_it_has_been_idle_whatever_the_clock_says(
    jobs: Jobs, jump: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAYGROUND_IDLE_MINUTES", "10")
    clock = Clock()
    monkeypatch.setattr(engine.time, "time", lambda: clock.now)
    monkeypatch.setattr(engine.time, "monotonic", lambda: clock.steady)
    idle = Engine(read_settings(), Shelf(1))
    idle._beat()
    clock.now += jump
    assert not idle._is_idle()
    clock.pass_by(590)
    assert not idle._is_idle()
    with jobs.store.writing() as db:
        db.execute("UPDATE engine SET visited = ?", (clock.now,))
    clock.pass_by(15)
    assert not idle._is_idle()  # somebody came
    clock.pass_by(590)
    assert not idle._is_idle()
    clock.pass_by(15)
    assert idle._is_idle()


@pytest.mark.parametrize("jump", [3600.0, DAY, -3600.0, -DAY])
def test_a_jump_changes_nothing_of_what_trains(
    home: Path,
    jobs: Jobs,
    experiment: Experiment,
    assign: Assign,
    jump: float,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now, at = time.time, [0.0]
    monkeypatch.setattr("time.time", lambda: now() + at[0])
    run_id = jobs.submit(experiment)
    jobs.watch(run_id, 5.0)
    attempt = assign(jobs, run_id)
    recorder = Recorder(jobs.store, run_id, attempt)
    assert recorder.poll().watched
    at[0] = jump
    recorder._polled = 0.0
    assert not recorder.poll().watched  # a promise on another clock holds neither for ever …
    jobs.watch(run_id, 5.0)
    recorder._polled = 0.0
    assert recorder.poll().watched  # … nor against whoever looks now
    worker.run(str(home), run_id, attempt, training(30))
    assert jobs.get(run_id).status == "finished"
    with jobs.store.reading() as db:
        (held,) = db.execute("SELECT held_seconds FROM runs").fetchone()
    assert 0 <= held < 60  # by which it is told whether a run is a short one


@pytest.mark.parametrize("jump", [3600.0, DAY, -3600.0, -DAY])
def test_turns_are_taken_after_a_jump(
    jobs: Jobs, experiment: Experiment, jump: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAYGROUND_QUANTUM_SECONDS", "0.1")
    shelf = Shelf(1)
    dispatcher = Dispatcher(jobs.store, shelf, read_settings())
    first = jobs.submit(experiment)
    dispatcher.turn(0)
    now = time.time
    monkeypatch.setattr("playground.jobs.dispatcher.time.time", lambda: now() + jump)
    second = Jobs(user="bob").submit(experiment)

    def asked() -> bool:
        dispatcher.turn(0)
        with jobs.store.reading() as db:
            return bool(
                db.execute("SELECT yield_asked FROM runs WHERE id = ?", (first,)).fetchone()[0]
            )

    until(asked, 10)
    assert all(not task.unwanted for task in dispatcher.tasks.values())
    assert shelf.killed == []
    assert jobs.get(second).status == "queued"
    dispatcher.close()
