"""The recording of the run that is chosen, played where it is looked at."""

from __future__ import annotations

import time

import streamlit as st

from playground.datasets import DATASETS
from playground.experiment import Experiment
from playground.jobs import RunRecord
from playground.ui import replay, state, troubles
from playground.ui.canvas import boundary_view, flow_view, load
from playground.ui.results.runs_settings import SHEET, Settings

_BEAT_SECONDS = 0.5
_LEAST = 2  # kept moments of which a recording can be made


def draw_replay(settings: Settings, record: RunRecord) -> None:
    """Draw the switch, and the recording where it is on."""
    why = _nothing(record)
    if why:
        st.caption(why)
        return
    SHEET.form.field(settings, "replay")
    if not settings.replay:
        return
    load()
    there = state.jobs().recording(record.id) is not None
    pace = None if there or record.view_error else _BEAT_SECONDS
    troubles.fragment(_beat, run_every=pace)(record.id, pace, time.monotonic(), [])


def _nothing(record: RunRecord) -> str:
    """Return why there is no recording of a run, empty where there is one."""
    if record.status in state.ACTIVE:
        return "It can be replayed when it rests; the playground shows it live."
    made, _ = Experiment.from_stored(record.experiment_json)
    if made.data.name in DATASETS and made.data.entry.image_shape:
        return "Runs on images have no recording; the image lab shows what they have learned."
    if len(state.jobs().kept_steps(record.id)) < _LEAST:
        return "There is no recording of it: its weights were not kept on the way."
    return ""


def _beat(run_id: str, pace: float | None, since: float, beaten: list[bool]) -> None:
    """Draw the recording, which is asked for and awaited where it has not been drawn yet."""
    first = not beaten
    beaten[:] = [True]
    try:
        jobs = state.jobs()
        there = jobs.recording(run_id) is not None
        if not there:
            jobs.request_recording(run_id)
        record = jobs.get(run_id)
    except ValueError as gone:
        st.caption(f"{gone}.")
        return
    if there:
        flow, boundary = replay.whole(record) or (b"", b"")
        left, right = st.columns(2, gap="medium")
        with left:
            flow_view(flow, key="runs_flow", height=380, group="runs", autoplay=True)
        with right:
            boundary_view(boundary, key="runs_boundary", height=380, group="runs", autoplay=True)
        if pace is not None and not first:
            st.rerun()
    elif record.view_error:
        st.caption(f"It could not be drawn: {state.plain(record.view_error)}.")
    elif time.monotonic() - since > replay.PATIENCE:
        st.caption("The recording has not come; the engine has other work. Try again later.")
    else:
        st.caption("The recording is being drawn …")
