"""Stands for the view until it is written."""

from __future__ import annotations

import streamlit as st

from playground.ui.labs.robustness_settings import Settings


def view(settings: Settings) -> None:
    """Draw the view."""
    st.write(settings.view)
