"""The attention lab: neural ODE attention beside classic attention, on the same images."""

from __future__ import annotations

import streamlit as st

from playground.registry import Slot
from playground.ui.browser import browser
from playground.ui.labs.attention_maps import draw_maps
from playground.ui.labs.attention_parameters import draw_parameters
from playground.ui.labs.attention_scores import draw_scores
from playground.ui.labs.attention_settings import SHARED, SHEET, VIEWS, Settings
from playground.ui.labs.attention_solver import draw_solver
from playground.ui.labs.attention_train import draw_training
from playground.ui.labs.charting import title, view_switch
from playground.ui.labs.images_sets import choosable, mark

FORM = SHEET.form
FIELDS = Settings.model_fields
_RESULTS = {
    "train": draw_training,
    "scores": draw_scores,
    "parameters": draw_parameters,
    "maps": draw_maps,
    "solver": draw_solver,
}


def attention_page() -> None:
    """Draw the page."""
    browser()
    settings = SHEET.open()
    title(SHEET, "Attention: neural ODE and classic, side by side")
    view_switch(SHEET, VIEWS)
    left, right = st.columns([1, 3], gap="large")
    with left:
        _controls(settings)
    with right:
        _RESULTS[settings.view](settings)
    SHEET.close()


def _controls(settings: Settings) -> None:
    data, networks, training = st.tabs(["Images", "Networks", "Training"])
    with data:
        FORM.slot(settings.data, "data", FIELDS["data"], only=choosable(), mark=mark)
        FORM.field(settings, "n_train")
        FORM.field(settings, "n_validation")
        FORM.seed(settings, "data_seed")
    with networks:
        _networks(settings)
    with training:
        FORM.slot(settings.optimizer, "optimizer", FIELDS["optimizer"])
        FORM.slot(settings.schedule, "schedule", FIELDS["schedule"])
        FORM.field(settings, "batch_size")
        FORM.field(settings, "epochs")


def _networks(settings: Settings) -> None:
    network: Slot = settings.network
    inside = type(network.options).model_fields
    own = [name for name in inside if name not in SHARED]
    st.caption("Both nets")
    FORM.options(network.options, "network.", skip=own)
    _formulas(network.options.form)
    FORM.field(settings, "classic_width")
    FORM.seed(settings, "weight_seed")
    st.caption("The ODE one only")
    FORM.options(network.options, "network.", skip=SHARED)


def _formulas(form: str) -> None:
    with st.container(key="formulas"):
        if form == "score":
            st.latex(r"a = \mathrm{softmax}(w^\top h),\quad c = \textstyle\sum_i a_i h_i")
        else:
            st.latex(r"A = \mathrm{softmax}\!\left(QK^\top\!/\sqrt{d_k}\right),\quad C = AV")
        st.latex(r"\dot h = f_\theta(h),\quad \bar c = \tfrac1n \textstyle\sum_{k=1}^n c(t_k)")
    if form == "qkv":
        st.caption(
            "The paper's (10) puts V into A already, and its (11) multiplies by V once more; it is "
            "meant once, as here."
        )
