"""Lessons as cards, on their own page and on the first page."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from playground.lessons import lessons
from playground.ui.lessons import place

PAGE = "pages/start/lessons.py"
_COLUMNS = 4


def lesson_cards(after: Callable[[str], None]) -> None:
    """Draw a card for each lesson.

    Args:
        after: Is called with the name of a lesson that is to be opened, within the page's run.
    """
    listed = list(lessons().values())
    for start in range(0, len(listed), _COLUMNS):
        columns = st.columns(_COLUMNS, gap="small")
        for column, lesson in zip(columns, listed[start : start + _COLUMNS]):
            with column, st.container(border=True, height="stretch"):
                st.markdown(f"**{lesson.title}**")
                st.caption(f"{lesson.summary} About {lesson.minutes} minutes.")
                if st.button(
                    "Begin",
                    key=f"lesson:{lesson.name}:begin",
                    icon=":material/arrow_forward:",
                    on_click=place.go,
                    args=(lesson.name,),
                    help=lesson.question,
                ):
                    after(lesson.name)
