"""The playground in a class: what the teacher shows, and a line that says whom one is with."""

from __future__ import annotations

import streamlit as st

from playground.classroom import Class, Member
from playground.ui import address, state, teaching, troubles
from playground.ui.explain import explanation
from playground.ui.linking import embedded
from playground.ui.live import views
from playground.ui.transport import transport


def draw_followed(found: Class) -> None:
    """Draw what the teacher of a class shows: the views and their figures, no controls."""
    with st.container(horizontal=True, vertical_alignment="center", key="followed"):
        st.markdown(
            f":material/cast_for_education: You follow **{state.plain(found.name)}**"
            + ("." if found.shown else ": the teacher shows nothing now."),
            width="stretch",
        )
        if found.shown and not embedded():
            st.button(
                "Try it yourself",
                icon=":material/tune:",
                type="primary",
                key="try_it",
                on_click=teaching.try_it_yourself,
                help="Follow no longer, and take these settings into your own form.",
            )
        st.button(
            "Stop following",
            key="stop_following",
            help="Back to your own settings and run.",
            on_click=teaching.stop_following,
        )
    if found.shown and state.record() is not None:
        state.look()
        views(transport("figures"))
        if not embedded():
            explanation(state.experiment())
    else:
        _wait()


def _wait() -> None:
    st.caption("This page shows the teacher's run as soon as there is one.")
    drawn = address.asked(drawn=True)
    troubles.fragment(_beat, run_every=teaching.FOLLOW_SECONDS)(drawn, [])


def _beat(drawn: tuple[object, ...], beaten: list[bool]) -> None:
    """Run the page anew when the teacher shows something; never in the page's own run."""
    first = not beaten
    beaten[:] = [True]
    if not first and address.asked() != drawn:
        st.rerun()


def draw_banner() -> None:
    """Draw the line of the class in which one is, and of those which one teaches."""
    member, taught = teaching.own_class(), teaching.own_classes()
    if member is None and not taught:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="class_line"):
        for found in taught:
            _taught(found)
        if member is not None:
            _joined(*member)
        if st.button(
            "Board",
            icon=":material/leaderboard:",
            key="to_board",
            help="What the class has trained.",
            type="tertiary",
        ):
            st.switch_page(teaching.CLASS_PAGE)


def _taught(found: Class) -> None:
    key = f"teaching:show:{found.code}"
    on = found.code in teaching.showing()
    st.session_state[key] = on
    name = state.plain(found.name)
    st.toggle(
        f"Show this to {name} ({found.code})",
        key=key,
        on_change=lambda: teaching.show_to(found.code, st.session_state[key]),
        help="All who follow the class see the run of this tab, live, and each one that you begin.",
    )


def _joined(found: Class, member: Member) -> None:
    name, nickname = state.plain(found.name), state.plain(member.nickname)
    st.caption(f":material/groups: {name} · you are {nickname}", width="content")
    if found.shown:
        st.button(
            "Follow the teacher",
            icon=":material/cast_for_education:",
            key="follow",
            type="tertiary",
            on_click=teaching.follow,
            args=(found.code,),
            help="See the run that the teacher shows, live, in the place of your own.",
        )
