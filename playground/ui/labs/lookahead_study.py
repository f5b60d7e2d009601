"""The study of the Lookahead lab: trained by the engine, read from the store, compared."""

from __future__ import annotations

import math
import time

import streamlit as st

from playground.jobs import Refused, RunRecord, studies
from playground.ui import state
from playground.ui.labs.lookahead_found import Found, Study
from playground.ui.labs.lookahead_results import closer, courses, results
from playground.ui.labs.lookahead_settings import SHEET, Settings

_BEAT_SECONDS = 1.0


def draw_study(study: Study, settings: Settings) -> None:
    """Draw the button that trains, the progress, and what has come out so far."""
    pace = _pace(_runs(study))
    st.fragment(_beat, run_every=pace)(study, settings, pace, [])


def _runs(study: Study) -> list[RunRecord | None]:
    return studies.find(state.jobs(), study.flat)


def _pace(runs: list[RunRecord | None]) -> float | None:
    return _BEAT_SECONDS if any(map(studies.is_going, runs)) else None


def _beat(study: Study, settings: Settings, pace: float | None, beaten: list[bool]) -> None:
    """Draw what changes while the study trains.

    Args:
        study: The study.
        settings: What the page was drawn for.
        pace: How often this is drawn, in seconds.
        beaten: Empty in the page's own run; the same list comes again with each beat.
    """
    first = not beaten
    beaten[:] = [True]
    # A control in here runs this alone; what it has set concerns the whole page.
    if not first and SHEET.settings != settings:
        st.rerun()
    flat = _runs(study)
    seeds = len(study.experiments[0])
    rows = [flat[i : i + seeds] for i in range(0, len(flat), seeds)]
    ended = [run.id for run in flat if studies.is_done(run)]
    found = Found(rows, studies.figures(state.jobs(), ended))
    _progress(study, flat)
    if ended:
        results(study, found, settings)
    closer(settings)
    if ended:
        courses(study, found, settings)
    if not first and _pace(flat) != pace:
        st.rerun()


def _progress(study: Study, runs: list[RunRecord | None]) -> None:
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
                on_click=_hand_in,
                args=(study,),
                help="Train them in the background; the page may be closed meanwhile.",
            )
        if going:
            st.button(
                "Stop the study",
                icon=":material/stop:",
                key="study:stop",
                on_click=lambda: studies.stop(state.jobs(), _runs(study)),
                help="Stop what trains or waits; what is trained is kept.",
            )
    refused, until = st.session_state.get("study:refused", ("", 0.0))
    if time.monotonic() < until:
        st.error(f"Not started: {state.plain(refused)}.")
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


def _hand_in(study: Study) -> None:
    try:
        studies.hand_in(state.jobs(), study.flat)
    except Refused as refused:
        until = time.monotonic() + state.MESSAGE_SECONDS
        st.session_state["study:refused"] = str(refused), until
