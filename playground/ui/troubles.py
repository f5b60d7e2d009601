"""What pages say when the store does not answer, and how they go on when it does."""

from __future__ import annotations

import functools
import sqlite3
import time
from collections.abc import Callable
from typing import Any

import streamlit as st

from playground.jobs import rescue
from playground.jobs.store import DamagedError, is_full
from playground.ui import state, turns

AGAIN_SECONDS = 2.0
TOLD_SECONDS = 86400.0
"""For so long after a database was set aside the pages say so."""
_READ = "troubles:read"


def words_of(error: sqlite3.Error) -> str:
    """Return what a person is told of a trouble of the store."""
    if isinstance(error, DamagedError):
        return str(error)
    if is_full(error):
        return (
            "The server's disk is full, so the store of the runs cannot be used; what trains keeps its "
            "last checkpoint. This page goes on when there is space again."
        )
    return (
        "The store of the runs does not answer: it is held by another process or out of reach "
        f"({error}). Nothing is lost; this page goes on as soon as it answers."
    )


def fragment(draw: Callable[..., None], run_every: float | None) -> Callable[..., None]:
    """Return a fragment that says a trouble of the store in words; its next beat tries again.

    It gives way to the pages for which somebody waits.
    """

    @functools.wraps(draw)
    def drawn(*args: Any, **kwargs: Any) -> None:
        try:
            with turns.turn(turns.CLOCK):
                draw(*args, **kwargs)
        except sqlite3.Error as error:
            st.error(state.plain(words_of(error)), icon=":material/database_off:")

    return st.fragment(drawn, run_every=run_every)


def wait_for_the_store(error: sqlite3.Error) -> None:
    """Say the trouble in place of a page, and have the page drawn as soon as the store answers."""
    st.error(state.plain(words_of(error)), icon=":material/database_off:")
    st.fragment(_try_again, run_every=AGAIN_SECONDS)([])


def taken_over(error: Exception) -> bool:
    """Say a trouble of the store that nobody has met, as a click may, in place of a traceback.

    Args:
        error: What a script, a fragment or a callback has raised.

    Returns:
        Whether it was such a trouble; Streamlit shows anything else as it does.
    """
    if not isinstance(error, sqlite3.Error):
        return False
    state.say("What was clicked while the store did not answer has to be clicked again.", "info")
    wait_for_the_store(error)
    return True


def _try_again(beaten: list[bool]) -> None:
    first = not beaten
    beaten[:] = [True]
    if first:  # never in the page's own run
        return
    try:
        state.jobs().engine_state()
    except sqlite3.Error:
        return
    st.rerun()


def tell_what_was_set_aside() -> None:
    """Say that the database was damaged, until somebody has read it in this tab."""
    done = rescue.last(state.jobs().settings.home)
    if done is None or abs(time.time() - done.at) > TOLD_SECONDS:
        return
    if st.session_state.get(_READ) == done.at:
        return
    with st.container(key="set_aside"):
        st.error(state.plain(done.words), icon=":material/database_off:")
        st.button(
            "I have read this",
            key="troubles:read_it",
            help="Do not show this message again.",
            on_click=_read,
            args=(done.at,),
        )


def _read(at: float) -> None:
    st.session_state[_READ] = at
