"""The menu of a link: as text, as a QR code, and as an iframe for a page of somebody's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from urllib.parse import urlencode

import streamlit as st

from playground.ui.qr import draw_qr

_WAYS = ("Link", "QR code", "Embed")
_QR_WIDTH = 300
_FRAME_HEIGHT = 900


def embedded() -> bool:
    """Return whether this page stands in a frame of another one, by ``embed=true`` in its address."""
    return bool(st.context.is_embedded)


def address_of(link: Mapping[str, str], page: str | None = None) -> str:
    """Return the whole address of a link.

    Args:
        link: Names and texts.
        page: Address of another page of the app; the present one by default.
    """
    here = st.context.url or ""
    if page is not None:
        here = f"{root()}{page}"
    return f"{here}?{urlencode(link)}".rstrip("?")


def root() -> str:
    """Return the address of the app's first page, with a slash behind it, as the browser knows it."""
    here = st.context.url or ""
    named = st.session_state.get("page", "")
    here = here.rstrip("/")
    return f"{here.removesuffix(named).rstrip('/')}/" if named else f"{here}/"


def iframe(link: str) -> str:
    """Return what shows a link in a page of somebody's own: the views, and a small strip.

    Args:
        link: A whole address.
    """
    joined = f"{link}{'&' if '?' in link else '?'}embed=true"
    return (
        f'<iframe src="{escape(joined)}" width="100%" height="{_FRAME_HEIGHT}" '
        'style="border:0" title="ODE-net playground" loading="lazy"></iframe>'
    )


def link_menu(
    name: str,
    link: Mapping[str, str],
    words: str,
    short: Callable[[], Mapping[str, str]] | None = None,
    page: str | None = None,
) -> None:
    """Draw the ways to hand a link on.

    Args:
        name: Of the page, for the keys of its widgets.
        link: The link to all that is set.
        words: What is said of the link.
        short: Returns a shorter link that opens the same; the link itself by default.
        page: Address of the page that it opens; the present one by default.
    """
    way = st.segmented_control(
        "Hand on as",
        _WAYS,
        default=_WAYS[0],
        required=True,
        key=f"share:{name}",
        help="An address, a code for telephones, or a frame for a page of yours.",
        label_visibility="collapsed",
    )
    whole = address_of(link, page)
    brief = address_of(short(), page) if short and way != _WAYS[0] else whole
    if way == "QR code":
        draw_qr(brief, _QR_WIDTH)
        st.code(brief, language=None, wrap_lines=True)
    elif way == "Embed":
        st.caption(
            "For a page of your own. A frame of the playground holds the views and a small strip, one "
            "of another page that page without the navigation:"
        )
        st.code(iframe(brief), language="html", wrap_lines=True)
    else:
        st.caption(words)
        st.code(whole, language=None, wrap_lines=True)


def way_out(link: Mapping[str, str]) -> None:
    """Draw, in a frame of another page, the way to the whole program."""
    st.link_button(
        "Open in the playground",
        address_of(link),
        icon=":material/open_in_new:",
        help="Opens this state with all controls, in a tab of its own.",
    )
