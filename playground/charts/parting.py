"""Clean and attacked features through depth: how far apart they are, how fast, and where they go."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import altair as alt

from playground.charts.colours import CLASSES, TRAIN, VALIDATION
from playground.charts.curves import ROWS
from playground.charts.finish import finish
from playground.charts.powers import log_axis

LATER = "later"
"""Name of the data of the depths beyond the net's own: start, end."""

CLEAN, MOVED = "clean", "attacked"
_SECOND = CLASSES[3]
_COLUMNS = 4


@lru_cache(maxsize=64)
def over_depth(
    x_title: str,
    y_title: str,
    series: tuple[str, ...],
    *,
    log: bool = False,
    height: int = 250,
) -> dict[str, Any]:
    """Return medians with the range of the quartiles over depth, the depths beyond the net's own shaded.

    The data are named ``rows`` (depth, series, low, median, high, mean) and ``later``.

    Args:
        x_title: What the depth counts.
        y_title: What is measured.
        series: One or two names; the second is dashed.
        log: Whether the vertical axis is logarithmic.
        height: Height in pixels.
    """
    shown = "isValid(datum.median) && isFinite(datum.median)"
    base = alt.Chart(alt.NamedData(name=ROWS)).transform_filter(
        f"{shown} && datum.low > 0" if log else shown
    )
    x = alt.X(
        "depth:Q",
        title=x_title,
        axis=alt.Axis(tickCount=8, format=".3~g"),
        scale=alt.Scale(nice=False),
    )
    scale = alt.Scale(type="log", nice=False) if log else alt.Scale(zero=True)
    axis = log_axis("y", 5) if log else alt.Axis(format=".2~g", tickCount=5)
    colour = alt.Color(
        "series:N",
        scale=alt.Scale(domain=list(series), range=[VALIDATION, _SECOND][: len(series)]),
        legend=alt.Legend(title=None, orient="top", offset=4, labelLimit=220, symbolOpacity=1),
    )
    later = (
        alt.Chart(alt.NamedData(name=LATER))
        .mark_rect(color=TRAIN, opacity=0.16)
        .encode(x=alt.X("start:Q", title=x_title), x2="end:Q")
    )
    band = base.mark_area(opacity=0.2).encode(
        x=x, y=alt.Y("low:Q", scale=scale, axis=axis, title=y_title), y2="high:Q", color=colour
    )
    line = base.mark_line(strokeWidth=2).encode(
        x=x,
        y=alt.Y("median:Q", scale=scale, axis=axis, title=y_title),
        color=colour,
        strokeDash=alt.StrokeDash(
            "series:N",
            scale=alt.Scale(domain=list(series), range=[[1, 0], [6, 4]][: len(series)]),
            legend=None,
        ),
        tooltip=[
            alt.Tooltip("series:N"),
            alt.Tooltip("depth:Q", title=x_title, format=".3~g"),
            alt.Tooltip("median:Q", format=".3~g"),
            alt.Tooltip("low:Q", title="lower quartile", format=".3~g"),
            alt.Tooltip("high:Q", title="upper quartile", format=".3~g"),
            alt.Tooltip("mean:Q", format=".3~g"),
        ],
    )
    about = f"{y_title} over {x_title}"
    return finish(alt.layer(later, band, line), about, legend_columns=_COLUMNS, height=height)


@lru_cache(maxsize=64)
def pair_paths(
    x_title: str, y_title: str, classes: tuple[str, ...], height: int = 340
) -> dict[str, Any]:
    """Return the paths of pairs through two directions of the features: clean solid, attacked dashed.

    The data are named ``rows`` and have the columns x, y, depth, pair, kind (clean or attacked), class,
    part (``own`` or ``beyond`` the net's own depths, the last own one in both), and end: whether it is
    the net's last depth.

    Args:
        x_title: What the horizontal axis shows.
        y_title: What the vertical axis shows.
        classes: Names in the order of their colours.
        height: Height in pixels.
    """
    colours = [CLASSES[i % len(CLASSES)] for i in range(len(classes))]
    top = {"title": None, "orient": "top", "offset": 4, "labelLimit": 160}
    x = alt.X("x:Q", title=x_title, scale=alt.Scale(zero=False), axis=alt.Axis(tickCount=7))
    y = alt.Y("y:Q", title=y_title, scale=alt.Scale(zero=False), axis=alt.Axis(tickCount=6))
    colour = alt.Color(
        "class:N",
        scale=alt.Scale(domain=list(classes), range=colours),
        legend=alt.Legend(**top) if len(classes) <= 20 else None,
    )
    dash = alt.StrokeDash(
        "kind:N",
        scale=alt.Scale(domain=[CLEAN, MOVED], range=[[1, 0], [5, 3]]),
        legend=alt.Legend(**top),
    )
    tips = [
        alt.Tooltip("pair:Q", title="sample"),
        alt.Tooltip("kind:N", title="input"),
        alt.Tooltip("class:N"),
        alt.Tooltip("says:N", title="the net says"),
        alt.Tooltip("depth:Q", format=".3~g"),
    ]
    base = alt.Chart(alt.NamedData(name=ROWS)).transform_filter(
        "isValid(datum.x) && isValid(datum.y) && isFinite(datum.x) && isFinite(datum.y)"
    )
    paths = base.mark_line(strokeWidth=1.5, clip=True).encode(
        x=x,
        y=y,
        order="depth:Q",
        detail=["pair:N", "part:N"],
        color=colour,
        strokeDash=dash,
        opacity=alt.condition("datum.part === 'own'", alt.value(0.95), alt.value(0.35)),
    )
    ends = (
        base.transform_filter("datum.end && datum.part === 'own'")
        .mark_point(size=46, filled=True, opacity=1)
        .encode(
            x=x,
            y=y,
            color=colour,
            shape=alt.Shape(
                "kind:N",
                scale=alt.Scale(domain=[CLEAN, MOVED], range=["circle", "diamond"]),
                legend=None,
            ),
            tooltip=tips,
        )
    )
    about = "features of clean and attacked inputs on their way through the net"
    return finish(alt.layer(paths, ends), about, legend_columns=_COLUMNS, height=height)
