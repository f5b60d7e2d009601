"""Pictures of a net on images through its depth, of its swapped schemes, and of its solver's work."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import altair as alt

from playground.charts.colours import CLASSES, TRAIN, VALIDATION
from playground.charts.curves import ROWS
from playground.charts.finish import finish

_SPIKE = "#D62728"
_COLUMNS = 6  # of a legend


def _colour(column: str, series: tuple[str, ...]) -> alt.Color:
    return alt.Color(
        f"{column}:N",
        scale=alt.Scale(
            domain=list(series), range=[CLASSES[i % len(CLASSES)] for i in range(len(series))]
        ),
        legend=alt.Legend(title=None, orient="top", labelLimit=220, symbolOpacity=1, offset=4),
    )


@lru_cache(maxsize=64)
def change(x_title: str, height: int = 240) -> dict[str, Any]:
    """Return how much each block changes the features: the median over images, and the quartiles.

    The data are named ``rows`` and have the columns depth, name, low, median and high.

    Args:
        x_title: What the depth counts.
        height: Height in pixels.
    """
    base = alt.Chart(alt.NamedData(name=ROWS))
    x = alt.X("depth:Q", title=x_title, axis=alt.Axis(tickCount=8, format=".3~g"))
    scale = alt.Scale(zero=True)
    title = "‖x(l+1) − x(l)‖ / ‖x(l)‖"
    whiskers = base.mark_rule(strokeWidth=5, opacity=0.3, color=VALIDATION).encode(
        x=x, y=alt.Y("low:Q", scale=scale, title=title), y2="high:Q"
    )
    line = base.mark_line(strokeWidth=1.8, color=VALIDATION).encode(
        x=x, y=alt.Y("median:Q", scale=scale, title=title, axis=alt.Axis(format=".3~g"))
    )
    points = base.mark_point(size=46, filled=True, opacity=1, color=VALIDATION).encode(
        x=x,
        y=alt.Y("median:Q", scale=scale, title=title),
        tooltip=[
            alt.Tooltip("name:N", title="at"),
            alt.Tooltip("median:Q", format=".3~g"),
            alt.Tooltip("low:Q", title="lower quartile", format=".3~g"),
            alt.Tooltip("high:Q", title="upper quartile", format=".3~g"),
        ],
    )
    about = "relative change of the features over depth"
    return finish(alt.layer(whiskers, line, points), about, legend_columns=_COLUMNS, height=height)


@lru_cache(maxsize=64)
def parting(x_title: str, height: int = 240) -> dict[str, Any]:
    """Return how many images a linear classifier of the features gets right at each depth.

    The data are named ``rows`` and have the columns depth, name, set (training images, validation images
    or the net itself) and accuracy.

    Args:
        x_title: What the depth counts.
        height: Height in pixels.
    """
    sets = ("training images", "validation images", "the net itself")
    colour = alt.Color(
        "set:N",
        scale=alt.Scale(domain=list(sets), range=[TRAIN, VALIDATION, CLASSES[1]]),
        legend=alt.Legend(title=None, orient="top", offset=4, labelLimit=220),
    )
    base = alt.Chart(alt.NamedData(name=ROWS))
    encoding = {
        "x": alt.X("depth:Q", title=x_title, axis=alt.Axis(tickCount=8, format=".3~g")),
        "y": alt.Y(
            "accuracy:Q",
            title="accuracy",
            scale=alt.Scale(zero=False),
            axis=alt.Axis(format=".0%", tickCount=6),
        ),
        "color": colour,
        "tooltip": [
            alt.Tooltip("set:N", title="on"),
            alt.Tooltip("name:N", title="at"),
            alt.Tooltip("accuracy:Q", format=".1%"),
        ],
    }
    dash = alt.condition("datum.set == 'the net itself'", alt.value([6, 4]), alt.value([1, 0]))
    line = base.mark_line(strokeWidth=1.8).encode(strokeDash=dash, **encoding)
    points = (
        base.transform_filter("datum.set != 'the net itself'")
        .mark_point(size=40, filled=True, opacity=1)
        .encode(**encoding)
    )
    return finish(
        alt.layer(line, points),
        "accuracy of linear probes over depth",
        legend_columns=_COLUMNS,
        height=height,
    )


@lru_cache(maxsize=64)
def clouds(
    classes: tuple[str, ...],
    depths: tuple[str, ...],
    shares: tuple[float, float],
    columns: int = 4,
    edge: int = 150,
) -> dict[str, Any]:
    """Return the features of images at several depths, side by side on the same axes.

    The data are named ``rows`` and have the columns x, y, class and depth (a name).

    Args:
        classes: Names in their order.
        depths: Names in their order.
        shares: Part of the variance along each direction.
        columns: Pictures side by side.
        edge: Width and height of each in pixels.
    """
    colours = [CLASSES[i % len(CLASSES)] for i in range(len(classes))]
    few = len(classes) <= 20
    chart = (
        alt.Chart(alt.NamedData(name=ROWS), width=edge, height=edge)
        .mark_point(size=12, filled=True, opacity=0.75)
        .encode(
            x=alt.X("x:Q", title=f"PC1 · {shares[0]:.0%}", axis=alt.Axis(tickCount=3)),
            y=alt.Y("y:Q", title=f"PC2 · {shares[1]:.0%}", axis=alt.Axis(tickCount=3)),
            color=alt.Color(
                "class:N",
                scale=alt.Scale(domain=list(classes), range=colours),
                legend=alt.Legend(title=None, orient="right", columns=1, symbolOpacity=1)
                if few
                else None,
            ),
            tooltip=[alt.Tooltip("class:N"), alt.Tooltip("depth:N", title="at")],
        )
        .facet(
            facet=alt.Facet(
                "depth:N",
                sort=list(depths),
                title=None,
                header=alt.Header(labelFontSize=11, labelPadding=3),
            ),
            columns=columns,
            spacing=10,
        )
    )
    return finish(
        chart,
        "features of images at several depths in two directions",
        legend_columns=_COLUMNS,
    )


@lru_cache(maxsize=64)
def swaps(
    schemes: tuple[str, ...],
    steps: tuple[str, ...],
    title: str,
    log: bool = False,
    percent: bool = False,
) -> dict[str, Any]:
    """Return what a trained net comes to with each scheme, a mark for each number of steps.

    The data are named ``rows`` and have the columns scheme, steps (text), evaluations, value, and usual:
    the value of the net as it was trained, at which a line stands.

    Args:
        schemes: Names from top to bottom.
        steps: Numbers of steps as text, in the order of their colours.
        title: What is measured.
        log: Whether its axis is logarithmic.
        percent: Whether it is a share.
    """
    base = alt.Chart(alt.NamedData(name=ROWS)).transform_filter("isFinite(datum.value)")
    kind = {"type": "log", "nice": False} if log else {"zero": False}
    scale = alt.Scale(padding=12, **kind)
    shown = ".1%" if percent else ".3~g"
    axis = alt.Axis(format=".0%" if percent else ".3~g", tickCount=5, title=title)
    y = alt.Y("scheme:N", sort=list(schemes), title=None, axis=alt.Axis(grid=True, labelLimit=240))
    x = alt.X("value:Q", scale=scale, axis=axis)
    usual = base.mark_rule(strokeDash=[5, 4], color=TRAIN, strokeWidth=1.6).encode(
        x=alt.X("mean(usual):Q", scale=scale, axis=axis)
    )
    marks = base.mark_point(size=64, filled=True, opacity=0.85).encode(
        x=x,
        y=y,
        color=_colour("steps", steps),
        tooltip=[
            alt.Tooltip("scheme:N"),
            alt.Tooltip("steps:N"),
            alt.Tooltip("evaluations:Q", format=",d"),
            alt.Tooltip("value:Q", title=title, format=shown),
        ],
    )
    return finish(
        alt.layer(usual, marks),
        f"{title} of a trained net by scheme",
        legend_columns=_COLUMNS,
        height=alt.Step(24),
    )


@lru_cache(maxsize=64)
def marked(
    series: tuple[str, ...], title: str, log: bool = False, height: int = 250
) -> dict[str, Any]:
    """Return a line over the epochs for each training, with marks where something stands out.

    The data are named ``rows`` and have the columns series, training, epoch, value and marked (a number,
    above zero where there is a mark).

    Args:
        series: Names in the order of their colours; the trainings of a series share one.
        title: What is measured.
        log: Whether the vertical axis is logarithmic.
        height: Height in pixels.
    """
    base = alt.Chart(alt.NamedData(name=ROWS))
    if log:
        base = base.transform_filter("datum.value > 0")
    kind = {"type": "log"} if log else {"zero": False}
    scale = alt.Scale(padding=8, nice=False, **kind)
    axis = alt.Axis(tickCount=6, format=".3~g")
    x = alt.X("epoch:Q", title="epoch", axis=alt.Axis(tickCount=8, format=".4~g"))
    y = alt.Y("value:Q", title=title, scale=scale, axis=axis)
    tips = [
        alt.Tooltip("training:N"),
        alt.Tooltip("epoch:Q", format=".3~g"),
        alt.Tooltip("value:Q", title=title, format=".4~g"),
    ]
    line = base.mark_line(strokeWidth=1.4, opacity=0.85).encode(
        x=x, y=y, color=_colour("series", series), detail="training:N"
    )
    found = (
        base.transform_filter("datum.marked > 0")
        .mark_point(size=90, shape="diamond", filled=True, opacity=1, color=_SPIKE)
        .encode(x=x, y=y, tooltip=[*tips, alt.Tooltip("marked:Q", title="times", format=".3~g")])
    )
    return finish(
        alt.layer(line, found), f"{title} over the epochs", legend_columns=_COLUMNS, height=height
    )
