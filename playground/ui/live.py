"""The views of the run that is shown: flow, boundary, curves, live while it trains."""

from __future__ import annotations

from functools import cache
from typing import Any

import pandas as pd
import streamlit as st

from playground.analysis.frames import Frames
from playground.charts.curves import DRAWN, MOVING, ROWS, curve, curve_rows, thinned
from playground.datasets import TableError
from playground.experiment import Experiment
from playground.jobs import RunRecord
from playground.ui import axes, replay, state, teaching, troubles
from playground.ui.canvas import boundary_view, flow_view
from playground.ui.exports import chart_menu
from playground.ui.feed import feed_of
from playground.ui.figures import Picture, live_picture, run_metrics
from playground.ui.pace import stretched
from playground.ui.transport import ENGINE_SECONDS, Strip, figures, looks, outdated

LIVE_SECONDS = 0.7  # between two looks at a run that trains; its pictures come by themselves
_DRAWING_SECONDS = 0.1  # the same, while other axes are being drawn
_REPLAY_SECONDS = 0.3  # after which a run that rests is taken to rest
_EMPTY = {
    "": "Press train to start",
    "queued": "Waiting for its turn",
    "running": "The first picture is being drawn",
    "paused": "Press train to start",
}
_NOTHING = "There is no picture of this run"
_SOON = "The picture is being drawn"
_NONE_YET = pd.DataFrame(
    columns=["epoch", *(f"{s}_{q}" for s in ("train", "validation") for q in ("loss", "accuracy"))],
    dtype=float,
)


def views(strip: Strip) -> None:
    """Draw flow, boundary and curves of the run that is shown, and its figures in the strip on top.

    All that changes while nobody touches anything is one fragment: each beat lets the browser look at
    the whole page.
    """
    shown = state.record()
    # The strip was drawn a moment ago, and a short training may have ended since.
    pace = _pace(shown, strip) if looks(shown) == strip.looks else _DRAWING_SECONDS
    every = pace if pace is None else stretched(pace)
    troubles.fragment(_beat, run_every=every)(strip, pace, [])


def _pace(shown: RunRecord | None, strip: Strip) -> float | None:
    """Return how often the run is looked at, in seconds; ``None`` where nothing will come."""
    paces = [] if strip.engine_lived else [ENGINE_SECONDS]
    paces += [teaching.pace()] if teaching.pace() else []
    if shown is not None and shown.status in state.ACTIVE:
        # One that is drawn and rests then has nothing to tell before the browser does.
        paces += [LIVE_SECONDS] if shown.until_step != 0 else []
    elif shown is not None:
        picture = live_picture(shown.id)
        paces += [_DRAWING_SECONDS] if axes.awaited(shown, picture) else []
        paces += [_REPLAY_SECONDS] if replay.awaited(shown, picture) else []
        paces += [_REPLAY_SECONDS] if _first_awaited(shown, picture) else []
    return min(paces, default=None)


def _first_awaited(shown: RunRecord, picture: Picture) -> bool:
    """Return whether a run that rests, as one that came from a file, gets its first picture soon."""
    return not picture.frame and state.jobs().draws(shown.id)


def _beat(strip: Strip, pace: float | None, beaten: list[bool]) -> None:
    """Draw what moves; run the whole page anew where more than that has to change.

    While a run trains the browser fetches its pictures by itself, and tells this when it rests.

    Args:
        strip: What the page was drawn for.
        pace: How often this would be drawn on a server that is not busy, in seconds.
        beaten: Empty in the page's own run; the same list comes again with each beat.
    """
    shown = state.record()
    # Never in the page's own run: what it has told its widgets would be lost on the way, and they
    # would answer with values of their own. The next beat comes from the browser, which has it all.
    first = not beaten
    beaten[:] = [True]
    if not first and outdated(strip, shown):
        st.rerun()  # nobody would see what is drawn now
    # Read after the status: what rests has its last picture.
    picture = _picture(shown)
    figures(strip, shown)
    _pictures(shown, picture)
    _curves(shown)
    if first:
        return
    if shown is not None and replay.awaited(shown, picture):
        replay.load(shown, picture)
    if outdated(strip, shown) or _pace(shown, strip) != pace:
        st.rerun()


def _picture(shown: RunRecord | None) -> Picture:
    """Return the newest picture of a run that rests; of one that trains the browser has it."""
    if shown is None or shown.status in state.ACTIVE:
        return Picture("")
    return live_picture(shown.id)


def _pictures(shown: RunRecord | None, picture: Picture) -> None:
    """Draw flow and boundary."""
    active = shown is not None and shown.status in state.ACTIVE
    parts = replay.parts(shown, picture) if picture.frame else (b"", b"")
    common = {
        "height": 400,
        "group": "play",
        "empty_text": _empty_text(shown, picture),
        "feed": feed_of(shown.id, teaching.followed_code()) if active else "",
    }
    flow, output = st.columns([1.15, 1], gap="medium")
    with flow:
        st.markdown("##### Flow: the features through depth")
        flow_view(parts[0], key="flow", epoch_slider=True, **common)
    with output:
        st.markdown("##### Output")
        boundary_view(parts[1], key="boundary", **common)
        if shown is not None:
            axes.axis_choice(shown)
            _say_what_is_old(shown, picture)


def _empty_text(shown: RunRecord | None, picture: Picture) -> str:
    """Return what stands where there is no picture."""
    if shown is None:
        return _EMPTY[""]
    if shown.status not in state.ACTIVE and _first_awaited(shown, picture):
        return _SOON
    return _EMPTY.get(shown.status, _NOTHING)


def _say_what_is_old(shown: RunRecord, picture: Picture) -> None:
    """Say so where a run has ended later than its last picture was drawn."""
    if shown.status in state.ACTIVE or not picture.frame:
        return
    step = Frames.unpack(picture.frame).meta["frames"][-1]["step"]
    if step != shown.step:
        st.caption(f"The picture is of step {step:,}; the run rests at step {shown.step:,}.")


def _curves(shown: RunRecord | None) -> None:
    metrics = run_metrics(shown.id) if shown is not None else None
    moves = shown is not None and shown.status in state.ACTIVE
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
        _curve("loss", log, metrics, moves)
    if classes:
        with right:
            _curve("accuracy", False, metrics, moves)


def _curve(quantity: Any, log: bool, metrics: pd.DataFrame | None, moves: bool) -> None:
    specification = curve(quantity, log)
    st.vega_lite_chart(
        {**specification, "datasets": {ROWS: _drawn_rows(quantity, metrics, moves)}},
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


@cache
def _no_rows(quantity: Any) -> pd.DataFrame:
    return curve_rows(_NONE_YET, quantity)


def _drawn_rows(quantity: Any, metrics: pd.DataFrame | None, moves: bool) -> pd.DataFrame:
    """Return the rows of a chart, the same ones as long as there are no new metrics.

    Before the first ones the chart stands there without a line: it keeps its place on the page.
    """
    if metrics is None:
        return _no_rows(quantity)
    held: dict[str, tuple[pd.DataFrame, bool, pd.DataFrame]]
    held = st.session_state.setdefault("curves", {})
    of, moved, rows = held.get(quantity, (None, moves, None))
    if of is not metrics or moved != moves:
        rows = thinned(curve_rows(metrics, quantity), quantity, MOVING if moves else DRAWN)
        held[quantity] = metrics, moves, rows
    return rows
