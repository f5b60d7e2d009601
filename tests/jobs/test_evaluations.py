"""Evaluations in processes of their own: the report is that of a direct call, stored whole or not."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from playground.attacks import Effort, PGDOptions, SPSAOptions, checklist
from playground.jobs import Jobs, Refused, worker
from playground.jobs.evaluation_worker import trained as subject_and_step
from playground.jobs.evaluations import LIMITS, Evaluations, EvaluationTask
from playground.jobs.reports import Reports
from playground.training.evaluation_settings import Evaluation
from tests.jobs.attacked import moons, scaled_head

Assign = Callable[[Jobs, str], int]
Train = Callable[..., str]
QUICK = Evaluation(
    samples=60,
    count=4,
    steps=10,
    restarts=3,
    retries=3,
    spsa_samples=40,
    spsa_steps=8,
    spsa_directions=16,
)
LONG = Evaluation(samples=200, steps=500, restarts=20, retries=40)


@pytest.fixture
def train(jobs: Jobs, home: Path, assign: Assign) -> Train:
    def run(**values: object) -> str:
        run_id = jobs.submit(moons(**values))
        worker.run(str(home), run_id, assign(jobs, run_id))
        assert jobs.get(run_id).status == "finished"
        return run_id

    return run


@pytest.fixture
def evaluations() -> Iterator[Evaluations]:
    made = Evaluations()
    yield made
    made.close()


def wait(condition: Callable[[], object], seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.02)


def finished(task: EvaluationTask) -> EvaluationTask:
    wait(lambda: not task.runs)
    assert (task.status, task.reason) == ("finished", "The report is stored.")
    return task


def test_the_stored_report_is_that_of_a_direct_call(
    jobs: Jobs, home: Path, train: Train, evaluations: Evaluations
) -> None:
    run_id, other = train(), train(weight_seed=2)
    wanted = QUICK.model_copy(update={"source": other, "greatest": 1.5, "seed": 3})
    heard = []
    task = evaluations.check("me", home, run_id, wanted)
    wait(lambda: heard.append((task.what, task.share)) or not task.runs)
    assert finished(task).step == jobs.get(run_id).checkpoint_step
    shares = [share for _, share in heard]
    assert shares == sorted(shares)
    assert task.seconds > 0
    (kept,) = Reports(jobs.store).of(run_id)
    assert (kept.made.evaluation, kept.made.step) == (wanted, task.step)
    assert kept.made.source_step == jobs.get(other).checkpoint_step
    assert kept.is_of(jobs.get(run_id))
    subject, _ = subject_and_step(jobs, run_id, 60)
    source, _ = subject_and_step(jobs, other, 60)
    here = checklist(
        subject.model,
        subject.x,
        subject.y,
        [0, 0.5, 1.0, 1.5],
        attack=PGDOptions(steps=10, restarts=3),
        clip=None,
        source=source.model,
        effort=Effort(3, SPSAOptions(steps=8, samples=16), 40),
        seed=3,
    )
    assert kept.report == here
    status = {check.name: check.status for check in here.checks}
    assert [name for name, text in status.items() if text == "not checked"] == ["solver"]


def test_a_masked_net_is_flagged_and_the_same_net_unmasked_is_not(
    jobs: Jobs, home: Path, train: Train, evaluations: Evaluations
) -> None:
    run_id = train()
    finished(evaluations.check("me", home, run_id, QUICK))
    (clean,) = Reports(jobs.store).of(run_id)
    assert not clean.report.masking_suspected, clean.report.verdict
    scaled_head(jobs, run_id, 1e4)
    finished(evaluations.check("me", home, run_id, QUICK))
    (masked,) = Reports(jobs.store).of(run_id)  # in the place of the other one
    assert masked.created > clean.created
    assert masked.report.verdict.startswith("Gradient masking suspected")
    assert "spsa" in {check.name for check in masked.report.violated}
    assert masked.report.clean == clean.report.clean  # the same classes, by the same net
    assert masked.report.curves[0].accuracies[-1] > clean.report.curves[0].accuracies[-1] + 0.1
    margin = QUICK.model_copy(update={"loss": "margin"})
    finished(evaluations.check("me", home, run_id, margin))
    found = Reports(jobs.store).get(run_id, margin, masked.made.step)
    assert not found.report.masking_suspected  # the margin does not saturate


def test_a_net_with_step_control_is_attacked_through_fixed_steps_too(
    jobs: Jobs, home: Path, train: Train, evaluations: Evaluations
) -> None:
    network = {"name": "neural_ode", "options": {"width": 2, "hidden": 8, "depth": 4}}
    run_id = train(network=network, scheme="dopri5", epochs=2, n_train=100)
    few = QUICK.model_copy(update={"samples": 10, "count": 2, "steps": 3, "spsa_samples": 3})
    finished(evaluations.check("me", home, run_id, few))
    (kept,) = Reports(jobs.store).of(run_id)
    (check,) = [check for check in kept.report.checks if check.name == "solver"]
    assert check.status in ("held", "violated")
    assert "PGD through fixed steps" in {curve.label for curve in kept.report.curves}


def test_an_evaluation_stops_at_once_and_leaves_no_report(
    jobs: Jobs, home: Path, train: Train, evaluations: Evaluations
) -> None:
    run_id = train()
    task = evaluations.check("me", home, run_id, LONG)
    assert evaluations.check("you", home, run_id, LONG) is task  # the same is not computed twice
    wait(lambda: "PGD" in task.what)
    assert evaluations.going("you", run_id) is task
    began = time.monotonic()
    evaluations.stop(task, "Stopped by hand.")
    assert (task.status, task.reason) == ("stopped", "Stopped by hand.")
    wait(lambda: task.process.poll() is not None)
    assert time.monotonic() - began < 5
    assert evaluations.going("me", run_id) is None
    assert Reports(jobs.store).of(run_id) == []


def test_a_process_that_dies_and_one_that_is_left_alone_are_endings_in_words(
    jobs: Jobs, home: Path, train: Train, evaluations: Evaluations
) -> None:
    run_id = train()
    task = evaluations.check("me", home, run_id, LONG)
    wait(lambda: task.what)
    task.process.kill()
    wait(lambda: not task.runs)
    assert task.status == "failed"
    assert "ended without a word (exit code -9)" in task.reason
    hasty = Evaluations(replace(LIMITS, abandoned=0.5, most=1))
    task = hasty.check("me", home, run_id, LONG)
    with pytest.raises(Refused, match=r"1 checks are running.*takes 1 at once"):
        hasty.check("me", home, run_id, QUICK)
    wait(lambda: not task.runs)
    assert task.reason == "Stopped, because nobody was looking."
    assert Reports(jobs.store).of(run_id) == []
    hasty.close()


def test_an_evaluation_ends_with_its_server(
    jobs: Jobs, home: Path, train: Train, evaluations: Evaluations
) -> None:
    task = evaluations.check("me", home, train(), LONG)
    wait(lambda: "PGD" in task.what)
    task.process.stdin.close()
    wait(lambda: task.process.poll() is not None, 10)


def test_what_cannot_be_evaluated_is_said(
    jobs: Jobs, home: Path, train: Train, evaluations: Evaluations
) -> None:
    untrained = jobs.submit(moons(), start=False)
    cases = {
        "b" * 16: f"there is no run {'b' * 16}; it may have been deleted.",
        untrained: f"the run {untrained} has no checkpoint yet; train it first.",
    }
    tasks = {key: evaluations.check("me", home, key, QUICK) for key in cases}
    for key, words in cases.items():
        wait(lambda key=key: not tasks[key].runs)
        assert (tasks[key].status, tasks[key].reason) == ("failed", words)
    run_id, other = train(), train(data="donut_multiclass", epochs=1)
    task = evaluations.check("me", home, run_id, QUICK.model_copy(update={"source": other}))
    wait(lambda: not task.runs)
    assert task.reason.startswith("source: a net on 'donut_multiclass' is not legal")
    with pytest.raises(Refused, match="is not the id of a run"):
        evaluations.check("me", home, "../../etc", QUICK)


@pytest.mark.full
def test_a_run_that_is_deleted_meanwhile_keeps_no_report(
    jobs: Jobs, home: Path, train: Train, evaluations: Evaluations
) -> None:
    run_id = train()
    longer = QUICK.model_copy(update={"samples": 200, "restarts": 10, "count": 40})
    task = evaluations.check("me", home, run_id, longer)
    wait(lambda: "PGD" in task.what)
    jobs.delete(run_id)
    wait(lambda: not task.runs)
    assert "there is no run" in task.reason
    with jobs.store.reading() as db:
        assert db.execute("SELECT COUNT(*) FROM reports").fetchone()[0] == 0
