"""The first page: a recorded training that plays; lessons, laboratories and experiments to open."""

from __future__ import annotations

import gzip
from pathlib import Path

import streamlit as st

from playground.presets import Preset, presets
from playground.ui import state
from playground.ui.browser import browser, tell_browser
from playground.ui.canvas import boundary_view, flow_view, load
from playground.ui.cards import Card, draw_cards
from playground.ui.lessons.listing import lesson_cards

_RECORDING = Path(__file__).resolve().parents[2] / "assets" / "recordings" / "spiral.frames.gz"
PLAYGROUND = "pages/play/playground.py"
LABORATORIES = (
    (
        "integrators",
        "Integrators",
        "Orders, stability, and what other schemes make of a trained net.",
    ),
    (
        "dynamics",
        "Dynamics",
        "A neural ODE learns a system from noisy samples, beside the true field.",
    ),
    (
        "lookahead",
        "Lookahead",
        "A thesis's experiment, with its printed mistakes and without them.",
    ),
    ("multi_stage", "Multi-stage", "Nets that fit what the nets before them left, down to 10⁻⁸."),
    (
        "images",
        "Images",
        "Residual nets whose blocks are steps of a scheme, on digits and your own.",
    ),
    ("attention", "Attention", "Neural ODE attention beside the classic one, and where both look."),
    (
        "robustness",
        "Robustness",
        "Any net under noise and attacks, and when to distrust the figures.",
    ),
)
"""File in pages/labs, title and a sentence of each laboratory."""


def home_page() -> None:
    """Draw the page."""
    load()
    browser()
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
    st.markdown("#### Lessons: say what you expect, try it, see why")
    lesson_cards()
    st.markdown("#### Laboratories")
    draw_cards([_laboratory(*entry) for entry in LABORATORIES])
    st.markdown("#### Open an experiment in the playground")
    draw_cards([_experiment(preset) for preset in presets().values()])
    tell_browser({})


@st.cache_data
def _recording() -> bytes:
    return gzip.decompress(_RECORDING.read_bytes())


def _open(preset: Preset) -> None:
    """Go to the playground with an experiment in the form."""
    state.start_with(preset.experiment)
    st.switch_page(PLAYGROUND)


def _laboratory(name: str, title: str, text: str) -> Card:
    return Card(
        key=f"lab:{name}",
        title=title,
        text=text,
        button="Enter",
        act=lambda: st.switch_page(f"pages/labs/{name}.py"),
        picture=f"lab-{name.replace('_', '-')}",
    )


def _experiment(preset: Preset) -> Card:
    return Card(
        key=f"open:{preset.name}",
        title=preset.label,
        text=preset.summary,
        button="Open",
        act=lambda: _open(preset),
    )
