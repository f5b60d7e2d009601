"""The views of the run that is shown: flow, boundary, curves, live while it trains."""

from __future__ import annotations

import time

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from playground.analysis.frames import Frames, stack
from playground.charts.curves import ROWS, curve, curve_rows
from playground.jobs import RunRecord
from playground.training import View
from playground.ui import state
from playground.ui.canvas import boundary_view, flow_view
from playground.ui.exports import chart_menu
from playground.ui.figures import live_frame, run_metrics

LIVE_SECONDS = 0.1
_WATCH_SECONDS = 3.0
_VIEW_SECONDS = 6.0  # for a resting run to be drawn anew


def views(narrow: bool) -> None:
    """Draw flow, boundary and curves of the run that is shown.

    Args:
        narrow: Whether the views stand below the controls and may be wider.
    """
    shown = state.record()
    active = shown is not None and shown.status in state.ACTIVE
    # Other axes were asked of a run that rests: look until their picture has come.
    awaited = time.monotonic() < st.session_state.get("awaiting_view", 0.0)
    st.fragment(_views, run_every=LIVE_SECONDS if active or awaited else None)(
        shown.status if shown else None, narrow
    )


def _views(drawn_as: str | None, narrow: bool) -> None:
    shown = state.record()
    if shown is not None and shown.status in state.ACTIVE:
        state.jobs().watch(shown.id, _WATCH_SECONDS)
    payload = _payload(shown) if shown is not None else b""
    flow, output = st.columns([1.15, 1], gap="medium")
    with flow:
        st.markdown("##### Flow: the features through depth")
        flow_view(payload, key="flow", height=400, group="play")
    with output:
        st.markdown("##### Output")
        boundary_view(payload, key="boundary", height=400, group="play")
        if shown is not None:
            _axes(shown)
    _curves(shown)
    if shown is not None:
        _replay_switch(shown)
        if shown.status != drawn_as:
            # The buttons stand outside this fragment and must follow the new status.
            st.rerun()


def _payload(shown: RunRecord) -> bytes:
    if st.session_state.get("replay") and shown.status not in state.ACTIVE:
        return _recording(shown.id, shown.step)
    return live_frame(shown.id)


@st.cache_data(max_entries=8, ttl=600, show_spinner="Loading the recording …")
def _recording(run_id: str, step: int) -> bytes:
    frames = [Frames.unpack(snapshot.frame) for snapshot in state.jobs().snapshots(run_id)]
    return stack(frames).pack() if frames else b""


def _replay_switch(shown: RunRecord) -> None:
    if shown.status not in state.ACTIVE and shown.step > 0:
        st.toggle(
            "Replay the training",
            key="replay",
            help="Load the kept views of this run, and scrub through its epochs without training.",
        )


def _axes(shown: RunRecord) -> None:
    """Draw the choice of the two shown inputs where the data have more than two."""
    names = _feature_names(shown.experiment_json)
    if len(names) < 3:
        return
    first, second = st.columns(2)
    chosen = []
    for column, label, default in ((first, "Horizontal", 0), (second, "Vertical", 1)):
        with column:
            chosen.append(
                st.selectbox(
                    label,
                    range(len(names)),
                    index=(shown.view.features or (0, 1))[default],
                    format_func=lambda i: names[i],
                    key=f"axis:{label}:{len(names)}",
                )
            )
    if chosen[0] == chosen[1]:
        st.caption("Choose two different inputs.")
    elif state.owns(shown) and shown.view != View(tuple(chosen)):
        state.jobs().request_view(shown.id, View(tuple(chosen)))
        st.session_state["awaiting_view"] = time.monotonic() + _VIEW_SECONDS
        st.rerun()


@st.cache_data(max_entries=64)
def _feature_names(experiment_json: str) -> tuple[str, ...]:
    from playground.experiment import Experiment

    experiment = Experiment.model_validate_json(experiment_json)
    return experiment.data.entry.feature_names(experiment.data.options)


def _curves(shown: RunRecord | None) -> None:
    metrics = run_metrics(shown.id) if shown is not None else None
    left, right = st.columns(2, gap="medium")
    classes = metrics is None or metrics["validation_accuracy"].notna().any()
    with left:
        log = _heading("Loss").toggle("log", key="log_loss", help="Logarithmic loss axis.")
        _curve("loss", log, metrics)
    if classes:
        with right:
            _heading("Accuracy")
            _curve("accuracy", False, metrics)


def _heading(title: str) -> DeltaGenerator:
    """Draw a heading and return the place beside it, so that neighbours stand at one height."""
    head, beside = st.columns([2, 1], vertical_alignment="center")
    head.markdown(f"##### {title}")
    return beside


def _curve(quantity: str, log: bool, metrics: pd.DataFrame | None) -> None:
    if metrics is None:
        st.caption("Drawn as soon as there are figures.")
        return
    rows = curve_rows(metrics, quantity)
    specification = curve(quantity, log)
    st.vega_lite_chart(
        {**specification, "datasets": {ROWS: rows}},
        key=f"curve:{quantity}:{log}",
        width="stretch",
    )
    chart_menu(quantity, specification, rows)
