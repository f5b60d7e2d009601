"""The page of the runs: search, filter, sort, mark, open and compare what was trained."""

from __future__ import annotations

import streamlit as st


def runs_page() -> None:
    """Draw the page."""
    st.markdown("### Runs")
