"""The views of the run that is shown: flow, boundary, curves, live while it trains."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

import pandas as pd
import streamlit as st

from playground.analysis.frames import Frames
from playground.charts.curves import ROWS, curve, curve_rows, thinned
from playground.datasets import TableError
from playground.experiment import Experiment
from playground.jobs import Refused, RunRecord
from playground.ui import axes, replay, state
from playground.ui.canvas import boundary_part, boundary_view, flow_part, flow_view
from playground.ui.exports import chart_menu
from playground.ui.figures import Picture, live_picture, run_metrics

LIVE_SECONDS = 0.1
CURVE_SECONDS = 0.4
_REPLAY_SECONDS = 0.3  # after which a run that rests is taken to rest
_WATCH_SECONDS = 3.0
_BLANK_SECONDS = 2.0  # for which a new run shows the last picture of the one before
_EMPTY = {
    "": "Press train to start",
    "queued": "Waiting for its turn",
    "running": "The first picture is being drawn",
    "paused": "Press train to start",
}
_NONE_YET = pd.DataFrame(
    columns=["epoch", *(f"{s}_{q}" for s in ("train", "validation") for q in ("loss", "accuracy"))],
    dtype=float,
)


def views() -> None:
    """Draw flow, boundary and curves of the run that is shown."""
    shown = state.record()
    status = shown.status if shown else None
    # The strip on top was drawn a moment ago, and a short training may have ended since.
    drawn_as = st.session_state.get("drawn_as", status)
    pace = _pace(shown) if status == drawn_as else LIVE_SECONDS
    st.fragment(_pictures, run_every=pace)(drawn_as, pace, [])
    active = status in state.ACTIVE
    st.fragment(_curves, run_every=CURVE_SECONDS if active else None)()


def _pace(shown: RunRecord | None) -> float | None:
    """Return how often the pictures are drawn anew, in seconds; ``None`` where nothing will come."""
    if shown is None:
        return None
    picture = live_picture(shown.id)
    if shown.status in state.ACTIVE or axes.awaited(shown, picture):
        return LIVE_SECONDS
    return _REPLAY_SECONDS if replay.awaited(shown, picture) else None


def _pictures(drawn_as: str | None, pace: float | None, beaten: list[bool]) -> None:
    """Draw flow and boundary; run the whole page anew where more than they has to change.

    Args:
        drawn_as: The status for which the page was drawn.
        pace: How often this is drawn, in seconds.
        beaten: Empty in the page's own run; the same list comes again with each beat.
    """
    shown = state.record()
    if shown is not None and shown.status in state.ACTIVE:
        with suppress(Refused):  # deleted in this very moment
            state.jobs().watch(shown.id, _WATCH_SECONDS)
    # Read after the status: what rests has its last picture.
    picture = live_picture(shown.id) if shown is not None else Picture("")
    flow_bytes, boundary_bytes = _bytes(shown, picture)
    empty = _EMPTY.get(shown.status, "There is no picture of this run") if shown else _EMPTY[""]
    flow, output = st.columns([1.15, 1], gap="medium")
    with flow:
        st.markdown("##### Flow: the features through depth")
        flow_view(
            flow_bytes,
            key="flow",
            height=400,
            group="play",
            epoch_slider=True,
            empty_text=empty,
        )
    with output:
        st.markdown("##### Output")
        boundary_view(boundary_bytes, key="boundary", height=400, group="play", empty_text=empty)
        if shown is not None:
            axes.axis_choice(shown)
            _say_what_is_old(shown, picture)
    # Never in the page's own run: what it has told its widgets would be lost on the way, and they
    # would answer with values of their own. The next beat comes from the browser, which has it all.
    first = not beaten
    beaten[:] = [True]
    if shown is None or first:
        return
    if shown.status != drawn_as:
        st.rerun()  # the buttons stand outside this fragment and must follow the new status
    if replay.awaited(shown, picture):
        replay.load(shown, picture)
    if _pace(shown) != pace:
        st.rerun()


def _bytes(shown: RunRecord | None, picture: Picture) -> tuple[bytes, bytes]:
    """Return what the flow view and the boundary view show.

    In the moment between a run's beginning and its first picture that is the last picture of the run
    before it, so that the views do not go blank at each change of a setting.
    """
    if shown is None:
        return b"", b""
    if picture.frame:
        st.session_state["pictured"] = picture.frame
        return replay.parts(shown, picture)
    begins = shown.status in state.ACTIVE and time.time() - shown.created < _BLANK_SECONDS
    before = st.session_state.get("pictured", b"") if begins else b""
    return flow_part(before), boundary_part(before)


def _say_what_is_old(shown: RunRecord, picture: Picture) -> None:
    """Say so where a run has ended later than its last picture was drawn."""
    if shown.status in state.ACTIVE or not picture.frame:
        return
    step = Frames.unpack(picture.frame).meta["frames"][-1]["step"]
    if step != shown.step:
        st.caption(f"The picture is of step {step:,}; the run rests at step {shown.step:,}.")


def _curves() -> None:
    shown = state.record()
    metrics = run_metrics(shown.id) if shown is not None else None
    classes = shown is None or _classifies(shown.experiment_json)
    # Headings in a row of their own: the switch in one of them must not push its chart down.
    left, right = st.columns(2, gap="medium", vertical_alignment="center")
    with left, st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("##### Loss")
        log = st.toggle("log", key="log_loss", help="Logarithmic loss axis.")
    if classes:
        right.markdown("##### Accuracy")
    left, right = st.columns(2, gap="medium")
    with left:
        _curve("loss", log, metrics)
    if classes:
        with right:
            _curve("accuracy", False, metrics)


def _curve(quantity: Any, log: bool, metrics: pd.DataFrame | None) -> None:
    specification = curve(quantity, log)
    st.vega_lite_chart(
        {**specification, "datasets": {ROWS: _drawn_rows(quantity, metrics)}},
        key=f"curve:{quantity}:{log}",
        width="stretch",
    )
    every = _NONE_YET if metrics is None else metrics
    chart_menu(quantity, specification, lambda: curve_rows(every, quantity))


@st.cache_data(max_entries=64)
def _classifies(experiment_json: str) -> bool:
    experiment, _ = Experiment.from_stored(experiment_json)
    try:
        return experiment.task == "classification"
    except TableError:  # the table has gone; its figures have not
        return experiment.data.entry.task == "classification"


def _drawn_rows(quantity: Any, metrics: pd.DataFrame | None) -> pd.DataFrame:
    """Return the rows of a chart, the same ones as long as there are no new metrics.

    Before the first ones the chart stands there without a line: it keeps its place on the page.
    """
    if metrics is None:
        return curve_rows(_NONE_YET, quantity)
    held: dict[str, tuple[pd.DataFrame, pd.DataFrame]] = st.session_state.setdefault("curves", {})
    if quantity not in held or held[quantity][0] is not metrics:
        held[quantity] = metrics, thinned(curve_rows(metrics, quantity), quantity)
    return held[quantity][1]
