"""The first page: a recorded training that plays, and experiments to open."""

from __future__ import annotations

import gzip
from pathlib import Path

import streamlit as st

from playground.presets import Preset, presets
from playground.ui import state
from playground.ui.canvas import boundary_view, flow_view, load

_RECORDING = Path(__file__).resolve().parents[2] / "assets" / "recordings" / "spiral.frames.gz"
PLAYGROUND = "pages/play/playground.py"
_COLUMNS = 4


def home_page() -> None:
    """Draw the page."""
    load()
    head, button = st.columns([4, 1], vertical_alignment="center")
    with head:
        st.markdown("## A residual network is a numerical integrator. Watch it integrate.")
        st.markdown(
            "Two arms of a spiral flow through the layers of a Runge-Kutta net until a plane can "
            "part them. This is a recorded training: drag the depth, drag the epoch, or train it "
            "yourself."
        )
    with button:
        if st.button(
            "Train it live", type="primary", icon=":material/play_arrow:", width="stretch"
        ):
            _open(presets()["spiral"])
    recording = _recording()
    flow, output = st.columns(2, gap="medium")
    with flow:
        flow_view(recording, key="home_flow", height=430, group="home", autoplay=True)
    with output:
        boundary_view(recording, key="home_boundary", height=430, group="home", autoplay=True)
    st.markdown("#### Open an experiment")
    listed = list(presets().values())
    for start in range(0, len(listed), _COLUMNS):
        columns = st.columns(_COLUMNS, gap="small")
        for column, preset in zip(columns, listed[start : start + _COLUMNS]):
            with column, st.container(border=True, height="stretch"):
                st.markdown(f"**{preset.label}**")
                st.caption(preset.summary)
                if st.button("Open", key=f"open:{preset.name}", icon=":material/arrow_forward:"):
                    _open(preset)


@st.cache_data
def _recording() -> bytes:
    return gzip.decompress(_RECORDING.read_bytes())


def _open(preset: Preset) -> None:
    """Go to the playground with an experiment in the form."""
    state.start_with(preset.experiment)
    st.switch_page(PLAYGROUND)
