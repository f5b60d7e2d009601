"""Links: their settings, their run, what happens where the two do not agree, and any junk."""

from __future__ import annotations

import json
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest
import streamlit as st
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from playground.experiment import Experiment
from playground.jobs import Jobs
from playground.ui import address, browser, state
from tests.ui.test_state import ADA, BOB, said, small, tab, trained

__all__ = ["tab"]  # the fixture


@pytest.fixture
def come(tab: dict, monkeypatch: pytest.MonkeyPatch):
    """come(link) opens a link in a fresh tab of the same browser."""

    def open_link(link: dict[str, str]) -> None:
        tab.clear()
        tab["user"] = ADA
        monkeypatch.setattr(st, "query_params", SimpleNamespace(to_dict=lambda: dict(link)))
        address.enter("playground")
        address.open_link()

    return open_link


def go_back(tab: dict, link: dict[str, str], journey: int = 1) -> None:
    place = {"link": urlencode(link), "journey": journey, "session": browser._session()}
    tab["browser"] = {"id": ADA, "place": place}
    address.open_link()


def with_run(experiment: Experiment, run: str) -> dict[str, str]:
    return {**experiment.to_query(), address.RUN: run}


def test_a_link_to_a_run_shows_it(come, tab: dict) -> None:
    run = Jobs(user=BOB).submit(small())
    for link in ({address.RUN: run}, with_run(small(), run)):
        come(link)
        assert state.run_id() == run
        assert state.experiment() == small()
        assert said(tab) == ""


def test_edited_settings_win_over_the_run_of_the_link(come, tab: dict) -> None:
    run = Jobs(user=ADA).submit(small())
    come(with_run(small(weight_seed=5), run))
    assert state.run_id() is None
    assert state.experiment() == small(weight_seed=5)
    assert "not those of the run" in said(tab)
    assert Jobs(user=ADA).get(run).status == "queued"


def test_both_the_first_and_the_last_rate_belong_to_a_run(come, tab: dict) -> None:
    jobs = Jobs(user=ADA)
    run = jobs.submit(small())
    jobs.change(run, learning_rate=0.25)
    for rate in ("0.25", repr(small().optimizer.options.learning_rate)):
        come(with_run(small().amended({"optimizer.learning_rate": rate}), run))
        assert state.run_id() == run
        assert state.experiment().optimizer.options.learning_rate == 0.25
    come(with_run(small().amended({"optimizer.learning_rate": "0.5"}), run))
    assert state.run_id() is None


@pytest.mark.parametrize("run", ["", "../../etc", "a" * 16, "a" * 5000, "\x00", "<b>&"])
def test_a_run_that_is_not_there_leaves_the_settings(come, tab: dict, run: str) -> None:
    come(with_run(small(weight_seed=5), run))
    assert state.run_id() is None
    assert state.experiment() == small(weight_seed=5)
    assert 0 < len(said(tab)) < 400
    assert "settings are shown" in said(tab)


@pytest.mark.parametrize("alone", [True, False])
def test_a_run_of_another_version_is_said(come, tab: dict, alone: bool) -> None:
    jobs = Jobs(user=ADA)
    run = jobs.submit(small())
    old = {**json.loads(small().model_dump_json()), "momentum_of_old": 1}
    with jobs.store.writing() as db:
        db.execute("UPDATE runs SET experiment = ?", (json.dumps(old),))
    come({address.RUN: run} if alone else with_run(small(weight_seed=5), run))
    assert state.run_id() is None
    assert "another version" in said(tab)
    assert state.experiment() == (Experiment() if alone else small(weight_seed=5))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    some.dictionaries(
        some.one_of(
            some.sampled_from([*Experiment().to_query(), address.RUN, "embed", "embed_options"]),
            some.text(max_size=30),
        ),
        some.one_of(
            some.text(max_size=60),
            some.sampled_from(["nan", "-inf", "1e999", "9" * 5000, "[[", "null", "💥", "%00"]),
        ),
        max_size=8,
    )
)
def test_junk_in_every_place_is_only_said(come, tab: dict, link: dict[str, str]) -> None:
    come(link)
    assert isinstance(state.experiment(), Experiment)
    assert state.run_id() is None
    go_back(tab, link)
    assert state.run_id() is None


@pytest.mark.parametrize(
    "place",
    [
        None,
        "text",
        [],
        {},
        {"journey": "1", "link": "a=b", "session": "SESSION"},
        {"journey": 1, "link": 5, "session": "SESSION"},
        {"journey": 1, "link": "epochs=7", "session": "of another server"},
        {"journey": 0, "link": "epochs=7", "session": "SESSION"},
    ],
)
def test_what_a_browser_makes_up_changes_nothing(come, tab: dict, place: object) -> None:
    come(small().to_query())
    if isinstance(place, dict) and place.get("session") == "SESSION":
        place = {**place, "session": browser._session()}
    tab["browser"] = {"id": ["not", "an", "id"], "place": place}
    address.open_link()
    assert state.experiment() == small()
    assert browser.browser().user == ADA


def test_a_late_address_is_no_link(come, tab: dict) -> None:
    come(small().to_query())
    state.change({"epochs": 9})
    address.open_link()  # the next run of the page still reports the address of the first
    assert state.experiment().epochs == 9
    address.enter("")
    address.enter("playground")  # from the first page back to this one
    address.open_link()
    assert state.experiment() == small()


def test_back_restores_settings_and_run(come, tab: dict) -> None:
    come(small().to_query())
    state.renew(train=True)
    first = state.run_id()
    trained(first)
    link = address.link()
    state.change({"epochs": 9})
    second = state.run_id()
    trained(second)
    go_back(tab, link)
    assert state.run_id() == first
    assert state.experiment() == small()
    assert state.jobs().get(second).command == "stop"  # as any other edit would stop it
    assert said(tab) == ""
    state.change({"epochs": 4})
    address.open_link()  # told again in every run of the page, and done once
    assert state.experiment().epochs == 4


def test_back_to_a_run_that_was_cleared_away_needs_no_words(come, tab: dict) -> None:
    come(small().to_query())
    state.renew(train=False)
    link = address.link()
    state.change({"epochs": 9})
    second = state.run_id()
    go_back(tab, link)
    assert state.run_id() is None  # the page makes one
    assert state.experiment() == small()
    assert said(tab) == ""
    assert [run.id for run in state.jobs().list_runs()] == []  # the preview went with it
    assert second


def test_what_comes_while_only_a_fragment_runs_is_noticed(come, tab: dict) -> None:
    come(small().to_query())
    tab["browser"] = {"id": ADA, "narrow": False}
    drawn = address.asked()
    assert address.asked() == drawn
    tab["browser"] = {**tab["browser"], "place": {"link": "data=moons", "journey": 1}}
    assert address.asked() != drawn
    drawn = address.asked()
    state.change({"data_seed": 7})
    assert address.asked() != drawn
