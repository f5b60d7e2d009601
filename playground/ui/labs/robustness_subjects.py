"""Stored nets as the views of the robustness lab attack them: loaded once, and chosen as a source."""

from __future__ import annotations

import math
from contextlib import suppress

import streamlit as st

from playground.attacks import AttackSlot, suggested_epsilons
from playground.experiment import Experiment
from playground.jobs import Refused, RunRecord
from playground.training.attacked import Subject, attackable, subject
from playground.ui import state
from playground.ui.labs.robustness_settings import SHEET, Settings
from playground.ui.labs.stored import checkpoint_of, label

_LISTED = 60  # newest runs of one's own to choose from


@st.cache_resource(max_entries=12, show_spinner="The net and its samples")
def subject_at(run_id: str, step: int, samples: int) -> Subject:
    """Return a run's net at a step of its training, and samples of its validation set.

    Raises:
        ValueError: If the data cannot be had.
    """
    return subject(state.jobs().get(run_id).experiment, checkpoint_of(run_id, step), samples)


def alike(ours: Experiment, theirs: Experiment) -> bool:
    """Return whether examples made on one net can be shown to another: inputs and classes agree."""
    return (
        attackable(theirs)
        and theirs.n_features == ours.n_features
        and theirs.n_outputs == ours.n_outputs
        and bool(theirs.data.entry.image_shape) == bool(ours.data.entry.image_shape)
    )


def source_choice(settings: Settings, run: RunRecord) -> RunRecord | None:
    """Draw the choice of the run on whose net examples are made; return it, ``None`` without one."""
    runs = {}
    for other in state.jobs().list_runs(state.jobs().user, limit=_LISTED):
        if other.id != run.id and _fits(run, other):
            runs[other.id] = other
    if settings.source and settings.source not in runs and settings.source != run.id:
        with suppress(Refused):
            linked = state.jobs().get(settings.source)
            if _fits(run, linked):
                runs[linked.id] = linked
    if not runs:
        st.info(
            "Transfer needs a second trained net with these inputs and classes. Train one in the "
            "playground, for instance with another weight seed.",
            icon=":material/info:",
        )
        return None
    names = list(runs)
    index = names.index(settings.source) if settings.source in runs else 0
    SHEET.form.choose("source", "Examples are made on", names, index, lambda key: label(runs[key]))
    return runs[names[index]]


def _fits(run: RunRecord, other: RunRecord) -> bool:
    try:
        return other.checkpoint_step > 0 and alike(run.experiment, other.experiment)
    except ValueError:  # of a version that had other settings, or without its data
        return False


def reach_of(given: Subject, attack: AttackSlot) -> float:
    """Return the end of a slider over ε, a round number: where any input can be made to say nothing."""
    norm = "linf" if attack.options.norm == "linf" else "l2"
    if attack.options.norm == "sigma":  # of every value, as the maximum norm is
        norm = "linf"
    top = suggested_epsilons(given.x, norm, given.clip, 2)[-1]
    decade = 10.0 ** math.floor(math.log10(top))
    return next(m * decade for m in (1, 2, 3, 5, 10) if m * decade >= top * 0.999)


def eps_slider(settings: Settings, reach: float) -> None:
    """Draw the slider over ε from 0 to ``reach``; what the link says may lie beyond."""
    key, top = SHEET.form.key_of("eps"), max(reach, settings.eps)
    st.session_state[key] = float(settings.eps)
    st.slider(
        "ε",
        0.0,
        float(top),
        step=float(reach / 200),
        format="%.4g",
        key=key,
        help="Size of the perturbation, in the units of the inputs.",
        on_change=lambda: SHEET.change({"eps": round(st.session_state[key], 6)}),
    )
