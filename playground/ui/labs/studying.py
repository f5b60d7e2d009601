"""A study of a lab: a button that trains many nets, the progress, and what has come out so far."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from playground.experiment import Experiment
from playground.jobs import Refused, RunRecord, studies
from playground.ui import state, troubles
from playground.ui.sheet import Sheet

_BEAT_SECONDS = 1.0
Draw = Callable[[list[RunRecord | None]], None]
HandIn = Callable[[Sequence[Experiment]], object]


def draw_study(
    sheet: Sheet[Any],
    experiments: Sequence[Experiment],
    draw: Draw,
    hand_in: HandIn | None = None,
) -> None:
    """Draw the button that trains, the progress, and the results as far as there are some.

    Args:
        sheet: Of the page; a control among the results that changes it has the page drawn anew.
        experiments: What is to be trained.
        draw: Draws the results; is handed the run of each experiment, ``None`` where there is none.
        hand_in: Hands them in, which may raise Refused; as they are, without.
    """
    pace = _pace(_runs(experiments))
    beat = troubles.fragment(_beat, run_every=pace)
    beat(sheet, experiments, draw, hand_in or _as_they_are, sheet.settings, pace, [])


def _runs(experiments: Sequence[Experiment]) -> list[RunRecord | None]:
    return studies.find(state.jobs(), experiments)


def _pace(runs: list[RunRecord | None]) -> float | None:
    return _BEAT_SECONDS if any(map(studies.is_going, runs)) else None


def _beat(
    sheet: Sheet[Any],
    experiments: Sequence[Experiment],
    draw: Draw,
    hand_in: HandIn,
    settings: Any,
    pace: float | None,
    beaten: list[bool],
) -> None:
    """Draw what changes while the study trains.

    Args:
        sheet: Of the page.
        experiments: What is trained.
        draw: Draws the results.
        hand_in: Hands the experiments in.
        settings: What the page was drawn for.
        pace: How often this is drawn, in seconds.
        beaten: Empty in the page's own run; the same list comes again with each beat.
    """
    first = not beaten
    beaten[:] = [True]
    # A control in here runs this alone; what it has set concerns the whole page.
    if not first and sheet.settings != settings:
        st.rerun()
    runs = _runs(experiments)
    _progress(experiments, runs, hand_in)
    draw(runs)
    if not first and _pace(runs) != pace:
        st.rerun()


def _progress(
    experiments: Sequence[Experiment], runs: list[RunRecord | None], hand_in: HandIn
) -> None:
    total = len(runs)
    done, going = sum(map(studies.is_done, runs)), sum(map(studies.is_going, runs))
    missing = total - done - going
    bar, button = st.columns([3, 1], vertical_alignment="center", gap="medium")
    with bar:
        words = f"{done} of {total} nets are trained" + (f", {_left(runs)}" if going else "")
        st.progress(done / total, text=words)
    with button, st.container(horizontal=True, gap="small"):
        if missing:
            st.button(
                f"Train {missing} nets" if not (done or going) else f"Train the other {missing}",
                icon=":material/play_arrow:",
                type="primary",
                key="study:train",
                on_click=_tried,
                args=(lambda: hand_in(experiments),),
                help="Train them in the background; the page may be closed meanwhile.",
            )
        if going:
            st.button(
                "Stop the study",
                icon=":material/stop:",
                key="study:stop",
                on_click=_tried,
                args=(lambda: studies.stop(state.jobs(), _runs(experiments)),),
                help="Stop what trains or waits; what is trained is kept.",
            )
    refused, until = st.session_state.get("study:refused", ("", 0.0))
    if time.monotonic() < until:
        st.error(f"Not done: {state.plain(refused)}.")
    failed = [run for run in runs if run is not None and run.status == "failed"]
    if failed:
        st.warning(f"{len(failed)} nets failed: {state.plain(failed[0].reason)}.")


def _left(runs: list[RunRecord | None]) -> str:
    """Return the time left in words, by how long those took that ended in the last minutes."""
    going, now = sum(map(studies.is_going, runs)), time.time()
    ends = sorted(run.ended for run in runs if studies.is_done(run) and now - run.ended < 600)
    begun = min((run.created for run in runs if studies.is_going(run)), default=now)
    since = [end for end in ends if end > begun]
    if len(since) < 3:
        return f"{going} to go"
    return f"{going} to go, about {math.ceil((now - begun) / len(since) * going)} s left"


def _as_they_are(experiments: Sequence[Experiment]) -> None:
    studies.hand_in(state.jobs(), experiments)


def _tried(act: Callable[[], object]) -> None:
    try:
        act()
    except Refused as refused:
        until = time.monotonic() + state.MESSAGE_SECONDS
        st.session_state["study:refused"] = str(refused), until
