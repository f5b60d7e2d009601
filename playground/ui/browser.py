"""What the server has to know of a browser: the random id kept in it, and whether it is narrow."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

_SCRIPT = Path(__file__).resolve().parents[2] / "assets" / "browser" / "browser.js"
_sensor = st.components.v2.component(
    "odenet_browser", js=_SCRIPT.read_text(encoding="utf-8"), html="<span hidden></span>"
)
_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Browser:
    """One browser: ``user`` is its id (empty until it has answered), ``narrow`` its layout."""

    user: str
    narrow: bool


def browser() -> Browser:
    """Mount the sensor and return what is known; the page runs again when the answer comes."""

    def answered() -> None:
        """Streamlit needs a callback to carry a state value; the value itself is read below."""

    state = _sensor(key="browser", on_id_change=answered, on_narrow_change=answered)
    user = state.id if isinstance(state.id, str) and _ID.fullmatch(state.id) else ""
    if user:
        st.session_state["user"] = user
    return Browser(st.session_state.get("user", ""), bool(state.narrow))
