"""The figures of a run for the page: fetched once, then only what is new."""

from __future__ import annotations

from dataclasses import asdict

import pandas as pd
import streamlit as st

from playground.ui import state


def run_metrics(run_id: str) -> pd.DataFrame | None:
    """Return the metrics of a run, one row a step, ``None`` while there are none."""
    held = st.session_state.get("metrics")
    if held is None or held[0] != run_id:
        held = (run_id, [])
    rows = held[1]
    fresh = state.jobs().metrics(run_id, since_step=rows[-1]["step"] if rows else -1)
    rows.extend(asdict(metrics) for metrics in fresh)
    st.session_state["metrics"] = held
    return pd.DataFrame(rows) if rows else None


def live_frame(run_id: str) -> bytes:
    """Return the newest frame of a run, empty while there is none."""
    held = st.session_state.get("live")
    if held is None or held[0] != run_id:
        held = (run_id, None, b"")
    fresh = state.jobs().live(run_id, known=held[1])
    if fresh is not None:
        held = (run_id, *fresh)
    st.session_state["live"] = held
    return held[2]
