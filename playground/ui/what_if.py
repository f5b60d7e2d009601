"""What if: one field of a run is changed, and the two are laid over each other."""

from __future__ import annotations

from typing import Any

import streamlit as st

from playground.analysis.differences import choices, places
from playground.experiment import Experiment
from playground.jobs import Refused, RunRecord
from playground.jobs.twins import twins
from playground.query import text_of
from playground.registry import Slot
from playground.training.contrast import contrast
from playground.training.events import Metrics
from playground.ui import state, troubles
from playground.ui.compare_settings import is_shared
from playground.ui.compare_state import ENDED, compare_with
from playground.ui.controls import Form
from playground.ui.delivery import is_overtaken, put
from playground.ui.figures import histories
from playground.ui.overlay import overlay

LIVE_SECONDS = 1.0
_FIRST = "network.depth"  # the field that is offered first, where the net has it


def draw_what_if(run: RunRecord) -> None:
    """Draw the choice of a field and its new value, and the button that trains the other run.

    Args:
        run: That is asked about; its settings stay as they are.
    """
    base, _ = Experiment.from_stored(run.experiment_json)
    names = choices(base)
    field = _field_choice(run, names)
    proposed, notes = _proposed(run, base, field)
    _value(run, proposed, field)
    for note in notes:
        st.caption(f":material/info: {state.plain(note)}.")
    if proposed == base:
        before = places(base)[field].shown
        st.caption(f"{state.plain(names[field])} is {state.plain(before)} in this run; change it.")
        return
    other = _other(run, proposed)
    pace = LIVE_SECONDS if other is not None and other.status in state.ACTIVE else None
    words = f"{names[field]} {places(proposed)[field].shown}"
    told = places(base)[field].shown
    troubles.fragment(_beat, run_every=pace)(run, proposed, (words, told), pace, [])
    if other is not None:
        _open_in_compare(run, base, proposed, field)


def _key(run: RunRecord, name: str) -> str:
    return f"what_if:{run.id}:{name}"


def _field_choice(run: RunRecord, names: dict[str, str]) -> str:
    """Draw the choice of the field; return its dotted name."""
    listed = list(names)
    first = _FIRST if _FIRST in names else listed[0]
    chosen = st.session_state.get(_key(run, "field"), first)
    chosen = chosen if chosen in names else first
    key = _key(run, "choice")
    put(key, chosen)

    def changed() -> None:
        if not is_overtaken(key):
            st.session_state[_key(run, "field")] = st.session_state[key]
            st.session_state.pop(_key(run, "value"), None)

    st.selectbox(
        "What if another",
        listed,
        index=listed.index(chosen),
        format_func=names.get,
        key=key,
        on_change=changed,
        help="One setting of this run; all others stay as they are, seeds included.",
    )
    return chosen


def _proposed(run: RunRecord, base: Experiment, field: str) -> tuple[Experiment, list[str]]:
    """Return the experiment with the change, and what had to change besides."""
    text = st.session_state.get(_key(run, "value"))
    if text is None:
        return base, []
    try:
        return base.adapted({field: text})
    except ValueError:  # was legal when it was set; the registries have changed since
        return base, []


def _value(run: RunRecord, proposed: Experiment, field: str) -> None:
    """Draw the control of the field as its declaration asks for it."""

    def changed(values: dict[str, Any]) -> None:
        text = text_of(next(iter(values.values())))
        try:
            Experiment.from_stored(run.experiment_json)[0].adapted({field: text})
        except ValueError as error:
            state.say(f"{error}.")
            return
        st.session_state[_key(run, "value")] = text

    place, (prefix, _, name) = places(proposed)[field], field.rpartition(".")
    form = Form(_key(run, "form"), changed)
    if isinstance(place.value, Slot):
        form.slot(place.value, field, place.field, form=lambda options: None)
    else:
        form.field(place.model, name, f"{prefix}." if prefix else "")


def _other(run: RunRecord, proposed: Experiment) -> RunRecord | None:
    (found,) = twins(state.jobs(), [proposed])
    # One that rests, or only shows its initial weights, is no answer.
    told = found is not None and found.until_step != 0 and found.id != run.id
    return found if told and found.status in (*ENDED, *state.ACTIVE) else None


def _beat(
    run: RunRecord,
    proposed: Experiment,
    words: tuple[str, str],
    pace: float | None,
    beaten: list[bool],
) -> None:
    """Draw the button, or the other run as far as it has come.

    Args:
        run: That is asked about.
        proposed: The experiment of the other one.
        words: The field with its new value, and the old value.
        pace: How often this is drawn, in seconds.
        beaten: Empty in the page's own run; the same list comes again with each beat.
    """
    first = not beaten
    beaten[:] = [True]
    other = _other(run, proposed)
    now = LIVE_SECONDS if other is not None and other.status in state.ACTIVE else None
    if other is None:
        st.button(
            "Train the other run",
            icon=":material/play_arrow:",
            type="primary",
            key=_key(run, "train"),
            on_click=_train,
            args=(run, proposed),
            help="Train it in the background; this page may be closed meanwhile.",
        )
    else:
        _overlaid(run, other, words)
    # What was refused is said on top of the page, which a fragment by itself does not draw.
    refused = st.session_state.pop(_key(run, "refused"), False)
    if not first and (now != pace or refused):
        st.rerun()


def _train(run: RunRecord, proposed: Experiment) -> None:
    if _other(run, proposed) is not None:  # a click may be delivered twice
        return
    (rests,) = twins(state.jobs(), [proposed])
    try:
        if rests is not None and state.owns(rests) and state.may_go_on(rests):
            state.jobs().resume(rests.id)
        else:
            state.jobs().submit(proposed)
    except Refused as refused:
        state.say(f"Not started: {refused}.", "error")
        st.session_state[_key(run, "refused")] = True


def _overlaid(run: RunRecord, other: RunRecord, words: tuple[str, str]) -> None:
    """Draw both runs' curves, and what the change made."""
    new, old = words
    metrics = histories([run.id, other.id])
    going = other.status in state.ACTIVE
    if going:
        st.progress(_share(other), text=f"Training with {state.plain(new)} …")
    elif other.status != "finished":
        st.warning(f"The other run {other.status}: {state.plain(other.reason)}.")
    overlay(
        f"what_if_{run.id}",
        {f"this run: {old}": metrics[run.id], new: metrics[other.id]},
        moves=going,
        height=220,
    )
    last = [state.jobs().metrics(each.id, since_step=each.step - 1) for each in (run, other)]
    if all(last) and not going:
        st.markdown(_sentences(new, old, last[0][-1], last[1][-1], run, other))


def _share(run: RunRecord) -> float:
    epochs = Experiment.from_stored(run.experiment_json)[0].epochs
    return min(run.epoch / epochs, 1.0)


def _sentences(
    new: str, old: str, one: Metrics, two: Metrics, run: RunRecord, other: RunRecord
) -> str:
    told = contrast(one, two, (run.parameters, other.parameters))
    lines = [f"**{state.plain(new)}** instead of {state.plain(old)}:"]
    lines += [f"- {state.plain(sentence)}" for sentence in told.values()]
    if run.status not in ENDED:
        lines.append(f"- This run rests at step {run.step:,}; the other one has come to its end.")
    lines.append("")
    lines.append(":small[One training of each: with other seeds the difference may be another.]")
    return "\n".join(lines)


def _open_in_compare(run: RunRecord, base: Experiment, proposed: Experiment, field: str) -> None:
    if is_shared(field):
        st.caption("Compare shows nets on the same data and seeds, so it cannot show these two.")
        return
    if st.button(
        "Open in Compare",
        icon=":material/compare:",
        key=_key(run, "compare"),
        help="Both nets side by side, with boundaries and flows.",
    ):
        compare_with(base, proposed)
