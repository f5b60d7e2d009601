"""The other run of a transfer: whose net's examples are shown to the one that is looked at."""

from __future__ import annotations

import streamlit as st
from pydantic import ValidationError

from playground.jobs import Refused, RunRecord
from playground.training.evaluations import alike
from playground.ui import state
from playground.ui.labs.robustness_settings import SHEET, Settings
from playground.ui.labs.stored import label

_LISTED = 60  # newest runs of one's own to choose from
_WANTED = "another trained run on the same data set, with the same inputs and classes"


def source_choice(
    settings: Settings, run: RunRecord, title: str, none: str = ""
) -> RunRecord | None:
    """Draw the choice of the other run; return it, ``None`` without one.

    Args:
        settings: Of the page; its field ``source`` takes the choice.
        run: That is looked at.
        title: What stands above the choice.
        none: What a person reads for no other run; empty where there has to be one.
    """
    linked, refused = _linked(settings, run)
    if refused:
        st.info(refused, icon=":material/info:")
    runs = _own(run) | ({linked.id: linked} if linked else {})
    if not runs and not none:
        st.info(
            f"Transfer needs {_WANTED}. Train one in the playground, for instance with another weight "
            "seed.",
            icon=":material/info:",
        )
        return None
    names = ([""] if none else []) + list(runs)
    index = names.index(settings.source) if settings.source in names else 0
    SHEET.form.choose("source", title, names, index, lambda key: label(runs[key]) if key else none)
    return runs.get(names[index])


def source_of(settings: Settings, run: RunRecord) -> RunRecord | None:
    """Return what ``source_choice`` has chosen where there has to be another run, without drawing."""
    linked, _ = _linked(settings, run)
    return linked or next(iter(_own(run).values()), None)


def _own(run: RunRecord) -> dict[str, RunRecord]:
    """Return one's own runs that fit, the newest first."""
    listed = state.jobs().list_runs(state.jobs().user, limit=_LISTED)
    return {other.id: other for other in listed if _fits(other, run)}


def _linked(settings: Settings, run: RunRecord) -> tuple[RunRecord | None, str]:
    """Return the run that the link names, and why it cannot be the other one, in words."""
    if not settings.source:
        return None, ""
    try:
        linked = state.jobs().get(settings.source)
    except Refused as refused:
        return None, f"Other run: {state.plain(str(refused))}."
    if _fits(linked, run):
        return linked, ""
    return None, f"The run {linked.id} cannot be the other one: wanted is {_WANTED}."


def _fits(other: RunRecord, run: RunRecord) -> bool:
    if other.id == run.id or other.checkpoint_step <= 0:
        return False
    try:
        return alike(run.experiment, other.experiment)
    except (ValidationError, ValueError):  # of another program version, or without its data
        return False
