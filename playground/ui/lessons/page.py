"""Lessons."""

from __future__ import annotations

import streamlit as st


def lessons_page() -> None:
    """Draw the page."""
    st.markdown("### Lessons")
