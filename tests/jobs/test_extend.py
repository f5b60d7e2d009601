"""Adding stages to a run that rests: it goes on where it was, and only as the same experiment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from playground.experiment import Experiment
from playground.jobs import Jobs, Refused, studies, worker
from playground.training import events as e
from playground.training import train
from playground.training.checkpoints import unpack, unpack_weights

Assign = Callable[[Jobs, str], int]


def staged(stages: int, **changes: object) -> Experiment:
    options = {"stages": stages, "width": 4, "depth": 1}
    tree = {
        "data": "function",
        "n_train": 30,
        "n_validation": 50,
        "loss": "mean_square",
        "epochs": 12,
        "precision": "float64",
        "optimizer": {"name": "adam_lbfgs", "options": {"adam_steps": 8}},
        "network": {"name": "multi_stage", "options": options},
    }
    return Experiment.model_validate({**tree, **changes})


def test_an_extended_run_ends_as_one_that_had_all_stages_from_the_start(
    jobs: Jobs, home: Path, assign: Assign
) -> None:
    run_id = jobs.submit(staged(1))
    worker.run(str(home), run_id, assign(jobs, run_id))
    assert jobs.get(run_id).status == "finished"
    jobs.extend(run_id, staged(3))
    assert (jobs.get(run_id).status, jobs.get(run_id).experiment) == ("queued", staged(3))
    worker.run(str(home), run_id, assign(jobs, run_id))
    run = jobs.get(run_id)
    assert (run.status, run.step) == ("finished", 36)
    whole = [x for x in train(staged(3)) if isinstance(x, e.Checkpoint)][-1]
    _, ours = unpack(jobs.checkpoint(run_id))
    for name, value in unpack(whole.payload)[1].items():
        assert torch.equal(value, ours[name]), name
    steps = [m.step for m in jobs.metrics(run_id)]
    assert steps == list(range(37))
    assert jobs.kept_steps(run_id)[-1] == 36
    newest = jobs.snapshot(run_id)
    assert newest == jobs.snapshot(run_id, 36)
    assert torch.equal(unpack_weights(newest.weights)["scale"], ours["scale"])
    assert jobs.snapshot(run_id, 7777) is None
    assert studies.find(jobs, [staged(3), staged(1)], "training") == [run, None]


def test_what_is_not_the_same_experiment_is_refused(jobs: Jobs, home: Path, assign: Assign) -> None:
    run_id = jobs.submit(staged(2))
    with pytest.raises(Refused, match="queued"):
        jobs.extend(run_id, staged(3))
    worker.run(str(home), run_id, assign(jobs, run_id))
    for other in (staged(1), staged(3, weight_seed=9), staged(3, epochs=13)):
        with pytest.raises(Refused, match="another experiment"):
            jobs.extend(run_id, other)
    with pytest.raises(Refused, match="somebody else"):
        Jobs(user="bob").extend(run_id, staged(3))
    assert jobs.get(run_id).status == "finished"
    assert jobs.get(run_id).experiment == staged(2)


def test_a_net_of_one_piece_has_no_stages(jobs: Jobs, home: Path, assign: Assign) -> None:
    small = Experiment(n_train=40, n_validation=20, epochs=1)
    run_id = jobs.submit(small)
    worker.run(str(home), run_id, assign(jobs, run_id))
    with pytest.raises(Refused, match="another experiment"):
        jobs.extend(run_id, small.model_copy(update={"epochs": 2}))
