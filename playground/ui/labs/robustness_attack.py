"""Stands for the view until it is written."""

from __future__ import annotations

import streamlit as st

from playground.training.attacked import attackable
from playground.ui.labs import robustness_images
from playground.ui.labs.robustness_settings import SHEET, Settings
from playground.ui.labs.stored import run_choice


def view(settings: Settings) -> None:
    """Draw the view."""
    left, right = st.columns([1, 3], gap="large")
    with left:
        run = run_choice(SHEET, settings.run, attackable, "a net that tells classes")
        if run is None:
            return
        for name in ("eps", "attack", "samples"):
            SHEET.form.field(settings, name)
        SHEET.form.seed(settings, "attack_seed")
        robustness_images.controls(settings, run)
    with right:
        robustness_images.results(settings, run)
