"""What the teacher of a class has: the code on the wall, who is there, what is shown, what is hidden."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from playground.analysis.differences import changes
from playground.classroom import Class, Rules, choices, classes, members
from playground.classroom.rules import PARTS
from playground.classroom.watch import news, taught
from playground.experiment import Experiment
from playground.jobs import Refused
from playground.ui import state, teaching, troubles
from playground.ui.classroom.settings import SHEET
from playground.ui.linking import address_of, link_menu
from playground.ui.qr import draw_qr

_QR_WIDTH, _BIG = 260, 640
_MEMBERS_SECONDS = 2.0
_NO_SECURITY = (
    "This is a didactic aid, no security: whoever takes the rule out of the link, or leaves the class, "
    "has all controls again."
)


def draw_teacher(found: Class) -> None:
    """Draw the teacher's part of the page."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"#### {state.plain(found.name)}", width="stretch")
        _ways(found)
    if not found.is_open:
        st.caption("This class is closed: nobody joins it, and new runs do not count.")
        return
    code, people, rules = st.columns([1, 1, 1.6], gap="large")
    with code:
        _code(found)
    with people:
        st.markdown("##### In the class")
        troubles.fragment(_people, run_every=_MEMBERS_SECONDS)(found.code)
    with rules:
        _shown(found)
        st.markdown("##### Hide or lock controls")
        _rules_of(found)


def _ways(found: Class) -> None:
    st.button(
        "All classes",
        on_click=SHEET.change,
        args=({"code": ""},),
        key="class_list",
        help="The list of your classes; this one stays open.",
    )
    if found.is_open:
        with st.popover("Close"):
            st.caption("Nobody joins any more, and new runs do not count. The board stays.")
            st.button(
                "Close the class",
                key="class_close",
                help="Nobody can join any more, and nothing new comes to the board.",
                on_click=_act,
                args=(found, lambda: classes.close(state.jobs(), found.code)),
            )
    with st.popover("Delete"):
        st.caption("The board and the list of members go; the runs stay their owners'.")
        st.button(
            "Delete the class",
            key="class_delete",
            help="The class and its board go; the runs stay with their owners.",
            on_click=_delete,
            args=(found,),
        )


def _delete(found: Class) -> None:
    _act(found, lambda: classes.delete(state.jobs(), found.code))
    SHEET.change({"code": ""})


def _act(found: Class, act: Callable[[], None]) -> None:
    try:
        act()
    except Refused as refused:
        state.say(f"{refused}.", "error")
    news(state.jobs(), found.code, anew=True)
    taught(state.jobs(), anew=True)


def _code(found: Class) -> None:
    link = address_of({"code": found.code})
    st.markdown("##### Join")
    _spelled(found.code, "2.2rem")
    draw_qr(link, _QR_WIDTH)
    st.code(link, language=None, wrap_lines=True)
    if st.button(
        "Large, for the wall",
        icon=":material/fullscreen:",
        key="class_big",
        help="Code and address in the size of the screen, for a projector.",
    ):
        _large(found.code, link)


@st.dialog("Join the class", width="large")
def _large(code: str, link: str) -> None:
    _spelled(code, "5rem")
    draw_qr(link, _BIG)
    st.code(link, language=None, wrap_lines=True)


def _spelled(code: str, size: str) -> None:
    """Draw a code in letters that are read from afar; they are five of our own."""
    style = f"font:600 {size}/1.2 ui-monospace,monospace;letter-spacing:0.15em"
    st.html(f'<div style="{style}">{code}</div>')


def _people(code: str) -> None:
    held = members.members_of(state.jobs(), code)
    limit = state.jobs().settings.max_members
    if not held:
        st.caption("Nobody yet.")
        return
    st.caption(f"{len(held)} of at most {limit}")
    st.markdown(" · ".join(state.plain(member.nickname) for member in held))


def _shown(found: Class) -> None:
    st.markdown("##### What the class sees")
    shown = found.code in teaching.showing()
    words = "Nothing is shown: those who follow wait."
    if found.shown:
        words = "Those who follow see " + (
            "what you do on the playground in this tab." if shown else f"the run {found.shown}."
        )
    st.caption(words)
    with st.container(horizontal=True, gap="small"):
        if not shown and st.button(
            "Show what I do on the playground",
            icon=":material/cast_for_education:",
            key="class_show",
            help="Those who follow see each run of this tab, live.",
        ):
            teaching.show_to(found.code, True)
            st.switch_page("pages/play/playground.py")
        if found.shown:
            st.button(
                "Stop showing",
                key="class_hide",
                help="Those who follow wait until you show something again.",
                on_click=teaching.show_to,
                args=(found.code, False),
            )


def _rules_of(found: Class) -> None:
    chosen = _choose(f"rules:{found.code}", found.rules)
    st.button(
        "Apply to the class",
        key="rules_apply",
        help="Members find these controls hidden or locked within seconds.",
        disabled=chosen == found.rules,
        on_click=_act,
        args=(found, lambda: classes.set_rules(state.jobs(), found.code, chosen)),
    )
    st.caption(f"It applies to members on the playground within seconds. {_NO_SECURITY}")
    with st.expander("The same as a link, without a class"):
        _link_of(chosen, "teacher")


def draw_rule_link() -> None:
    """Draw the form that makes a link which hides or locks controls."""
    st.caption(f"The link opens what you have on the playground now. {_NO_SECURITY}")
    _link_of(_choose("rules:link", Rules()), "rules")


def _choose(key: str, held: Rules) -> Rules:
    """Draw the choice of what is hidden and what is locked."""
    labels = choices()
    hidden = st.multiselect(
        "Hidden",
        list(dict.fromkeys([*labels, *held.hidden])),
        default=list(held.hidden),
        format_func=lambda name: labels.get(name, name),
        key=f"{key}:hide",
        placeholder="nothing",
        help="Not drawn at all. A slot, such as Network, covers everything in it.",
    )
    locked = st.multiselect(
        "Locked",
        list(dict.fromkeys([*(n for n in labels if n not in PARTS), *held.locked])),
        default=list(held.locked),
        format_func=lambda name: labels.get(name, name),
        key=f"{key}:lock",
        placeholder="nothing",
        help="Drawn, but not to be moved.",
    )
    return Rules(tuple(hidden), tuple(locked))


def _link_of(rules: Rules, name: str) -> None:
    link = {**changes(Experiment(), state.experiment()), **rules.to_link()}
    link_menu(name, link, "This link opens the playground so:", page="playground")
