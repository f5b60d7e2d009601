"""What every page has for a keyboard and for a screen reader: its name, its keys, its news."""

from __future__ import annotations

import html
from pathlib import Path

import streamlit as st

_FOLDER = Path(__file__).resolve().parents[2] / "assets" / "access"
_access = st.components.v2.component(
    "odenet_access",
    html=(_FOLDER / "access.html").read_text(encoding="utf-8"),
    css=(_FOLDER / "access.css").read_text(encoding="utf-8"),
    js=(_FOLDER / "access.js").read_text(encoding="utf-8"),
)


def name_page(title: str) -> None:
    """Put the page's name before all that it shows, as its one heading of the first level.

    It is not seen: the navigation shows where one is. All other headings stand below it.

    Args:
        title: What the navigation calls the page.
    """
    st.html(f'<h1 class="unseen">{html.escape(title)}</h1>')


def offer_keys() -> None:
    """Mount, at the end of a page, the keys that train and scrub, and the list of them.

    The same component orders the headings, lets keys scroll wide formulas, and says in an
    ``aria-live`` region when a run begins or rests.
    """
    _access(key="odenet_access")
