"""Studies: handing in many runs, finding them again, their caps, and their place behind all others."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from playground.experiment import Experiment
from playground.jobs import Jobs, Refused, studies, worker
from playground.jobs.schedule import Holding, Waiting, plan
from playground.jobs.sweep import sweep
from tests.jobs.stub import training

Assign = Callable[[Jobs, str], int]


@pytest.fixture
def three(experiment: Experiment) -> list[Experiment]:
    return [experiment.model_copy(update={"weight_seed": seed}) for seed in (1, 2, 3)]


def put(jobs: Jobs, run_id: str, **columns: object) -> None:
    with jobs.store.writing() as db:
        names = ", ".join(f"{name} = :{name}" for name in columns)
        db.execute(f"UPDATE runs SET {names} WHERE id = :id", {"id": run_id, **columns})


def test_what_is_handed_in_is_found_again_by_anybody(jobs: Jobs, three: list[Experiment]) -> None:
    assert studies.find(jobs, three) == [None] * 3
    assert studies.hand_in(jobs, three) == 3
    found = studies.find(Jobs(user="bob"), [three[2], three[0], three[2]])
    assert [run.experiment for run in found] == [three[2], three[0], three[2]]
    assert {(run.kind, run.status, run.user) for run in found} == {("study", "queued", "ada")}
    assert studies.find(jobs, []) == []


def test_only_what_is_missing_is_trained(jobs: Jobs, three: list[Experiment]) -> None:
    studies.hand_in(jobs, three)
    first, second, third = studies.find(jobs, three)
    put(jobs, first.id, status="finished")
    put(jobs, second.id, status="stopped")
    put(jobs, third.id, status="diverged")
    assert studies.hand_in(Jobs(user="bob"), three) == 1  # what was stopped halfway
    again = studies.find(jobs, three)
    assert [again[0].id, again[2].id] == [first.id, third.id]
    assert (again[1].user, again[1].status) == ("bob", "queued")
    assert studies.hand_in(jobs, [*three, *three]) == 0


def test_runs_of_the_playground_are_none_of_a_study(
    jobs: Jobs, experiment: Experiment, three: list[Experiment]
) -> None:
    run_id = jobs.submit(experiment)
    put(jobs, run_id, status="finished")
    assert studies.find(jobs, [experiment]) == [None]
    studies.hand_in(jobs, three)
    assert [run.id for run in jobs.list_runs("ada")] == [run_id]
    assert len(jobs.list_runs("ada", kind="study")) == 3
    assert len(jobs.list_runs(kind=None)) == 4


def test_a_study_is_stopped_by_its_owner_only(jobs: Jobs, three: list[Experiment]) -> None:
    studies.hand_in(jobs, three)
    runs = studies.find(jobs, three)
    put(jobs, runs[0].id, status="finished")
    put(jobs, runs[1].id, status="running")
    runs = studies.find(jobs, three)
    studies.stop(Jobs(user="bob"), runs)
    assert [run.status for run in studies.find(jobs, three)] == ["finished", "running", "queued"]
    studies.stop(jobs, [*runs, None])
    after = studies.find(jobs, three)
    assert [run.status for run in after] == ["finished", "running", "stopped"]
    assert after[1].command == "stop"
    assert [studies.is_going(run) for run in after] == [False] * 3
    assert [studies.is_done(run) for run in after] == [True, False, False]


def test_the_last_figures_of_many_runs(jobs: Jobs, three: list[Experiment]) -> None:
    studies.hand_in(jobs, three, priority=3)
    runs = studies.find(jobs, three)
    assert [run.priority for run in runs] == [3, 3, 3]
    with jobs.store.writing() as db:
        for run, steps in ((runs[0], (0, 8, 16)), (runs[2], (4,))):
            for step in steps:
                db.execute(
                    "INSERT INTO metrics (run, step, epoch) VALUES (?, ?, ?)",
                    (run.id, step, step / 8),
                )
    found = studies.last_figures(jobs, [run.id for run in runs])
    assert {key: metrics.step for key, metrics in found.items()} == {runs[0].id: 16, runs[2].id: 4}
    for run_id, metrics in found.items():
        whole = studies.figures(jobs, [run_id])[run_id]
        assert (metrics.step, metrics.epoch) == (whole[-1].step, whole[-1].epoch)


def test_studies_have_caps_of_their_own(
    home: Path,
    experiment: Experiment,
    three: list[Experiment],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PLAYGROUND_MAX_RUNS_PER_USER", "1")
    monkeypatch.setenv("PLAYGROUND_MAX_RUNS", "2")
    monkeypatch.setenv("PLAYGROUND_MAX_STUDY_RUNS_PER_USER", "2")
    monkeypatch.setenv("PLAYGROUND_MAX_STUDY_RUNS", "3")
    ada, bob = Jobs(user="ada"), Jobs(user="bob")
    with pytest.raises(Refused, match=r"3 more nets.*2 at once.*MAX_STUDY_RUNS_PER_USER"):
        studies.hand_in(ada, three)
    assert ada.list_runs(kind=None) == []
    assert list(ada.store.runs_folder.iterdir()) == []
    assert studies.hand_in(ada, three[:2]) == 2
    with pytest.raises(Refused, match="PLAYGROUND_MAX_STUDY_RUNS_PER_USER"):
        studies.hand_in(ada, three)
    others = [each.model_copy(update={"data_seed": 9}) for each in three[:2]]
    with pytest.raises(Refused, match=r"PLAYGROUND_MAX_STUDY_RUNS\)"):
        studies.hand_in(bob, others)
    ada.submit(experiment)  # a study keeps nobody from the playground
    bob.submit(experiment)
    with pytest.raises(Refused, match="PLAYGROUND_MAX_RUNS_PER_USER"):
        ada.submit(experiment)


def test_what_is_beyond_the_limits_is_refused_as_a_whole(
    jobs: Jobs, three: list[Experiment]
) -> None:
    huge = Experiment(n_train=20000, epochs=10000, batch_size=1, path="torch")
    with pytest.raises(Refused, match="time"):
        studies.hand_in(jobs, [*three, huge])
    assert jobs.list_runs(kind=None) == []


def test_a_run_of_a_study_leaves_figures_and_no_pictures(
    jobs: Jobs, three: list[Experiment], home: Path, assign: Assign
) -> None:
    studies.hand_in(jobs, three)
    runs = studies.find(jobs, three)
    for run in runs[:2]:
        worker.run(str(home), run.id, assign(jobs, run.id))
    ended = studies.find(jobs, three)
    assert [run.status for run in ended] == ["finished", "finished", "queued"]
    assert jobs.snapshots(runs[0].id) == []
    assert jobs.live(runs[0].id) is None
    assert ended[0].checkpoint_step == ended[0].step > 0
    found = studies.figures(jobs, [run.id for run in runs])
    assert set(found) == {runs[0].id, runs[1].id}
    for run_id, rows in found.items():
        assert rows == jobs.metrics(run_id)
        assert rows[-1].epoch == 3
    assert studies.figures(jobs, []) == {}


def test_what_a_worker_trains_is_told_that_nobody_looks_only_in_a_study(
    jobs: Jobs, experiment: Experiment, home: Path, assign: Assign
) -> None:
    asked = []

    def train(*args: object, **kwargs: object):
        asked.append(kwargs.pop("snapshots", "as usual"))
        return training(3)(*args, **kwargs)

    studies.hand_in(jobs, [experiment])
    (run,) = studies.find(jobs, [experiment])
    for run_id in (run.id, jobs.submit(experiment)):
        worker.run(str(home), run_id, assign(jobs, run_id), train)
    assert asked == [False, "as usual"]


def test_a_study_comes_after_all_other_work_and_displaces_none() -> None:
    options = {"now": 100.0, "quantum": 5.0, "served": {}}
    study = Waiting("study", "ada", 1.0, short=True, background=True)
    others = [
        Waiting("long", "ada", 99.0),
        Waiting("short", "ada", 99.0, short=True),
        Waiting("view", "ada", 99.0, is_view=True),
    ]
    decided = plan([study, *others], [], 4, **options)
    assert [work.run_id for work in decided.starts] == ["view", "short", "long", "study"]
    busy = [Holding("long", "bob", 1.0), Holding("short", "bob", 1.0, short=True)]
    assert plan([study], busy, 2, **options).yields == ()
    held = Holding("study", "ada", 1.0, short=True, background=True)
    assert plan([others[1]], [held], 1, **options).yields == ("study",)


def test_a_user_keeps_more_runs_of_studies_than_others(
    home: Path,
    experiment: Experiment,
    three: list[Experiment],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PLAYGROUND_KEPT_RUNS_PER_USER", "1")
    monkeypatch.setenv("PLAYGROUND_KEPT_STUDY_RUNS_PER_USER", "2")
    jobs, old = Jobs(user="ada"), time.time() - 3600
    studies.hand_in(jobs, three)
    study = [run.id for run in studies.find(jobs, three)]
    mine = [jobs.submit(experiment, start=False) for _ in range(2)]
    for i, run_id in enumerate([*study, *mine]):
        put(jobs, run_id, status="finished", step=9, checkpoint_step=9, ended=old + i)
    assert set(sweep(jobs.store)) == {study[0], mine[0]}


def test_data_of_runs_of_any_kind_are_in_use(jobs: Jobs, experiment: Experiment) -> None:
    assert jobs.tables_in_use() == set()
    kept = {"a" * 64, "b" * 64}
    whole = json.loads(experiment.model_dump_json())
    slots = [{"name": "table", "options": {"hash": key}} for key in sorted(kept)]
    texts = [json.dumps({**whole, "data": slot}) for slot in slots]
    run_id = jobs.submit(experiment)
    studies.hand_in(jobs, [experiment.model_copy(update={"weight_seed": 9})])
    with jobs.store.writing() as db:
        db.execute("UPDATE runs SET experiment = ? WHERE id = ?", (texts[0], run_id))
        db.execute("UPDATE runs SET experiment = ? WHERE kind = 'study'", (texts[1],))
    assert jobs.tables_in_use() == kept
