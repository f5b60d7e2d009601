"""The engine as a thread: the real training, without a process of its own."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import psutil
import pytest

from playground.experiment import Experiment
from playground.jobs import Jobs, Refused, launch
from playground.jobs.inside import ThreadPool
from playground.jobs.processes import Limits, Task, Tasks
from playground.jobs.settings import SettingsError, read_settings

SHORT = Experiment(n_train=40, n_validation=20, epochs=3)
LONG = Experiment(n_train=8000, n_validation=64, epochs=60, batch_size=4)


def wait(condition, what, seconds=60.0):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"waited {seconds} s until {what}"
        time.sleep(0.01)


@pytest.fixture
def inside(home: Path, monkeypatch: pytest.MonkeyPatch):
    """A client whose engine is a thread of this very process."""
    monkeypatch.setenv("PLAYGROUND_LOW_MEMORY", "1")
    monkeypatch.setenv("PLAYGROUND_QUANTUM_SECONDS", "0.2")
    jobs = Jobs(user="ada")
    yield jobs
    engine, _ = launch._started.pop(home, (None, 0.0))
    if engine is not None:
        engine.leave()
    jobs.store.close()


def test_a_run_trains_without_another_process(inside: Jobs):
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    assert inside.ensure_engine().state == "starting"
    run = inside.submit(SHORT)
    wait(lambda: inside.get(run).status == "finished", "the run has finished")
    wait(lambda: inside.engine_state().state == "ready", "the next heartbeat")
    state = inside.engine_state()
    assert (state.state, state.pid, state.slots) == ("ready", os.getpid(), 1)
    assert f"{os.getpid()}" in state.address
    assert {child.pid for child in psutil.Process().children(recursive=True)} <= before
    assert inside.metrics(run)[-1].epoch == SHORT.epochs


def test_the_one_slot_is_shared_and_nothing_is_lost_with_the_engine(inside: Jobs):
    inside.ensure_engine()
    long = inside.submit(LONG)
    wait(lambda: inside.get(long).step > 0, "the long run trains")
    short = Jobs(user="bob").submit(SHORT)
    wait(lambda: inside.get(short).status == "finished", "the short run got the slot")
    wait(lambda: inside.get(long).status == "running", "the long run goes on")
    engine, _ = launch._started[inside.store.home]
    engine.leave()
    assert engine.poll() == 0
    left = inside.get(long)
    assert left.status == "queued"
    assert left.checkpoint_step > 0
    assert inside.engine_state().state == "down"
    inside.ensure_engine()  # the next one takes it up
    wait(lambda: inside.get(long).step > left.checkpoint_step, "the long run goes on again")
    inside.stop(long)
    wait(lambda: inside.get(long).status == "stopped", "it stops")


def test_a_thread_that_hangs_is_left_and_the_slot_has_another_name():
    pool, go = ThreadPool(), threading.Event()
    (slot,) = pool.slots()
    pool.submit(slot, "hangs", go.wait)
    pool.kill(slot)
    assert pool.slots() != [slot]
    pool.kill(slot)  # known already
    (other,) = pool.slots()
    pool.submit(other, "well", int)
    assert [done.key for done in pool.done(5.0)] == ["well"]
    go.set()
    (late,) = pool.done(5.0)
    assert (late.key, late.error) == ("hangs", None)


def test_what_goes_wrong_is_said_in_words():
    pool = ThreadPool()
    pool.submit(pool.slots()[0], "key", int, "no number")
    (done,) = pool.done(5.0)
    assert done.error.startswith("ValueError: ")


class Naps(Tasks[Task]):
    module, noun, kind = "playground.jobs.fit_worker", "nap", Task


class Walks(Tasks[Task]):
    module, noun, kind = "playground.jobs.fit_worker", "walk", Task


def test_one_process_of_all_kinds_at_a_time_and_none_in_store(inside: Jobs):
    limits = Limits(most=4, kept=4, abandoned=60.0, longest=60.0, patience=0.0)
    naps, walks = Naps(limits), Walks(limits)
    try:
        naps.prepare()
        assert naps._spare is None
        first = naps.start("ada", "{}")
        with pytest.raises(Refused, match="takes 1 at once"):
            naps.start("bob", "{}")
        with pytest.raises(Refused, match="a nap is running, and this server has memory for one"):
            walks.start("bob", "{}")
        naps.stop(first, "enough")
        wait(lambda: not first.runs, "the nap has ended")
        walks.stop(walks.start("bob", "{}"), "enough")
    finally:
        naps.close()
        walks.close()


def test_the_setting_is_checked():
    assert read_settings({"PLAYGROUND_LOW_MEMORY": "1"}).low_memory is True
    assert read_settings({"PLAYGROUND_LOW_MEMORY": "0"}).low_memory is False
    with pytest.raises(SettingsError, match="PLAYGROUND_LOW_MEMORY is 'yes'; it must be 1, 0 or"):
        read_settings({"PLAYGROUND_LOW_MEMORY": "yes"})
