"""The image lab: residual nets on images, each stepped by a scheme of one's choice."""

from __future__ import annotations

import streamlit as st

from playground.datasets import TableError
from playground.registry import Slot
from playground.ui import formulas
from playground.ui.browser import browser
from playground.ui.labs.charting import title, view_switch
from playground.ui.labs.images_data import draw_data
from playground.ui.labs.images_depth import draw_depth
from playground.ui.labs.images_nfe import draw_nfe
from playground.ui.labs.images_points import draw_points
from playground.ui.labs.images_sets import draw_sets
from playground.ui.labs.images_settings import NETS, SHEET, VIEWS, Settings
from playground.ui.labs.images_side import draw_side, side_controls
from playground.ui.labs.images_swap import draw_swap
from playground.ui.labs.images_train import draw_training
from playground.ui.robust_form import regularizer_choice

FORM = SHEET.form
FIELDS = Settings.model_fields
_RESULTS = {
    "train": draw_training,
    "data": draw_data,
    "side": draw_side,
    "depth": draw_depth,
    "swap": draw_swap,
    "points": draw_points,
}
_WHOLE = {"nfe": draw_nfe}  # views with controls of their own


def images_page() -> None:
    """Draw the page."""
    browser()
    settings = SHEET.open()
    title(SHEET, "Images: residual nets, each block a step of a scheme")
    view_switch(SHEET, VIEWS)
    if settings.view in _WHOLE:
        _WHOLE[settings.view](settings)
    else:
        left, right = st.columns([1, 3], gap="large")
        with left:
            _controls(settings)
        with right:
            _RESULTS[settings.view](settings)
    SHEET.close()


def _controls(settings: Settings) -> None:
    data, network, training = st.tabs(["Images", "Network", "Training"])
    with data:
        if settings.view != "points":  # which has images of its own
            draw_sets(settings)
        FORM.field(settings, "n_train")
        FORM.field(settings, "n_validation")
        FORM.seed(settings, "data_seed")
    with network:
        side_controls(settings) if settings.view == "side" else _network(settings)
        FORM.seed(settings, "weight_seed")
    with training:
        FORM.slot(settings.optimizer, "optimizer", FIELDS["optimizer"])
        FORM.slot(settings.schedule, "schedule", FIELDS["schedule"])
        FORM.field(settings, "batch_size")
        FORM.field(settings, "epochs")
        FORM.field(settings, "precision")
        if settings.view != "points":  # whose net tells no classes
            with st.expander("Against noise and attacks"):
                FORM.slot(settings.hardening, "hardening", FIELDS["hardening"])
                if settings.view != "side":
                    regularizer_choice(FORM, settings)


def _network(settings: Settings) -> None:
    FORM.slot(settings.network, "network", FIELDS["network"], only=NETS)
    if settings.network.entry.uses_scheme:
        FORM.slot(settings.scheme, "scheme", FIELDS["scheme"], only=_schemes(settings.scheme))
    _step(settings)


def _step(settings: Settings) -> None:
    """Draw the step that the net takes, with its numbers where the choices fit together."""
    shown = [settings.network.entry.formula]
    try:
        experiment = settings.experiment
        shown += [formulas.step_formula(experiment), formulas.image_numbers(experiment)]
    except (TableError, ValueError):  # said where the results would be
        pass
    if any(shown):
        st.caption("The step being taken")
        with st.container(key="formulas"):
            for formula in filter(None, shown):
                st.latex(formula)


def _schemes(slot: Slot) -> list[str]:
    return [name for name in type(slot).registry if name != "custom"]
