"""Glossary."""

from __future__ import annotations

import streamlit as st


def glossary_page() -> None:
    """Draw the page."""
    st.markdown("### Glossary")
