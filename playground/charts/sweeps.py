"""What a sweep has shown: a map over two fields, curves side by side, and accuracy against cost."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import altair as alt

from playground.charts.colours import CLASSES, TRAIN, VALIDATION
from playground.charts.curves import ROWS
from playground.charts.finish import finish
from playground.charts.powers import log_axis

MOST_WRITTEN = 120
"""Cells of a map that have their figures written in them; of more they would run into each other."""


@lru_cache(maxsize=64)
def heat(
    across: tuple[str, ...],
    down: tuple[str, ...],
    across_title: str,
    down_title: str,
    title: str,
    *,
    less_is_better: bool = False,
) -> dict[str, Any]:
    """Return a map of a quantity over two fields, bright where it is good.

    The data are named ``rows`` and have the columns across, down, mean, low, high, words, count and
    light (whether the cell is light, so that it is written on in dark).

    Args:
        across: Values of the horizontal axis, in order, as texts.
        down: Values of the vertical axis.
        across_title: Field of the horizontal axis.
        down_title: Field of the vertical axis.
        title: The quantity.
        less_is_better: Whether small values are the good ones.
    """
    height = min(560, max(160, 44 * len(down)))
    base = alt.Chart(alt.NamedData(name=ROWS)).encode(
        x=alt.X("across:N", sort=list(across), title=across_title, axis=alt.Axis(labelAngle=0)),
        y=alt.Y("down:N", sort=list(down), title=down_title),
    )
    tips = [
        alt.Tooltip("across:N", title=across_title),
        alt.Tooltip("down:N", title=down_title),
        alt.Tooltip("mean:Q", title=title, format=".5~g"),
        alt.Tooltip("low:Q", title="mean − std", format=".5~g"),
        alt.Tooltip("high:Q", title="mean + std", format=".5~g"),
        alt.Tooltip("count:Q", title="trainings"),
    ]
    scale = alt.Scale(scheme="viridis", reverse=less_is_better, zero=False)
    cells = base.mark_rect(stroke=None).encode(
        color=alt.Color(
            "mean:Q",
            scale=scale,
            legend=alt.Legend(title=None, format=".4~g", gradientLength=height - 24),
        ),
        tooltip=tips,
    )
    layers = [cells]
    if len(across) * len(down) <= MOST_WRITTEN:
        ink = alt.condition("datum.light", alt.value("#111111"), alt.value("#ffffff"))
        layers.append(base.mark_text(fontSize=12).encode(text="words:N", color=ink))
    return finish(
        alt.layer(*layers), f"{title} over {across_title} and {down_title}", height=height
    )


@lru_cache(maxsize=64)
def pareto(
    cost_title: str, score_title: str, *, log: bool = True, height: int = 380
) -> dict[str, Any]:
    """Return accuracy (or loss) against cost: every setting a point, those of the front joined.

    The data are named ``rows`` and have the columns cost, score, low, high, words and front (whether no
    other setting is at least as good at no more cost).

    Args:
        cost_title: What is paid.
        score_title: What is had for it.
        log: Whether the costs are on a logarithmic axis.
        height: Height in pixels.
    """
    base = alt.Chart(alt.NamedData(name=ROWS))
    x = alt.X(
        "cost:Q",
        title=cost_title,
        scale=alt.Scale(type="log", nice=False, padding=12)
        if log
        else alt.Scale(zero=False, padding=12),
        axis=log_axis("x", 8) if log else alt.Axis(format=".3~g", tickCount=8),
    )
    scale = alt.Scale(zero=False, padding=8)
    axis = alt.Axis(format=".4~g", tickCount=7)
    y = alt.Y("score:Q", title=score_title, scale=scale, axis=axis)
    colour = alt.Color(
        "kind:N",
        scale=alt.Scale(domain=["on the front", "beaten"], range=[VALIDATION, TRAIN]),
        legend=alt.Legend(title=None, orient="top", columns=2, symbolOpacity=1),
    )
    named = base.transform_calculate(kind="datum.front ? 'on the front' : 'beaten'")
    front = (
        base.transform_filter("datum.front")
        .mark_line(interpolate="step-after", strokeWidth=1.6, color=VALIDATION)
        .encode(x=x, y=y, order="cost:Q")
    )
    spread = named.mark_rule(opacity=0.45, strokeWidth=1.5).encode(
        x=x, y=alt.Y("low:Q", title=score_title, scale=scale), y2="high:Q", color=colour
    )
    tips = [
        alt.Tooltip("words:N", title="setting"),
        alt.Tooltip("cost:Q", title=cost_title, format=".4~g"),
        alt.Tooltip("score:Q", title=score_title, format=".4~g"),
        alt.Tooltip("low:Q", title="mean − std", format=".4~g"),
        alt.Tooltip("high:Q", title="mean + std", format=".4~g"),
    ]
    points = named.mark_point(size=60, filled=True, opacity=1).encode(
        x=x, y=y, color=colour, tooltip=tips
    )
    return finish(
        alt.layer(front, spread, points),
        f"{score_title} against {cost_title}, with the settings that no other one beats",
        height=height,
    )


@lru_cache(maxsize=64)
def multiples(
    panels: tuple[str, ...],
    series: tuple[str, ...],
    of: str,
    title: str,
    *,
    log: bool = False,
    columns: int = 3,
    width: int = 255,
) -> dict[str, Any]:
    """Return curves over epochs, a panel for each of one field's values, a colour for each of another's.

    The data are named ``rows`` and have the columns panel, series, epoch, mean, low and high.

    Args:
        panels: Names of the panels, in order.
        series: Names in the order of their colours.
        of: What a series is.
        title: What is measured.
        log: Whether the vertical axis is logarithmic; a band must then stay above zero.
        columns: Panels side by side.
        width: Width of a panel in pixels.
    """
    base = alt.Chart()
    x = alt.X("epoch:Q", title="epoch", axis=alt.Axis(tickCount=5), scale=alt.Scale(nice=False))
    scale = alt.Scale(type="log", nice=False) if log else alt.Scale(zero=False)
    colours = [CLASSES[i % len(CLASSES)] for i in range(len(series))]
    colour = alt.Color(
        "series:N",
        scale=alt.Scale(domain=list(series), range=colours),
        legend=alt.Legend(title=of, orient="top", columns=6, labelLimit=180, symbolOpacity=1)
        if len(series) > 1
        else None,
    )
    band = base.mark_area(opacity=0.14, clip=True).encode(
        x=x, y=alt.Y("low:Q", title=title, scale=scale), y2="high:Q", color=colour
    )
    line = base.mark_line(strokeWidth=1.8, clip=True).encode(
        x=x,
        y=alt.Y("mean:Q", title=title, scale=scale, axis=alt.Axis(tickCount=4, format=".3~g")),
        color=colour,
        tooltip=[
            alt.Tooltip("panel:N", title="panel"),
            alt.Tooltip("series:N", title=of),
            alt.Tooltip("epoch:Q"),
            alt.Tooltip("mean:Q", title=title, format=".4~g"),
        ],
    )
    chart = (
        alt.layer(band, line, data=alt.NamedData(name=ROWS))
        .properties(width=width, height=160)
        .facet(
            facet=alt.Facet(
                "panel:N",
                sort=list(panels),
                title=None,
                header=alt.Header(labelFontSize=12, labelPadding=4, labelLimit=width),
            ),
            columns=min(columns, max(1, len(panels))),
            spacing=14,
        )
    )
    return finish(chart, f"{title} over epochs, for each setting")
