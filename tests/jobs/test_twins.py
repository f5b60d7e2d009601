"""Finding a run of an experiment again, whoever's it is, but none that was trained in another way."""

from __future__ import annotations

import json

import pytest

from playground.experiment import Experiment
from playground.jobs import Jobs
from playground.jobs.records import IMPORTED
from playground.jobs.twins import twins


def put(jobs: Jobs, run_id: str, **columns: object) -> None:
    with jobs.store.writing() as db:
        names = ", ".join(f"{name} = :{name}" for name in columns)
        db.execute(f"UPDATE runs SET {names} WHERE id = :id", {"id": run_id, **columns})


def id_of(jobs: Jobs, experiment: Experiment) -> str | None:
    (run,) = twins(jobs, [experiment])
    return run.id if run else None


def test_equal_experiments_share_a_run_and_others_have_none(
    jobs: Jobs, experiment: Experiment
) -> None:
    other = experiment.model_copy(update={"weight_seed": 2})
    run_id = jobs.submit(experiment)
    found = twins(Jobs(user="bob"), [experiment, other, experiment])
    assert [run and run.id for run in found] == [run_id, None, run_id]
    assert twins(jobs, []) == []


def test_what_has_ended_comes_first_then_what_trains_then_what_rests(
    jobs: Jobs, experiment: Experiment
) -> None:
    rests, trains, done = (jobs.submit(experiment) for _ in range(3))
    put(jobs, rests, status="paused")
    put(jobs, trains, status="running")
    put(jobs, done, status="finished")
    assert id_of(jobs, experiment) == done
    jobs.delete(done)
    assert id_of(jobs, experiment) == trains
    put(jobs, trains, status="stopped")
    assert id_of(jobs, experiment) == trains  # of two that rest the newer one


def test_of_two_alike_ones_own_comes_first(jobs: Jobs, experiment: Experiment) -> None:
    mine = jobs.submit(experiment)
    bob = Jobs(user="bob")
    his = bob.submit(experiment)
    assert (id_of(jobs, experiment), id_of(bob, experiment)) == (mine, his)


@pytest.mark.parametrize(
    "columns",
    [
        {"status": "failed"},
        {"removed": 1.0},
        {"command": "stop"},
        {"pending": json.dumps({"learning_rate": 0.1})},
        {"kind": "study"},
    ],
)
def test_what_was_trained_otherwise_or_thrown_away_is_no_twin(
    jobs: Jobs, experiment: Experiment, columns: dict[str, object]
) -> None:
    put(jobs, jobs.submit(experiment), **columns)
    assert id_of(jobs, experiment) is None


def test_a_rate_that_was_changed_on_the_way_makes_it_another_run_a_path_does_not(
    jobs: Jobs, experiment: Experiment
) -> None:
    run_id = jobs.submit(experiment)
    with jobs.store.writing() as db:
        insert = "INSERT INTO amendments (run, step, changes) VALUES (?, ?, ?)"
        db.execute(insert, (run_id, 1, json.dumps({"path": "fused"})))
    assert id_of(jobs, experiment) == run_id
    with jobs.store.writing() as db:
        db.execute(insert, (run_id, 2, json.dumps({"learning_rate": 0.1})))
    assert id_of(jobs, experiment) is None


def test_what_somebody_brought_from_a_file_counts_for_them_alone(
    jobs: Jobs, experiment: Experiment
) -> None:
    run_id = jobs.submit(experiment)
    put(jobs, run_id, status="finished", versions=json.dumps({IMPORTED: "elsewhere"}))
    assert id_of(jobs, experiment) == run_id
    assert id_of(Jobs(user="bob"), experiment) is None
