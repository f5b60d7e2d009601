"""The page of the sweeps: a grid or a list of settings is trained, and compared."""

from __future__ import annotations

import streamlit as st
from pydantic import ValidationError

from playground.jobs import Refused, RunRecord
from playground.sweeping import Sweep, distinct, size, storing, too_large
from playground.sweeping.results import ended_of, rows
from playground.ui import state
from playground.ui.browser import browser
from playground.ui.labs.charting import title
from playground.ui.labs.studying import draw_study
from playground.ui.results.sweeps_controls import controls
from playground.ui.results.sweeps_settings import SHEET, Settings, sweep_of
from playground.ui.results.sweeps_shown import draw_results


def sweeps_page() -> None:
    """Draw the page."""
    browser()
    settings = SHEET.open()
    title(SHEET, "Sweeps: many settings trained, and compared")
    sweep, fault = chosen(settings)
    left, right = st.columns([1, 3], gap="large")
    with left:
        controls(settings, sweep)
    with right:
        if sweep is None:
            st.error(f"This is no sweep yet: {state.plain(fault)}.", icon=":material/error:")
        else:
            _draw(settings, sweep)
    SHEET.close()


def chosen(settings: Settings) -> tuple[Sweep | None, str]:
    """Return the sweep that is set or opened, or why there is none."""
    try:
        if settings.kept:
            return storing.get(state.jobs(), settings.kept).sweep, ""
        return sweep_of(settings), ""
    except ValidationError as error:
        first = error.errors()[0]
        return None, first["msg"].removeprefix("Value error, ")
    except ValueError as error:  # Refused among them
        return None, str(error)


def _draw(settings: Settings, sweep: Sweep) -> None:
    words = " × ".join(f"{field} ({count})" for field, count in _counts(sweep))
    st.markdown(f"#### {state.plain(sweep.name) or 'Sweep'}: {state.plain(words)}")
    try:
        slots = state.jobs().engine_state().slots or state.jobs().settings.workers
        needed, why = _needed(sweep.to_json(), slots)
    except ValueError as error:
        st.error(f"{state.plain(str(error))}.", icon=":material/error:")
        return
    st.caption(f"{needed}.")
    if why:
        st.warning(f"It cannot be started as it is: {state.plain(why)}.", icon=":material/warning:")
    points = sweep.points()
    experiments = distinct(points)

    def draw(runs: list[RunRecord | None]) -> None:
        draw_results(settings, sweep, rows(points, experiments, ended_of(state.jobs(), runs)))

    draw_study(SHEET, experiments, draw, lambda _: _start(sweep))


def _counts(sweep: Sweep) -> list[tuple[str, int]]:
    values = list(sweep.settings())
    return [
        (field, len({str(each[field]) for each in values if field in each}))
        for field in sweep.fields
    ]


@st.cache_data(max_entries=64, show_spinner="Estimating size and time …")
def _needed(plan: str, slots: int) -> tuple[str, str]:
    """Return size and time in words, and why the server does not take the sweep."""
    sweep = Sweep.from_json(plan)
    return size(sweep).words(slots), too_large(sweep, state.jobs().settings)


def _start(sweep: Sweep) -> None:
    try:
        storing.start(state.jobs(), sweep)
    except Refused:
        raise
    except ValueError as error:
        raise Refused(str(error)) from error
