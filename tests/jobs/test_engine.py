"""The engine with its real processes and the real training: killed in every way, nothing is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import safetensors.torch
import torch

from playground.experiment import Experiment
from playground.jobs import Jobs, RunRecord, engine, launch, pool, studies
from playground.jobs.launch import OTHER_ENGINE
from playground.papers import PAPERS, trainings
from playground.papers.running import by_engine, here
from playground.sweeping import Sweep, distinct, storing
from playground.sweeping.running import by_engine as train_sweep
from playground.training import checkpoints, train
from playground.training.control import View
from playground.training.events import Checkpoint, Metrics

SETTINGS = {
    "PLAYGROUND_WORKERS": "2",
    "PLAYGROUND_THREADS": "1",
    "PLAYGROUND_QUANTUM_SECONDS": "0.3",
    "PLAYGROUND_STOP_SECONDS": "1",
    "PLAYGROUND_IDLE_MINUTES": "10",
}
EXPERIMENT = Experiment(
    n_train=8000,  # some seconds of training, so that there is something to interrupt
    n_validation=64,
    epochs=60,
    batch_size=4,
)


# An engine takes a minute to start on a machine of two cores on which others work as well.
PATIENCE = 300.0


def wait(condition: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s until {what}"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.fixture(scope="module")
def engine_jobs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jobs]:
    """A client of a store whose engine is started as the app starts it."""
    home = tmp_path_factory.mktemp("engine")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("PLAYGROUND_")]:
            patch.delenv(name)
        for name, value in SETTINGS.items():
            patch.setenv(name, value)
        patch.setenv("PLAYGROUND_HOME", str(home))
        jobs = Jobs(user="ada")
        try:
            assert jobs.ensure_engine().state == "starting"
            wait(lambda: jobs.engine_state().slots == 2, "the engine is ready")
            yield jobs
        finally:
            stop_engine(jobs)
            jobs.store.close()


def stop_engine(jobs: Jobs) -> None:
    pid = jobs.engine_state().pid
    if pid and alive(pid):
        os.kill(pid, signal.SIGTERM)
        try:
            wait(lambda: not alive(pid), "the engine has ended", 60)
        except AssertionError:
            os.kill(pid, signal.SIGKILL)
            raise


@pytest.fixture(scope="module")
def reference() -> tuple[dict[str, torch.Tensor], list[Metrics]]:
    """Final weights and figures of an uninterrupted training."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        events = list(train(EXPERIMENT))
    finally:
        torch.set_num_threads(threads)
    (*_, last) = [event for event in events if isinstance(event, Checkpoint)]
    return weights(last.payload), [event for event in events if isinstance(event, Metrics)]


def weights(payload: bytes) -> dict[str, torch.Tensor]:
    """Everything that a training goes on with; the axes of the last picture are the onlooker's."""
    tree, net = checkpoints.unpack(payload)
    return safetensors.torch.load(checkpoints.pack({**tree, "basis": None}, net))


def timeless(metrics: list[Metrics]) -> list[tuple[object, ...]]:
    names = [n for n in Metrics.__dataclass_fields__ if n not in ("seconds", "samples_per_second")]
    return [tuple(getattr(m, name) for name in names) for m in metrics]


def assert_unharmed(
    jobs: Jobs, run_id: str, reference: tuple[dict[str, torch.Tensor], list[Metrics]]
) -> None:
    """The run has finished with the weights and the figures of an uninterrupted one."""
    wait(lambda: not jobs.get(run_id).unfinished, "the run has ended")
    run = jobs.get(run_id)
    assert (run.status, run.reason) == ("finished", "all 60 epochs are done")
    expected, figures = reference
    final = weights(jobs.checkpoint(run_id))
    assert final.keys() == expected.keys()
    tensors = {name for name in expected if expected[name].is_floating_point()}
    assert tensors
    assert all(torch.equal(final[name], expected[name]) for name in tensors)
    assert timeless(jobs.metrics(run_id)) == timeless(figures)


def half_way(jobs: Jobs, experiment: Experiment = EXPERIMENT) -> str:
    """Submit a run, pause it (which leaves a checkpoint), and let it go on beyond that."""
    run_id = jobs.submit(experiment, start=False)
    jobs.step(run_id, 30)
    wait(lambda: jobs.get(run_id).status == "paused", "it has paused")
    assert (jobs.get(run_id).step, jobs.get(run_id).checkpoint_step) == (30, 30)
    jobs.resume(run_id)
    wait(lambda: jobs.get(run_id).step > 40, "it has gone on")
    return run_id


def worker_pid(run: RunRecord, jobs: Jobs) -> int:
    with jobs.store.reading() as db:
        (worker,) = db.execute("SELECT worker FROM runs WHERE id = ?", (run.id,)).fetchone()
    return int(worker.rsplit(":", 1)[1])


def test_a_run_through_the_engine_is_the_run_without_it(engine_jobs: Jobs, reference) -> None:
    run_id = engine_jobs.submit(EXPERIMENT)
    engine_jobs.watch(run_id, 60)
    wait(lambda: engine_jobs.live(run_id), "a live frame has come")
    assert engine_jobs.live(run_id)[1][:4] == b"ODEF"
    assert_unharmed(engine_jobs, run_id, reference)
    assert engine_jobs.engine_state().state == "ready"
    snapshots = engine_jobs.snapshots(run_id)
    assert snapshots[0].step == 0
    assert snapshots[-1].step == engine_jobs.get(run_id).step
    assert 40 <= len(snapshots) <= 70

    version, _ = engine_jobs.live(run_id)
    engine_jobs.request_view(run_id, View((1, 0)))
    wait(lambda: engine_jobs.live(run_id, version), "the view has been drawn again")
    assert engine_jobs.get(run_id).view_error == ""


def test_there_is_one_engine_for_a_store(engine_jobs: Jobs) -> None:
    code = "import sys; from playground.jobs.engine import main; sys.exit(main())"
    second = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert second.returncode == OTHER_ENGINE
    assert "another engine" in second.stderr
    pid = engine_jobs.engine_state().pid
    assert engine_jobs.ensure_engine().state == "ready"
    assert engine_jobs.engine_state().pid == pid


def test_kill_9_of_the_worker(engine_jobs: Jobs, reference) -> None:
    run_id = half_way(engine_jobs)
    os.kill(worker_pid(engine_jobs.get(run_id), engine_jobs), signal.SIGKILL)
    assert_unharmed(engine_jobs, run_id, reference)
    assert engine_jobs.get(run_id).attempt == 3


def test_a_hung_worker_is_restarted_when_its_run_is_stopped(engine_jobs: Jobs) -> None:
    run_id = half_way(engine_jobs)
    pid = worker_pid(engine_jobs.get(run_id), engine_jobs)
    os.kill(pid, signal.SIGSTOP)
    engine_jobs.stop(run_id)
    wait(lambda: engine_jobs.get(run_id).status == "stopped", "the run has been stopped")
    wait(lambda: not alive(pid), "the hung worker is gone")
    wait(lambda: engine_jobs.engine_state().slots == 2, "a new worker has taken its place")


@pytest.mark.full
def test_slots_are_shared_and_sharing_changes_nothing(engine_jobs: Jobs, reference) -> None:
    others = [Jobs(user=name) for name in ("bob", "cyd")]
    runs = [engine_jobs.submit(EXPERIMENT), *(other.submit(EXPERIMENT) for other in others)]
    started = [lambda run=run: engine_jobs.get(run).started for run in runs]
    for condition in started:
        wait(condition, "everybody has had a turn")
    for run_id in runs:
        assert_unharmed(engine_jobs, run_id, reference)
    assert any(engine_jobs.get(run_id).attempt > 1 for run_id in runs), "nobody gave a slot back"
    for other in others:
        other.store.close()


def test_kill_9_of_the_engine_and_a_restart_of_the_app(
    engine_jobs: Jobs, reference, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = half_way(engine_jobs)
    waiting = engine_jobs.submit(EXPERIMENT)
    pid = engine_jobs.engine_state().pid
    worker = worker_pid(engine_jobs.get(run_id), engine_jobs)
    os.kill(pid, signal.SIGKILL)
    wait(lambda: not alive(pid) and not alive(worker), "engine and worker are gone")
    assert engine_jobs.get(run_id).status == "running"  # as far as anybody knows
    with monkeypatch.context() as patch:
        patch.setattr(launch, "FRESH_SECONDS", 1.0)
        wait(lambda: engine_jobs.engine_state().state == "down", "its silence is noticed", 60)
        assert "python -m playground engine" in engine_jobs.engine_state().message
        app = Jobs(user="ada")  # as after a restart of the app: nothing but the id is left
        assert app.ensure_engine().state == "starting"

    assert_unharmed(app, run_id, reference)
    assert_unharmed(app, waiting, reference)
    assert app.get(run_id).attempt >= 3  # before, after, and perhaps taking turns
    app.store.close()


def test_a_table_of_a_paper_is_trained_once_and_keeps_its_runs(engine_jobs: Jobs) -> None:
    cells = (("StandardNet", "1"), ("RK4Net", "3"))
    paper = PAPERS["001/table1"]
    made = [t for t in trainings(paper, "code", 2, reduced=True) if t.cell in cells]
    told: list[tuple[int, int]] = []
    found = by_engine(made, engine_jobs, progress=lambda *now: told.append(now), patience=PATIENCE)
    assert told[-1] == (4, 4)
    assert len({outcome.run for outcome in found}) == 4
    for training, outcome, alone in zip(made, found, here(made), strict=True):
        assert engine_jobs.get(outcome.run).experiment == training.experiment
        assert (outcome.status, outcome.metrics.epoch) == ("finished", 10)
        assert outcome.reason == alone.reason
        assert outcome.metrics.validation_loss == pytest.approx(
            alone.metrics.validation_loss, rel=1e-2
        )
    again = by_engine(made, engine_jobs, patience=PATIENCE)
    assert [outcome.run for outcome in again] == [outcome.run for outcome in found]


def test_kill_9_of_the_engine_in_mid_sweep_loses_no_finished_run(
    engine_jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = Experiment(n_train=400, n_validation=64, epochs=6, batch_size=4)
    sweep = Sweep(base=base, grid={"scheme": ("euler", "rk4"), "l2": (0, 0.01)}, repetitions=2)
    experiments = distinct(sweep.points())
    storing.start(engine_jobs, sweep)

    def ended() -> dict[str, float]:
        runs = studies.find(engine_jobs, experiments)
        return {run.id: run.ended for run in runs if studies.is_done(run)}

    wait(lambda: len(ended()) >= 2, "some have ended")
    pid = engine_jobs.engine_state().pid
    os.kill(pid, signal.SIGKILL)
    wait(lambda: not alive(pid), "the engine is gone")
    before = ended()
    assert 2 <= len(before) < len(experiments)
    with monkeypatch.context() as patch:
        patch.setattr(launch, "FRESH_SECONDS", 1.0)
        wait(lambda: engine_jobs.engine_state().state == "down", "its silence is noticed", 60)
        found = train_sweep(sweep, engine_jobs, patience=PATIENCE)  # nobody says what is missing
    after = ended()
    assert len(after) == len(experiments) == 8
    assert before.items() <= after.items()  # what had ended was not trained again
    assert [row.ended for row in found] == [2] * 4
    for run_id in after:
        assert engine_jobs.metrics(run_id)[-1].epoch == 6


def test_an_orderly_end_hands_the_runs_back(engine_jobs: Jobs) -> None:
    # Much longer than a busy machine may take to end the engine; nobody waits for its end.
    run_id = half_way(engine_jobs, EXPERIMENT.model_copy(update={"epochs": 600}))
    stop_engine(engine_jobs)
    run = engine_jobs.get(run_id)
    assert run.status == "queued"
    assert run.checkpoint_step > 40
    state = engine_jobs.engine_state()
    assert (state.state, state.alive) == ("down", False)
    assert "stopped" in state.message


def test_a_cluster_that_is_not_there_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAYGROUND_ENGINE", "tcp://127.0.0.1:9")
    monkeypatch.setattr(pool, "CONNECT_SECONDS", 1.0)
    handlers = {name: signal.getsignal(name) for name in (signal.SIGTERM, signal.SIGINT)}
    try:
        assert engine.main() == 1
    finally:
        for name, handler in handlers.items():
            signal.signal(name, handler)
    jobs = Jobs()
    state = jobs.ensure_engine()  # not tried again at once
    assert state.state == "failed"
    assert "tcp://127.0.0.1:9" in state.message
    jobs.store.close()
