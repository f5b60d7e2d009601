"""The page of classes: open one or join one, see its board, and for its teacher what the class sees."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

import streamlit as st

from playground.classroom import Class, classes, codes, members
from playground.classroom.watch import membership, news, taught
from playground.jobs import Refused
from playground.ui import state, teaching
from playground.ui.browser import browser
from playground.ui.classroom.board import draw_board
from playground.ui.classroom.settings import SHEET
from playground.ui.classroom.teacher import draw_rule_link, draw_teacher
from playground.ui.labs.charting import title
from playground.ui.teacher import key_form

PLAYGROUND_PAGE = "pages/play/playground.py"
_TRIES, _SECONDS = 10, 60.0  # wrong codes of one tab in that time


def classroom_page() -> None:
    """Draw the page."""
    window = browser()
    settings = SHEET.open()
    title(SHEET, "Class")
    if window.user:  # in the first run of a tab nobody knows yet whose it is
        found = _class_of(settings.code)
        if found is None:
            _without_class()
        elif _teaches(found):
            draw_teacher(found)
            draw_board(found, settings, teaches=True)
        else:
            _member(found)
    SHEET.close()


def _teaches(found: Class) -> bool:
    return found.teacher == state.jobs().user or state.jobs().is_teacher


def _class_of(code: str) -> Class | None:
    """Return the class of the page: the one in the link, or the one in which one is."""
    if not code:
        own = teaching.own_class()
        return own[0] if own else None
    if _tired():
        st.warning("Too many codes that are none: try again in a minute.")
        return None
    found = news(state.jobs(), code)
    if found is None:
        _wrong().append(time.monotonic())
        state.say(f"There is no class {code}; it may have been deleted.", "error")
        SHEET.change({"code": ""})
    return found


def _wrong() -> deque[float]:
    return st.session_state.setdefault("class_tries", deque())


def _tired() -> bool:
    tries = _wrong()
    while tries and time.monotonic() - tries[0] > _SECONDS:
        tries.popleft()
    return len(tries) >= _TRIES


def attempt(act: Callable[[], object]) -> bool:
    """Do something in a callback; what is refused is said on top of the page. Return whether it was."""
    try:
        act()
    except Refused as refused:
        state.say(f"{refused}.", "error")
        return False
    finally:
        membership(state.jobs(), anew=True)
        taught(state.jobs(), anew=True)
    return True


def _without_class() -> None:
    st.caption(
        "In a class, a teacher shows a run and all who follow see it live; what the class trains "
        "appears on one board, accuracy against cost."
    )
    left, middle, right = st.columns(3, gap="large")
    with left:
        _join_form("")
    with middle:
        _open_form()
    with right:
        _own_classes()
    with st.expander("A link that hides or locks controls", icon=":material/lock:"):
        draw_rule_link()


def _join_form(code: str) -> None:
    st.markdown("##### Join a class")
    with st.form("join", border=True):
        if not code:
            st.text_input(
                "Code",
                key="join_code",
                help="Five letters, which the teacher shows.",
                placeholder="ABCDE",
                max_chars=12,
            )
        st.text_input(
            "Nickname",
            key="join_nickname",
            max_chars=codes.LONGEST_NICKNAME,
            help="What the others see beside your runs. It need not be your name.",
        )
        st.form_submit_button("Join", type="primary", on_click=_join, args=(code,))


def _join(code: str) -> None:
    if _tired():
        return
    typed = code or st.session_state.get("join_code", "")
    nickname = st.session_state.get("join_nickname", "")
    try:
        found = members.join(state.jobs(), typed, nickname)
    except Refused as refused:
        _wrong().append(time.monotonic())
        state.say(f"{refused}.", "error")
        return
    membership(state.jobs(), anew=True)
    news(state.jobs(), found.code, anew=True)
    SHEET.change({"code": found.code})


def _open_form() -> None:
    st.markdown("##### Open a class")
    if not classes.may_open(state.jobs()):
        st.caption("On this server only whoever holds the teacher's key opens a class.")
        key_form()
        return
    with st.form("open_class", border=True):
        st.text_input(
            "Name of the class",
            key="class_name",
            help="What the class reads, such as the course.",
            max_chars=codes.LONGEST_NAME,
        )
        st.form_submit_button("Open", on_click=_open)
    st.caption("You are its teacher in this browser, by the id that is kept in it.")


def _open() -> None:
    name = st.session_state.get("class_name", "")

    def act() -> None:
        SHEET.change({"code": classes.open_class(state.jobs(), name).code})

    attempt(act)


def _own_classes() -> None:
    held = classes.classes_of(state.jobs())
    if not held:
        return
    st.markdown("##### Your classes")
    for found in held:
        st.button(
            f"{state.plain(found.name)} · {found.code}" + ("" if found.is_open else " · closed"),
            key=f"class:{found.code}",
            help="Show this class.",
            on_click=SHEET.change,
            args=({"code": found.code},),
        )


def _member(found: Class) -> None:
    """Draw a class for whoever is in it, or could be."""
    own = teaching.own_class()
    name = state.plain(found.name)
    if own is None or own[0].code != found.code:
        st.markdown(f"#### {name}")
        if found.is_open:
            left, _ = st.columns([1, 2])
            with left:
                _join_form(found.code)
            if own is not None:
                st.caption(
                    f"You are in the class {state.plain(own[0].name)}; joining this one you leave it."
                )
        else:
            st.caption("This class is over; its board stays for a while.")
            draw_board(found, SHEET.settings)
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        words = f"#### {name} · you are {state.plain(own[1].nickname)}"
        st.markdown(words, width="stretch")
        if st.button(
            "To the playground",
            icon=":material/play_circle:",
            type="primary",
            help="Train; what you finish there appears on the board.",
        ):
            st.switch_page(PLAYGROUND_PAGE)
        if st.button(
            "Follow the teacher",
            icon=":material/cast_for_education:",
            help="See the run that the teacher shows, live.",
        ):
            teaching.follow(found.code)
            st.switch_page(PLAYGROUND_PAGE)
        st.button("Leave", on_click=_leave, help="Your runs so far stay on the board.")
    draw_board(found, SHEET.settings)


def _leave() -> None:
    if attempt(lambda: members.leave(state.jobs())):
        SHEET.change({"code": ""})
