"""The heat map of a sweep over two of its fields, and its curves side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence

import streamlit as st

from playground.charts.sweeps import heat, multiples
from playground.jobs import studies
from playground.sweeping import Row, Sweep
from playground.sweeping.results import QUANTITIES
from playground.ui import state
from playground.ui.browser import browser
from playground.ui.labs.charting import draw
from playground.ui.results.sweeps_rows import curve_rows, map_rows, ordered, short, word
from playground.ui.results.sweeps_settings import FORM, Settings

_PANELS, _SERIES, _RUNS = 24, 10, 400  # that still can be looked at, and drawn in a moment
_EPOCHS = 60  # points of a curve, at most


def draw_map(settings: Settings, sweep: Sweep, found: Sequence[Row]) -> None:
    """Draw a quantity over two fields."""
    fields = list(sweep.fields)
    across = settings.across if settings.across in fields else fields[0]
    others = [field for field in fields if field != across]
    down = settings.down if settings.down in others else (others or [""])[0]
    chosen, x, y = st.columns([2, 1, 1], gap="small")
    with chosen:
        FORM.field(settings, "quantity")
    with x:
        FORM.choose("across", "Across", fields, fields.index(across), short)
    if others:
        with y:
            FORM.choose("down", "Down", others, others.index(down), short)
    quantity = settings.quantity
    usable = [row for row in found if quantity in row.figures]
    if not usable:
        st.caption(f"No setting has this yet: {QUANTITIES[quantity]}.")
        return
    less = quantity != "validation_accuracy"
    rows = map_rows(usable, across, down, quantity, less_is_better=less)
    chart = heat(
        _values(sweep, across),
        _values(sweep, down) if down else ("",),
        across,
        down or "–",
        QUANTITIES[quantity],
        less_is_better=less,
    )
    draw("map", chart, rows)
    rest = [short(field) for field in others if field != down]
    over = f" Each cell is the mean over {', '.join(rest)}." if rest else ""
    st.caption(state.plain(f"Bright is good.{over}"))


def _values(sweep: Sweep, field: str) -> tuple[str, ...]:
    return tuple(word(x) for x in ordered([each.get(field) for each in sweep.settings()]))


def draw_curves(settings: Settings, sweep: Sweep, found: Sequence[Row]) -> None:
    """Draw how each setting came to its result: a panel for each value of the first field."""
    FORM.field(settings, "curve")
    *front, last = sweep.fields
    places: dict[str, tuple[str, str]] = {}
    left_out = 0
    panels: dict[str, None] = {}
    series: dict[str, None] = {}
    for row in found:
        values = row.point.values
        panel = ", ".join(f"{short(field)} = {word(values.get(field))}" for field in front)
        name = word(values.get(last))
        known = (panel in panels or len(panels) < _PANELS) and (
            name in series or len(series) < _SERIES
        )
        if not known or len(places) + len(row.runs) > _RUNS:
            left_out += 1
            continue
        panels[panel], series[name] = None, None
        places |= dict.fromkeys(row.runs, (panel, name))
    every = math.ceil(max(row.point.experiments[0].epochs for row in found) / _EPOCHS)
    courses = studies.courses(state.jobs(), list(places), settings.curve, every)
    if not courses:
        st.caption(f"No setting has this: {QUANTITIES[settings.curve]}.")
        return
    accuracy = settings.curve == "validation_accuracy"
    rows = curve_rows(courses, places, 100.0 if accuracy else 1.0, log=not accuracy)
    room = {"columns": 2, "width": 280} if browser().narrow else {}
    words = QUANTITIES[settings.curve]
    chart = multiples(tuple(panels), tuple(series), short(last), words, log=not accuracy, **room)
    draw("curves", chart, rows)
    kind = "Mean" if accuracy else "Geometric mean"
    st.caption(f"{kind} over the repetitions that have ended, with one standard deviation.")
    if left_out:
        st.caption(
            f"{left_out} of {len(found)} settings are left out: more than {_PANELS} panels of "
            f"{_SERIES} curves cannot be told apart. The table has all of them."
        )
