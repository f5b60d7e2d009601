"""The page of the lessons: a list, or one lesson from its question to its sources."""

from __future__ import annotations

import streamlit as st

from playground.lessons import Lesson
from playground.ui.browser import browser, tell_browser
from playground.ui.lessons import parts, place
from playground.ui.lessons.listing import lesson_cards
from playground.ui.lessons.shows import find


def lessons_page() -> None:
    """Draw the page."""
    browser()
    lesson = place.open_place()
    if lesson is None:
        _list()
    else:
        _lesson(lesson)
    tell_browser(place.link())


def _list() -> None:
    st.markdown("### Lessons")
    st.caption(
        "Each asks a question, lets you say what you expect, and then lets you try it. What happened, "
        "and why, is told afterwards."
    )
    lesson_cards()


def _lesson(lesson: Lesson) -> None:
    """Draw a lesson: what is read in a narrow column, what is tried as wide as the page."""
    with st.container(key="lesson_top"):
        parts.head(lesson)
        parts.prediction(lesson)
    _trial(lesson)
    with st.container(key="lesson_text"):
        parts.look(lesson)
        parts.happened(lesson)
        parts.check(lesson)
        parts.sources(lesson)
        parts.onward(lesson)


def _trial(lesson: Lesson) -> None:
    """Draw the trial that is chosen, with the switch to the others."""
    trial, show = place.trial_of(lesson), find(place.trial_of(lesson).show)
    st.markdown("#### Try it")
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        parts.trial_switch(lesson)
        parts.begin_anew(lesson)
        if st.button(
            f"Open in: {show.label}",
            key="lesson:open",
            icon=":material/open_in_full:",
            help="The same, as it is set here, with every control there is.",
        ):
            st.switch_page(show.page)
    if trial.hint:
        st.caption(trial.hint)
    with st.container(key="lesson_trial"):
        show.draw(trial)
