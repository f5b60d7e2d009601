"""The multi-stage lab: nets that fit what the nets before them have left, down to rounding."""

from __future__ import annotations

import streamlit as st

from playground.datasets import FUNCTIONS
from playground.registry import Slot
from playground.ui.browser import browser
from playground.ui.labs.charting import title, view_switch
from playground.ui.labs.multi_stage_fit import draw_fit
from playground.ui.labs.multi_stage_magnitudes import magnitudes
from playground.ui.labs.multi_stage_one_or_two import one_or_two
from playground.ui.labs.multi_stage_plateau import plateau
from playground.ui.labs.multi_stage_settings import SHEET, VIEWS, Settings
from playground.ui.labs.multi_stage_table import own_table

FORM = SHEET.form
FIELDS = Settings.model_fields
_FIGURES = {
    "figure1": one_or_two,
    "figure2": plateau,
    "figure3": magnitudes,
}


def multi_stage_page() -> None:
    """Draw the page."""
    browser()
    settings = SHEET.open()
    title(SHEET, "Multi-stage nets: fit what is left, again and again")
    view_switch(SHEET, VIEWS)
    left, right = st.columns([1, 3], gap="large")
    if settings.view == "fit":
        with left:
            _controls(settings)
        with right:
            draw_fit(settings)
    else:
        with left:
            _figure_controls(settings)
        with right:
            _FIGURES[settings.view](settings)
    SHEET.close()


def _figure_controls(settings: Settings) -> None:
    for name in ("protocol", "figure_scale", "first"):
        FORM.field(settings, name)
    st.caption(
        "The target is the lecture's, at 300 points of [−1, 1], in float64; each stage has three hidden "
        "layers of 20 units where nothing else is said."
    )


def _controls(settings: Settings) -> None:
    data, stages, training = st.tabs(["Data", "Stages", "Training"])
    with data:
        _data(settings)
    with stages:
        st.latex(r"u_n(x) = \sum_{j \le n} \varepsilon_j\, v_j(\hat\kappa_j\, x)")
        FORM.options(settings.network.options, "network.", skip=("inputs",))
        FORM.seed(settings, "weight_seed")
    with training:
        FORM.options(settings.optimizer.options, "optimizer.", advanced=False)
        FORM.field(settings, "lbfgs")
        FORM.field(settings, "precision")
        with st.expander("More"):
            FORM.options(settings.optimizer.options, "optimizer.", advanced=True)


def _data(settings: Settings) -> None:
    own = settings.data.name == "table"
    # The table stands in the list while it is in use; a file brings it there.
    FORM.slot(
        settings.data,
        "data",
        FIELDS["data"],
        only=("function",),
        form=lambda _: _options(settings.data),
    )
    FORM.field(settings, "n_train")
    FORM.seed(settings, "data_seed")
    with st.expander("Own data · in use" if own else "Own data", icon=":material/upload_file:"):
        own_table()


def _options(slot: Slot) -> None:
    if slot.name == "table":
        FORM.options(slot.options, "data.", skip=("hash", "task"))
        return
    FORM.options(slot.options, "data.", advanced=False)
    if slot.options.function in FUNCTIONS:
        with st.container(key="formulas"):
            st.latex(rf"u = {FUNCTIONS[slot.options.function].formula}")
    with st.expander("More"):
        FORM.options(slot.options, "data.", advanced=True)
