"""Accuracy under attack over ε: every repetition, their mean with its spread, and chance."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import altair as alt

from playground.charts.colours import CLASSES, TRAIN
from playground.charts.curves import ROWS
from playground.charts.finish import finish

MEANS = "means"
"""Name of the data that hold the mean of each net at each ε."""
_DASH = [6, 4]


@lru_cache(maxsize=64)
def attack_curves(
    series: tuple[str, ...],
    kinds: tuple[str, ...],
    title: str,
    chance: float,
    at: float | None = None,
    height: int = 360,
) -> dict[str, Any]:
    """Return accuracies over ε with a band of one standard deviation.

    The data ``rows`` have a row for each repetition of each net at each ε (columns model, perturbation,
    repetition, epsilon, accuracy), ``means`` one for each net at each ε (columns model, perturbation,
    epsilon, mean, low, high, repetitions). Accuracies are in percent.

    Args:
        series: Names of the nets in the order of their colours.
        kinds: The perturbations; lines of all but the first are dashed.
        title: What ε is, beside the horizontal axis.
        chance: Accuracy of guessing, drawn as a line in grey.
        at: An ε that is marked.
        height: Height in pixels.
    """
    rows, means = (alt.Chart(alt.NamedData(name=name)) for name in (ROWS, MEANS))
    x = alt.X(
        "epsilon:Q",
        title=title,
        axis=alt.Axis(tickCount=8, format=".4~g"),
        scale=alt.Scale(nice=False, zero=True),
    )
    scale = alt.Scale(domain=[0, 100], nice=False)
    percent = alt.Axis(tickCount=6, format=".0f")

    def y(column: str) -> alt.Y:
        return alt.Y(f"{column}:Q", title="accuracy (%)", scale=scale, axis=percent)

    colour, dash = _colour(series), _dash(kinds)
    tips = [
        alt.Tooltip("model:N", title="net"),
        alt.Tooltip("perturbation:N"),
        alt.Tooltip("epsilon:Q", title="ε", format=".4~g"),
        alt.Tooltip("mean:Q", title="mean (%)", format=".1f"),
        alt.Tooltip("low:Q", title="mean − std", format=".1f"),
        alt.Tooltip("high:Q", title="mean + std", format=".1f"),
        alt.Tooltip("repetitions:Q"),
    ]
    attacked = f"datum.perturbation === {kinds[0]!r}"
    band = (
        means.transform_filter(attacked)
        .mark_area(opacity=0.16, clip=True)
        .encode(x=x, y=y("low"), y2="high:Q", color=colour)
    )
    single = (
        rows.transform_filter(attacked)
        .mark_line(strokeWidth=0.8, opacity=0.35)
        .encode(x=x, y=y("accuracy"), color=colour, detail="repetition:N")
    )
    line = means.mark_line(strokeWidth=2).encode(x=x, y=y("mean"), color=colour, strokeDash=dash)
    points = means.mark_point(size=26, filled=True, opacity=1).encode(
        x=x, y=y("mean"), color=colour, tooltip=tips
    )
    nothing = alt.Chart(alt.InlineData(values=[{}]))
    guess = nothing.mark_rule(color=TRAIN, strokeDash=[2, 3]).encode(y=alt.datum(chance))
    named = nothing.mark_text(
        text=f"chance, {chance:.3g} %", align="left", dx=4, dy=-7, color=TRAIN
    ).encode(x=alt.value(0), y=alt.datum(chance))
    layers = [band, single, line, points, guess, named]
    if at is not None:
        layers.append(nothing.mark_rule(color=TRAIN, opacity=0.7).encode(x=alt.datum(at)))
    about = f"Accuracy under attack over {title}, mean ± std over the repetitions"
    return finish(alt.layer(*layers), about, legend_columns=3, height=height)


def _colour(series: Sequence[str]) -> alt.Color:
    colours = [CLASSES[i % len(CLASSES)] for i in range(len(series))]
    return alt.Color(
        "model:N",
        scale=alt.Scale(domain=list(series), range=colours),
        legend=alt.Legend(title=None, orient="top", labelLimit=240, symbolOpacity=1, offset=4),
    )


def _dash(kinds: Sequence[str]) -> alt.StrokeDash:
    dashes = [[1, 0], *([_DASH] * (len(kinds) - 1))]
    legend = alt.Legend(title=None, orient="top", labelLimit=240) if len(kinds) > 1 else None
    return alt.StrokeDash(
        "perturbation:N", scale=alt.Scale(domain=list(kinds), range=dashes), legend=legend
    )
