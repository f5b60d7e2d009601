"""What the server has to know of a browser: its id, its width, and where its back button leads."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import streamlit as st

_SCRIPT = Path(__file__).resolve().parents[2] / "assets" / "browser" / "browser.js"
_sensor = st.components.v2.component(
    "odenet_browser", js=_SCRIPT.read_text(encoding="utf-8"), html="<span hidden></span>"
)
_ID = re.compile(r"[0-9a-f]{32}")
_KEY = "browser"


@dataclass(frozen=True)
class Browser:
    """One browser: ``user`` is its id (empty until it has answered), ``narrow`` its layout."""

    user: str
    narrow: bool


def browser() -> Browser:
    """Return what the browser has told; ``tell_browser`` has to be called in every run."""
    news = told()
    user = news.get("id")
    if isinstance(user, str) and _ID.fullmatch(user):
        st.session_state["user"] = user
    return Browser(st.session_state.get("user", ""), bool(news.get("narrow")))


def travelled() -> dict[str, str] | None:
    """Return the link to which the back or forward button led, once; ``None`` if neither did."""
    place = told().get("place")
    if not isinstance(place, Mapping) or place.get("session") != _session():
        return None
    journey, link = place.get("journey"), place.get("link")
    if not isinstance(journey, int) or journey <= _heard() or not isinstance(link, str):
        return None
    st.session_state["journey"] = journey
    return dict(parse_qsl(link, keep_blank_values=True))


def tell_browser(link: Mapping[str, str]) -> None:
    """Mount the sensor, and let it write the address; the page runs again when it has news."""

    def answered() -> None:
        """Streamlit needs a callback to carry a state value; ``browser`` reads the value itself."""

    data = {"link": urlencode(link), "journey": _heard(), "session": _session()}
    news = {f"on_{name}_change": answered for name in ("id", "narrow", "place")}
    _sensor(key=_KEY, data=data, **news)


def told() -> Mapping[str, Any]:
    """Return all that the browser has told, as it came: nothing in it is checked."""
    news = st.session_state.get(_KEY)
    return dict(news) if isinstance(news, Mapping) else {}


def _heard() -> int:
    return st.session_state.get("journey", 0)


def _session() -> str:
    # The browser keeps counting when this server is started anew; its numbers mean nothing then.
    return st.session_state.setdefault("session", secrets.token_hex(8))
