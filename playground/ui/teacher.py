"""The teacher's key: typed in one tab, kept in its memory only, tried slowly."""

from __future__ import annotations

import threading
import time
from collections import deque

import streamlit as st

from playground.ui import state

_SECONDS = 60.0
_TRIES = 5  # wrong keys of one tab in that time
_ALL_TRIES = 60  # and of all tabs of this server, since a new tab costs nothing

_lock = threading.Lock()
_wrong: deque[float] = deque()


def teacher_panel() -> None:
    """Draw the place for the key, if this server has one."""
    if not state.jobs().settings.teacher_key:
        return
    with st.expander("Teacher", key="teacher"):
        if state.jobs().is_teacher:
            st.caption("This tab holds the teacher's key: you may steer every run that you open.")
            st.button(
                "Give the key back",
                key="teacher_leave",
                help="From then on this tab sees and steers its own runs only.",
                on_click=_leave,
            )
            return
        key_form()


def key_form() -> None:
    """Draw the box for the key, and what was wrong with the one that was typed."""
    with st.form("teacher_form", clear_on_submit=True, border=False):
        st.text_input(
            "Teacher's key",
            type="password",
            key="teacher_key",
            autocomplete="off",
            help="Who set this server up has it; with it you see everybody's runs.",
        )
        st.form_submit_button("Use the key", on_click=_enter)
    if st.session_state.get("teacher_answer"):
        st.caption(f":red[{st.session_state['teacher_answer']}]")


def _enter() -> None:
    st.session_state["teacher_answer"] = try_key(st.session_state.get("teacher_key", ""))


def _leave() -> None:
    st.session_state["key"] = ""


def try_key(typed: str, now: float | None = None) -> str:
    """Take a key into this tab if it is the right one.

    Args:
        typed: What was typed.
        now: The time in seconds on a clock that only runs forward; the process's when absent.

    Returns:
        What to answer: empty if the key was right.
    """
    now = time.monotonic() if now is None else now
    own: deque[float] = st.session_state.setdefault("teacher_tries", deque())
    with _lock:
        for tries in (own, _wrong):
            while tries and now - tries[0] > _SECONDS:
                tries.popleft()
        if len(own) >= _TRIES or len(_wrong) >= _ALL_TRIES:
            return "Too many wrong keys: try again in a minute."
        before = st.session_state.get("key", "")
        st.session_state["key"] = typed
        if state.jobs().is_teacher:
            return ""
        st.session_state["key"] = before
        own.append(now)
        _wrong.append(now)
    return "This is not the key of this server."
