"""The worker on a training that takes no time, killed wherever it can be killed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from playground.experiment import Experiment
from playground.jobs import Jobs, worker
from playground.jobs.recorder import Recorder, SupersededError
from playground.training.control import View
from playground.training.events import Checkpoint, Live, Metrics, Paused, Started
from tests.jobs.stub import metrics, training

Assign = Callable[[Jobs, str], int]
STEPS = 30


@pytest.fixture
def run_id(jobs: Jobs, experiment: Experiment) -> str:
    return jobs.submit(experiment)


@pytest.fixture
def final() -> dict[str, object]:
    """The state at the end of an uninterrupted training."""
    payloads = [e.payload for e in training(STEPS)(None) if isinstance(e, Checkpoint)]
    return json.loads(payloads[-1])


def run_killed(jobs: Jobs, run_id: str, attempt: int, after: int) -> None:
    """Train, and vanish after so many events as a killed process does: nothing is tidied up."""
    recorder = Recorder(jobs.store, run_id, attempt)
    claimed = worker.claim(jobs.store, run_id, attempt)
    events = training(STEPS)(
        None,
        checkpoint=claimed.checkpoint,
        control=recorder,
        amendments=claimed.amendments,
    )
    for _, event in zip(range(after), events):
        recorder.record(event)


def test_a_training_is_written_down_in_full(
    jobs: Jobs, run_id: str, home: Path, assign: Assign, final: dict[str, object]
) -> None:
    worker.run(str(home), run_id, assign(jobs, run_id), training(STEPS))
    run = jobs.get(run_id)
    assert (run.status, run.reason, run.step) == ("finished", "done", STEPS)
    assert (run.device, run.path, run.parameters, run.notices) == ("cpu", "stub", 1, ("early",))
    assert set(run.versions) == {"python", "torch", "package"}
    assert run.started <= run.ended
    figures = jobs.metrics(run_id)
    assert [m.step for m in figures] == list(range(STEPS + 1))
    assert figures[-1] == metrics(STEPS, final["weight"], 0.1)
    assert [m.step for m in jobs.metrics(run_id, since_step=27)] == [28, 29, 30]
    assert [s.step for s in jobs.snapshots(run_id)] == [5, 10, 15, 20, 25, 30]
    assert jobs.snapshots(run_id)[0].weights == b"weights 5"
    assert json.loads(jobs.checkpoint(run_id)) == final
    assert jobs.live(run_id)[1] == b"view None"
    files = sorted(f.name for f in (home / "runs" / run_id).iterdir())
    assert len([f for f in files if f.startswith("checkpoint")]) == 1
    assert jobs.store.size() > 0


@pytest.mark.parametrize("first", range(1, 46, 4))
@pytest.mark.parametrize("second", [1, 9, 20])
def test_killed_anywhere_nothing_is_missing_or_double(
    jobs: Jobs,
    run_id: str,
    home: Path,
    assign: Assign,
    final: dict[str, object],
    first: int,
    second: int,
) -> None:
    run_killed(jobs, run_id, assign(jobs, run_id), first)
    run_killed(jobs, run_id, assign(jobs, run_id), second)
    if jobs.get(run_id).status == "running":
        worker.run(str(home), run_id, assign(jobs, run_id), training(STEPS))
    assert jobs.get(run_id).status == "finished"
    figures = jobs.metrics(run_id)
    assert [m.step for m in figures] == list(range(STEPS + 1))
    assert figures == [e for e in training(STEPS)(None) if isinstance(e, Metrics)]
    assert [s.step for s in jobs.snapshots(run_id)] == [5, 10, 15, 20, 25, 30]
    assert json.loads(jobs.checkpoint(run_id)) == final


def test_metrics_are_never_behind_the_checkpoint(jobs: Jobs, run_id: str, assign: Assign) -> None:
    for after in range(1, 40):
        run_killed(jobs, run_id, assign(jobs, run_id), after)
        with jobs.store.writing() as db:
            db.execute("UPDATE runs SET status = 'queued'")
        at = jobs.get(run_id).checkpoint_step
        steps = [m.step for m in jobs.metrics(run_id)]
        assert steps[: at + 1] == list(range(at + 1))
        if at >= 0:
            assert json.loads(jobs.checkpoint(run_id))["step"] == at
        if at == STEPS:
            break


def test_a_hung_worker_that_wakes_up_spoils_nothing(
    jobs: Jobs, run_id: str, home: Path, assign: Assign, final: dict[str, object]
) -> None:
    old = Recorder(jobs.store, run_id, assign(jobs, run_id))
    assert worker.claim(jobs.store, run_id, 1) is not None
    old.record(Started("cpu", "", "stub", 1))
    worker.run(str(home), run_id, assign(jobs, run_id), training(STEPS))
    before = jobs.get(run_id), jobs.metrics(run_id)
    for event in (
        Checkpoint(99, 9.9, b"spoiled"),
        Live(99, 9.9, b"spoiled"),
        Paused(99, ""),
    ):
        with pytest.raises(SupersededError):
            old.record(event)
    with pytest.raises(SupersededError):
        old.flush()
    assert old.superseded
    assert (jobs.get(run_id), jobs.metrics(run_id)) == before
    assert json.loads(jobs.checkpoint(run_id)) == final
    assert jobs.live(run_id)[1] == b"view None"
    time.sleep(0.04)
    assert old.poll().halt == "stop"


def test_an_attempt_is_taken_once(jobs: Jobs, run_id: str, assign: Assign) -> None:
    attempt = assign(jobs, run_id)
    assert worker.claim(jobs.store, run_id, attempt) is not None
    assert worker.claim(jobs.store, run_id, attempt) is None
    assert worker.claim(jobs.store, run_id, attempt + 1) is None


def test_a_deleted_run_ends(jobs: Jobs, run_id: str, home: Path, assign: Assign) -> None:
    recorder = Recorder(jobs.store, run_id, assign(jobs, run_id))
    assert worker.claim(jobs.store, run_id, 1) is not None
    assert recorder.poll().halt is None
    jobs.delete(run_id)
    time.sleep(0.04)
    assert recorder.poll().halt == "stop"
    with pytest.raises((SupersededError, OSError)):
        recorder.record(Checkpoint(1, 0.1, b"x"))
    assert not (home / "runs" / run_id).exists()


def test_a_pause_means_what_the_owner_wants_by_then(
    jobs: Jobs, run_id: str, home: Path, assign: Assign
) -> None:
    def after(act: Callable[[], None]) -> str:
        recorder = Recorder(jobs.store, run_id, assign(jobs, run_id))
        worker.claim(jobs.store, run_id, recorder._attempt)
        act()
        recorder.record(Paused(0, "why"))
        status = jobs.get(run_id).status
        with jobs.store.writing() as db:
            db.execute("UPDATE runs SET status = 'queued', ended = NULL")
        return status

    assert after(lambda: jobs.pause(run_id)) == "paused"
    assert after(lambda: jobs.stop(run_id)) == "stopped"
    assert after(lambda: None) == "queued"

    def paused_and_resumed() -> None:
        jobs.pause(run_id)
        jobs.resume(run_id)

    assert after(paused_and_resumed) == "queued"
    with jobs.store.writing() as db:
        db.execute("UPDATE runs SET until_step = 0")
    assert after(lambda: None) == "paused"


def test_steps_pause_and_go_on(
    jobs: Jobs, experiment: Experiment, home: Path, assign: Assign, final: dict[str, object]
) -> None:
    run_id = jobs.submit(experiment, start=False)
    jobs.step(run_id, 3)
    worker.run(str(home), run_id, assign(jobs, run_id), training(STEPS))
    run = jobs.get(run_id)
    assert (run.status, run.step, run.until_step) == ("paused", 3, None)
    jobs.step(run_id)
    worker.run(str(home), run_id, assign(jobs, run_id), training(STEPS))
    assert (jobs.get(run_id).status, jobs.get(run_id).step) == ("paused", 4)
    jobs.resume(run_id)
    worker.run(str(home), run_id, assign(jobs, run_id), training(STEPS))
    assert json.loads(jobs.checkpoint(run_id)) == final
    assert [m.step for m in jobs.metrics(run_id)] == list(range(STEPS + 1))


def test_a_change_takes_effect_once_and_again_after_a_kill(
    jobs: Jobs, run_id: str, home: Path, assign: Assign
) -> None:
    jobs.change(run_id, learning_rate=0.3)
    run_killed(jobs, run_id, assign(jobs, run_id), 5)
    assert jobs.get(run_id).pending == {}
    assert [(a.step, a.changes) for a in jobs.amendments(run_id)] == [(0, {"learning_rate": 0.3})]
    worker.run(str(home), run_id, assign(jobs, run_id), training(STEPS))
    assert len(jobs.amendments(run_id)) == 1
    assert {m.learning_rate for m in jobs.metrics(run_id, since_step=0)} == {0.3}


def test_a_change_of_mind_while_a_change_is_taken_is_kept(
    jobs: Jobs, run_id: str, assign: Assign
) -> None:
    from playground.training.events import Amendment

    recorder = Recorder(jobs.store, run_id, assign(jobs, run_id))
    jobs.change(run_id, learning_rate=0.3)
    assert recorder.poll().changes == {"learning_rate": 0.3}
    assert recorder.poll().changes == {}
    jobs.change(run_id, learning_rate=0.4)
    recorder.record(Amendment(1, {"learning_rate": 0.3}))
    assert jobs.get(run_id).pending == {"learning_rate": 0.4}
    time.sleep(0.04)
    assert recorder.poll().changes == {"learning_rate": 0.4}
    recorder.record(Amendment(1, {"learning_rate": 0.4}))
    assert jobs.get(run_id).pending == {}
    assert [a.changes for a in jobs.amendments(run_id)] == [{"learning_rate": 0.4}]


def test_polling_tells_about_watchers_and_views(jobs: Jobs, run_id: str, assign: Assign) -> None:
    recorder = Recorder(jobs.store, run_id, assign(jobs, run_id))
    orders = recorder.poll()
    assert (orders.watched, orders.view, orders.halt) == (False, View(), None)
    jobs.watch(run_id)
    jobs.request_view(run_id, View((1, 0)))
    time.sleep(0.04)
    orders = recorder.poll()
    assert (orders.watched, orders.view) == (True, View((1, 0)))


def test_a_view_that_the_training_did_not_draw_is_still_to_be_drawn(
    jobs: Jobs, run_id: str, home: Path, assign: Assign
) -> None:
    def to_draw() -> bool:
        with jobs.store.reading() as db:
            query = "SELECT view_version > view_drawn FROM runs"
            return bool(db.execute(query).fetchone()[0])

    attempt = assign(jobs, run_id)
    jobs.request_view(run_id, View((1, 0)))
    worker.run(str(home), run_id, attempt, training(STEPS))  # nobody watched
    assert to_draw()
    worker.draw(str(home), run_id, 1)  # the stub's checkpoint is none that could be drawn
    assert not to_draw()
    assert "checkpoint" in jobs.get(run_id).view_error


def test_troubles_of_the_worker_end_the_run_in_words(
    jobs: Jobs, run_id: str, home: Path, assign: Assign
) -> None:
    def broken(*_: object, **__: object):
        yield metrics(0, 1.0, 0.1)
        raise OSError("no room on the disk")

    with pytest.raises(OSError, match="no room"):
        worker.run(str(home), run_id, assign(jobs, run_id), broken)
    run = jobs.get(run_id)
    assert (run.status, run.reason) == ("failed", "OSError: no room on the disk")
    jobs.resume(run_id)
    worker.run(str(home), run_id, assign(jobs, run_id), lambda *_, **__: iter(()))
    assert "without saying why" in jobs.get(run_id).reason


def test_an_experiment_of_another_version_fails_in_words(
    jobs: Jobs, run_id: str, home: Path, assign: Assign
) -> None:
    with jobs.store.writing() as db:
        db.execute("UPDATE runs SET experiment = '{\"colour\": 1}'")
    with pytest.raises(ValueError, match="colour"):
        worker.run(str(home), run_id, assign(jobs, run_id))
    assert jobs.get(run_id).status == "failed"
    assert "colour" in jobs.get(run_id).reason


def test_figures_that_are_not_finite_survive(jobs: Jobs, run_id: str, assign: Assign) -> None:
    recorder = Recorder(jobs.store, run_id, assign(jobs, run_id))
    recorder.record(metrics(0, float("nan"), 0.1))
    recorder.record(metrics(1, float("inf"), 0.1))
    recorder.flush()
    first, second = jobs.metrics(run_id)
    assert first.train_loss != first.train_loss
    assert second.train_loss == float("inf")
    assert first.train_accuracy is None
