"""The comparison of one browser tab: its nets, their runs, and what its buttons do to all of them."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from playground.experiment import Experiment
from playground.jobs import Refused, RunRecord
from playground.jobs.twins import twins
from playground.query import text_of
from playground.ui import state
from playground.ui.browser import travelled
from playground.ui.compare_presets import COMPARISONS
from playground.ui.compare_settings import Nets, from_link

logger = logging.getLogger(__name__)

PAGE = "pages/play/compare.py"
_NETS, _REFUSED, _STEPPED = "compare:nets", "compare:refused", "compare:stepped"
ENDED = ("finished", "diverged")


def nets() -> Nets:
    """Return the nets side by side."""
    if _NETS not in st.session_state:
        put(next(iter(COMPARISONS.values())).made())
    return st.session_state[_NETS]


def put(made: Nets) -> None:
    """Show other nets; what was refused is forgotten where the net is another one."""
    before: Nets | None = st.session_state.get(_NETS)
    if before is None or before.experiments != made.experiments:
        st.session_state[_REFUSED] = {}
    st.session_state[_NETS] = made


def compare_with(*experiments: Experiment) -> None:
    """Go to the page with nets; the data and seeds of the first are everybody's."""
    before = st.session_state.get(_NETS)
    put(Nets.of(*experiments))
    _let_go(before)
    st.switch_page(PAGE)


def open_link() -> None:
    """Take the nets from the address, when the tab comes to the page or goes back."""
    link = travelled()
    if link is None:
        if not st.session_state.get("arrived", True):
            return
        link = {k: v for k, v in st.query_params.to_dict().items() if not k.startswith("embed")}
    st.session_state["arrived"] = False
    if not link:
        return
    before = st.session_state.get(_NETS)
    made, notes = from_link(link)
    for note in notes:
        state.say(f"In the link: {note}.")
    put(made)
    if before is not None and before.experiments != made.experiments:
        _let_go(before)


def refusal(index: int) -> str:
    """Return why a net was not handed in, in words; empty where it was."""
    return st.session_state.get(_REFUSED, {}).get(index, "")


def records() -> list[RunRecord | None]:
    """Return the run that is shown of each net, ``None`` where there is none (any more)."""
    return [_record(index) for index in range(len(nets().experiments))]


def _record(index: int) -> RunRecord | None:
    """Return the run of a net, if it is there and is a run of this net."""
    held = nets()
    if not held.runs[index]:
        return None
    try:
        run = state.jobs().get(held.runs[index])
    except Refused:
        return None
    text = held.experiments[index].model_dump_json()
    # A run of another version of the program may have the same settings in other words.
    same = run.experiment_json == text or (
        Experiment.from_stored(run.experiment_json)[0] == held.experiments[index]
    )
    return run if same else None


def attach() -> None:
    """Give every net without a run one: a run that there is, or one that shows its initial weights."""
    for index, run in enumerate(records()):
        if run is None and not refusal(index):
            _find(index, train=False)


def look() -> None:
    """Note that somebody looks at the runs, so that they are not cleared away."""
    for run in records():
        if run is not None:
            state.jobs().watch(run.id)


# Changes of the nets ----------------------------------------------------------------------------


def change(index: int, values: Mapping[str, Any]) -> None:
    """Change fields of one net, or of all where they share the field; those that train go on training.

    What is not legal changes nothing, and is said.
    """
    before = nets()
    trained = [_trains(run) for run in records()]
    try:
        made, notes = before.with_changed(
            index, {name: text_of(value) for name, value in values.items()}
        )
    except ValueError as error:
        state.say(f"{error}.")
        return
    for note in dict.fromkeys(notes):
        state.say(f"{note}.", "info")
    _become(before, made, trained)


def change_all(name: str, value: Any) -> None:
    """Change one field of every net that it does not share by itself, such as the epochs."""
    before, made = nets(), nets()
    trained = [_trains(run) for run in records()]
    for index in range(len(before.experiments)):
        try:
            made, notes = made.with_changed(index, {name: text_of(value)})
        except ValueError as error:
            state.say(f"{error}.")
            return
        for note in notes:
            state.say(f"{note}.", "info")
    _become(before, made, trained)


def _become(before: Nets, made: Nets, trained: list[bool]) -> None:
    """Show changed nets; those that changed get other runs, and let go of theirs."""
    put(made)
    for index, run_id in enumerate(made.runs):
        if not run_id and before.runs[index]:
            _find(index, train=trained[index], old=before.runs[index])
    _let_go(before)


def _let_go(before: Nets | None) -> None:
    """End runs that were shown here and are no longer, unless the playground shows them."""
    kept = {*nets().runs, state.run_id()}
    for run_id in set(before.runs if before else ()) - kept - {""}:
        _guarded(None, lambda run_id=run_id: state.jobs().release(run_id))


def duplicate(index: int) -> None:
    """Put a copy of a net beside it."""
    try:
        put(nets().with_copy(index))
    except ValueError as error:
        state.say(f"{error}.")


def remove(index: int) -> None:
    """Take a net away."""
    before = nets()
    try:
        put(before.without(index))
    except ValueError as error:
        state.say(f"{error}.")
        return
    _let_go(before)


def take(name: str) -> None:
    """Show the nets of a preset."""
    before = nets()
    put(COMPARISONS[name].made())
    _let_go(before)


# Steering all nets ------------------------------------------------------------------------------
# A click may be delivered twice, so train, pause and reset say what is wanted and may be done twice.


def train() -> None:
    """Train every net that has not come to its end."""
    st.session_state[_REFUSED] = {}
    for index in range(len(nets().experiments)):
        run = _record(index)
        if run is None:
            _find(index, train=True)
        elif run.status not in ENDED:
            _go_on(index, run)


def pause() -> None:
    """Halt every net after its present step; what somebody else trains goes on."""
    for index, run in enumerate(records()):
        if run is not None and run.status in state.ACTIVE and state.owns(run):
            _guarded(index, lambda run=run: state.jobs().pause(run.id))


def reset() -> None:
    """Go back to the initial weights of every net."""
    for index in _distinct():
        run = _record(index)
        rests = run is not None and run.status not in state.ACTIVE and run.step == 0
        if not (rests and state.owns(run)):
            _renew(index, train=False)


def step(epoch: bool) -> None:
    """Train every net that has not ended one step, or one epoch, more and pause it.

    Steps add up, so that the second delivery of a click is told from a second click by its speed.
    """
    now = time.monotonic()
    if now - st.session_state.get(_STEPPED, -1.0) < state.SECOND_DELIVERY:
        return
    st.session_state[_STEPPED] = now
    st.session_state[_REFUSED] = {}
    for index in _distinct():
        run = _record(index)
        if run is not None and run.status in ENDED:
            continue
        if run is None or not state.owns(run):
            _renew(index, train=False)
            run = _record(index)
        if run is not None and not refusal(index):
            steps = steps_of_epoch(nets().experiments[index]) if epoch else 1
            _guarded(index, lambda run=run, n=steps: state.jobs().step(run.id, n))


def steps_of_epoch(experiment: Experiment) -> int:
    """Return how many optimiser steps one pass over the training points takes."""
    if experiment.optimizer.entry.full_batch:
        return 1
    return math.ceil(experiment.split_sizes[0] / experiment.batch_size)


def _distinct() -> list[int]:
    """Return the first of those nets that are equal, so that none of their runs is steered twice."""
    experiments = nets().experiments
    return [i for i, experiment in enumerate(experiments) if experiments.index(experiment) == i]


def _trains(run: RunRecord | None) -> bool:
    return run is not None and state.trains(run)


def _go_on(index: int, run: RunRecord) -> None:
    """Train a net whose run has not ended; one of somebody else's by a run of one's own."""
    if state.trains(run):
        return
    if state.owns(run) and state.may_go_on(run):
        _guarded(index, lambda: state.jobs().resume(run.id))
    else:
        _renew(index, train=True)


def _find(index: int, *, train: bool, old: str = "") -> None:
    """Show a run of the net that there is already, or hand one in.

    Args:
        index: The net.
        train: Whether it trains at once.
        old: A run that was shown in its place, for which the new one is handed in.
    """
    (found,) = twins(state.jobs(), [nets().experiments[index]])
    if found is None:
        _renew(index, train=train, old=old)
        return
    put(nets().with_run(index, found.id))
    if train and found.status not in ENDED:
        _go_on(index, found)


def _renew(index: int, *, train: bool, old: str = "") -> None:
    """Hand in a run of the net in place of the one that is shown, for it and all that equal it."""
    held = nets()
    old, experiment = old or held.runs[index], held.experiments[index]
    same = [i for i, other in enumerate(held.experiments) if other == experiment]
    elsewhere = [run for i, run in enumerate(held.runs) if i not in same]
    gone = old if old and old not in (*elsewhere, state.run_id()) else None

    def submit() -> None:
        made = state.jobs().submit(experiment, until_step=None if train else 0, instead_of=gone)
        for i in same:
            put(nets().with_run(i, made))

    _guarded(index, submit)


def _guarded(index: int | None, act: Callable[[], None]) -> None:
    """Do something; what is refused is said in the column of the net, and the others go on."""
    try:
        act()
        return
    except ValueError as refused:  # Refused among them
        words = str(refused)
    except Exception as error:  # one net's trouble must not pass in silence, nor stop the others
        logger.exception("a net of the comparison could not be steered")
        words = f"this program made a mistake ({type(error).__name__}: {error})"
    if index is None:
        state.say(f"{words}.", "error")
    else:
        st.session_state.setdefault(_REFUSED, {})[index] = words
