"""The results of a sweep: its best setting, and a table, a map, curves or a front."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from playground.charts.exports import chart_csv
from playground.charts.sweeps import pareto
from playground.sweeping import Row, Sweep, best, front_of
from playground.sweeping.results import COSTS, QUANTITIES, score_of
from playground.ui import state
from playground.ui.home_page import PLAYGROUND
from playground.ui.labs.charting import draw, view_switch
from playground.ui.results.sweeps_rows import front_rows, named, table_rows
from playground.ui.results.sweeps_settings import FORM, SHEET, SHOWN, VIEWS, Settings
from playground.ui.results.sweeps_views import draw_curves, draw_map

_TALL = 36  # rows of a table that are drawn at once; of more it scrolls


def draw_results(settings: Settings, sweep: Sweep, found: Sequence[Row]) -> None:
    """Draw what there is of a sweep."""
    ended = [row for row in found if row.figures]
    if not ended:
        st.caption(
            "Each setting appears when one of its trainings has ended; the page may be closed "
            "meanwhile, and a sweep that was stopped goes on where it was."
        )
        return
    _best(found)
    view_switch(SHEET, VIEWS)
    if settings.view == "table":
        _table(sweep, found)
    elif settings.view == "map":
        draw_map(settings, sweep, found)
    elif settings.view == "curves":
        draw_curves(settings, sweep, found)
    else:
        _pareto(settings, found)


def _best(found: Sequence[Row]) -> None:
    row = best(found)
    if row is None:
        return
    score = score_of(found)
    std = row.std(score)
    unit = " %" if score == "validation_accuracy" else ""
    spread = "" if std is None else f" ± {std:.2g}"
    words = f"{SHOWN[score].lower()} {row.mean(score):.4g}{spread}{unit}"
    with st.container(horizontal=True, vertical_alignment="center", key="sweep_best"):
        st.markdown(
            f"**Best:** {state.plain(named(row))}, {state.plain(words)}, of {row.ended} trainings",
            width="stretch",
        )
        st.page_link(
            PLAYGROUND,
            label="Open in the playground",
            icon=":material/play_circle:",
            query_params=row.point.experiments[0].to_query(),
        )


def _table(sweep: Sweep, found: Sequence[Row]) -> None:
    rows = table_rows(sweep, found)
    numbers = {
        name: st.column_config.NumberColumn(format=form)
        for name, form in {
            "accuracy, %": "%.2f",
            "± accuracy": "%.2f",
            "loss": "%.4g",
            "± loss": "%.2g",
            "seconds": "%.3g",
            "± seconds": "%.2g",
            "parameters": "localized",
            "NFE": "%.4g",
        }.items()
    }
    with st.container(key="sweep_table"):
        st.dataframe(
            rows,
            hide_index=True,
            width="stretch",
            height="content" if len(rows) <= _TALL else 36 * _TALL // 2,
            column_config=numbers,
        )
    st.caption(
        "A click on a column's name sorts by it. ± is the deviation of a sample over the "
        "repetitions; time is that of the training itself on this server."
    )
    with st.container(horizontal=True, gap="small"):
        st.download_button(
            "Table (CSV)",
            lambda: chart_csv(rows),
            file_name="sweep.csv",
            mime="text/csv",
            icon=":material/download:",
            key="sweeps:csv",
            help="The table above, with all digits.",
            on_click="ignore",
        )
        st.download_button(
            "Sweep and results (JSON)",
            lambda: _json(sweep, found),
            file_name="sweep.json",
            mime="application/json",
            icon=":material/download:",
            key="sweeps:json",
            help="The plan, every training's figures, and the fronts.",
            on_click="ignore",
        )
        st.download_button(
            "Sweep (JSON)",
            lambda: sweep.to_json().encode(),
            file_name="plan.json",
            mime="application/json",
            icon=":material/download:",
            key="sweeps:plan",
            on_click="ignore",
            help="What 'python -m playground sweep FILE' takes.",
        )


def _json(sweep: Sweep, found: Sequence[Row]) -> bytes:
    whole = {
        "sweep": json.loads(sweep.to_json()),
        "points": [row.to_dict() for row in found],
        "front": {cost: [row.place for row in front_of(found, cost)] for cost in COSTS},
    }
    return json.dumps(whole, allow_nan=False, indent=1).encode()


def _pareto(settings: Settings, found: Sequence[Row]) -> None:
    FORM.field(settings, "cost")
    score = score_of(found)
    rows = front_rows(found, settings.cost)
    if rows.empty:
        st.caption("No setting has both an accuracy and this cost yet.")
        return
    draw("pareto", pareto(QUANTITIES[settings.cost], QUANTITIES[score]), rows)
    front = rows[rows["front"]]
    st.markdown("##### The front")
    st.caption("Of these none is beaten: no other setting is at least as good at no more cost.")
    with st.container(key="sweep_front"):
        st.dataframe(
            pd.DataFrame(
                {
                    "setting": front["words"],
                    QUANTITIES[settings.cost]: front["cost"],
                    QUANTITIES[score]: front["score"],
                }
            ),
            hide_index=True,
            width="stretch",
            height="content" if len(front) < _TALL else 600,
            column_config={
                QUANTITIES[settings.cost]: st.column_config.NumberColumn(format="%.4g"),
                QUANTITIES[score]: st.column_config.NumberColumn(format="%.4g"),
            },
        )
