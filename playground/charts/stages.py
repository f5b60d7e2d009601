"""Pictures of a fit in stages: what is left, its waves, the loss over all stages, maps of a plane."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import altair as alt

from playground.charts.colours import CLASSES, TRAIN, VALIDATION
from playground.charts.curves import ROWS
from playground.charts.finish import finish
from playground.charts.powers import log_axis

MARKS = "marks"
"""Name of the data of the wave that is marked: columns frequency, words, late (beyond the middle)."""
BORDERS = "borders"
"""Name of the data of the stages: columns start, middle, words."""
FLOOR = "floor"
"""Name of the data of what the precision cannot tell apart: columns level, words."""
AT, BETWEEN = "at the points", "between them"
_POWERS = log_axis("y")


@lru_cache(maxsize=64)
def residual(title: str, height: int = 200) -> dict[str, Any]:
    """Return what is left over the input, on a fine grid and at the points that were trained on.

    The data are named ``rows`` and have the columns x, value and set (``AT`` or ``BETWEEN``).

    Args:
        title: What is drawn.
        height: Height in pixels.
    """
    base = alt.Chart(alt.NamedData(name=ROWS))
    place = {
        "x": alt.X("x:Q", title="x", scale=alt.Scale(nice=False, zero=False)),
        "y": alt.Y("value:Q", title=title, axis=alt.Axis(format="~e", tickCount=5)),
        "tooltip": [
            alt.Tooltip("set:N", title="where"),
            alt.Tooltip("x:Q", format=".4~g"),
            alt.Tooltip("value:Q", title=title, format=".3~e"),
        ],
    }
    zero = alt.Chart(alt.InlineData(values=[{}])).mark_rule(color=TRAIN, opacity=0.6)
    zero = zero.encode(y=alt.datum(0))
    line = base.transform_filter(f"datum.set === '{BETWEEN}'").mark_line(
        strokeWidth=1.4, color=CLASSES[0], clip=True
    )
    points = base.transform_filter(f"datum.set === '{AT}'").mark_point(
        size=16, filled=True, opacity=0.7, color=CLASSES[4], clip=True
    )
    chart = alt.layer(zero, points.encode(**place), line.encode(**place))
    return finish(chart, f"{title} over x", height=height)


@lru_cache(maxsize=64)
def waves(title: str, height: int = 200) -> dict[str, Any]:
    """Return the amplitudes of the waves in what is left, the strongest one marked with its κ.

    The data are named ``rows`` (frequency, amplitude) and ``marks``.

    Args:
        title: Whose waves they are.
        height: Height in pixels.
    """
    x = alt.X(
        "frequency:Q",
        title="frequency (cycles per unit of the mapped input)",
        scale=alt.Scale(nice=False, zero=True),
    )
    y = alt.Y(
        "amplitude:Q", title="amplitude", scale=alt.Scale(type="log", nice=False), axis=_POWERS
    )
    shown = alt.Chart(alt.NamedData(name=ROWS)).transform_filter("datum.amplitude > 0")
    line = shown.mark_line(strokeWidth=1.2, color=CLASSES[0], clip=True).encode(x=x, y=y)
    points = shown.mark_point(size=9, filled=True, opacity=1, color=CLASSES[0]).encode(
        x=x,
        y=y,
        tooltip=[
            alt.Tooltip("frequency:Q", format=".4~g"),
            alt.Tooltip("amplitude:Q", format=".3~e"),
        ],
    )
    marked = alt.Chart(alt.NamedData(name=MARKS))
    rule = marked.mark_rule(color=CLASSES[1], strokeDash=[5, 3], strokeWidth=1.6).encode(x=x)
    words = [
        marked.transform_filter(f"datum.late == {str(late).lower()}")
        .mark_text(align=align, baseline="bottom", dy=-3, color=CLASSES[1], fontSize=12)
        .encode(x=x, y=alt.value(0), text="words:N")
        for late, align in ((False, "left"), (True, "right"))
    ]
    return finish(alt.layer(rule, line, points, *words), f"spectrum of {title}", height=height)


@lru_cache(maxsize=64)
def loss(series: tuple[str, ...], quantity: str = "MSE / 2", height: int = 260) -> dict[str, Any]:
    """Return the loss over the iterations of all stages, the borders of the stages marked.

    The data are named ``rows`` (iteration, value, series), ``borders`` and ``floor``.

    Args:
        series: Names in the order of their colours; training and validation have their own.
        quantity: What the vertical axis shows.
        height: Height in pixels.
    """
    known = {AT: TRAIN, BETWEEN: VALIDATION}
    colours = [known.get(name, CLASSES[i % len(CLASSES)]) for i, name in enumerate(series)]
    x = alt.X("iteration:Q", title="iteration", scale=alt.Scale(nice=False, zero=True))
    scale = alt.Scale(type="log", nice=False)
    drawn = alt.Chart(alt.NamedData(name=ROWS)).transform_filter("datum.value > 0")
    line = drawn.mark_line(strokeWidth=1.8, clip=True).encode(
        x=x,
        y=alt.Y("value:Q", title=quantity, scale=scale, axis=_POWERS),
        color=alt.Color(
            "series:N",
            scale=alt.Scale(domain=list(series), range=colours),
            legend=alt.Legend(title=None, orient="top", columns=2, labelLimit=320, offset=2),
        ),
        tooltip=[
            alt.Tooltip("series:N", title="loss"),
            alt.Tooltip("iteration:Q"),
            alt.Tooltip("value:Q", title=quantity, format=".3~e"),
        ],
    )
    borders = alt.Chart(alt.NamedData(name=BORDERS))
    rules = borders.mark_rule(color=TRAIN, opacity=0.7).encode(
        x=alt.X("start:Q", title="iteration")
    )
    names = borders.mark_text(
        align="center", baseline="top", dy=2, color=TRAIN, fontSize=11
    ).encode(x=alt.X("middle:Q", title="iteration"), y=alt.value(0), text="words:N")
    floor = alt.Chart(alt.NamedData(name=FLOOR))
    level = floor.mark_rule(color=CLASSES[1], strokeDash=[4, 4]).encode(
        y=alt.Y("level:Q", scale=scale, title=quantity)
    )
    told = floor.mark_text(align="left", dx=4, dy=-6, color=CLASSES[1], fontSize=11).encode(
        x=alt.value(0), y=alt.Y("level:Q", scale=scale, title=quantity), text="words:N"
    )
    chart = alt.layer(rules, names, level, told, line)
    return finish(chart, f"{quantity} over iterations, stage by stage", height=height)


@lru_cache(maxsize=64)
def heat_map(title: str, signed: bool, height: int = 260) -> dict[str, Any]:
    """Return values over a plane as coloured cells.

    The data are named ``rows`` and have the columns x, x2, y, y2 (the sides of each cell) and value.

    Args:
        title: What the colour means.
        signed: Whether zero has to lie in the middle of the colours.
        height: Height in pixels.
    """
    scheme = alt.Scale(scheme="blueorange", domainMid=0) if signed else alt.Scale(scheme="viridis")
    chart = (
        alt.Chart(alt.NamedData(name=ROWS))
        .mark_rect(clip=True)
        .encode(
            x=alt.X("x:Q", title="x", scale=alt.Scale(nice=False, zero=False)),
            x2="x2:Q",
            y=alt.Y("y:Q", title="y", scale=alt.Scale(nice=False, zero=False)),
            y2="y2:Q",
            color=alt.Color(
                "value:Q",
                scale=scheme,
                legend=alt.Legend(title=None, format=".2~e", gradientLength=height - 40),
            ),
            tooltip=[
                alt.Tooltip("x:Q", format=".3~f"),
                alt.Tooltip("y:Q", format=".3~f"),
                alt.Tooltip("value:Q", title=title, format=".3~e"),
            ],
        )
    )
    return finish(chart, f"{title} over the plane", height=height)


@lru_cache(maxsize=64)
def spread(
    group_title: str, title: str, groups: tuple[str, ...], series: Sequence[str], height: int = 260
) -> dict[str, Any]:
    """Return medians and spreads on a logarithmic axis over a setting, with the single values.

    The data are named ``rows`` and have the columns group, series, value, mean, low and high; mean,
    low and high are the same in all rows of a group and series.

    Args:
        group_title: What the groups are.
        title: What is measured.
        groups: Names along the horizontal axis, in order.
        series: Names in the order of their colours.
        height: Height in pixels.
    """
    base = alt.Chart(alt.NamedData(name=ROWS))
    colours = [CLASSES[i % len(CLASSES)] for i in range(len(series))]
    scale = alt.Scale(type="log", nice=True)
    place = {
        "x": alt.X(
            "group:N", sort=list(groups), title=group_title, axis=alt.Axis(labelAngle=0, grid=True)
        ),
        "xOffset": alt.XOffset("series:N", sort=list(series), scale=alt.Scale(paddingInner=0.4)),
        "color": alt.Color(
            "series:N",
            scale=alt.Scale(domain=list(series), range=colours),
            legend=alt.Legend(title=None, orient="top", columns=2, labelLimit=260),
        ),
    }
    y = alt.Y("value:Q", title=title, scale=scale, axis=_POWERS)
    tips = [
        alt.Tooltip("series:N", title="net"),
        alt.Tooltip("group:N", title=group_title),
        alt.Tooltip("mean:Q", format=".3~e"),
        alt.Tooltip("low:Q", title="mean − std", format=".3~e"),
        alt.Tooltip("high:Q", title="mean + std", format=".3~e"),
    ]
    single = base.mark_point(size=14, filled=True, opacity=0.45).encode(
        y=y, tooltip=[*tips[:2], alt.Tooltip("value:Q", title=title, format=".3~e")], **place
    )
    bar = base.mark_rule(strokeWidth=2, opacity=0.8).encode(
        y=alt.Y("low:Q", title=title, scale=scale), y2="high:Q", **place
    )
    mean = base.mark_point(size=80, filled=True, opacity=1, shape="diamond").encode(
        y=alt.Y("mean:Q", title=title, scale=scale), tooltip=tips, **place
    )
    return finish(alt.layer(bar, single, mean), f"{title} over {group_title}", height=height)
