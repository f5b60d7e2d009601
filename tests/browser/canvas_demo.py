"""A page with the two canvas views; the address says which frames they get (?demo=…)."""

import math
import sys
import time
from pathlib import Path

import streamlit as st

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "browser")]

import framesets

from playground.analysis.recording import squeeze
from playground.ui import canvas

st.set_page_config(layout="wide")

DEMOS = {
    "spiral": lambda: framesets.spiral_set(),
    "five": lambda: framesets.spiral_set(classes=5, m=300),
    "ten": lambda: framesets.spiral_set(classes=10, m=200),
    "mlp": lambda: framesets.spiral_set(depth=4, is_flow=False, horizon=None, slice="x3 = 0 held"),
    "plane": lambda: framesets.spiral_set(components=["x1", "x2", ""]),
    "big": lambda: framesets.spiral_set(m=300, depth=100),
    "still": lambda: framesets.halves_set(scale=0.0),
    "nan": lambda: framesets.halves_set(scale=math.nan),
    "halves": lambda: framesets.halves_set(),
    "unsure": lambda: framesets.halves_set(confidence=128),
    "recording": lambda: framesets.spiral_set([i / 59 for i in range(60)], m=100),
    "regression": lambda: framesets.regression_set(),
    "curve": lambda: framesets.regression_set(inputs=1),
    "one": lambda: framesets.one_input_set(),
    "empty": lambda: b"",
    "broken": lambda: b"ODEF" + b"\xff" * 40,
    "short": lambda: framesets.spiral_set()[:3000],
    "last": lambda: framesets.spiral_set([1.0], m=100),
    "squeezed": lambda: squeeze(framesets.spiral_set([i / 59 for i in range(60)], m=100)),
    "torn": lambda: squeeze(framesets.spiral_set())[:3000],
}

demo = st.query_params.get("demo", "spiral")
width = int(st.query_params.get("width", "420"))
group = st.query_params.get("group", "")
autoplay = "autoplay" in st.query_params


@st.cache_data
def frames(name: str) -> bytes:
    return DEMOS[name]()


@st.cache_data
def live_frames() -> list[bytes]:
    return [framesets.spiral_set([0.5 - 0.5 * math.cos(i / 6)], m=100) for i in range(38)]


def views(payload: bytes) -> None:
    with st.container(horizontal=True):
        with st.container(width=width):
            canvas.flow_view(payload, key="flow", group=group, autoplay=autoplay)
        with st.container(width=width):
            canvas.boundary_view(payload, key="boundary", group=group)


@st.fragment(run_every=0.05)
def live() -> None:
    pushed = st.session_state.get("pushed", 0)
    st.session_state.pushed = pushed + 1
    views(live_frames()[pushed % 38])


@st.fragment(run_every=0.5)
def growing() -> None:
    """Nothing at first, then a frame: as when a run starts."""
    started = st.session_state.setdefault("started", time.monotonic())
    views(frames("spiral") if time.monotonic() - started > 2 else b"")


@st.fragment(run_every=0.4)
def resting() -> None:
    """A run that trains, rests (then its recording comes), and goes on when the button says so."""
    if st.button("rest"):
        st.session_state.rests = True
    if st.button("go on"):
        st.session_state.rests = False
    payload = frames("last")
    flow_bytes = boundary_bytes = payload
    if st.session_state.get("rests"):
        both = framesets.spiral_set([i / 59 for i in range(60)], m=100)
        flow_bytes = squeeze(canvas.flow_part(both))
        boundary_bytes = squeeze(canvas.boundary_part(both))
    with st.container(horizontal=True):
        with st.container(width=width):
            canvas.flow_view(flow_bytes, key="flow", group="g", epoch_slider=True)
        with st.container(width=width):
            canvas.boundary_view(boundary_bytes, key="boundary", group="g")


if "load" in st.query_params:
    canvas.load()
if demo == "live":
    live()
elif demo == "growing":
    growing()
elif demo == "resting":
    resting()
elif demo == "alone":
    canvas.boundary_view(frames("recording"), key="boundary")
else:
    views(frames(demo))
