"""The menu behind Share: the link, the name of the run, and the teacher's key."""

from __future__ import annotations

from urllib.parse import urlencode

import streamlit as st

from playground.jobs import RunRecord
from playground.jobs.client import MAX_NAME
from playground.ui import address, state
from playground.ui.teacher import teacher_panel


def share(shown: RunRecord | None) -> None:
    """Draw the menu for the run that is shown."""
    with st.popover("Share", icon=":material/link:"):
        st.caption(
            "The address of this page holds every setting and the run. This link opens both:"
        )
        link = f"{st.context.url or ''}?{urlencode(address.link())}"
        st.code(link, language=None, wrap_lines=True)
        if shown is not None and state.owns(shown):
            _name(shown)
        teacher_panel()


def _name(shown: RunRecord) -> None:
    key = f"name:{shown.id}"
    if key not in st.session_state:
        st.session_state[key] = shown.name
    st.text_input(
        "Name of this run",
        max_chars=MAX_NAME,
        key=key,
        placeholder="none",
        help="A run with a name is kept; of those without, the oldest are cleared away.",
        on_change=lambda: state.rename(shown.id, st.session_state[key]),
    )
