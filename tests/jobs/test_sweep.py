"""What is cleared away, and what never is."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from playground.experiment import Experiment
from playground.jobs import Jobs
from playground.jobs.sweep import sweep

LATER = 3600.0  # longer than anything is kept for its own sake


@pytest.fixture
def rest(jobs: Jobs, experiment: Experiment) -> Callable[..., str]:
    """Make a run at rest with some columns set."""

    def make(owner: Jobs = jobs, **columns: object) -> str:
        run_id = owner.submit(experiment, start=False)
        columns = {"step": 9, "checkpoint_step": 9, "status": "finished", **columns}
        with owner.store.writing() as db:
            names = ", ".join(f"{name} = :{name}" for name in columns)
            db.execute(f"UPDATE runs SET {names} WHERE id = :id", {"id": run_id, **columns})
        return run_id

    return make


def left(jobs: Jobs) -> set[str]:
    runs = {run.id for run in jobs.list_runs()}
    assert {path.name for path in jobs.store.runs_folder.iterdir()} == runs
    return runs


def test_runs_that_never_trained_go_after_a_while(jobs: Jobs, rest: Callable[..., str]) -> None:
    never = {"step": 0, "checkpoint_step": 0}
    previews = {rest(**never, status=status) for status in ("paused", "stopped", "failed")}
    kept = {
        rest(),
        rest(**never, name="mine"),
        rest(**never, status="queued"),
        rest(**never, status="running"),
        rest(**never, watched_until=time.time() + LATER),
        rest(**never, view_version=1, checkpoint="x"),
        rest(step=0, checkpoint_step=3, status="paused"),
    }
    assert sweep(jobs.store) == []
    assert left(jobs) == previews | kept
    assert set(sweep(jobs.store, time.time() + LATER)) == previews
    assert left(jobs) == kept


def test_somebody_who_looked_a_moment_ago_may_come_back(
    jobs: Jobs, rest: Callable[..., str]
) -> None:
    run_id = rest(step=0, checkpoint_step=-1, status="paused", queued_since=0.0, created=0.0)
    jobs.watch(run_id)
    assert sweep(jobs.store) == []
    assert sweep(jobs.store, time.time() + 19 * 60) == []
    assert sweep(jobs.store, time.time() + 21 * 60) == [run_id]


def test_a_clock_that_was_set_back_keeps_nothing_for_ever(
    jobs: Jobs, rest: Callable[..., str]
) -> None:
    run_id = rest(step=0, checkpoint_step=-1, status="paused", watched_until=time.time() + 1e8)
    assert sweep(jobs.store, time.time() + LATER) == [run_id]


def test_the_oldest_unnamed_go_beyond_the_cap_of_each_user(
    home: Path, rest: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAYGROUND_KEPT_RUNS_PER_USER", "3")
    ada, bob = Jobs(user="ada"), Jobs(user="bob")
    old = time.time() - LATER
    runs = [rest(ada, ended=old + i) for i in range(5)]
    named = rest(ada, ended=old - 1, name="the good one")
    busy = rest(ada, status="running", queued_since=old - 2)
    watched = rest(ada, ended=old - 3, watched_until=time.time())
    others = {rest(bob, ended=old - 4) for _ in range(3)}
    assert set(sweep(ada.store)) == set(runs[:2])
    assert left(ada) == {*runs[2:], named, busy, watched, *others}
    assert sweep(ada.store) == []


def test_the_oldest_make_room_in_a_store_that_is_nearly_full(
    home: Path, rest: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAYGROUND_MAX_DISK_MB", "10")
    jobs = Jobs(user="ada")
    old = time.time() - LATER
    sized = {"checkpoint_size": 1_900_000}
    runs = [rest(jobs, ended=old + i, **sized) for i in range(3)]
    recent = rest(jobs, ended=time.time(), **sized)
    named = rest(jobs, ended=old - 1, name="keep", **sized)
    assert sweep(jobs.store) == runs[:1]  # no more than needed
    assert left(jobs) == {*runs[1:], recent, named}
    assert jobs.store.size() < 9e6


def test_folders_without_a_run_go(jobs: Jobs, rest: Callable[..., str]) -> None:
    run_id = rest()
    orphan = jobs.store.runs_folder / ("a" * 16)
    fresh = jobs.store.runs_folder / ("b" * 16)
    strange = jobs.store.runs_folder / "readme"
    for folder in (orphan, fresh, strange):
        folder.mkdir()
    for folder in (orphan, strange, jobs.store.runs_folder / run_id):
        os.utime(folder, (0, 0))
    sweep(jobs.store)
    found = {path.name for path in jobs.store.runs_folder.iterdir()}
    assert found == {run_id, fresh.name, strange.name}


def test_what_was_taken_up_in_between_stays(
    jobs: Jobs, rest: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from playground.jobs import sweep as module

    run_id = rest(step=0, checkpoint_step=0, status="paused")
    listing = module._ids

    def listed(*args: object) -> list[str]:
        found = listing(*args)
        if found:
            jobs.resume(run_id)
        return found

    monkeypatch.setattr(module, "_ids", listed)
    assert sweep(jobs.store, time.time() + LATER) == []
    assert left(jobs) == {run_id}
