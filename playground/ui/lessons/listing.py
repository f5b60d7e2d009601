"""Lessons as cards, on their own page and on the first page."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from playground.lessons import Lesson, lessons
from playground.ui.cards import PICTURES, Card, draw_cards
from playground.ui.lessons import place
from playground.ui.lessons.shows import find

PAGE = "pages/start/lessons.py"


def picture_of(lesson: Lesson) -> str:
    """Return the name of a lesson's picture: its own, or that of the laboratory that it shows.

    A show need not be called like its laboratory, so that the show's page decides.
    """
    own = f"lesson-{lesson.name}"
    if (PICTURES / f"{own}.png").exists():
        return own
    return "lab-" + Path(find(lesson.trials[0].show).page).stem.replace("_", "-")


def lesson_cards() -> None:
    """Draw a card for each lesson."""
    draw_cards([_card(number, lesson) for number, lesson in enumerate(lessons().values(), 1)])


def _card(number: int, lesson: Lesson) -> Card:
    def begin() -> None:
        place.go(lesson.name)
        st.switch_page(PAGE)

    return Card(
        key=f"lesson:{lesson.name}:begin",
        title=f"{number} · {lesson.title}",
        text=f"{lesson.summary} About {lesson.minutes} minutes.",
        button="Begin",
        act=begin,
        picture=picture_of(lesson),
    )
