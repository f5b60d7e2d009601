"""Accuracy over the size of the perturbation for all attacks of an evaluation, with their errors."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import altair as alt
import pandas as pd

from playground.attacks import Report
from playground.charts.colours import CLASSES, TRAIN
from playground.charts.curves import ROWS
from playground.charts.finish import finish

LEGEND_COLUMNS = 4
FEW = 2  # a curve of so many ε or fewer is drawn as points with bars, not as a line with a band


def curve_rows(report: Report) -> pd.DataFrame:
    """Return a row for each attack and ε: attack, eps, accuracy, error, low, high, samples, few.

    ``low`` and ``high`` are the accuracy less and plus one standard error, inside 0 to 1; ``few`` says
    that the attack was tried at a few ε only.
    """
    rows = []
    for curve in report.curves:
        for i, eps in enumerate(curve.epsilons):
            accuracy, error = curve.accuracies[i], curve.errors[i]
            rows.append(
                {
                    "attack": curve.label,
                    "eps": eps,
                    "accuracy": accuracy,
                    "error": error,
                    "low": max(0.0, accuracy - error),
                    "high": min(1.0, accuracy + error),
                    "samples": len(curve.outcomes[i]),
                    "few": len(curve.epsilons) <= FEW < len(report.curves[0].epsilons),
                }
            )
    return pd.DataFrame(rows)


@lru_cache(maxsize=64)
def accuracy_curves(
    attacks: tuple[str, ...], chance: float, title: str, height: int = 340
) -> dict[str, Any]:
    """Return the accuracy under each attack over ε, with ±1 standard error and the line of chance.

    The data are named ``rows`` and have the columns of ``curve_rows``.

    Args:
        attacks: Names in the order of their colours.
        chance: Accuracy of guessing.
        title: What stands below the horizontal axis.
        height: Height in pixels.
    """
    base = alt.Chart(alt.NamedData(name=ROWS))
    whole, few = base.transform_filter("!datum.few"), base.transform_filter("datum.few")
    percent = alt.Axis(format=".0%", tickCount=6)
    scale = alt.Scale(domain=[0, 1], nice=False)
    x = alt.X(
        "eps:Q",
        title=title,
        scale=alt.Scale(zero=True, nice=False, padding=4),
        axis=alt.Axis(tickCount=8, format=".3~g"),
    )
    y = alt.Y("accuracy:Q", title="accuracy", scale=scale, axis=percent)
    ends = {"y": alt.Y("low:Q", title="accuracy", scale=scale, axis=percent), "y2": "high:Q"}
    colours = [CLASSES[i % len(CLASSES)] for i in range(len(attacks))]
    colour = alt.Color(
        "attack:N",
        scale=alt.Scale(domain=list(attacks), range=colours),
        legend=alt.Legend(title=None, orient="top", offset=4, labelLimit=200, symbolOpacity=1),
    )
    bands = whole.mark_area(opacity=0.16).encode(x=x, color=colour, **ends)
    lines = whole.mark_line(strokeWidth=1.8).encode(x=x, y=y, color=colour)
    bars = few.mark_rule(strokeWidth=2, opacity=0.7).encode(x=x, color=colour, **ends)
    tooltip = [
        alt.Tooltip("attack:N"),
        alt.Tooltip("eps:Q", title="ε", format=".4~g"),
        alt.Tooltip("accuracy:Q", format=".1%"),
        alt.Tooltip("error:Q", title="standard error", format=".1%"),
        alt.Tooltip("samples:Q"),
    ]
    shape = {"x": x, "y": y, "color": colour, "tooltip": tooltip}
    points = whole.mark_point(size=30, filled=True, opacity=1).encode(**shape)
    marks = few.mark_point(size=70, filled=True, opacity=1, shape="diamond").encode(**shape)
    chart = alt.layer(bands, *_guess(chance, scale), lines, bars, points, marks)
    return finish(
        chart,
        "accuracy under each attack over the size of the perturbation, with standard errors",
        legend_columns=LEGEND_COLUMNS,
        height=height,
    )


def _guess(chance: float, scale: alt.Scale) -> tuple[alt.Chart, alt.Chart]:
    """Return the line of chance and its name."""
    # One row of the data that are there: the page would put its own in the place of others.
    base = alt.Chart(alt.NamedData(name=ROWS)).transform_aggregate(rows="count()")
    y = alt.Y(datum=chance, type="quantitative", scale=scale, title="accuracy")
    rule = base.mark_rule(color=TRAIN, strokeDash=[5, 4], strokeWidth=1.4).encode(y=y)
    name = base.mark_text(color=TRAIN, align="left", dx=6, dy=8, fontSize=11).encode(
        x=alt.value(0), y=y, text=alt.value(f"chance, {chance:.3g}")
    )
    return rule, name
