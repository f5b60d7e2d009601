"""Sweeps in the store: kept, found again, resumed, stopped, deleted; trained here and by commands."""

from __future__ import annotations

import io
import json
import statistics

import pytest

from playground.cli import main
from playground.jobs import Jobs, Refused, studies
from playground.jobs.sweep import sweep as clear_up
from playground.sweeping import Sweep, distinct, storing
from playground.sweeping.results import ended_of, rows
from playground.sweeping.running import here
from playground.training.repetitions import repeat


def put(jobs, run, **columns):
    with jobs.store.writing() as db:
        names = ", ".join(f"{name} = :{name}" for name in columns)
        db.execute(f"UPDATE runs SET {names} WHERE id = :id", {"id": run.id, **columns})


def runs_of(jobs, sweep):
    return studies.find(jobs, distinct(sweep.points()))


def test_a_sweep_is_kept_once_and_found_again(jobs, sweep):
    key, count = storing.start(jobs, sweep)
    assert count == 8
    assert storing.start(jobs, sweep) == (key, 0)
    (held,) = storing.kept(jobs)
    assert (held.id, held.sweep) == (key, sweep)
    assert storing.get(Jobs(user="bob"), key).sweep == sweep
    assert storing.kept(Jobs(user="bob")) == []
    other = sweep.model_copy(update={"name": "mine"})
    storing.keep(jobs, other)
    assert [each.name for each in storing.kept(jobs)] == ["mine", ""]
    assert storing.in_short(storing.kept(jobs)[0]).startswith("mine: scheme × network.depth")
    assert clear_up(jobs.store) == []


def test_a_sweep_is_stopped_and_resumed_without_what_has_ended(jobs, sweep):
    storing.start(jobs, sweep)
    first, second, *_ = runs_of(jobs, sweep)
    put(jobs, first, status="finished")
    put(jobs, second, status="running")
    storing.stop(jobs, sweep)
    after = runs_of(jobs, sweep)
    assert [run.status for run in after] == ["finished", "running", *["stopped"] * 6]
    assert after[1].command == "stop"
    put(jobs, second, status="stopped", command=None)
    _, count = storing.start(jobs, sweep)
    assert count == 7
    again = runs_of(jobs, sweep)
    assert again[0].id == first.id
    assert {run.status for run in again[1:]} == {"queued"}


def test_a_sweep_is_deleted_by_its_owner_and_its_runs_stay(jobs, sweep):
    key, _ = storing.start(jobs, sweep)
    with pytest.raises(Refused, match="belongs to somebody else"):
        storing.delete(Jobs(user="bob"), key)
    storing.delete(jobs, key)
    assert storing.kept(jobs) == []
    assert None not in runs_of(jobs, sweep)
    for act in (lambda: storing.delete(jobs, key), lambda: storing.get(jobs, key)):
        with pytest.raises(Refused, match=f"there is no sweep {key}"):
            act()
    with pytest.raises(Refused, match="is not the id"):
        storing.get(jobs, "../etc")


def test_its_priority_goes_to_its_runs_also_to_those_that_wait(jobs, sweep):
    storing.start(jobs, sweep)
    assert {run.priority for run in runs_of(jobs, sweep)} == {0}
    urgent = sweep.model_copy(update={"priority": 5, "repetitions": 3})
    assert storing.start(jobs, urgent)[1] == 4
    assert {run.priority for run in runs_of(jobs, urgent)} == {5}
    storing.start(Jobs(user="bob"), sweep)  # another's wish changes nothing of them
    assert {run.priority for run in runs_of(jobs, sweep)} == {5}


def test_a_refused_sweep_leaves_nothing(jobs, sweep, monkeypatch):
    monkeypatch.setenv("PLAYGROUND_MAX_STUDY_RUNS", "7")
    with pytest.raises(Refused, match=r"PLAYGROUND_MAX_STUDY_RUNS\)"):
        storing.start(Jobs(user="ada"), sweep)
    assert storing.kept(jobs) == []
    assert runs_of(jobs, sweep) == [None] * 8


def test_a_sweep_of_another_version_is_listed_and_deleted(jobs, sweep):
    key = storing.keep(jobs, sweep)
    with jobs.store.writing() as db:
        db.execute("UPDATE sweeps SET plan = '{}', name = ''")
    (held,) = storing.kept(jobs)
    assert "another version" in storing.in_short(held)
    storing.delete(jobs, key)


def test_what_is_trained_here_is_what_repetitions_train(small):
    sweep = Sweep(base=small, grid={"network.depth": (1, 3)}, repetitions=2)
    told = []
    found = here(sweep, progress=lambda *now: told.append(now))
    assert told[-1] == (4, 4)
    for row, point in zip(found, sweep.points(), strict=True):
        alone = repeat(point.experiments[0], 2)
        wanted = [100 * o.metrics.validation_accuracy for o in alone.outcomes]
        assert row.mean("validation_accuracy") == pytest.approx(statistics.fmean(wanted))
        assert row.std("validation_accuracy") == pytest.approx(statistics.stdev(wanted))
        assert row.mean("nfe_forward") == alone.outcomes[0].metrics.nfe_forward
        assert row.ended == 2


def test_figures_of_stored_runs_are_their_last(jobs, sweep):
    storing.start(jobs, sweep)
    runs = runs_of(jobs, sweep)
    put(jobs, runs[0], status="finished", parameters=77)
    with jobs.store.writing() as db:
        for step, accuracy in ((0, 0.1), (10, 0.3), (20, 0.75)):
            db.execute(
                "INSERT INTO metrics (run, step, validation_accuracy, seconds) VALUES (?, ?, ?, ?)",
                (runs[0].id, step, accuracy, step / 10),
            )
    points = sweep.points()
    found = rows(points, distinct(points), ended_of(jobs, runs_of(jobs, sweep)))
    assert found[0].mean("validation_accuracy") == 75
    assert found[0].mean("seconds") == 2
    assert found[0].mean("parameters") == 77
    assert [row.ended for row in found] == [1, 0, 0, 0]


FILE = {
    "base": {"preset": "spiral", "n_train": 60, "n_validation": 40, "epochs": 2},
    "grid": {"scheme": ["euler", "rk4"], "network.depth": [1, 2]},
}


def test_a_sweep_by_the_command_line(jobs, tmp_path, capsys):
    file = tmp_path / "sweep.json"
    file.write_text(json.dumps(FILE))
    assert main(["sweep", str(file), "--here", "--repetitions", "2", "--json"]) == 0
    output = capsys.readouterr()
    *table, line = output.out.strip().splitlines()
    found = json.loads(line)
    assert "8 of 8 trainings have ended" in output.err
    assert "factor of about three" in output.err
    assert table[-1].startswith("Best: scheme = ")
    assert [point["ended"] for point in found["points"]] == [2] * 4
    accuracies = [point["validation_accuracy"] for point in found["points"]]
    assert accuracies[found["best"]] == max(accuracies)
    assert found["points"][3]["nfe_forward"] == 8  # two layers of four stages
    assert found["sweep"]["repetitions"] == 2
    assert storing.kept(Jobs()) == []


def test_size_and_time_by_the_command_line(jobs, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(FILE)))
    assert main(["sweep", "-", "--estimate", "--json"]) == 0
    *words, line = capsys.readouterr().out.strip().splitlines()
    assert words[0].startswith("4 trainings, about")
    found = json.loads(line)
    assert (found["runs"], found["good_to_a_factor_of"], found["refused"]) == (4, 3, "")


def test_kept_sweeps_by_the_command_line(jobs, capsys, sweep):
    local = Jobs()
    key, _ = storing.start(local, sweep.model_copy(update={"name": "mine"}))
    assert main(["sweep", "list"]) == 0
    assert f"{key}  " in capsys.readouterr().out
    assert main(["sweep", "list", "--json"]) == 0
    (listed,) = json.loads(capsys.readouterr().out)
    assert (listed["id"], listed["name"], listed["repetitions"]) == (key, "mine", 2)
    assert main(["sweep", "stop", key]) == 0
    assert {run.status for run in runs_of(local, sweep)} == {"stopped"}
    assert main(["sweep", "resume", key, "--estimate"]) == 0
    assert "8 trainings" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("sweep no-such-file.json", "No such file"),
        ("sweep stop", "ID is missing"),
        ("sweep list xyz", "'xyz' is not legal with 'list'"),
        ("sweep resume xyz", "is not the id"),
    ],
)
def test_what_cannot_be_done_is_said(jobs, capsys, command, message):
    assert main(command.split()) == 2
    assert message in capsys.readouterr().err


def test_a_wrong_file_is_said_in_words(jobs, capsys, monkeypatch):
    wrong = {**FILE, "grid": {"network.depth": [0]}}
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(wrong)))
    assert main(["sweep", "-"]) == 2
    said = capsys.readouterr().err
    assert "network.depth = 0" in said
    assert "0 is not legal" in said
