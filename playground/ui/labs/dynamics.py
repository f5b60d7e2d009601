"""The dynamics lab: a neural ODE is fitted to samples, and its field shown beside the true one."""

from __future__ import annotations

import streamlit as st

from playground.analysis.convergence import NoReference
from playground.analysis.observed import Observed
from playground.datasets import TableError
from playground.jobs.fits import Fit, fits
from playground.jobs.records import Refused
from playground.training.dynamics import observed_of
from playground.training.dynamics_settings import Dynamics
from playground.ui import state, troubles
from playground.ui.browser import browser
from playground.ui.labs.charting import title
from playground.ui.labs.dynamics_controls import controls
from playground.ui.labs.dynamics_live import LIVE_SECONDS, live
from playground.ui.labs.dynamics_settings import SHEET, Settings

_FIT = "dynamics:fit"


def dynamics_page() -> None:
    """Draw the page."""
    browser()
    settings = SHEET.open()
    title(SHEET, "Dynamics: a neural ODE learns a system from samples")
    left, right = st.columns([1, 3], gap="large")
    with left:
        controls(settings)
    with right:
        draw_dynamics(settings)
    SHEET.close()


def draw_dynamics(settings: Settings) -> None:
    """Draw the button, the progress and the pictures of the fit that is set."""
    fits().prepare()
    observed = _observed(_data_key(settings.fit))
    fit = _shown(settings.fit)
    if isinstance(observed, str):
        st.info(f"There is nothing to learn from yet: {observed}.", icon=":material/info:")
        return
    moves = fit is not None and fit.runs
    _buttons(settings.fit, fit, moves)
    pace = LIVE_SECONDS if moves else None
    troubles.fragment(live, run_every=pace)(settings, observed, fit, moves, [])


def _shown(wanted: Dynamics) -> Fit | None:
    """Return the fit of these settings; one with other settings is stopped."""
    user, text = state.jobs().user, wanted.model_dump_json()
    held = fits().get(st.session_state.get(_FIT))
    if held is not None:
        held.user = user  # a click may come before the browser has told its id
    if held is not None and held.settings == text:
        return held
    if held is not None:
        fits().stop(held, "Stopped, because the settings have changed.")
    found = fits().find(user, text)
    st.session_state[_FIT] = found.id if found is not None else None
    return found


def _buttons(wanted: Dynamics, fit: Fit | None, moves: bool) -> None:
    """Draw the one button that starts or stops."""
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        if moves:
            st.button(
                "Stop",
                key="dynamics:stop",
                help="Ends the fit; what it has learned so far stays to be looked at.",
                icon=":material/stop:",
                on_click=_stop,
                args=(fit,),
            )
        else:
            st.button(
                "Train" if fit is None else "Train again",
                key="dynamics:train",
                help="Begins with random weights, in a process of its own; it can be stopped.",
                icon=":material/play_arrow:",
                type="primary",
                on_click=_start,
                args=(wanted,),
            )


def _start(wanted: Dynamics) -> None:
    # A click may be delivered twice: then the fit that it started runs already.
    held = fits().get(st.session_state.get(_FIT))
    text = wanted.model_dump_json()
    if held is not None and held.runs and held.settings == text:
        return
    try:
        started = fits().start(state.jobs().user, text)
    except Refused as refused:
        state.say(f"{refused}.", "error")
        return
    st.session_state[_FIT] = started.id


def _stop(fit: Fit) -> None:
    fits().stop(fit, "Stopped by hand.")


def _data_key(wanted: Dynamics) -> str:
    """Return the settings with all that does not touch the samples at its default."""
    names = ("source", "problem", "table", "n_trajectories", "n_samples", "noise", "horizon")
    kept = {name: getattr(wanted, name) for name in (*names, "share", "data_seed")}
    return Dynamics(**kept).model_dump_json()


def _observed(key: str) -> Observed | str:
    """Return the samples, or why there are none; a file that is not here may come yet."""
    try:
        found = _remembered(key)
    except TableError as reason:
        found = str(reason)
    return state.plain(found).rstrip(".") if isinstance(found, str) else found


@st.cache_resource(max_entries=32, show_spinner="The system is solved …")
def _remembered(key: str) -> Observed | str:
    try:
        return observed_of(Dynamics.model_validate_json(key))
    except NoReference as reason:
        return str(reason)
