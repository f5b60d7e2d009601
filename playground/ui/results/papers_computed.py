"""A study of a paper: the button that computes it in a process of its own, and what came out."""

from __future__ import annotations

import datetime

import pandas as pd
import streamlit as st

from playground.charts.panels import panel_chart
from playground.jobs import Refused
from playground.jobs.processes import ProgressTask
from playground.papers import Panel, Report
from playground.papers.studied import Studied
from playground.papers.tasks import study_tasks
from playground.ui import state, troubles
from playground.ui.labs.charting import draw
from playground.ui.results.papers_settings import Settings
from playground.ui.results.papers_shown import draw_chart, draw_lines, draw_runs, draw_summary

_LIVE_SECONDS = 1.0
_TASK = "papers:task"
_IN_A_ROW = {"full": 1, "half": 2, "third": 3, "quarter": 4}
_HEIGHTS = {"full": 340, "half": 280, "third": 240, "quarter": 210}


def in_time(seconds: float) -> str:
    """Return a time in words that does not promise more than it knows."""
    if seconds > 5400:
        return f"{seconds / 3600:.0f} hours"
    return f"{seconds / 60:.0f} minutes" if seconds > 100 else f"{max(seconds, 1):.0f} seconds"


def draw_computed(settings: Settings) -> None:
    """Draw a study: what goes on, and what came out when it was last computed."""
    store = state.jobs().store
    found = Studied(store).get(settings.study, settings.order)
    task = study_tasks().going(state.jobs().settings.home, settings.study, settings.order)
    _buttons(settings, task, computed=found is not None)
    troubles.fragment(_progress, run_every=None if task is None else _LIVE_SECONDS)(task, [])
    _ending(settings)
    if found is None:
        if task is None:
            st.caption("It has not been computed on this server yet; one button does it.")
        return
    _when(found)
    if found.lines:
        draw_summary(settings, found)
    if found.notes:
        items = found.notes if len(found.notes) == 1 else [f"- {note}" for note in found.notes]
        st.info("\n".join(items), icon=":material/campaign:")
    _panels(found.panels)
    if found.lines:
        draw_chart(settings, found)
        draw_lines(settings, found)
    if found.runs:
        draw_runs(found)


def _buttons(settings: Settings, task: ProgressTask | None, *, computed: bool) -> None:
    with st.container(horizontal=True, gap="small"):
        if task is None:
            st.button(
                "Compute it anew" if computed else "Compute it",
                key="papers:compute",
                icon=":material/play_arrow:",
                type="secondary" if computed else "primary",
                on_click=_start,
                args=(settings,),
                help="In a process of its own; the page may be closed meanwhile.",
            )
        elif task.user == state.jobs().user:
            st.button(
                "Stop",
                key="papers:stop",
                icon=":material/stop:",
                help="Ends the computation; nothing of it is kept.",
                on_click=_stop,
                args=(task,),
            )
        else:
            st.caption("Somebody else has it computed now:")


def _progress(task: ProgressTask | None, beaten: list[bool]) -> None:
    """Draw how far a study is; run the whole page anew when it has ended.

    Args:
        task: The one that goes on.
        beaten: Empty in the page's own run; the same list comes again with each beat.
    """
    first = not beaten
    beaten[:] = [True]
    if task is None:
        return
    place = state.plain(task.what) if task.what else "The process begins"
    left = ""
    if task.share > 0.02:
        left = f", about {in_time(task.seconds * (1 - task.share) / task.share)} left"
    st.progress(min(task.share, 1.0), text=f"{place} · {task.seconds:.0f} s{left}")
    if not first and not task.runs:  # never in the page's own run
        st.rerun()


def _ending(settings: Settings) -> None:
    """Say how the last study ended, where that was not with a result."""
    task = study_tasks().get(st.session_state.get(_TASK))
    if task is None or task.runs or task.status == "finished":
        return
    if f'"{settings.paper}"' in task.settings:
        box = st.error if task.status == "failed" else st.info
        box(f"{state.plain(task.reason)} Nothing was stored.", icon=":material/info:")


def _when(found: Report) -> None:
    when = datetime.datetime.fromtimestamp(found.created).strftime("%Y-%m-%d %H:%M")
    st.caption(f"Computed on this server on {when}, in {in_time(found.seconds)}.")


def _panels(panels: tuple[Panel, ...]) -> None:
    """Draw the pictures, as many in a row as their size allows."""
    place = 0
    while place < len(panels):
        count = _IN_A_ROW[panels[place].size]
        row = [p for p in panels[place : place + count] if p.size == panels[place].size]
        for offset, (panel, column) in enumerate(zip(row, st.columns(count, gap="medium"))):
            with column:
                _panel(panel, place + offset)
        place += len(row)


def _panel(panel: Panel, number: int) -> None:
    st.markdown(f"##### {panel.title}")
    chart = panel_chart(panel.chart, panel.rows, panel.options, _HEIGHTS[panel.size])
    draw(f"panel_{number + 1}", chart, pd.DataFrame(dict(panel.rows)))
    if panel.caption:
        st.caption(panel.caption)


def _start(settings: Settings) -> None:
    jobs = state.jobs()
    try:
        home = jobs.settings.home
        task = study_tasks().compute(jobs.user, home, settings.study, settings.order)
    except Refused as refused:
        state.say(f"{refused}.", "error")
        return
    st.session_state[_TASK] = task.id


def _stop(task: ProgressTask) -> None:
    study_tasks().stop(task, "Stopped by hand.")
