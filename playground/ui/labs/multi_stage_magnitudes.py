"""Figure 3 of the lecture on multi-stage nets: data much larger or smaller than one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from playground.charts.lines import Axis, lines
from playground.charts.stages import spread
from playground.experiment import Experiment
from playground.jobs import RunRecord
from playground.training.multi_stage_plans import MAGNITUDES, figure_3
from playground.ui.labs.charting import draw
from playground.ui.labs.multi_stage_found import (
    Runs,
    budget_of,
    rms_of,
    seeds_of,
    seen,
    spread_rows,
)
from playground.ui.labs.multi_stage_rows import thinned
from playground.ui.labs.multi_stage_settings import SHEET, Settings
from playground.ui.labs.studying import draw_study


def magnitudes(settings: Settings) -> None:
    """Draw how well a single stage fits the target at magnitudes from 1e-4 to 1e4."""
    st.markdown("#### Figure 3: data much larger or smaller than one, without normalisation")
    plans = figure_3(settings.budget, settings.figure_scale, settings.repetitions, settings.first)
    flat = list(dict.fromkeys(e for rows in plans.values() for row in rows for e in row))

    def results(runs: Runs) -> None:
        rms = rms_of(flat, runs)
        if not rms:
            st.caption(
                "The error over the magnitude of the data comes here, with and without normalisation."
            )
            return
        size = _size_of_the_target()
        rows = pd.concat(
            spread_rows(
                MAGNITUDES,
                label,
                [
                    [None if rms.get(e) is None else rms[e] / (m * size) for e in row]
                    for m, row in zip(MAGNITUDES, plan)
                ],
            )
            for label, plan in plans.items()
        )
        groups = tuple(f"{m:g}" for m in MAGNITUDES)
        draw(
            "magnitudes",
            spread("magnitude", "RMS error / RMS of the data", groups, tuple(plans)),
            rows,
        )
        st.markdown(_of_the_magnitudes(rows))
        _fits(plans["as it is"], dict(zip(flat, runs)))
        st.caption(
            f"{budget_of(settings)}; {seeds_of(settings)}. "
            "One stage of 3×20 units; the error is divided by the size of the data, so that all "
            "magnitudes can be compared."
        )

    draw_study(SHEET, flat, results)


def _of_the_magnitudes(rows: pd.DataFrame) -> str:
    """Say how much worse the ends are than the middle, with and without normalisation."""
    means = rows.groupby(["series", "group"])["mean"].first()
    names = [f"{m:g}" for m in (1, MAGNITUDES[0], MAGNITUDES[-1])]
    told = []
    for label in means.index.unique("series"):
        own = means[label]
        if not set(names) <= set(own.index):
            continue
        one, small, large = (own[name] for name in names)
        told.append(
            f"{label}, the error is {one:.2g} of the data at magnitude 1; at {names[1]} it is "
            f"{small / one:.2g} times as large, at {names[2]} {large / one:.2g} times"
        )
    text = "; ".join(told)
    return f"{text[:1].upper()}{text[1:]}." if told else ""


@st.cache_data(show_spinner=False)
def _size_of_the_target() -> float:
    x = np.linspace(-1, 1, 3000)
    return float(np.sqrt(np.mean((np.sin(2 * x + 1) + 0.2 * np.exp(1.3 * x)) ** 2)))


def _fits(rows: Sequence[Sequence[Experiment]], runs: dict[Experiment, RunRecord | None]) -> None:
    """Draw the fits of the first seed, each divided by its magnitude."""
    parts, series = [], []
    for magnitude, row in list(zip(MAGNITUDES, rows))[::2]:
        run = runs.get(row[0])
        if run is None or run.status != "finished":
            continue
        views = seen(row[0], run)
        keep = thinned(len(views.fine_x), 200)
        name = f"magnitude {magnitude:g}"
        series.append(name)
        fit = (views.fine_y - views.fine_left[-1])[keep] / magnitude
        parts.append(pd.DataFrame({"x": views.fine_x[keep, 0], "value": fit, "series": name}))
        if not parts[1:]:
            truth = views.fine_y[keep] / magnitude
            reference = pd.DataFrame({"x": views.fine_x[keep, 0], "value": truth})
            parts.append(reference.assign(series="data"))
    if parts:
        st.markdown("##### The fits of the first seed, divided by their magnitude")
        chart = lines(
            Axis("x", "x"),
            Axis("value", "fit / magnitude"),
            series,
            reference="data",
            points=False,
        )
        draw("fits", chart, pd.concat(parts))
