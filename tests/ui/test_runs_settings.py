"""What the page of the runs lets through, and what its table says."""

import time

import pytest

from playground import query
from playground.experiment import Experiment
from playground.jobs import Jobs
from playground.jobs.history import overview
from playground.jobs.marks import star, tag
from playground.jobs.records import Status
from playground.jobs.search import SORTS as ORDERS
from playground.ui.results.runs import _found
from playground.ui.results.runs_settings import KINDS, SORTS, STATUSES, Settings
from playground.ui.results.runs_table import _MARKS, age, rows_of, title_of
from tests.jobs.history_runs import put_run

ONE, TWO = "a" * 16, "b" * 16


@pytest.fixture
def jobs(tmp_path, monkeypatch):
    monkeypatch.setenv("PLAYGROUND_HOME", str(tmp_path))
    return Jobs(user="ada")


def test_all_that_the_store_knows_can_be_chosen():
    assert set(SORTS) == set(ORDERS)
    assert set(STATUSES) == set(_MARKS) == set(Status.__args__)
    for name, values in (("kind", KINDS), ("sort", SORTS)):
        for value in values:
            settings, notes = query.read(Settings, {name: value})
            assert (getattr(settings, name), notes) == (value, [])


@pytest.mark.parametrize(
    ("field", "value", "message", "became"),
    [
        ("status", "finished,done", "'done' is not known; legal is queued, running", ("finished",)),
        ("chosen", f"{ONE},../etc", "'../etc' is not the id of a run", (ONE,)),
        ("chosen", f"{ONE},{ONE}", "'the same run twice'", (ONE,)),
        ("sort", "beauty", "legal is created, accuracy", "created"),
        ("page", "0", "legal is a whole number from 1", 1),
        ("search", "x" * 401, "401 characters are not legal; at most 400 are", ""),
        ("tag", "y" * 61, "30 names of 60 characters", ()),
    ],
)
def test_what_is_wrong_in_a_link_is_said_and_mended(field, value, message, became):
    settings, notes = query.read(Settings, {field: value})
    assert message in str(notes[0])
    assert getattr(settings, field) == became


def test_a_link_holds_all_that_is_set():
    settings = Settings(
        search='spiral depth>3 note:"a, b"', status=("failed",), tag=("for the talk", "ä"),
        starred=True, sort="loss", turned=True, page=3, chosen=(ONE, TWO), replay=True,
    )  # fmt: skip
    assert query.read(Settings, query.write(settings)) == (settings, [])


def test_orders_begin_with_what_people_look_for():
    assert Settings().falling  # the newest
    assert Settings(sort="accuracy").falling
    assert not Settings(sort="loss").falling
    assert Settings(sort="loss", turned=True).falling


def test_filters_and_search_hold_together(jobs):
    moons = Experiment().amended({"data": "moons", "scheme": "euler"}).model_dump_json()
    spiral = Experiment().model_dump_json()
    one, two = put_run(jobs, moons), put_run(jobs, spiral, status="failed")
    three = put_run(jobs, spiral, figures=9)
    star(jobs, [two])
    tag(jobs, [three], ["x"])
    lines = overview(jobs, "ada")

    def shown(**settings):
        return [line.id for line in _found(Settings(**settings), lines)]

    assert shown() == [three, two, one]
    assert shown(data=("moons",)) == [one]
    assert shown(data=("moons", "spiral"), status=("failed",)) == [two]
    assert shown(scheme=("rk4",), search="-status:failed") == [three]
    assert shown(starred=True) == [two]
    assert shown(tag=("x", "y")) == [three]
    assert shown(network=("mlp",)) == []
    assert shown(sort="seconds")[-1] == shown(sort="seconds", turned=True)[0] == three


def test_rows_say_what_lines_hold(jobs):
    text = Experiment().amended({"network.depth": "7"}).model_dump_json()
    run_id = put_run(jobs, text, figures=4, note="two\nlines")
    tag(jobs, [run_id], ["b", "a"])
    put_run(jobs, '{"data": {"name": "gone", "options": {}}}', figures=0)
    lines = overview(jobs)
    wide, narrow = rows_of(lines, narrow=False), rows_of(lines, narrow=True)
    row = wide[wide["data"] == "Spiral"].iloc[0]
    assert row["validation"] == pytest.approx(100 * jobs.metrics(run_id)[-1].validation_accuracy)
    assert (row["tags"], row["note"], row["status"]) == ("a, b", "two lines", "✓ finished")
    assert row["net"] == "Flow net, rk4, 16×7"
    assert set(narrow) < set(wide)
    assert "gone" in list(wide["data"])
    assert title_of(lines[-1]).startswith(("Spiral, Flow net", "gone"))


def test_ages_are_words():
    assert [age(s) for s in (3, 120, 7200, 3 * 86400)] == [
        "just now",
        "2 min ago",
        "2 h ago",
        "3 d ago",
    ]
    assert age(time.time() - time.time() - 5) == "just now"
