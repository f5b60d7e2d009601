"""What a tab knows of its class: whom it follows, what it shows, which controls are hidden or locked."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import streamlit as st

from playground.classroom import Class, Member, Rules, checked_code, classes, read_rules
from playground.classroom.rules import HIDE, LOCK, NO_RULES
from playground.classroom.watch import membership, news, taught
from playground.jobs import Refused
from playground.ui import state

CLASS_PAGE = "pages/play/classroom.py"
FOLLOW = "follow"
"""Name of the class that is followed, in a link."""
FOLLOW_SECONDS, MEMBER_SECONDS = 1.0, 5.0  # between two looks at what the teacher shows
_RULES, _FOLLOWED, _SHOWING = "teaching:rules", "teaching:followed", "teaching:showing"
_DRAWN = "teaching:drawn"  # the rules for which the page is drawn
_TOLD = "teaching:told"  # what the class was told before anything was drawn
_OWN = "teaching:own"  # the class in which one was at the last look


def take(link: Mapping[str, str]) -> dict[str, str]:
    """Take from a link what it says of teaching, and return the rest."""
    found, said = read_rules(link)
    st.session_state[_RULES] = found
    begin()
    for words in said:
        state.say(f"In the link: {words}.")
    stop_following()
    if FOLLOW in link:
        try:
            st.session_state[_FOLLOWED] = checked_code(link[FOLLOW])
        except Refused as refused:
            state.say(f"In the link: {refused}.")
    return {name: text for name, text in link.items() if name not in (HIDE, LOCK, FOLLOW)}


def link() -> dict[str, str]:
    """Return what the link to this tab says of teaching, apart from whom it follows."""
    held: Rules = st.session_state.get(_RULES, NO_RULES)
    return held.to_link()


def begin() -> None:
    """Begin a run of a page: it asks once what is hidden and locked, and what the class is told."""
    for name in (_DRAWN, _TOLD):
        st.session_state.pop(name, None)


def rules() -> Rules:
    """Return what is hidden and locked on the page as it is drawn."""
    drawn = st.session_state.get(_DRAWN)
    if drawn is None:
        told_first()
        drawn = st.session_state[_DRAWN] = rules_now()
    return drawn


def rules_now() -> Rules:
    """Return what is hidden and locked now: by the link, and by the class in which one is."""
    held: Rules = st.session_state.get(_RULES, NO_RULES)
    found = own_class()
    return held | found[0].rules if found else held


def own_class() -> tuple[Class, Member] | None:
    """Return the class in which this browser is, and as whom."""
    if "user" not in st.session_state:
        return None
    with suppress(Refused):  # the store is busy: the next look will tell
        st.session_state[_OWN] = membership(state.jobs())
    return st.session_state.get(_OWN)


def own_classes() -> list[Class]:
    """Return the open classes that this browser teaches."""
    try:
        return taught(state.jobs()) if "user" in st.session_state else []
    except Refused:
        return []


def told() -> tuple[Any, ...]:
    """Return what the class is told, as the page depends on it."""
    code = followed_code()
    found = news(state.jobs(), code) if code else None
    member = own_class()
    return (
        found and (found.shown, found.closed),
        member and (member[0].code, member[0].shown, member[0].rules, member[1].nickname),
    )


def told_first() -> tuple[Any, ...]:
    """Return what the class was told when this run of the page first asked.

    A page that is compared with this is never taken for newer than it is: the class may be told
    something else while it is drawn.
    """
    if _TOLD not in st.session_state:
        st.session_state[_TOLD] = told()
    return st.session_state[_TOLD]


def pace() -> float | None:
    """Return how often the page looks for news of the class, in seconds; ``None`` for never."""
    if followed_code():
        return FOLLOW_SECONDS
    return MEMBER_SECONDS if own_class() else None


# Following --------------------------------------------------------------------------------------


def followed_code() -> str:
    """Return the code of the class that this tab follows, empty for none."""
    return st.session_state.get(_FOLLOWED, "")


def follow(code: str) -> None:
    """Follow what the teacher of a class shows."""
    st.session_state[_FOLLOWED] = code


def stop_following() -> None:
    """Follow no longer; what is shown stays."""
    st.session_state.pop(_FOLLOWED, None)


def try_it_yourself() -> None:
    """Follow no longer, with the settings of what is shown in one's own form."""
    stop_following()
    state.show_settings(state.experiment())


def followed() -> Class | None:
    """Put the run that the teacher shows on this page, and return the class; ``None`` for no class."""
    code = followed_code()
    if not code:
        return None
    told_first()
    found = news(state.jobs(), code)
    if found is None or not found.is_open:
        stop_following()
        why = "is over" if found else "is not there any more"
        state.say(f"The class {code} {why}: this page follows nobody now.", "info")
        return None
    if found.shown and found.shown != state.run_id():
        try:
            state.show_run(state.jobs().get(found.shown))
        except ValueError:  # it has been deleted, or is of another version of the program
            state.say("The run that the teacher shows is gone.", "info")
    return found


# Showing ----------------------------------------------------------------------------------------


def showing() -> set[str]:
    """Return the codes of the classes to which this tab shows what it does."""
    return st.session_state.setdefault(_SHOWING, set())


def show_to(code: str, on: bool) -> None:
    """Let a class see what this tab does from now on, or show it nothing any more."""
    try:
        if on:
            showing().add(code)
            if state.run_id():
                classes.show(state.jobs(), code, state.run_id())
        else:
            showing().discard(code)
            classes.stop_showing(state.jobs(), code)
    except Refused as refused:
        showing().discard(code)
        state.say(f"{refused}.", "error")
    news(state.jobs(), code, anew=True)
    taught(state.jobs(), anew=True)


def show_on() -> None:
    """Show to the classes that see this tab the run that it has now, where that is another one."""
    for code in list(showing()):
        found = news(state.jobs(), code)
        if found is None or not found.is_open:
            showing().discard(code)
        elif state.run_id() and found.shown != state.run_id():
            show_to(code, True)
