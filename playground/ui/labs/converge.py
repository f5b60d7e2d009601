"""How fast the error falls with the step, and what accuracy costs in evaluations of the field."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from playground.analysis.convergence import Measured, fitted_order
from playground.charts.lines import Axis, lines
from playground.integrators import INTEGRATORS
from playground.ui.labs.charting import draw, table
from playground.ui.labs.integrators_settings import ADAPTIVE, FIXED, SHEET, Settings
from playground.ui.labs.problems import (
    TOLERANCES,
    known,
    measured,
    posed,
    problem_controls,
    tolerated,
)

_NEAR = 0.25  # between the fitted and the declared order, up to which they agree


def view(settings: Settings) -> None:
    """Draw the view."""
    controls, charts = st.columns([1, 3], gap="large")
    with controls:
        problem_controls(settings)
        SHEET.form.many(settings, "schemes", FIXED | ADAPTIVE)
        SHEET.form.field(settings, "finest")
    with charts:
        draw_orders(settings, share=0.34)


def draw_orders(settings: Settings, share: float = 0.48) -> None:
    """Draw the errors over the step and over the work, and the orders that are observed.

    Args:
        settings: Of the page.
        share: Part of the page's width that each of the two charts has.
    """
    given = posed(settings)
    truth = known(given)
    if isinstance(truth, str):
        st.info(f"No order can be measured: {truth}.", icon=":material/info:")
        return
    scale = float(np.abs(truth[1]).max())
    found: dict[str, list[Measured]] = {}
    for name in settings.schemes:
        result = (
            tolerated(given, name) if name in ADAPTIVE else measured(given, name, settings.finest)
        )
        if isinstance(result, str):
            st.warning(f"{INTEGRATORS[name].label}: {result}.")
        else:
            found[name] = result
    _charts(found, scale, share)
    _orders(found, scale)
    adaptive = {name: points for name, points in found.items() if name in ADAPTIVE}
    if adaptive:
        _tolerances(adaptive)


def _charts(found: dict[str, list[Measured]], scale: float, share: float) -> None:
    rows = pd.concat([_rows(name, points) for name, points in found.items()] or [_rows("", [])])
    rows = rows[rows["error"] < 10 * scale]  # a solution that flies away would flatten all others
    left, right = st.columns(2, gap="medium")
    fixed = [INTEGRATORS[name].label for name in found if name in FIXED]
    with left:
        st.markdown("##### Error over the step size")
        steps = rows[rows["series"].isin(fixed)]
        chart = lines(
            Axis("step", "step size h", log=True),
            Axis("error", "largest error", log=True),
            fixed,
            height=340,
        )
        draw("order", chart, steps, share=share)
        st.caption(
            "The slope of a line is the order that is observed; it ends where rounding begins."
        )
    with right:
        st.markdown("##### Error over the work")
        chart = lines(
            Axis("evaluations", "evaluations of the field", log=True),
            Axis("error", "largest error", log=True),
            [INTEGRATORS[name].label for name in found],
            height=340,
        )
        draw("work", chart, rows, share=share)
        st.caption(
            "Lower left is better. Fixed steps: the largest error on the way; adaptive schemes: the "
            "error at the end, with relative tolerances from 1e-2 to 1e-10."
        )


def _tolerances(found: dict[str, list[Measured]]) -> None:
    """Draw what a tolerance costs, and what it keeps of its promise."""
    rows = pd.concat(
        [_rows(name, points).assign(tolerance=TOLERANCES) for name, points in found.items()]
    )
    names = [INTEGRATORS[name].label for name in found]
    tolerance = Axis("tolerance", "relative tolerance", log=True)
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("##### Evaluations over the tolerance")
        evaluations = Axis("evaluations", "evaluations of the field (NFE)", log=True)
        draw("nfe", lines(tolerance, evaluations, names), rows)
    with right:
        st.markdown("##### Error over the tolerance")
        draw("promise", lines(tolerance, Axis("error", "error at the end", log=True), names), rows)
        st.caption(
            "A tolerance bounds the error of a step, not of the solution: what comes out may be larger."
        )


def _orders(found: dict[str, list[Measured]], scale: float) -> None:
    rows = []
    for name, points in found.items():
        if name not in FIXED:
            continue
        scheme, observed = INTEGRATORS[name], fitted_order(points, scale)
        rows.append(
            {
                "scheme": scheme.label,
                "declared order": scheme.order,
                "observed order": observed,
                "verdict": _verdict(scheme.order, observed),
                "evaluations a step": scheme.stages or 1,
            }
        )
    if rows:
        table(
            pd.DataFrame(rows),
            **{"observed order": st.column_config.NumberColumn(format="%.2f")},
        )


def _verdict(declared: int, observed: float | None) -> str:
    if observed is None:
        return "cannot be judged: every error is as large as the solution, or as small as rounding"
    if abs(observed - declared) <= _NEAR:
        return "as declared"
    return "higher on this problem" if observed > declared else "lower on this problem"


def _rows(name: str, points: list[Measured]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "series": INTEGRATORS[name].label if name else "",
            "step": [point.step for point in points],
            "error": [point.error for point in points],
            "evaluations": [point.evaluations for point in points],
        }
    )
