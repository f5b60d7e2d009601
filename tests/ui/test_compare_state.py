"""What the buttons of the comparison do to its runs, without a browser: the store is real."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import streamlit as st

from playground.experiment import Experiment
from playground.jobs import Jobs
from playground.ui import compare_state, state
from playground.ui.compare_settings import Nets

ADA, BOB = "a" * 32, "b" * 32


@pytest.fixture
def tab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict:
    """The memory of a tab of the browser of Ada, with two nets side by side that show their weights."""
    for name in [name for name in os.environ if name.startswith("PLAYGROUND_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PLAYGROUND_HOME", str(tmp_path))
    memory: dict = {"user": ADA}
    monkeypatch.setattr(st, "session_state", memory)
    compare_state.put(Nets.of(small(), small().amended({"scheme": "euler"})))
    compare_state.attach()
    return memory


def small(**values: object) -> Experiment:
    return Experiment(**{"n_train": 40, "n_validation": 20, "epochs": 3, **values})


def worked(run_id: str, step: int, status: str) -> None:
    """As if a worker had trained the run."""
    with state.jobs().store.writing() as db:
        db.execute(
            "UPDATE runs SET step = ?, status = ?, until_step = NULL WHERE id = ?",
            (step, status, run_id),
        )


def ids() -> tuple[str, ...]:
    return compare_state.nets().runs


def statuses() -> list[str]:
    return [run.status if run else "" for run in compare_state.records()]


def said(tab: dict) -> str:
    return " ".join(text for _, text in tab.get("messages", {}))


def test_nets_show_their_initial_weights_and_train_together(tab: dict) -> None:
    assert [run.until_step for run in compare_state.records()] == [0, 0]
    before = ids()
    compare_state.train()
    compare_state.train()  # a click that is delivered twice
    assert ids() == before
    assert [run.until_step for run in compare_state.records()] == [None, None]
    for run_id in before:
        worked(run_id, 3, "running")
    compare_state.pause()
    assert [run.command for run in compare_state.records()] == ["pause", "pause"]


def test_what_has_ended_is_not_trained_again_unless_it_is_reset(tab: dict) -> None:
    first, second = ids()
    worked(first, 6, "finished")
    worked(second, 4, "paused")
    compare_state.train()
    assert (ids(), statuses()) == ((first, second), ["finished", "queued"])
    compare_state.reset()
    assert not {first, second} & set(ids())
    assert [run.until_step for run in compare_state.records()] == [0, 0]
    assert state.jobs().get(first).status == "finished"  # kept in the history


def test_a_change_of_one_net_ends_its_run_and_no_other(tab: dict) -> None:
    compare_state.train()
    first, second = ids()
    for run_id in (first, second):
        worked(run_id, 2, "running")
    compare_state.change(1, {"network.depth": 4})
    assert ids()[0] == first
    assert ids()[1] not in ("", second)
    changed = compare_state.records()[1]
    assert changed.experiment.network.options.depth == 4
    assert state.trains(changed)  # as the one before did
    assert state.jobs().get(second).command == "stop"
    assert state.jobs().get(first).command is None


def test_a_copy_shows_the_same_run_and_its_change_leaves_it_alone(tab: dict) -> None:
    first, second = ids()
    compare_state.duplicate(0)
    assert ids() == (first, first, second)
    compare_state.change(1, {"network.depth": 4})
    assert (ids()[0], ids()[2]) == (first, second)
    assert state.jobs().get(first).status == "queued"
    compare_state.remove(2)
    assert ids()[0] == first
    with pytest.raises(ValueError, match="there is no run"):
        state.jobs().get(second)  # never trained, so that nobody will look for it


def test_data_and_seeds_are_changed_for_all(tab: dict) -> None:
    before = ids()
    compare_state.change(1, {"weight_seed": 5})
    assert {run.experiment.weight_seed for run in compare_state.records()} == {5}
    assert not set(before) & set(ids())
    compare_state.change_all("epochs", 7)
    assert {run.experiment.epochs for run in compare_state.records()} == {7}
    compare_state.change_all("epochs", 0)
    assert "epochs" in said(tab)
    assert {run.experiment.epochs for run in compare_state.records()} == {7}


def test_a_cap_is_told_in_the_column_of_the_net_and_the_others_go_on(
    tab: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAYGROUND_MAX_RUNS_PER_USER", "1")
    del tab["jobs"]
    compare_state.train()
    assert compare_state.refusal(0) == ""
    assert "PLAYGROUND_MAX_RUNS_PER_USER" in compare_state.refusal(1)
    assert [run.until_step for run in compare_state.records()] == [None, 0]


def test_what_somebody_else_has_trained_is_found_and_what_he_paused_is_trained_anew(
    tab: dict,
) -> None:
    bob = Jobs(user=BOB)
    ready, rests = small(epochs=9), small(epochs=8)
    theirs = [bob.submit(ready), bob.submit(rests)]
    worked(theirs[0], 18, "finished")
    worked(theirs[1], 4, "paused")
    compare_state.put(Nets((ready, rests), ("", "")))
    compare_state.attach()
    assert ids() == tuple(theirs)
    compare_state.train()
    assert ids()[0] == theirs[0]
    own = compare_state.records()[1]
    assert (own.user, own.status) == (ADA, "queued")
    assert bob.get(theirs[1]).status == "paused"


def test_steps_add_up_but_not_those_of_one_click(tab: dict) -> None:
    compare_state.step(epoch=True)
    compare_state.step(epoch=True)
    assert [run.until_step for run in compare_state.records()] == [2, 2]  # of 40 points by 32
    tab["compare:stepped"] = 0.0
    compare_state.step(epoch=False)
    assert [run.until_step for run in compare_state.records()] == [3, 3]


def test_the_run_of_the_playground_is_never_ended_from_here(tab: dict) -> None:
    first, _ = ids()
    tab["run_id"] = first
    compare_state.change(0, {"network.depth": 4})
    assert ids()[0] != first
    assert state.jobs().get(first).status == "queued"
