"""What a tab does with its run and its form, without a browser: the store is real."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import streamlit as st

from playground.experiment import Experiment
from playground.jobs import Jobs, Refused
from playground.ui import state

ADA, BOB = "a" * 32, "b" * 32


@pytest.fixture
def tab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict:
    """The memory of a tab of the browser of Ada, on an empty store."""
    for name in [name for name in os.environ if name.startswith("PLAYGROUND_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PLAYGROUND_HOME", str(tmp_path))
    memory: dict = {"user": ADA, "experiment": small()}
    monkeypatch.setattr(st, "session_state", memory)
    return memory


def small(**values: object) -> Experiment:
    return Experiment(n_train=40, n_validation=20, epochs=3, **values)


def trained(run_id: str, step: int = 5, status: str = "running") -> None:
    """As if a worker had trained the run."""
    with state.jobs().store.writing() as db:
        db.execute("UPDATE runs SET step = ?, status = ? WHERE id = ?", (step, status, run_id))


def said(tab: dict) -> str:
    return " ".join(text for _, text in tab.get("messages", {}))


def test_an_edit_under_a_cap_of_one_takes_the_place_of_what_trains(
    tab: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAYGROUND_MAX_RUNS_PER_USER", "1")
    state.train()
    first = state.run_id()
    trained(first)
    for value in (7, 8, 9):
        state.change({"epochs": value})
    assert state.refusal() == ""
    assert state.run_id() != first
    assert state.record().experiment.epochs == 9
    assert state.jobs().get(first).command == "stop"
    assert state.trains(state.record())


def test_after_a_refusal_form_and_run_do_not_disagree_in_silence(
    tab: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAYGROUND_MAX_RUNS", "1")
    state.train()
    first = state.run_id()
    trained(first, status="paused")
    other = Jobs(user=BOB).submit(small())
    state.change({"epochs": 9})
    assert "PLAYGROUND_MAX_RUNS" in state.refusal()
    shown = state.record()
    assert (shown.id, shown.status) == (first, "paused")  # untouched
    assert not state.agrees(shown)
    state.step(1)  # not a step of the run with the old settings
    assert state.record().status == "paused"
    Jobs(user=BOB).delete(other)
    state.train()  # tries again
    assert state.refusal() == ""
    assert state.record().experiment.epochs == 9
    assert state.agrees(state.record())


def test_a_refusal_can_be_taken_back(tab: dict) -> None:
    state.train()
    run_id = state.run_id()
    trained(run_id)
    state.change({"n_train": 20000, "batch_size": 1, "epochs": 10000, "path": "torch"})
    assert "legal" in state.refusal()
    assert state.run_id() == run_id
    state.back_to_the_run()
    assert state.experiment() == small()
    assert state.refusal() == ""
    assert state.agrees(state.record())


def test_a_new_rate_goes_to_the_run_and_is_no_disagreement(tab: dict) -> None:
    state.train()
    run_id = state.run_id()
    trained(run_id)
    state.change({"optimizer.learning_rate": 0.25})
    assert state.run_id() == run_id
    assert state.record().pending == {"learning_rate": 0.25}
    assert state.agrees(state.record())
    # As after a reload, before the run has taken it up: what is pending counts.
    assert state.as_it_trains(state.record()).optimizer.options.learning_rate == 0.25


def test_a_change_of_path_is_no_change_of_settings(tab: dict) -> None:
    state.train()
    with state.jobs().store.writing() as db:
        values = (state.run_id(), 47, '{"path": "fused"}')
        db.execute("INSERT INTO amendments (run, step, changes) VALUES (?, ?, ?)", values)
    assert state.as_it_trains(state.record()) == state.experiment()
    assert state.agrees(state.record())


def test_the_run_of_somebody_else_is_never_ended(tab: dict) -> None:
    theirs = Jobs(user=BOB).submit(small())
    for act in (
        state.train,
        lambda: state.change({"epochs": 9}),
        state.reset,
        lambda: state.step(1),
        lambda: state.start_with(small()),
    ):
        state.show_run(state.jobs().get(theirs))
        act()
        assert state.run_id() != theirs
        assert state.jobs().get(theirs).status == "queued"


def test_a_teacher_steers_and_still_ends_no_run_by_looking_elsewhere(
    tab: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAYGROUND_TEACHER_KEY", "sesame")
    theirs = Jobs(user=BOB).submit(small())
    state.show_run(state.jobs().get(theirs))
    state.pause()
    assert "somebody else" in said(tab)
    tab["key"] = "sesame"
    state.pause()
    assert state.jobs().get(theirs).status == "paused"
    state.train()
    assert state.run_id() == theirs
    assert state.jobs().get(theirs).status == "queued"
    state.change({"epochs": 9})  # a run of the teacher's own
    assert state.run_id() != theirs
    assert state.jobs().get(theirs).status == "queued"
    assert state.record().user == ADA


def test_two_tabs_share_a_run_until_one_deletes_it(tab: dict) -> None:
    state.renew(train=False)
    run_id = state.run_id()
    state.jobs().delete(run_id)  # in the other tab
    assert state.record() is None
    state.pause()
    state.train()
    assert state.record().id != run_id
    assert state.trains(state.record())


def test_a_click_that_comes_twice_does_its_work_once(
    tab: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAYGROUND_MAX_RUNS_PER_USER", "1")
    state.renew(train=False)
    for act in (state.train, state.train, state.pause, state.pause, state.train, state.train):
        act()
    assert len(state.jobs().list_runs()) == 1
    assert state.trains(state.record())
    for _ in range(2):
        state.step(1)
    assert state.record().until_step == 1
    for _ in range(2):
        state.reset()
    assert len(state.jobs().list_runs()) == 1


def test_a_step_after_the_end_is_the_first_one_of_a_fresh_run(tab: dict) -> None:
    state.train()
    ended = state.run_id()
    trained(ended, status="finished")
    assert not state.may_go_on(state.record())
    state.step(1)
    assert state.run_id() != ended
    assert (state.record().until_step, state.record().step) == (1, 0)
    assert not tab.get("messages")


def test_what_failed_goes_on_from_its_checkpoint_if_it_has_one(tab: dict) -> None:
    state.train()
    first = state.run_id()
    trained(first, status="failed")
    state.train()
    assert state.run_id() != first
    second = state.run_id()
    trained(second, status="failed")
    with state.jobs().store.writing() as db:
        db.execute("UPDATE runs SET checkpoint_step = 5 WHERE id = ?", (second,))
    state.train()
    assert state.run_id() == second
    assert state.record().status == "queued"


def test_names_keep_runs_and_too_long_ones_are_said(tab: dict) -> None:
    state.train()
    run_id = state.run_id()
    state.rename(run_id, "  the good one ")
    assert state.record().name == "the good one"
    state.rename(run_id, "n" * 300)
    assert "300 characters" in said(tab)
    state.reset()
    assert state.jobs().get(run_id).status == "stopped"


def test_a_mistake_of_the_program_is_said_too(tab: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    state.renew(train=False)

    def broken(*_: object, **__: object) -> None:
        raise TypeError("oops")

    monkeypatch.setattr(Jobs, "submit", broken)
    state.change({"epochs": 9})
    assert "TypeError: oops" in state.refusal()
    assert not state.agrees(state.record())


def test_a_locked_store_is_said_and_nothing_breaks(
    tab: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    state.renew(train=False)

    def locked(*_: object, **__: object) -> None:
        raise Refused("the store did not take it: it is busy")

    monkeypatch.setattr(Jobs, "resume", locked)
    monkeypatch.setattr(Jobs, "submit", locked)
    before = state.run_id()
    state.train()
    assert "busy" in said(tab)
    state.change({"epochs": 9})
    assert "busy" in state.refusal()
    assert state.run_id() == before


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("data: 'x' is not legal", "data\\: 'x' is not legal"),
        ("[a](b) <i>", "\\[a\\]\\(b\\) \\<i\\>"),
        (":material/skull:", "\\:\u2060material/skull\\:"),
        (":smile:", "\\:\u2060smile\\:"),
        ("see https://a.example", "see https\\:\u2060//a.example"),
        ("WWW.a.example", "WWW\u2060.a.example"),
        ("a@b.example", "a@\u2060b.example"),
    ],
)
def test_no_text_becomes_a_link_or_an_icon(text: str, shown: str) -> None:
    assert state.plain(text) == shown
