"""The page on which up to four nets train side by side, on the same data and the same seeds."""

from __future__ import annotations

from urllib.parse import urlencode

import streamlit as st

from playground.ui import canvas, compare_state, state
from playground.ui.browser import browser, tell_browser
from playground.ui.compare_controls import net_controls, shared_controls
from playground.ui.compare_live import draw_live, rows_of_columns
from playground.ui.compare_presets import COMPARISONS
from playground.ui.compare_settings import MOST, to_link
from playground.ui.seeing import seeing


def compare_page() -> None:
    """Draw the page."""
    canvas.load()
    window = browser()
    compare_state.open_link()
    if window.user:
        compare_state.attach()
    compare_state.look()
    _strip()
    shared_controls()
    for index, place in enumerate(
        rows_of_columns(len(compare_state.nets().experiments), window.narrow)
    ):
        with place, st.container(border=True):
            net_controls(index)
    draw_live(window.narrow)
    tell_browser(to_link(compare_state.nets()))


def _strip() -> None:
    """Draw the title, what steers all nets, and the link."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="title"):
        st.markdown("### Compare", width="content")
        _buttons()
        st.markdown("", width="stretch")
        _presets()
        if len(compare_state.nets().experiments) < MOST:
            st.button(
                "Add a net",
                icon=":material/add:",
                key="compare:add",
                on_click=compare_state.duplicate,
                args=(len(compare_state.nets().experiments) - 1,),
                help="Put a copy of the last net beside it, for you to change.",
            )
        seeing("compare")
        with st.popover("Share", icon=":material/link:"):
            st.caption("The address of this page holds all nets and their runs:")
            link = f"{st.context.url or ''}?{urlencode(to_link(compare_state.nets()))}"
            st.code(link, language=None, wrap_lines=True)


def _buttons() -> None:
    shown = compare_state.records()
    if any(run is not None and state.trains(run) and state.owns(run) for run in shown):
        st.button(
            "Pause",
            icon=":material/pause:",
            type="primary",
            key="compare:pause",
            on_click=compare_state.pause,
            help="Halt all nets after their present steps; nothing is lost.",
        )
    else:
        ended = all(run is not None and run.status in compare_state.ENDED for run in shown)
        st.button(
            "Train",
            icon=":material/play_arrow:",
            type="primary",
            key="compare:train",
            on_click=compare_state.train,
            disabled=ended,
            help="All nets have come to their end: Reset goes back to their initial weights."
            if ended
            else "Train all nets in the background; this page may be closed meanwhile.",
        )
    for label, icon, epoch, text in (
        ("Step", "skip_next", False, "Take one optimiser step with each net and pause."),
        ("Epoch", "fast_forward", True, "Train each net one epoch and pause."),
    ):
        st.button(
            label,
            icon=f":material/{icon}:",
            key=f"compare:{label.lower()}",
            on_click=compare_state.step,
            args=(epoch,),
            help=text,
        )
    st.button(
        "Reset",
        icon=":material/replay:",
        key="compare:reset",
        on_click=compare_state.reset,
        help="Go back to the initial weights of all nets.",
    )


def _presets() -> None:
    with st.popover("Presets", icon=":material/list:"):
        for name, preset in COMPARISONS.items():
            st.button(
                preset.label,
                key=f"compare:preset:{name}",
                help="Puts the nets of this comparison in the place of those on the page.",
                on_click=compare_state.take,
                args=(name,),
                width="stretch",
            )
            st.caption(preset.summary)
