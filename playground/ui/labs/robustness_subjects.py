"""Stored nets as the views of the robustness lab attack them: loaded once, with an ε that fits."""

from __future__ import annotations

import math

import streamlit as st

from playground.attacks import AttackSlot, suggested_epsilons
from playground.training.attacked import Subject, subject
from playground.ui import state
from playground.ui.labs.robustness_settings import SHEET, Settings
from playground.ui.labs.stored import checkpoint_of


@st.cache_resource(max_entries=64, show_spinner="The net and its samples")
def subject_at(run_id: str, step: int, samples: int) -> Subject:
    """Return a run's net at a step of its training, and samples of its validation set.

    Raises:
        ValueError: If the data cannot be had.
    """
    return subject(state.jobs().get(run_id).experiment, checkpoint_of(run_id, step), samples)


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
