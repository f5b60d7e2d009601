"""Parts of a page that are folded away: drawn when somebody unfolds them, and from then on.

What is folded away costs the server as much as what is seen, at every run of the page. Most people
never unfold most of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

EVERYTHING = "everything"
UNFOLDED = "unfolded"
"""Key of the names of what has been unfolded in this tab; with ``EVERYTHING`` among them, all is."""


def expander(label: str, key: str, draw: Callable[[], None], *, icon: str | None = None) -> None:
    """Draw an expander, and what is in it as soon as it has been open once.

    Args:
        label: What stands on it.
        key: Of the widget.
        draw: Draws what is in it.
        icon: The icon before the label.
    """
    _draw(st.expander(label, key=key, icon=icon, on_change="rerun"), key, draw)


def popover(label: str, key: str, draw: Callable[[], None], *, icon: str | None = None) -> None:
    """Draw a button with a menu, and what is in the menu as soon as it has been open once.

    Args:
        label: What stands on the button.
        key: Of the widget.
        draw: Draws what is in the menu.
        icon: The icon before the label.
    """
    _draw(st.popover(label, key=key, icon=icon, on_change="rerun"), key, draw)


def _draw(part: DeltaGenerator | Any, key: str, draw: Callable[[], None]) -> None:
    held: set[str] = st.session_state.setdefault(UNFOLDED, set())
    if part.open:
        # It stays drawn when it is closed again: what somebody has typed in it must not be lost.
        held.add(key)
    with part:
        if key in held or EVERYTHING in held:
            draw()
        else:  # seen while the server draws what is in it
            st.caption("One moment …")
