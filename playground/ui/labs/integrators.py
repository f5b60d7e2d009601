"""The integrators lab: what a scheme does before any training, and what a trained net did with it."""

from __future__ import annotations

import streamlit as st

from playground.ui.browser import browser
from playground.ui.labs import (
    adjoint,
    converge,
    printed,
    solve,
    stability,
    swap,
    tableau,
    topology,
)
from playground.ui.labs.charting import title
from playground.ui.labs.integrators_settings import SHEET, VIEWS

_VIEWS = {
    "solve": solve.view,
    "converge": converge.view,
    "stability": stability.view,
    "tableau": tableau.view,
    "printed": printed.view,
    "swap": swap.view,
    "adjoint": adjoint.view,
    "topology": topology.view,
}


def integrators_page() -> None:
    """Draw the page."""
    browser()
    settings = SHEET.open()
    title(SHEET, "Integrators: what a scheme does before any training")
    st.segmented_control(
        "View",
        list(VIEWS),
        format_func=VIEWS.get,
        default=settings.view,
        required=True,
        key="integrators:view",
        label_visibility="collapsed",
        on_change=lambda: SHEET.change({"view": st.session_state["integrators:view"]}),
    )
    _VIEWS[settings.view](settings)
    SHEET.close()
