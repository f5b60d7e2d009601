"""Nets side by side: what each repetition came to, and its differences to the first of the nets."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import altair as alt

from playground.charts.colours import CLASSES, TRAIN
from playground.charts.curves import ROWS
from playground.charts.finish import finish


def _colour(nets: Sequence[str]) -> alt.Color:
    colours = [CLASSES[i % len(CLASSES)] for i in range(len(nets))]
    return alt.Color("net:N", scale=alt.Scale(domain=list(nets), range=colours), legend=None)


@lru_cache(maxsize=64)
def strip(nets: tuple[str, ...], title: str, height: int = 300) -> dict[str, Any]:
    """Return a point for each repetition of each net, the same seeds joined by a line.

    The data are named ``rows`` and have the columns net, repetition, value, mean, low and high, the
    last three equal in all rows of a net.

    Args:
        nets: Names in the order of their places and colours.
        title: What is measured.
        height: Height in pixels.
    """
    base = alt.Chart(alt.NamedData(name=ROWS))
    x = alt.X("net:N", sort=list(nets), title=None, axis=alt.Axis(labelAngle=0, labelLimit=110))
    scale, axis = alt.Scale(zero=False), alt.Axis(tickCount=6, format=".6~g")

    def y(column: str) -> alt.Y:
        return alt.Y(f"{column}:Q", title=title, scale=scale, axis=axis)

    joined = base.mark_line(color=TRAIN, opacity=0.5, strokeWidth=1).encode(
        x=x, y=y("value"), detail="repetition:N"
    )
    spread = base.mark_rule(strokeWidth=2, opacity=0.8).encode(
        x=x, y=y("low"), y2="high:Q", color=_colour(nets)
    )
    means = base.mark_tick(orient="horizontal", thickness=3, size=34).encode(
        x=x, y=y("mean"), color=_colour(nets)
    )
    points = base.mark_point(size=60, filled=True, opacity=0.75).encode(
        x=x,
        y=y("value"),
        color=_colour(nets),
        tooltip=[
            alt.Tooltip("net:N"),
            alt.Tooltip("repetition:Q"),
            alt.Tooltip("value:Q", title=title, format=".2f"),
            alt.Tooltip("mean:Q", format=".2f"),
        ],
    )
    chart = alt.layer(joined, spread, means, points)
    return finish(chart, f"{title} of every repetition", height=height)


@lru_cache(maxsize=64)
def differences(nets: tuple[str, ...], title: str, height: int = 150) -> dict[str, Any]:
    """Return the differences to the first net, repetition by repetition, with their mean ± 2 errors.

    The data are named ``rows`` and have the columns net, repetition, difference, mean, low and high;
    without low and high no bar is drawn.

    Args:
        nets: Names in the order of their colours; the first is what the others are compared with.
        title: What the difference is of, with its unit.
        height: Height in pixels.
    """
    base = alt.Chart(alt.NamedData(name=ROWS))
    y = alt.Y("net:N", sort=list(nets[1:]), title=None, axis=alt.Axis(labelLimit=140))

    def x(column: str) -> alt.X:
        return alt.X(f"{column}:Q", title=title, axis=alt.Axis(tickCount=7, format="+.4~g"))

    zero = alt.Chart(alt.InlineData(values=[{}])).mark_rule(color=TRAIN, strokeDash=[4, 4])
    spread = (
        base.transform_filter("isValid(datum.low)")
        .mark_rule(strokeWidth=3, opacity=0.6)
        .encode(y=y, x=x("low"), x2="high:Q", color=_colour(nets))
    )
    means = base.mark_tick(orient="vertical", thickness=3, size=20).encode(
        y=y, x=x("mean"), color=_colour(nets)
    )
    points = base.mark_point(size=46, filled=True, opacity=0.7).encode(
        y=y,
        x=x("difference"),
        color=_colour(nets),
        tooltip=[
            alt.Tooltip("net:N"),
            alt.Tooltip("repetition:Q"),
            alt.Tooltip("difference:Q", title=title, format="+.2f"),
            alt.Tooltip("mean:Q", format="+.2f"),
        ],
    )
    chart = alt.layer(zero.encode(x=alt.datum(0)), spread, means, points)
    return finish(chart, f"{title}, repetition by repetition", height=height)
