"""What every page has: its settings, its style, the navigation, and an engine that runs."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from playground.jobs import SettingsError
from playground.ui import address, pace, state, teaching, troubles, turns
from playground.ui.access import name_page, offer_keys

Page = tuple[str, str, str, str]  # file, title, icon, address
_TITLE = "ODE-net playground"
_FLAT = 2  # so many sections, the first ones, are not folded away
# A file of one's own: the icons of Streamlit's names come from a server somewhere else.
_ICON = Path(__file__).resolve().parents[2] / "assets" / "images" / "icon.png"
_STYLE = Path(__file__).resolve().parents[2] / "assets" / "app.css"


def names_its_pages() -> None:
    """Tell a server, before anybody visits, that the app names its pages itself; set it up for many.

    Streamlit takes a folder ``pages/`` for the list of pages until the app's script has run once, and
    tells whoever comes first by a deep link that the page does not exist.
    """
    PagesManager.uses_pages_directory = False
    pace.answer_quickly()


def open_frame(root: Path, pages: dict[str, list[Page]]) -> None:
    """Set the page up, start the engine once, and run the page that the address names.

    Args:
        root: Folder of ``app.py``.
        pages: Sections of the navigation; the very first page is the one at ``/``.
    """
    with turns.turn():
        _open(root, pages)


def _open(root: Path, pages: dict[str, list[Page]]) -> None:
    st.set_page_config(page_title=_TITLE, page_icon=str(_ICON), layout="wide")
    st.html(f"<style>{_STYLE.read_text(encoding='utf-8')}</style>")
    engine_runs()
    first = next(iter(pages.values()))[0]
    sections = {
        title: [_page(root, page, default=page is first) for page in entries]
        for title, entries in pages.items()
    }
    chosen = st.navigation(_folded(sections), position="top")
    address.enter(chosen.url_path)
    teaching.begin()
    st.set_page_config(page_title=f"{chosen.title} · {_TITLE}")
    name_page(chosen.title)
    top = st.container()  # filled last, when the page has said what it has to say
    try:
        chosen.run()
    except sqlite3.Error as error:
        troubles.wait_for_the_store(error)
    with top:
        state.show_messages()
        troubles.tell_what_was_set_aside()
    offer_keys()
    pace.settle(chosen.url_path)


def _folded(sections: dict[str, list[st.Page]]) -> dict[str, list[st.Page]]:
    """Return the menus: the pages of the first sections stand side by side before them."""
    titles = list(sections)
    flat = [page for title in titles[:_FLAT] for page in sections[title]]
    return {"": flat} | {title: sections[title] for title in titles[_FLAT:]}


def _page(root: Path, page: Page, *, default: bool) -> st.Page:
    file, title, icon, address = page
    return st.Page(root / file, title=title, icon=icon, url_path=address or None, default=default)


def engine_runs() -> None:
    """Start the engine unless one runs already; takes milliseconds when it does."""
    try:
        jobs = state.jobs()
        lived = jobs.engine_state().alive
        now = jobs.ensure_engine()
    except sqlite3.Error as error:
        state.say(troubles.words_of(error), "error")
        return
    except (OSError, SettingsError) as error:
        state.say(f"The engine could not be started: {error}", "error")
        return
    if lived or not now.alive:
        return
    shown = state.record()
    if shown is not None and shown.status in state.ACTIVE:
        state.say(
            "The engine had ended and was started again; the run goes on from its last checkpoint.",
            "info",
        )
