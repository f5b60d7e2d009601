"""The history by the command line: what it prints, what it changes, and what is refused."""

import json

import pytest

from playground.cli import main
from playground.experiment import Experiment
from playground.jobs import Jobs
from playground.jobs.history import overview, tags_of, thrown_away
from tests.jobs.history_runs import put_run

SPIRAL = Experiment(n_train=40).model_dump_json()
DEEP = Experiment(n_train=40).amended({"network.depth": "40", "scheme": "euler"}).model_dump_json()


@pytest.fixture
def mine(home):
    """The store as the command line's own user sees it."""
    return Jobs()


@pytest.fixture
def runs(mine):
    """Two runs of one's own, the second newer, deeper and better."""
    last = {"validation_accuracy": 0.99}
    return [
        put_run(mine, SPIRAL, figures=3, name="first", created=1e9),
        put_run(mine, DEEP, figures=5, last=last, created=2e9),
    ]


def told(capsys):
    return json.loads(capsys.readouterr().out.strip().splitlines()[-1])


def test_list_shows_everybodys_runs_and_tells_no_owner(runs, home, capsys):
    theirs = put_run(Jobs(user="a-secret"), SPIRAL, created=3e9)
    assert main(["runs", "list", "--json"]) == 0
    text = capsys.readouterr().out
    rows = json.loads(text)["runs"]
    assert [row["id"] for row in rows] == [theirs, runs[1], runs[0]]
    assert [row["own"] for row in rows] == [False, True, True]
    assert "a-secret" not in text
    assert main(["runs", "list"]) == 0
    shown = capsys.readouterr().out
    assert len(shown.splitlines()) == 3
    assert f"{runs[1]}   2033" in shown
    assert "a-secret" not in shown


def test_list_searches_and_sorts(runs, capsys):
    assert main(["runs", "list", "--search", "depth>20", "--json"]) == 0
    assert [row["id"] for row in told(capsys)["runs"]] == [runs[1]]
    assert main(["runs", "list", "--sort", "accuracy", "--rising", "--limit", "1", "--json"]) == 0
    found = told(capsys)
    assert ([row["id"] for row in found["runs"]], found["found"]) == ([runs[0]], 2)
    assert main(["runs", "list", "--search", "dpeth>2", "--json"]) == 0
    assert "is 'depth' meant?" in capsys.readouterr().err
    assert main(["runs", "list", "--sort", "beauty"]) == 2
    assert "'beauty' is not known; legal is created" in capsys.readouterr().err
    assert main(["runs", "list", "--limit", "-1"]) == 2


def test_show_tells_figures_and_settings(runs, mine, capsys):
    assert main(["runs", "show", runs[1], "--json"]) == 0
    found = told(capsys)
    assert found["validation_accuracy"] == 0.99
    assert found["settings"] == Experiment.model_validate_json(DEEP).to_query()
    assert main(["runs", "show", runs[1]]) == 0
    assert "network.depth            40" in capsys.readouterr().out
    assert main(["runs", "show", "a" * 16]) == 2
    assert "there is no run aaaa" in capsys.readouterr().err


def test_marks_are_set_and_taken_away(runs, mine, capsys):
    first = runs[0]
    for words in (
        ["star", *runs],
        ["unstar", runs[1]],
        ["tag", first, "talk", "two words"],
        ["untag", first, "talk"],
        ["note", first, "look at this"],
        ["rename", first, " better "],
    ):
        assert main(["runs", *words, "--json"]) == 0
    (shown,) = told(capsys)["runs"]
    assert (shown["name"], shown["note"], shown["tags"]) == (
        "better",
        "look at this",
        ["two words"],
    )
    assert [line.starred for line in overview(mine, ids=runs)] == [True, False]
    assert tags_of(mine, first) == ("two words",)
    assert main(["runs", "tag", first, "x" * 41]) == 2
    assert "at most 40 are legal" in capsys.readouterr().err


def test_delete_can_be_undone(runs, mine, capsys):
    assert main(["runs", "delete", *runs]) == 0
    assert "2 in the trash" in capsys.readouterr().err
    assert overview(mine) == []
    assert main(["runs", "undelete", runs[0]]) == 0
    assert [line.id for line in thrown_away(mine, "local")] == [runs[1]]
    assert main(["runs", "undelete", runs[0]]) == 2
    assert f"not in the trash: {runs[0]}" in capsys.readouterr().err


def test_runs_are_stopped_and_resumed(mine, experiment, capsys):
    run_id = mine.submit(experiment)
    assert main(["runs", "stop", run_id]) == 0
    assert mine.get(run_id).status == "stopped"
    assert main(["runs", "resume", run_id, "--json"]) == 0
    assert told(capsys)["runs"][0]["status"] == "queued"


def test_others_runs_are_changed_with_the_teachers_key_only(home, monkeypatch, capsys):
    theirs = put_run(Jobs(user="bob"), SPIRAL)
    assert main(["runs", "star", theirs]) == 2
    assert "belongs to somebody else" in capsys.readouterr().err
    monkeypatch.setenv("PLAYGROUND_TEACHER_KEY", "sesame")
    assert main(["runs", "star", theirs]) == 0
    assert Jobs().get(theirs).starred == 1


def test_compare_tells_settings_first_and_then_figures(runs, capsys):
    assert main(["runs", "compare", *runs, "--json"]) == 0
    found = told(capsys)
    depth = str(Experiment().network.options.depth)
    assert found["settings"] == {"network.depth": [depth, "40"], "scheme": ["rk4", "euler"]}
    assert found["figures"]["validation_accuracy"][1] == 0.99
    assert main(["runs", "compare", *runs]) == 0
    text = capsys.readouterr().out
    assert text.index("network.depth") < text.index("last figures") < text.index("train_loss")
    assert main(["runs", "compare", runs[0], runs[0]]) == 2
    assert "two runs or more" in capsys.readouterr().err
