"""Figure 1 of the lecture on multi-stage nets: one net of 30 units against two of 20."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from playground.charts.lines import Axis, lines
from playground.charts.stages import BORDERS, FLOOR, loss, residual
from playground.experiment import Experiment
from playground.jobs import RunRecord, studies
from playground.training.multi_stage_plans import figure_1
from playground.training.stage_views import StageViews, iterations
from playground.ui import state
from playground.ui.labs.charting import draw, table
from playground.ui.labs.multi_stage_found import (
    Runs,
    budget_of,
    seen,
)
from playground.ui.labs.multi_stage_rows import residual_rows, thinned
from playground.ui.labs.multi_stage_settings import SHEET, Settings
from playground.ui.labs.studying import draw_study

_NONE = pd.DataFrame({"level": [], "words": []})


def one_or_two(settings: Settings) -> None:
    """Draw one net of 30 units against two of 20, with as many iterations."""
    st.markdown("#### Figure 1: one net of 30 units, or two of 20 with fewer weights")
    plans = figure_1(settings.budget, settings.figure_scale, settings.first)
    names, experiments = list(plans), list(plans.values())
    draw_study(SHEET, experiments, lambda runs: _compared(settings, names, experiments, runs))


def _compared(
    settings: Settings, names: Sequence[str], experiments: Sequence[Experiment], runs: Runs
) -> None:
    ended = {
        name: (experiment, run)
        for name, experiment, run in zip(names, experiments, runs)
        if run is not None and studies.is_done(run)
    }
    if not ended:
        st.caption("The errors of both nets and the loss of all five trainings come here.")
        return
    views = {name: seen(experiment, run) for name, (experiment, run) in ended.items()}
    two, one = (views.get(name) for name in names[:2])
    if two is not None:
        _second_stage(two)
    left, right = st.columns(2, gap="medium")
    for column, letter, name, each in ((left, "(c) ", names[0], two), (right, "", names[1], one)):
        if each is None:
            continue
        with column:
            last = each.figures[-1]
            st.markdown(
                f"**{letter}Error of {name}**: RMS {last.rms:.2e}, {last.weights:,} weights"
            )
            rows = residual_rows(each, len(each.figures))
            draw(f"error_{names.index(name)}", residual("error"), rows)
    st.markdown("##### (d) Loss over the iterations, at the points")
    _courses(ended)
    _ends(views)
    st.markdown(_told(views))
    st.caption(
        f"{budget_of(settings)}; a single stage takes as many as both together. One seed "
        f"({settings.first}); the loss L-BFGS sees is "
        f"{'as it is' if settings.figure_scale == 'none' else 'divided by its value'}. The lecture's "
        "weights leave out the biases: 1,680 and 1,860."
    )


def _second_stage(two: StageViews) -> None:
    """Draw the first stage on the data, and the second on what the first has left."""
    left, right = st.columns(2, gap="medium")
    keep = thinned(len(two.fine_x))
    x, error = two.fine_x[keep, 0], two.fine_left[:, keep]
    truth = two.fine_y[keep]
    with left:
        st.markdown("**(a) The target and the first net**")
        draw(
            "target",
            _over_x("first net", "target", "u"),
            _pair(x, truth, truth - error[1], "target"),
        )
    with right:
        st.markdown("**(b) What the first net has left, and the second net**")
        rows = _pair(x, error[1], error[1] - error[2], "what is left").replace(
            "first net", "second net times ε"
        )
        draw("second", _over_x("second net times ε", "what is left", "e"), rows)


def _over_x(series: str, reference: str, title: str) -> dict[str, Any]:
    axis = Axis("value", title)
    return lines(Axis("x", "x"), axis, [series], reference=reference, points=False, height=200)


def _pair(x: np.ndarray, truth: np.ndarray, net: np.ndarray, name: str) -> pd.DataFrame:
    parts = ((truth, name), (net, "first net"))
    return pd.concat([pd.DataFrame({"x": x, "value": v, "series": s}) for v, s in parts])


def _courses(ended: dict[str, tuple[Experiment, RunRecord]]) -> None:
    found = studies.figures(state.jobs(), [run.id for _, run in ended.values()])
    parts = [
        pd.DataFrame(
            {
                "iteration": [iterations(experiment, m.step) for m in found.get(run.id, [])],
                "value": [m.train_loss / 2 for m in found.get(run.id, [])],
                "series": name,
            }
        )
        for name, (experiment, run) in ended.items()
    ]
    both = next((e for e, _ in ended.values() if e.network.options.stages > 1), None)
    borders = pd.DataFrame({"start": [], "middle": [], "words": []})
    if both is not None:
        each = iterations(both, both.epochs)
        borders = pd.DataFrame(
            {"start": [each], "middle": [1.5 * each], "words": ["stage 2 of the two"]}
        )
    draw(
        "courses",
        loss(tuple(ended), height=300),
        pd.concat(parts),
        {BORDERS: borders, FLOOR: _NONE},
    )


def _ends(views: dict[str, StageViews]) -> None:
    table(
        pd.DataFrame(
            [
                {
                    "net": name,
                    "weights": f"{each.figures[-1].weights:,}",
                    "MSE / 2": f"{each.figures[-1].loss:.2e}",
                    "max. error": f"{each.figures[-1].max_error:.2e}",
                    "max. between": f"{each.figures[-1].fine_max_error:.2e}",
                }
                for name, each in views.items()
            ]
        )
    )


def _told(views: dict[str, StageViews]) -> str:
    two, one = (views.get(n) for n in ("two stages of 20 units", "one stage of 30 units"))
    if two is None or one is None:
        return ""
    ratio = one.figures[-1].loss / two.figures[-1].loss
    if ratio > 1:
        return (
            f"The two small nets end with a loss **{_round(ratio):,} times lower** than the large "
            "one; the lecture has about 1e-14 against 1e-8, a factor of a million."
        )
    return (
        f"Here the large net ends with the lower loss, by a factor of {1 / ratio:.2g}: not as in the "
        "lecture."
    )


def _round(ratio: float) -> int:
    """Return a ratio to two digits."""
    return int(float(f"{ratio:.1e}"))
