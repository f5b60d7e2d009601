"""The page on which up to four nets train side by side, on the same seeds."""

from __future__ import annotations

import streamlit as st


def compare_page() -> None:
    """Draw the page."""
    st.markdown("### Compare")
