"""The page on which people pick, train and watch."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from playground.experiment import Experiment
from playground.ui import address, canvas, state, teaching
from playground.ui.browser import browser, tell_browser
from playground.ui.classroom.followed import draw_banner, draw_followed
from playground.ui.data_panel import data_choice, data_options
from playground.ui.explain import explanation
from playground.ui.linking import embedded
from playground.ui.live import views
from playground.ui.panels import network_choice, network_options, optimizer_panel
from playground.ui.transport import Strip, transport
from playground.ui.what_if import draw_what_if


def playground_page() -> None:
    """Draw the page: the strip on top, the controls, the views, the explanation.

    What moves is drawn before the controls beside or above it: those who have just clicked look there.
    """
    canvas.load()
    window = browser()
    address.open_link()
    followed = teaching.followed()
    if followed is not None:
        tell_browser(address.link())
        draw_followed(followed)
        return
    if state.record() is None and window.user:
        state.renew(train=st.session_state.pop("train_at_once", False))
    state.look()
    teaching.show_on()
    tell_browser(address.link())
    if embedded():
        views(transport("train"))
        return
    strip = transport()
    draw_banner()
    if window.narrow:
        _narrow(strip)
    else:
        _wide(strip)
    rules = teaching.rules()
    if not rules.hides("what_if"):
        _what_if()
    if not rules.hides("explanation"):
        explanation(state.experiment())


def _what_if() -> None:
    """Draw the question what another setting would have made of the run, for whoever asks it."""
    shown = state.record()
    if shown is None or shown.step <= 0 or shown.status in state.ACTIVE:
        return
    asked = st.toggle(
        "What if one setting were another?",
        key="what_if",
        help="Train the same net with one setting changed, and lay the two over each other.",
    )
    if asked:
        draw_what_if(shown)


def _wide(strip: Strip) -> None:
    experiment = state.experiment()
    data, network, shown = st.columns([1.05, 1.15, 3.6], gap="medium")
    with shown:
        views(strip)
    with data:
        data_choice(experiment)
        data_options(experiment)
    with network:
        network_choice(experiment)
        network_options(experiment)
        optimizer_panel(experiment)


def _narrow(strip: Strip) -> None:
    experiment = state.experiment()
    above = st.container()
    views(strip)
    with above:
        data, network = st.tabs(["Data", "Network and training"])
    with data:
        _beside(experiment, (1.6, 1), data_choice, data_options)
    with network:
        _beside(experiment, (1.2, 1, 1), network_choice, network_options, optimizer_panel)


def _beside(
    experiment: Experiment, widths: tuple[float, ...], *panels: Callable[[Experiment], None]
) -> None:
    for column, panel in zip(st.columns(widths, gap="medium"), panels):
        with column:
            panel(experiment)
