"""The page of the sweeps: a grid or a list of settings is trained, and compared."""

from __future__ import annotations

import streamlit as st


def sweeps_page() -> None:
    """Draw the page."""
    st.markdown("### Sweeps")
