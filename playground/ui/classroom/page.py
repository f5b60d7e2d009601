"""Class."""

from __future__ import annotations

import streamlit as st


def classroom_page() -> None:
    """Draw the page."""
    st.markdown("### Class")
