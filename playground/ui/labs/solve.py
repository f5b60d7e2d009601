"""One problem, several schemes side by side: solutions, errors, the plane of states, the steps taken."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from playground.analysis.first_step import first_step
from playground.analysis.solutions import Solution, directions
from playground.charts.lines import Axis, lines
from playground.charts.plane import ARROWS, portrait
from playground.integrators import INTEGRATORS
from playground.ui import formulas
from playground.ui.labs.charting import draw, table
from playground.ui.labs.integrators_settings import SHEET, Settings
from playground.ui.labs.problems import (
    Posed,
    known,
    posed,
    problem_controls,
    scheme_controls,
    solved,
)

_TRUE = "solution"
_EXPLAINED = 4  # schemes whose step is written out
_FAR = 0.6  # times the extent of the solution, beyond which what flies away is cut off


def view(settings: Settings) -> None:
    """Draw the view."""
    controls, charts = st.columns([1, 3], gap="large")
    with controls:
        problem_controls(settings)
        scheme_controls(settings)
        SHEET.form.field(settings, "n_steps")
    with charts:
        draw_solved(settings, share=0.34)


def draw_solved(settings: Settings, share: float = 0.48) -> None:
    """Draw the problem's solution and what the schemes make of it.

    Args:
        settings: Of the page.
        share: Part of the page's width that each of two charts side by side has.
    """
    given = posed(settings)
    found = solved(given, settings.schemes, settings.n_steps, (settings.rtol, settings.atol))
    truth = known(given)
    if isinstance(truth, str):
        st.info(f"There is nothing to compare with: {truth}.", icon=":material/info:")
    for each in found:
        if each.failure:
            st.warning(f"{INTEGRATORS[each.scheme].label}: {each.failure}.")
    _curves(given, found, truth, share)
    _plane_and_steps(given, found, truth, settings, share)
    _figures(found)
    if any(each.steps for each in found):  # whose steps are drawn where the formulas would be
        _explain(given, found, settings)


def _curves(given: Posed, found: list[Solution], truth: tuple | str, share: float) -> None:
    problem = given.problem
    names = [INTEGRATORS[each.scheme].label for each in found]
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown(f"##### {problem.variables[0]} over time")
        rows = _rows(found, 0)
        if not isinstance(truth, str):
            times, states = truth
            rows = pd.concat([_one(_TRUE, times, states[:, 0]), rows])
        box = _extent(truth, found, 0)
        chart = lines(
            Axis("t", "t", domain=(0.0, given.horizon)),
            Axis("value", problem.variables[0], domain=box),
            names,
            points=max((len(each.times) for each in found), default=0) <= 120,
            reference="" if isinstance(truth, str) else _TRUE,
        )
        draw("solution", chart, rows, share=share)
    with right:
        st.markdown("##### Error over time")
        errors = pd.concat(
            [
                _one(INTEGRATORS[each.scheme].label, each.times, each.errors).iloc[1:]
                for each in found
            ]
            or [_one("", np.zeros(0), np.zeros(0))]
        )
        chart = lines(
            Axis("t", "t", domain=(0.0, given.horizon)),
            Axis("value", "largest error of a component", log=True),
            names,
            points=False,
        )
        draw("error", chart, errors, share=share)


def _plane_and_steps(
    given: Posed, found: list[Solution], truth: tuple | str, settings: Settings, share: float
) -> None:
    left, right = st.columns(2, gap="medium")
    adaptive = [each for each in found if each.steps]
    with left:
        _plane(given, found, truth, share)
    with right:
        if adaptive:
            _steps(given, adaptive, settings)
        else:
            _explain(given, found, settings)


def _plane(given: Posed, found: list[Solution], truth: tuple | str, share: float) -> None:
    problem = given.problem
    flat = problem.dim == 1
    pair = (-1, 0) if flat else (0, 1)
    names = ("t", problem.variables[0]) if flat else problem.variables[:2]
    st.markdown("##### The field and the paths through it")
    across = (0.0, given.horizon) if flat else _extent(truth, found, 0)
    box = (*across, *_extent(truth, found, pair[1]))
    arrows = pd.DataFrame(
        directions(problem, pair, given.start, box), columns=["x", "y", "angle", "speed"]
    )
    arrows = arrows[np.isfinite(arrows).all(axis=1)]
    paths = [_path(INTEGRATORS[each.scheme].label, each.times, each.states, pair) for each in found]
    if not isinstance(truth, str):
        paths = [_path(_TRUE, *truth, pair).iloc[::4], *paths]
    rows = pd.concat(paths) if paths else _path("", np.zeros(0), np.zeros((0, 1)), (-1, 0))
    chart = portrait(
        *names,
        box,
        [INTEGRATORS[each.scheme].label for each in found],
        reference="" if isinstance(truth, str) else _TRUE,
        height=380,
    )
    draw("plane", chart, rows, {ARROWS: arrows}, share=share)
    if problem.dim > 2:
        st.caption("Two of the components; the arrows are drawn where the others begin.")


def _steps(given: Posed, found: list[Solution], settings: Settings) -> None:
    st.markdown("##### Steps that the adaptive schemes tried")
    rows = pd.concat(
        [
            pd.DataFrame(
                {
                    "t": [start for start, _, _ in each.steps],
                    "value": [size for _, size, _ in each.steps],
                    "series": [
                        f"{INTEGRATORS[each.scheme].label} · {'kept' if kept else 'rejected'}"
                        for _, _, kept in each.steps
                    ],
                }
            )
            for each in found
        ]
    )
    chart = lines(
        Axis("t", "t", domain=(0.0, given.horizon)),
        Axis("value", "step size", log=True),
        list(dict.fromkeys(rows["series"])),
        joined=False,
    )
    draw("steps", chart, rows)
    st.caption(
        f"A step is kept where its estimated error is below {settings.atol:g} + {settings.rtol:g} |y|; "
        "otherwise a shorter one is tried from the same place."
    )


def _explain(given: Posed, found: list[Solution], settings: Settings) -> None:
    """Draw the formula of each scheme, and its first step with the numbers of this problem."""
    st.markdown("##### The step that is taken")
    for each in found[:_EXPLAINED]:
        scheme = INTEGRATORS[each.scheme]
        st.caption(f"**{scheme.label}**: {scheme.summary}")
        if scheme.formula:
            st.latex(scheme.formula)
        with st.expander("The first step, with its numbers"):
            if each.steps:
                _, size, kept = each.steps[0]
                st.latex(formulas.tried_step(size, kept, (settings.rtol, settings.atol)))
            else:
                size = given.horizon / settings.n_steps
                step = first_step(given.problem, given.start, size, each.scheme)
                st.latex(formulas.step_numbers(step, settings.n_steps, given.horizon))
                if scheme.kind == "multistep":
                    st.caption("It needs former points: its first step is that of another method.")


def _figures(found: list[Solution]) -> None:
    rows = pd.DataFrame(
        {
            "scheme": [INTEGRATORS[each.scheme].label for each in found],
            "order": [INTEGRATORS[each.scheme].order for each in found],
            "steps": [
                sum(kept for _, _, kept in each.steps) if each.steps else len(each.times) - 1
                for each in found
            ],
            "field evaluations": [each.evaluations for each in found],
            "error at the end": [float(each.errors[-1]) for each in found],
            "largest error": [float(np.nanmax(each.errors, initial=0.0)) for each in found],
        }
    )
    shown = st.column_config.NumberColumn
    table(
        rows,
        **{name: shown(format="%.3e") for name in ("error at the end", "largest error")},
    )


def _one(name: str, times: np.ndarray, values: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"t": times, "value": values, "series": name})


def _rows(found: list[Solution], component: int) -> pd.DataFrame:
    parts = [
        _one(INTEGRATORS[each.scheme].label, each.times, each.states[:, component])
        for each in found
    ]
    return pd.concat(parts) if parts else _one("", np.zeros(0), np.zeros(0))


def _path(name: str, times: np.ndarray, states: np.ndarray, pair: tuple[int, int]) -> pd.DataFrame:
    first, second = pair
    x = times if first < 0 else states[:, first]
    return pd.DataFrame({"x": x, "y": states[:, second], "t": times, "series": name})


def _extent(truth: tuple | str, found: list[Solution], component: int) -> tuple[float, float]:
    """Return bottom and top of a component: all of the solution, and of the schemes what is near it."""
    drawn = np.concatenate([each.states[:, component] for each in found] or [np.zeros(1)])
    if isinstance(truth, str):
        low, high = np.percentile(drawn, [1, 99])
    else:
        states = truth[1][:, component]
        low, high = float(states.min()), float(states.max())
        room = _FAR * max(high - low, 1e-3)
        near = drawn[(drawn > low - room) & (drawn < high + room)]
        low, high = min(low, near.min(initial=low)), max(high, near.max(initial=high))
    margin = 0.06 * max(high - low, 1e-3)
    return float(low - margin), float(high + margin)
