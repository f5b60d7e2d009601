from __future__ import annotations

import errno
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from playground.experiment import Experiment
from playground.jobs import Jobs, Refused
from playground.jobs.artifacts import Folder
from playground.training.control import View

Assign = Callable[[Jobs, str], int]


def test_a_submitted_run_is_as_it_was_handed_in(jobs: Jobs, experiment: Experiment) -> None:
    run_id = jobs.submit(experiment, name="first")
    run = jobs.get(run_id)
    assert (run.status, run.user, run.name, run.kind) == ("queued", "ada", "first", "training")
    assert run.experiment == experiment
    assert run.estimate_seconds > 0
    assert run.unfinished
    assert jobs.metrics(run_id) == []
    assert jobs.live(run_id) is None
    assert jobs.checkpoint(run_id) is None
    assert [r.id for r in jobs.list_runs("ada")] == [run_id]
    assert jobs.list_runs("bob") == []


def test_what_is_beyond_the_limits_is_refused_before_it_starts(jobs: Jobs) -> None:
    huge = Experiment(n_train=20000, epochs=10000, batch_size=1, path="torch")
    with pytest.raises(Refused, match=r"time|seconds|hours|long"):
        jobs.submit(huge)
    assert jobs.list_runs() == []
    assert list(jobs.store.runs_folder.iterdir()) == []


def test_the_cap_of_a_user_is_named(
    home: Path, experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAYGROUND_MAX_RUNS_PER_USER", "2")
    jobs = Jobs(user="ada")
    first, _ = jobs.submit(experiment), jobs.submit(experiment)
    waiting = jobs.submit(experiment, start=False)
    with pytest.raises(Refused, match=r"2 runs.*PLAYGROUND_MAX_RUNS_PER_USER"):
        jobs.submit(experiment)
    with pytest.raises(Refused, match="PLAYGROUND_MAX_RUNS_PER_USER"):
        jobs.resume(waiting)
    with pytest.raises(Refused, match="PLAYGROUND_MAX_RUNS_PER_USER"):
        jobs.step(waiting)
    Jobs(user="bob").submit(experiment)
    jobs.stop(first)
    jobs.resume(waiting)
    assert jobs.get(waiting).status == "queued"


def test_the_caps_of_the_server_are_named(
    home: Path, experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAYGROUND_MAX_RUNS", "1")
    monkeypatch.setenv("PLAYGROUND_MAX_DISK_MB", "1")
    run_id = Jobs(user="ada").submit(experiment)
    bob = Jobs(user="bob")
    with pytest.raises(Refused, match="PLAYGROUND_MAX_RUNS"):
        bob.submit(experiment)
    with bob.store.writing() as db:
        db.execute("UPDATE runs SET checkpoint_size = 2000000 WHERE id = ?", (run_id,))
    with pytest.raises(Refused, match="PLAYGROUND_MAX_DISK_MB"):
        bob.submit(experiment)


@pytest.fixture
def cap_of_one(home: Path, monkeypatch: pytest.MonkeyPatch) -> Jobs:
    monkeypatch.setenv("PLAYGROUND_MAX_RUNS_PER_USER", "1")
    return Jobs(user="ada")


def test_a_run_takes_the_place_of_another_under_a_cap_of_one(
    cap_of_one: Jobs, experiment: Experiment, assign: Assign
) -> None:
    jobs = cap_of_one
    first = jobs.submit(experiment)
    second = jobs.submit(experiment, instead_of=first)  # it never trained, so it is gone
    assert [run.id for run in jobs.list_runs()] == [second]
    assert not (jobs.store.runs_folder / first).exists()
    assign(jobs, second)
    with jobs.store.writing() as db:
        db.execute("UPDATE runs SET step = 7 WHERE id = ?", (second,))
    third = jobs.submit(experiment, instead_of=second)
    assert jobs.get(second).command == "stop"
    fourth = jobs.submit(experiment, instead_of=third)  # while the second is still stopping
    assert {run.id for run in jobs.list_runs()} == {second, fourth}


def test_a_refused_run_ends_no_other(
    cap_of_one: Jobs, experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = cap_of_one
    training, preview = jobs.submit(experiment), jobs.submit(experiment, until_step=0)
    with pytest.raises(Refused, match="PLAYGROUND_MAX_RUNS_PER_USER"):
        jobs.submit(experiment, instead_of=preview)
    assert {run.id for run in jobs.list_runs()} == {training, preview}
    assert (jobs.store.runs_folder / preview).is_dir()
    assert len(list(jobs.store.runs_folder.iterdir())) == 2


def test_nobody_puts_a_run_in_the_place_of_somebody_elses(
    jobs: Jobs, experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAYGROUND_TEACHER_KEY", "secret")
    run_id = jobs.submit(experiment)
    for other in (Jobs(user="eve"), Jobs(user="eve", key="secret")):
        other.submit(experiment, instead_of=run_id)
        assert jobs.get(run_id).status == "queued"
    jobs.submit(experiment, instead_of="a" * 16)


def test_release_ends_only_what_is_ones_own(jobs: Jobs, experiment: Experiment) -> None:
    preview, theirs = jobs.submit(experiment), Jobs(user="bob").submit(experiment)
    for run_id in (preview, theirs, "a" * 16):
        jobs.release(run_id)
    assert [run.id for run in jobs.list_runs()] == [theirs]
    assert not (jobs.store.runs_folder / preview).exists()
    assert jobs.get(theirs).status == "queued"
    with pytest.raises(Refused, match="not the id"):
        jobs.release("../" + theirs)


def test_a_named_run_is_stopped_and_kept(jobs: Jobs, experiment: Experiment) -> None:
    run_id = jobs.submit(experiment, name="mine")
    jobs.submit(experiment, instead_of=run_id)
    assert jobs.get(run_id).status == "stopped"


def test_initial_weights_are_shown_whatever_else_trains(
    cap_of_one: Jobs, experiment: Experiment
) -> None:
    jobs = cap_of_one
    jobs.submit(experiment)
    preview = jobs.submit(experiment, until_step=0)
    for act in (jobs.resume, jobs.step):  # but a training it becomes only under the cap
        with pytest.raises(Refused, match="PLAYGROUND_MAX_RUNS_PER_USER"):
            act(preview)
    assert jobs.get(preview).until_step == 0


def test_a_store_that_is_locked_refuses_in_words(
    jobs: Jobs, experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("playground.jobs.store.BUSY_SECONDS", 0.05)
    run_id = jobs.submit(experiment)
    jobs.store.close()  # the connection that waits for long
    with sqlite3.connect(jobs.store.home / "store.sqlite", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        for act in (
            lambda: jobs.pause(run_id),
            lambda: jobs.delete(run_id),
            lambda: jobs.submit(experiment),
        ):
            with pytest.raises(Refused, match="busy"):
                act()
        jobs.watch(run_id)  # to look is still possible
        assert jobs.get(run_id).status == "queued"
        other.execute("ROLLBACK")
    other.close()
    assert [path.name for path in jobs.store.runs_folder.iterdir()] == [run_id]
    jobs.pause(run_id)


def test_a_full_disk_refuses_in_words(
    jobs: Jobs, experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Folder) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/secret/path")

    monkeypatch.setattr(Folder, "make", full)
    with pytest.raises(Refused, match="disk is full") as refused:
        jobs.submit(experiment)
    assert "/secret" not in str(refused.value)
    assert jobs.list_runs() == []


def test_space_inside_the_store_can_be_used_again(jobs: Jobs, experiment: Experiment) -> None:
    run_id = jobs.submit(experiment)
    before = jobs.store.size()
    with jobs.store.writing() as db:
        rows = [(run_id, step) for step in range(20_000)]
        db.executemany("INSERT INTO metrics (run, step) VALUES (?, ?)", rows)
    grown = jobs.store.size()
    jobs.delete(run_id)
    assert jobs.store.size() - before < (grown - before) / 10


def test_a_watch_from_before_the_clock_was_set_back_is_forgotten(
    jobs: Jobs, experiment: Experiment
) -> None:
    run_id = jobs.submit(experiment)
    with jobs.store.writing() as db:
        db.execute("UPDATE runs SET watched_until = ?", (time.time() + 1e7,))
    jobs.watch(run_id)
    assert jobs.get(run_id).watched_until < time.time() + 10


def test_strangers_look_and_do_not_touch(
    jobs: Jobs, experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = jobs.submit(experiment)
    stranger = Jobs(user="eve", key="guess")
    assert stranger.get(run_id).status == "queued"
    actions = [
        lambda who: who.pause(run_id),
        lambda who: who.resume(run_id),
        lambda who: who.step(run_id),
        lambda who: who.change(run_id, learning_rate=0.1),
        lambda who: who.request_view(run_id, View((1, 0))),
        lambda who: who.rename(run_id, "mine"),
        lambda who: who.stop(run_id),
        lambda who: who.delete(run_id),
    ]
    before = jobs.get(run_id)
    for action in actions:
        with pytest.raises(Refused, match="somebody else"):
            action(stranger)
    assert jobs.get(run_id) == before
    monkeypatch.setenv("PLAYGROUND_TEACHER_KEY", "secret")
    with pytest.raises(Refused):
        Jobs(user="eve", key="guess").stop(run_id)
    teacher = Jobs(user="eve", key="secret")
    assert teacher.is_teacher
    for action in actions:
        action(teacher)
    with pytest.raises(Refused, match="no run"):
        jobs.get(run_id)


def test_without_a_key_on_the_server_nobody_is_teacher(home: Path) -> None:
    assert not Jobs(user="eve", key="").is_teacher


@pytest.mark.parametrize("run_id", ["../../etc/passwd", "", None, "a" * 17, "a/b" + "c" * 13])
def test_what_is_no_id_never_becomes_a_path(jobs: Jobs, run_id: object) -> None:
    calls = [jobs.get, jobs.live, jobs.delete, jobs.snapshots, jobs.checkpoint, jobs.metrics]
    for call in calls:
        with pytest.raises(Refused, match="not the id"):
            call(run_id)


def test_waiting_runs_obey_at_once(jobs: Jobs, experiment: Experiment) -> None:
    run_id = jobs.submit(experiment)
    jobs.pause(run_id)
    assert jobs.get(run_id).status == "paused"
    jobs.resume(run_id)
    assert jobs.get(run_id).status == "queued"
    jobs.stop(run_id)
    stopped = jobs.get(run_id)
    assert (stopped.status, stopped.unfinished) == ("stopped", False)
    assert stopped.reason
    assert stopped.ended is not None


def test_steps_add_up(jobs: Jobs, experiment: Experiment, assign: Assign) -> None:
    run_id = jobs.submit(experiment, start=False)
    assert jobs.get(run_id).status == "paused"
    jobs.step(run_id, 3)
    jobs.step(run_id)
    assert (jobs.get(run_id).status, jobs.get(run_id).until_step) == ("queued", 4)
    jobs.resume(run_id)
    assert jobs.get(run_id).until_step is None
    assign(jobs, run_id)
    with jobs.store.writing() as db:
        db.execute("UPDATE runs SET step = 7 WHERE id = ?", (run_id,))
    jobs.pause(run_id)
    jobs.step(run_id, 2)
    run = jobs.get(run_id)
    assert (run.status, run.until_step, run.command) == ("running", 9, None)
    with pytest.raises(ValueError, match="n_steps is 0"):
        jobs.step(run_id, 0)


def test_a_running_run_is_told(jobs: Jobs, experiment: Experiment, assign: Assign) -> None:
    run_id = jobs.submit(experiment)
    assign(jobs, run_id)
    jobs.pause(run_id)
    assert jobs.get(run_id).command == "pause"
    jobs.resume(run_id)
    assert jobs.get(run_id).command is None
    jobs.stop(run_id)
    jobs.pause(run_id)
    assert jobs.get(run_id).command == "stop"
    with pytest.raises(Refused, match="being stopped"):
        jobs.resume(run_id)


@pytest.mark.parametrize("status", ["finished", "diverged"])
def test_what_has_ended_cannot_go_on(jobs: Jobs, experiment: Experiment, status: str) -> None:
    run_id = jobs.submit(experiment)
    with jobs.store.writing() as db:
        db.execute("UPDATE runs SET status = ? WHERE id = ?", (status, run_id))
    with pytest.raises(Refused, match=status):
        jobs.resume(run_id)
    with pytest.raises(Refused, match=status):
        jobs.change(run_id, learning_rate=0.1)
    jobs.stop(run_id)
    assert jobs.get(run_id).status == status


def test_changes_are_checked_and_wait(jobs: Jobs, experiment: Experiment) -> None:
    run_id = jobs.submit(experiment)
    jobs.change(run_id, learning_rate=0.5)
    jobs.change(run_id, learning_rate=0.25)
    assert jobs.get(run_id).pending == {"learning_rate": 0.25}
    for wrong in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="learning_rate is"):
            jobs.change(run_id, learning_rate=wrong)
    with pytest.raises(ValueError, match="'depth' cannot be changed"):
        jobs.change(run_id, depth=3)


def test_views_are_asked_for_once(jobs: Jobs, experiment: Experiment) -> None:
    run_id = jobs.submit(experiment)

    def version() -> int:
        with jobs.store.reading() as db:
            return db.execute("SELECT view_version FROM runs").fetchone()[0]

    for _ in range(3):
        jobs.request_view(run_id, View((0, 2)))
    assert version() == 1
    assert jobs.get(run_id).view == View((0, 2))
    jobs.request_view(run_id, View())
    assert version() == 2
    assert jobs.get(run_id).view == View()


def test_watching_writes_seldom(jobs: Jobs, experiment: Experiment) -> None:
    run_id = jobs.submit(experiment)
    jobs.watch(run_id, 10)
    until = jobs.get(run_id).watched_until
    assert until == pytest.approx(time.time() + 10, abs=2)
    jobs.watch(run_id, 10)
    assert jobs.get(run_id).watched_until == until
    jobs.watch(run_id, 60)
    assert jobs.get(run_id).watched_until > until


def test_a_live_frame_is_read_when_it_is_new(jobs: Jobs, experiment: Experiment) -> None:
    run_id = jobs.submit(experiment)
    folder = Folder(jobs.store.runs_folder, run_id)
    seen = None
    for number in range(20):
        folder.write_live(b"frame %d" % number)
        version, frame = jobs.live(run_id, seen)
        assert frame == b"frame %d" % number
        assert jobs.live(run_id, version) is None
        seen = version


def test_delete_takes_everything(jobs: Jobs, experiment: Experiment) -> None:
    run_id = jobs.submit(experiment)
    with jobs.store.writing() as db:
        db.execute("INSERT INTO metrics (run, step) VALUES (?, 0)", (run_id,))
    jobs.delete(run_id)
    with jobs.store.reading() as db:
        assert db.execute("SELECT COUNT(*) FROM metrics").fetchone()[0] == 0
    assert not (jobs.store.runs_folder / run_id).exists()
    with pytest.raises(Refused, match="no run"):
        jobs.metrics(run_id)


def test_names_are_short(jobs: Jobs, experiment: Experiment) -> None:
    run_id = jobs.submit(experiment, name="n" * 200)
    jobs.rename(run_id, "better")
    assert jobs.get(run_id).name == "better"
    with pytest.raises(ValueError, match="201 characters"):
        jobs.rename(run_id, "n" * 201)
    with pytest.raises(ValueError, match="201 characters"):
        jobs.submit(experiment, name="n" * 201)


def test_the_runs_of_a_guest_go_to_the_browser_that_it_was(
    home: Path, experiment: Experiment
) -> None:
    guest, other, ada = (Jobs(user=name) for name in ("guest", "bob", "ada"))
    run, others = guest.submit(experiment), other.submit(experiment)
    ada.adopt("guest")
    assert (ada.get(run).user, ada.get(others).user) == ("ada", "bob")
    ada.stop(run)
    assert ada.get(run).status == "stopped"
