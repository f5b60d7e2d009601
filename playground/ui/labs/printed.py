"""The schemes of the residual-stacking paper as it prints them, each beside what was meant."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from playground.analysis.convergence import Measured, fitted_order, measure, registered
from playground.charts.lines import Axis, lines
from playground.integrators import INTEGRATORS
from playground.integrators.printed import PRINTED
from playground.systems import SYSTEMS
from playground.ui.labs.charting import draw, table
from playground.ui.labs.integrators_settings import SHEET, Settings
from playground.ui.labs.problems import Posed, known, posed, problem_controls

_STEPS = tuple(2**k for k in range(3, 11))
_PROBLEMS = ("decay", "cosine", "logistic")


def view(settings: Settings) -> None:
    """Draw the view."""
    controls, charts = st.columns([1, 3], gap="large")
    with controls:
        SHEET.form.field(settings, "printed")
        problem_controls(settings)
    given = posed(settings)
    truth = known(given)
    with charts:
        if isinstance(truth, str):
            st.info(f"No order can be measured: {truth}.", icon=":material/info:")
        else:
            _one(settings.printed, given, float(np.abs(truth[1]).max()))
        _all()


def _one(name: str, given: Posed, scale: float) -> None:
    """Show one formula with its verdict, and its errors beside those of what was meant."""
    entry = PRINTED[name]
    left, right = st.columns([1, 1.2], gap="large")
    with left:
        st.markdown(f"##### {entry.label}, as printed")
        for part in entry.formula.split(r",\quad "):
            st.latex(part)
        st.markdown(entry.verdict)
        for correct in entry.corrected:
            scheme = INTEGRATORS[correct]
            st.markdown(f"**{scheme.label}**")
            st.latex(scheme.formula)
    with right:
        st.markdown("##### What the order plot says")
        found = {f"{entry.label} as printed": _printed(name, given)}
        found |= {INTEGRATORS[n].label: _registered(n, given) for n in entry.corrected}
        rows = pd.DataFrame(
            [
                {"series": label, "step": point.step, "error": point.error}
                for label, points in found.items()
                for point in points
                if point.error < 1e3 * scale
            ],
            columns=["series", "step", "error"],
        )
        chart = lines(
            Axis("step", "step size h", log=True),
            Axis("error", "largest error", log=True),
            list(found),
            height=320,
        )
        draw("printed", chart, rows)


def _all() -> None:
    st.markdown("##### All of them, on three problems")
    rows = []
    for name, entry in PRINTED.items():
        row = {"printed as": entry.label, "claimed order": entry.claimed}
        orders = {p: _order(_printed(name, _usual(p)), p) for p in _PROBLEMS}
        row |= {
            SYSTEMS[p].label: "no slope" if order is None else f"{order:.2f}"
            for p, order in orders.items()
        }
        meant = [_order(_registered(n, _usual("cosine")), "cosine") for n in entry.corrected]
        row["what was meant"] = ", ".join(
            f"{INTEGRATORS[n].label} ({'?' if order is None else f'{order:.2f}'})"
            for n, order in zip(entry.corrected, meant)
        )
        rows.append(row)
    table(pd.DataFrame(rows))
    st.caption(
        "Observed orders, fitted to the errors with up to "
        f"{_STEPS[-1]} steps. A problem that does not depend on time cannot tell a wrong node from a "
        "right one; y' = y cos t can, and the orders in brackets are on it."
    )


def _usual(name: str) -> Posed:
    entry = SYSTEMS[name]
    return Posed(name, entry.options().model_dump_json(), entry.start, entry.horizon)


def _order(points: list[Measured], problem: str) -> float | None:
    _, states = known(_usual(problem))
    return fitted_order(points, float(np.abs(states).max()))


@st.cache_data(max_entries=256, show_spinner=False)
def _printed(name: str, given: Posed) -> list[Measured]:
    return measure(given.problem, given.start, given.horizon, PRINTED[name].solve, _STEPS)


@st.cache_data(max_entries=256, show_spinner=False)
def _registered(name: str, given: Posed) -> list[Measured]:
    return measure(given.problem, given.start, given.horizon, registered(name), _STEPS)
