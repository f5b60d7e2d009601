"""Means with their spread: of a study's cells over a setting, and of its runs over their course."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import altair as alt

from playground.charts.colours import CLASSES
from playground.charts.curves import ROWS
from playground.charts.finish import finish
from playground.charts.powers import log_axis


def _colour(series: Sequence[str]) -> alt.Color:
    colours = [CLASSES[i % len(CLASSES)] for i in range(len(series))]
    return alt.Color(
        "series:N",
        scale=alt.Scale(domain=list(series), range=colours),
        legend=alt.Legend(title=None, orient="top", columns=4, labelLimit=220, symbolOpacity=1),
    )


@lru_cache(maxsize=64)
def whiskers(
    series: tuple[str, ...],
    groups: tuple[str, ...],
    group_title: str,
    title: str,
    top: float | None = None,
    height: int = 280,
) -> dict[str, Any]:
    """Return means with a standard deviation to either side, side by side for each group.

    The data are named ``rows`` and have the columns series, group, mean, low and high.

    Args:
        series: Names in the order of their colours.
        groups: Names along the horizontal axis.
        group_title: What they are.
        title: What is measured.
        top: Upper end of the vertical axis, beyond which a spread is cut off; the rows decide without.
        height: Height in pixels.
    """
    base = alt.Chart(alt.NamedData(name=ROWS))
    scale = alt.Scale(zero=False) if top is None else alt.Scale(zero=False, domainMax=top)
    place = {
        "x": alt.X(
            "group:N", sort=list(groups), title=group_title, axis=alt.Axis(labelAngle=0, grid=True)
        ),
        "xOffset": alt.XOffset("series:N", sort=list(series), scale=alt.Scale(paddingInner=0.4)),
        "color": _colour(series),
    }
    axis = alt.Axis(tickCount=6, format=".6~g")
    y = alt.Y("mean:Q", title=title, scale=scale, axis=axis)
    tips = [
        alt.Tooltip("series:N", title="optimiser"),
        alt.Tooltip("group:N", title=group_title),
        alt.Tooltip("mean:Q", format=".4~g"),
        alt.Tooltip("low:Q", title="mean − std", format=".4~g"),
        alt.Tooltip("high:Q", title="mean + std", format=".4~g"),
    ]
    spread = base.mark_rule(strokeWidth=2, opacity=0.7, clip=True).encode(
        y=alt.Y("low:Q", title=title, scale=scale), y2="high:Q", **place
    )
    means = base.mark_point(size=70, filled=True, opacity=1).encode(y=y, tooltip=tips, **place)
    return finish(
        alt.layer(spread, means), f"{title} over {group_title}, mean ± std", height=height
    )


@lru_cache(maxsize=64)
def bands(
    series: tuple[str, ...],
    x_title: str,
    title: str,
    log: bool = False,
    top: float | None = None,
    height: int = 280,
    of: str = "optimiser",
    across: str = "step",
) -> dict[str, Any]:
    """Return mean curves with a band of one standard deviation around them.

    The data are named ``rows`` and have the columns series, step (or another), mean, low and high.

    Args:
        series: Names in the order of their colours.
        x_title: What the horizontal axis counts.
        title: What is measured.
        log: Whether the vertical axis is logarithmic; a band must then stay above zero.
        top: Upper end of the vertical axis, beyond which a band is cut off; the rows decide without.
        height: Height in pixels.
        of: What a series is.
        across: Column of the horizontal axis.
    """
    base = alt.Chart(alt.NamedData(name=ROWS))
    ticks = alt.Axis(tickCount=6, format=".6~g")
    x = alt.X(f"{across}:Q", title=x_title, axis=ticks, scale=alt.Scale(nice=False))
    scale = alt.Scale(type="log", nice=False) if log else alt.Scale(zero=False)
    if top is not None:
        scale.domainMax = top
    colour = _colour(series)
    area = base.mark_area(opacity=0.16, clip=True).encode(
        x=x, y=alt.Y("low:Q", title=title, scale=scale), y2="high:Q", color=colour
    )
    line = base.mark_line(strokeWidth=2, clip=True).encode(
        x=x,
        y=alt.Y("mean:Q", title=title, scale=scale, axis=log_axis("y") if log else ticks),
        color=colour,
        tooltip=[
            alt.Tooltip("series:N", title=of),
            alt.Tooltip(f"{across}:Q", title=x_title),
            alt.Tooltip("mean:Q", format=".4~g"),
            alt.Tooltip("low:Q", title="mean − std", format=".4~g"),
            alt.Tooltip("high:Q", title="mean + std", format=".4~g"),
        ],
    )
    return finish(alt.layer(area, line), f"{title} over {x_title}, mean ± std", height=height)
