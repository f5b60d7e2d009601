"""The menu behind Share: the link and its QR code, the name of the run, and the teacher's key."""

from __future__ import annotations

import streamlit as st

from playground.jobs import RunRecord
from playground.jobs.client import MAX_NAME
from playground.ui import address, folds, state, teaching
from playground.ui.linking import link_menu
from playground.ui.teacher import teacher_panel


def share(shown: RunRecord | None) -> None:
    """Draw the menu for the run that is shown."""
    folds.popover("Share", "share", lambda: _menu(shown), icon=":material/link:")


def _menu(shown: RunRecord | None) -> None:
    link_menu(
        "playground",
        address.link(),
        "The address of this page holds every setting and the run. This link opens both:",
        address.short_link,
    )
    if shown is not None and state.owns(shown):
        _name(shown)
    if st.button(
        "Teach: a class, links that hide or lock controls",
        icon=":material/groups:",
        key="to_class",
        help="Open a class, show it what you do, see what it trains.",
        type="tertiary",
    ):
        st.switch_page(teaching.CLASS_PAGE)
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
