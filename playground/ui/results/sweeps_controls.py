"""The controls of the page of the sweeps: the base, what is varied, and the sweeps that are kept."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import streamlit as st

from playground.experiment import Experiment
from playground.jobs import Refused
from playground.presets import presets
from playground.sweeping import Sweep, storing
from playground.sweeping.fields import Sweepable, fields_of, fitting
from playground.ui import state
from playground.ui.delivery import is_overtaken, put
from playground.ui.results.sweeps_settings import (
    FORM,
    OWN,
    PLACES,
    SHEET,
    Settings,
    encoded,
    form_of,
    texts,
)

_ORDINALS = {1: "First field", 2: "Second field", 3: "Third field"}
_PICK, _RUN = "sweeps:pick", "sweeps:run"


def controls(settings: Settings, sweep: Sweep | None) -> None:
    """Draw all controls; of a sweep that was opened what it is, in place of the form."""
    if settings.kept:
        _opened(settings, sweep)
    else:
        _base(settings)
        for place in PLACES:
            _field(settings, place)
        FORM.field(settings, "repetitions")
        FORM.field(settings, "priority")
        FORM.field(settings, "name", placeholder="no name")
    _mine(settings)


def _opened(settings: Settings, sweep: Sweep | None) -> None:
    if sweep is not None:
        st.markdown(f"##### {state.plain(sweep.name) or 'A kept sweep'}")
        st.caption(f"Base: {described(sweep.base)}.")
        for field, values in sweep.grid.items():
            st.caption(f"{state.plain(field)}: {state.plain(texts(values))}")
        if sweep.listed:
            words = f"{len(sweep.listed)} settings, one by one, of {', '.join(sweep.fields)}."
            st.caption(state.plain(words))
        st.caption(f"Repetitions: {sweep.repetitions}; priority: {sweep.priority}.")
        made = form_of(sweep)
        if made is not None:
            st.button(
                "Edit as a new sweep",
                icon=":material/edit:",
                key="sweeps:edit",
                help="Puts the settings of this sweep in the form, to change and start them anew.",
                on_click=SHEET.change,
                args=(made,),
                width="stretch",
            )
    st.button(
        "Back to the form",
        icon=":material/arrow_back:",
        key="sweeps:close",
        help="Leaves this sweep, which is kept, for the form.",
        on_click=SHEET.change,
        args=({"kept": ""},),
        width="stretch",
    )


def _base(settings: Settings) -> None:
    known = presets()
    names = [*known, OWN] if settings.own or settings.base == OWN else list(known)
    FORM.choose(
        "base",
        "Base",
        names,
        names.index(settings.base),
        lambda name: "Own" if name == OWN else known[name].label,
    )
    st.caption(f"{described(settings.experiment)}.")
    with st.popover("Take another base", icon=":material/input:", width="stretch"):
        st.button(
            "The playground's settings",
            key="sweeps:playground",
            help="Every setting begins with what the playground has now.",
            on_click=lambda: _take(state.experiment()),
            width="stretch",
        )
        st.text_input(
            "A run by its id",
            key=_RUN,
            help="Every setting begins with what this run was trained with.",
            placeholder="as in its link, after run=",
            max_chars=40,
            on_change=_take_run,
        )


def described(experiment: Experiment) -> str:
    """Return an experiment in a few words."""
    options = experiment.network.options
    sizes = [getattr(options, name, None) for name in ("width", "depth")]
    parts = [experiment.data.entry.label, experiment.network.entry.label]
    if experiment.network.entry.uses_scheme:
        parts.append(experiment.scheme.entry.label)
    if None not in sizes:
        parts.append("×".join(map(str, sizes)))
    return state.plain(", ".join([*parts, f"{experiment.epochs} epochs"]))


def _take(experiment: Experiment) -> None:
    try:
        SHEET.change({"base": OWN, "own": encoded(experiment)})
    except ValueError as error:
        state.say(f"{error}.", "error")


def _take_run() -> None:
    key = st.session_state[_RUN].strip()
    if not key:
        return
    try:
        run = state.jobs().get(key)
        experiment, notes = Experiment.from_stored(run.experiment_json)
    except Refused as error:
        state.say(f"{error}.", "error")
        return
    for note in notes:
        state.say(f"In the run {key}: {note}.")
    _take(experiment)
    st.session_state[_RUN] = ""


def _field(settings: Settings, place: int) -> None:
    """Draw the choice of one field, and below it that of its values."""
    known, name = fields_of(settings.experiment), f"field_{place}"
    chosen = getattr(settings, name)
    others = {getattr(settings, f"field_{other}") for other in PLACES if other != place}
    names = [""] if place > 1 else []
    names += [each for each in known if each not in others]
    if chosen not in names:
        names.append(chosen)
    FORM.choose(
        name,
        _ORDINALS[place],
        names,
        names.index(chosen),
        lambda each: known[each].label if each in known else each or "none",
    )
    if chosen in known:
        _values(settings, place, known[chosen])


def _values(settings: Settings, place: int, field: Sweepable) -> None:
    name, typed = f"values_{place}", getattr(settings, f"values_{place}")
    if field.kind in ("whole", "number"):
        FORM.field(settings, name, placeholder=texts(field.proposal()))
        return
    labels = {"false": "off", "true": "on"}
    if field.kind == "choice":
        labels = fitting(settings.experiment, field.name)
    try:
        values = [texts((value,)) for value in field.read(typed)]
    except ValueError:  # what is wrong with it stands where the results would be
        values = [part.strip() for part in typed.split(",") if part.strip()]
    key = FORM.key_of(f"{name}:{field.name}")
    if not typed:
        values = [value for value in values if value in labels]
    put(key, values)
    st.multiselect(
        f"Values of {field.label.partition(': ')[2] or field.label}",
        list(dict.fromkeys([*labels, *values])),
        default=values,
        format_func=lambda each: labels.get(each, each),
        key=key,
        help="Every one of these is trained, with every one of the other fields'.",
        on_change=_picked,
        args=(name, key),
    )


def _picked(name: str, key: str) -> None:
    if not is_overtaken(key):
        SHEET.change({name: ", ".join(st.session_state[key])})


def _mine(settings: Settings) -> None:
    """Draw the sweeps that this user has started, to open one again or to delete it."""
    mine = {each.id: each for each in storing.kept(state.jobs())}
    with st.expander(f"My sweeps ({len(mine)})", icon=":material/history:"):
        if not mine:
            st.caption("A sweep is kept as soon as it is started.")
            return
        names = list(mine)
        held: dict[str, Any] = st.session_state
        if held.get(_PICK) not in names:
            held[_PICK] = settings.kept if settings.kept in names else names[0]
        st.selectbox(
            "Kept sweep",
            names,
            key=_PICK,
            help="The sweeps that you have started, the newest first.",
            format_func=lambda key: _listed(mine[key]),
            label_visibility="collapsed",
        )
        with st.container(horizontal=True, gap="small"):
            st.button(
                "Open",
                icon=":material/folder_open:",
                key="sweeps:open",
                help="Shows the chosen sweep and what it has come to.",
                on_click=lambda: SHEET.change({"kept": held[_PICK]}),
            )
            st.button(
                "Delete",
                icon=":material/delete:",
                key="sweeps:delete",
                on_click=lambda: _delete(held[_PICK], settings.kept),
                help="Forget this sweep. What it has trained stays; what still trains goes on "
                "until it is stopped.",
            )


def _listed(each: storing.Kept) -> str:
    return f"{datetime.fromtimestamp(each.created):%d %b %H:%M} · {storing.in_short(each)}"


def _delete(key: str, shown: str) -> None:
    try:
        storing.delete(state.jobs(), key)
    except Refused as error:
        state.say(f"{error}.", "error")
        return
    if shown == key:
        SHEET.change({"kept": ""})
