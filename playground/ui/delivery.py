"""Setting widgets, so that what is set arrives.

A browser puts the messages of runs that follow each other closely into one picture. A widget that was
set in the first of them then shows what it showed before, and reports that with the next click. So a
widget begins with the value that it is to have, and what was set is set again for a while.
"""

from __future__ import annotations

import time
from typing import Any

import streamlit as st

_OVERTAKEN_SECONDS = 2.0  # for which a request, or the page's answer, may be on its way


def put(key: str, value: Any) -> None:
    """Set a widget, where it differs: to set it takes away what is being typed into it."""
    held, now = st.session_state, time.monotonic()
    set_at: dict[str, float] = held.setdefault("set_at", {})
    if key in held and held[key] != value:
        held.setdefault("overtaken", {})[key] = (held[key], now + _OVERTAKEN_SECONDS)
    if key not in held or held[key] != value:
        set_at[key] = now
    if now - set_at.get(key, now) < _OVERTAKEN_SECONDS:
        held[key] = value
    held.setdefault("put", {})[key] = value


def is_overtaken(key: str) -> bool:
    """Tell whether a widget reports what it held before it was set, or what it was set to.

    A browser sends all its widgets with every request. A request on its way while the page sets one
    of them brings the old value back, which nobody has chosen, and later the new one.
    """
    held = st.session_state
    if held.get("put", {}).get(key, ...) == held[key]:
        return True
    old, until = held.get("overtaken", {}).get(key, (None, 0.0))
    return time.monotonic() < until and held[key] == old
