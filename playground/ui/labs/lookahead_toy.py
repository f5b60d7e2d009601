"""The thesis's toy in the Lookahead lab: its switches, and its runs, remembered."""

from __future__ import annotations

import streamlit as st

from playground.analysis.toy_lookahead import Axis, Gradient, Reset, ToyRuns, ToySettings, grid
from playground.ui.labs.lookahead_settings import SHEET, Settings

AXES: dict[Axis, str] = {"slow": "slow updates", "evaluations": "gradient evaluations"}
Cells = dict[tuple[float, int], tuple[ToySettings, ToyRuns]]


def switches(settings: Settings) -> None:
    """Draw what both views of the toy can be switched to."""
    for name in ("gradient", "reset", "axis"):
        SHEET.form.field(settings, name)
    st.caption(
        "On the axis of slow updates a step of gradient descent stands beside k steps of Lookahead."
        if settings.axis == "slow"
        else "Every step costs one evaluation of the gradient. Lookahead's loss is that of its fast "
        "weights, which go back towards the slow ones."
    )


def rules(settings: Settings) -> None:
    """Draw the settings of the optimiser and of the stopping rule."""
    with st.expander("Optimiser and stopping rule"):
        for name in ("alpha", "drop", "updates", "even"):
            SHEET.form.field(settings, name)


def trained(settings: Settings, n: int, seed: int) -> Cells:
    """Return the runs of all rates and k from n initial weights; k = 0 is gradient descent."""
    runs = _trained(
        n,
        seed,
        settings.gradient,
        settings.reset,
        settings.alpha,
        settings.drop,
        settings.updates,
        settings.even,
    )
    return {(each.rate, each.period): (each, made) for each, made in runs}


@st.cache_data(max_entries=32, show_spinner="Training")
def _trained(
    n: int,
    seed: int,
    gradient: Gradient,
    reset: Reset,
    alpha: float,
    drop: float,
    updates: int,
    even: bool,
) -> list[tuple[ToySettings, ToyRuns]]:
    return grid(
        n,
        seed,
        gradient=gradient,
        reset=reset,
        alpha=alpha,
        drop=drop,
        updates=updates,
        even=even,
    )
