"""The figures of the lecture on multi-stage nets, each trained by one button."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from playground.charts.lines import Axis, lines
from playground.charts.stages import BORDERS, FLOOR, loss, residual, spread
from playground.experiment import Experiment
from playground.jobs import RunRecord, studies
from playground.training.checkpoints import unpack
from playground.training.multi_stage_plans import MAGNITUDES, figure_1, figure_2, figure_3
from playground.training.stage_views import StageViews, iterations, views_of
from playground.ui import state
from playground.ui.labs.charting import draw, table
from playground.ui.labs.multi_stage_rows import residual_rows, thinned
from playground.ui.labs.multi_stage_settings import SHEET, Settings
from playground.ui.labs.stored import checkpoint_of
from playground.ui.labs.studying import draw_study

Runs = list[RunRecord | None]
_NONE = pd.DataFrame({"level": [], "words": []})


def _reduced(settings: Settings) -> str:
    budget = settings.budget
    words = f"Adam {budget.adam:,} steps and L-BFGS {budget.lbfgs:,} iterations a stage"
    return words + (" (reduced)" if settings.protocol != "full" else "")


def _seeds(settings: Settings) -> str:
    if settings.repetitions == 1:
        return f"one repetition (seed {settings.first}), which says nothing about chance"
    return f"{settings.repetitions} repetitions, seeds from {settings.first}"


# Figure 1 ---------------------------------------------------------------------------------------


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
        return
    views = {name: _seen(experiment, run) for name, (experiment, run) in ended.items()}
    two, one = (views.get(name) for name in names[:2])
    if two is not None:
        _second_stage(two)
    left, right = st.columns(2, gap="medium")
    for column, letter, name, seen in ((left, "(c) ", names[0], two), (right, "", names[1], one)):
        if seen is None:
            continue
        with column:
            last = seen.figures[-1]
            st.markdown(
                f"**{letter}Error of {name}**: RMS {last.rms:.2e}, {last.weights:,} weights"
            )
            rows = residual_rows(seen, len(seen.figures))
            draw(f"error_{names.index(name)}", residual("error"), rows)
    st.markdown("##### (d) Loss over the iterations, at the points")
    _courses(ended)
    _ends(views)
    st.markdown(_told(views))
    st.caption(
        f"{_reduced(settings)}; a single stage takes as many as both together. One seed "
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


def _seen(experiment: Experiment, run: RunRecord) -> StageViews:
    return _remembered(run.id, run.checkpoint_step, experiment.model_dump_json())


@st.cache_data(max_entries=64, show_spinner=False)
def _remembered(run_id: str, step: int, experiment: str) -> StageViews:
    _, weights = unpack(checkpoint_of(run_id, step))
    return views_of(Experiment.model_validate_json(experiment), weights)


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
            f"The two small nets end with a loss **{_round(ratio):,} times lower** than the large one, "
            "as the lecture says (about 1e-14 against 1e-8, a factor of a million)."
        )
    return (
        f"Here the large net ends with the lower loss, by a factor of {1 / ratio:.2g}: not as in the "
        "lecture."
    )


def _round(ratio: float) -> int:
    """Return a ratio to two digits."""
    return int(float(f"{ratio:.1e}"))


# Figure 2 ---------------------------------------------------------------------------------------


def plateau(settings: Settings) -> None:
    """Draw the RMS of single stages over their size and their data."""
    st.markdown("#### Figure 2: does a larger net, or more data, help a single stage?")
    panels = figure_2(settings.budget, settings.figure_scale, settings.repetitions, settings.first)
    flat = list(dict.fromkeys(e for panel in panels for row in panel.experiments for e in row))

    def results(runs: Runs) -> None:
        rms = _rms_of(flat, runs)
        for panel, column in zip(panels, st.columns(3, gap="medium")):
            with column:
                st.markdown(f"**Over {panel.title}**")
                values = [[rms.get(e) for e in row] for row in panel.experiments]
                rows = _spread_rows(panel.values, "one stage", values)
                groups = tuple(str(value) for value in panel.values)
                chart = spread(panel.title, "RMS of the error", groups, ("one stage",))
                draw(f"plateau_{panel.name}", chart, rows)
        st.markdown(
            _flatness([(p.title, [[rms.get(e) for e in r] for r in p.experiments]) for p in panels])
        )
        st.caption(
            f"{_reduced(settings)}; {_seeds(settings)}. "
            "Diamonds and bars: mean ± standard deviation of the logarithm; dots: single trainings. "
            + (
                "The loss is as it is: much of the plateau is L-BFGS's, which drops curvature below "
                "1e-10. Divide the loss by its value and it falls."
                if settings.figure_scale == "none"
                else "The loss is divided by its value: compare with the loss as it is."
            )
        )

    draw_study(SHEET, flat, results)


def _rms_of(experiments: Sequence[Experiment], runs: Runs) -> dict[Experiment, float]:
    """Return the last RMS at the points, of the trainings that have ended."""
    ended = {e: run for e, run in zip(experiments, runs) if run and run.status == "finished"}
    found = studies.figures(state.jobs(), [run.id for run in ended.values()])
    return {
        e: math.sqrt(found[run.id][-1].train_loss) for e, run in ended.items() if run.id in found
    }


def _spread_rows(
    groups: Sequence[float], series: str, values: Sequence[Sequence[float | None]]
) -> pd.DataFrame:
    rows = []
    for group, row in zip(groups, values):
        logs = np.log([v for v in row if v is not None and v > 0])
        if not len(logs):
            continue
        middle, wide = logs.mean(), logs.std(ddof=1) if len(logs) > 1 else 0.0
        ends = {"mean": middle, "low": middle - wide, "high": middle + wide}
        ends = {name: math.exp(value) for name, value in ends.items()}
        rows += [
            {"group": f"{group:g}", "series": series, "value": math.exp(v), **ends} for v in logs
        ]
    columns = ["group", "series", "value", "mean", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def _flatness(panels: Sequence[tuple[str, Sequence[Sequence[float | None]]]]) -> str:
    """Say how much each setting changes the mean of the logarithm, beside the spread of the seeds."""
    told = []
    for title, values in panels:
        logs = [np.log([v for v in row if v]) for row in values]
        logs = [each for each in logs if len(each) > 1]
        if len(logs) < 2:
            continue
        means = [each.mean() for each in logs]
        wide = math.sqrt(np.mean([each.var(ddof=1) for each in logs]))
        change = math.exp(max(means) - min(means))
        told.append(
            f"over {title} the mean changes {change:.2g} times, chance {math.exp(wide):.2g} times"
        )
    return f"From the best to the worst value: {'; '.join(told)}." if told else ""


# Figure 3 ---------------------------------------------------------------------------------------


def magnitudes(settings: Settings) -> None:
    """Draw how well a single stage fits the target at magnitudes from 1e-4 to 1e4."""
    st.markdown("#### Figure 3: data much larger or smaller than one, without normalisation")
    plans = figure_3(settings.budget, settings.figure_scale, settings.repetitions, settings.first)
    flat = list(dict.fromkeys(e for rows in plans.values() for row in rows for e in row))

    def results(runs: Runs) -> None:
        rms = _rms_of(flat, runs)
        size = _size_of_the_target()
        rows = pd.concat(
            _spread_rows(
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
            f"{_reduced(settings)}; {_seeds(settings)}. "
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
            f"{label}, the error is {one:.2g} of the data at magnitude 1, {small / one:.2g} times "
            f"that at {names[1]} and {large / one:.2g} times that at {names[2]}"
        )
    return f"{'; '.join(told).capitalize()}." if told else ""


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
        views = _seen(row[0], run)
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
