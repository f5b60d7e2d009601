"""Where somebody is among the lessons: which lesson, which trial, what was changed in it, what was said.

The address holds it all, so that a reload or another browser shows the same. What was changed in the
other trials of the tab is kept beside it, so that one may go back and forth between them.
"""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from playground.lessons import Lesson, Trial, lessons
from playground.ui import state
from playground.ui.browser import travelled
from playground.ui.lessons.shows import find

_AT, _BEGUN, _KEPT, _SAID = (f"lessons:{name}" for name in ("at", "begun", "kept", "said"))
_FIELDS = ("lesson", "trial", "said")


def open_place() -> Lesson | None:
    """Take the link with which the tab comes or goes back; return the lesson, ``None`` for the list."""
    held = st.session_state
    back = travelled()
    if back is not None:
        held["arrived"] = False
        _take(back)
    elif held.get("arrived", True):
        held["arrived"] = False
        held[_BEGUN] = None  # what the shows draw may have been set anew on other pages
        fields = st.query_params.to_dict()
        link = {k: v for k, v in fields.items() if not k.startswith("embed")}
        if link:
            _take(link)
    lesson = _lesson()
    if lesson is not None and held.get(_BEGUN) != held[_AT]:
        trial = trial_of(lesson)
        find(trial.show).begin(trial, _kept().get(held[_AT], {}))
        held[_BEGUN] = held[_AT]
    return lesson


def link() -> dict[str, str]:
    """Return the link to where somebody is, and keep what was changed."""
    lesson = _lesson()
    if lesson is None:
        return {}
    number = trial_number(lesson)
    changes = find(trial_of(lesson).show).link(trial_of(lesson))
    _kept()[st.session_state[_AT]] = changes
    told = said(lesson)
    where = {"lesson": lesson.name, "trial": str(number + 1)}
    where |= {"said": str(told + 1)} if told is not None else {}
    return {**where, **changes}


def go(name: str, trial: int = 0) -> None:
    """Open a lesson, or the list for an empty name; on another page before it is switched to."""
    st.session_state[_AT] = (name, trial)


def trial_number(lesson: Lesson) -> int:
    """Return which trial of the open lesson is shown, from zero."""
    return min(st.session_state[_AT][1], len(lesson.trials) - 1)


def trial_of(lesson: Lesson) -> Trial:
    """Return the trial of the open lesson that is shown."""
    return lesson.trials[trial_number(lesson)]


def said(lesson: Lesson) -> int | None:
    """Return which prediction was made, ``None`` before."""
    return st.session_state.get(_SAID, {}).get(lesson.name)


def say(lesson: Lesson, choice: int | None) -> None:
    """Remember a prediction."""
    told = dict(st.session_state.get(_SAID, {}))
    told.pop(lesson.name, None)
    st.session_state[_SAID] = told if choice is None else {**told, lesson.name: choice}


def _lesson() -> Lesson | None:
    name, _ = st.session_state.get(_AT, ("", 0))
    return lessons().get(name)


def _kept() -> dict[tuple[str, int], dict[str, str]]:
    return st.session_state.setdefault(_KEPT, {})


def _take(link: Mapping[str, str]) -> None:
    name = link.get("lesson", "")
    held = st.session_state
    held[_AT], held[_BEGUN] = ("", 0), None
    if not name:
        return
    lesson = lessons().get(name)
    if lesson is None:
        known = ", ".join(lessons())
        state.say(f"In the link: there is no lesson {name[:40]!r}; there are {known}.")
        return
    trial = _number(link, "trial", len(lesson.trials))
    held[_AT] = (name, trial or 0)
    _kept()[held[_AT]] = {k: v for k, v in link.items() if k not in _FIELDS}
    if "said" in link:
        say(lesson, _number(link, "said", len(lesson.prediction.choices)))


def _number(link: Mapping[str, str], field: str, count: int) -> int | None:
    """Return a number of a link, which counts from one, as one from zero; say it if it is none."""
    text = link.get(field, "1")
    if text.isdecimal() and len(text) < 4 and 1 <= int(text) <= count:
        return int(text) - 1
    state.say(f"In the link: {field}: {text[:40]!r} is not legal; legal is 1 to {count}.")
    return None
