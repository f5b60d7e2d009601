"""A fit of dynamics: a field with samples and trajectories in it, and one component over time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import altair as alt

from playground.charts.colours import CLASSES, TRAIN
from playground.charts.curves import ROWS
from playground.charts.finish import finish
from playground.charts.plane import ARROWS

SAMPLES = "samples"
"""Name of the data of the samples: x, y and whether they were trained on (``used``)."""

LATER = "later"
"""Name of the data of the time that was not trained on: start, end."""

TRUE, LEARNED = "true", "learned"
PARTS = ("trained", "beyond")
_COLOURS = {TRUE: TRAIN, LEARNED: CLASSES[0], SAMPLES: CLASSES[1]}


def field_chart(
    x_title: str,
    y_title: str,
    box: Sequence[float],
    series: str,
    *,
    known: bool = True,
    height: int = 340,
) -> dict[str, Any]:
    """Return the specification of a plane with arrows, trajectories and samples.

    Its data are named ``rows`` (x, y, t, series, trajectory, part), ``arrows`` and ``samples``.

    Args:
        x_title: What the horizontal axis shows.
        y_title: What the vertical axis shows.
        box: Left, right, bottom and top.
        series: ``true`` or ``learned``: whose arrows these are.
        known: Whether there is a truth, which the legend names.
        height: Height in pixels.
    """
    return _field_chart(x_title, y_title, tuple(map(float, box)), series, known, height)


@lru_cache(maxsize=64)
def _field_chart(
    x_title: str, y_title: str, box: tuple[float, ...], series: str, known: bool, height: int
) -> dict[str, Any]:
    left, right, bottom, top = box
    x = _axis("x", x_title, (left, right), alt.X)
    y = _axis("y", y_title, (bottom, top), alt.Y)
    titles = (x_title, y_title)
    turn = alt.Scale(domain=[-180, 180], range=[-180, 180])
    arrows = (
        alt.Chart(alt.NamedData(name=ARROWS))
        .mark_point(
            shape="wedge", filled=True, size=110, color=_COLOURS[series], opacity=0.75, clip=True
        )
        .encode(
            x=x,
            y=y,
            angle=alt.Angle("angle:Q", scale=turn),
            tooltip=[alt.Tooltip("speed:Q", title="speed", format=".3~g")],
        )
    )
    chart = alt.layer(arrows, _samples(x, y, titles), _paths(x, y, titles, known, order="t:Q"))
    described = f"{y_title} over {x_title}: the {series} field, trajectories and samples"
    return finish(chart, described, height=height)


def component_chart(
    y_title: str,
    span: Sequence[float],
    ends: Sequence[float],
    *,
    known: bool = True,
    height: int = 230,
) -> dict[str, Any]:
    """Return the specification of one component over time.

    Its data are named ``rows`` (x, y, t, series, trajectory, part), ``samples`` and ``later``.

    Args:
        y_title: The component.
        span: First and last time.
        ends: Bottom and top.
        known: Whether there is a truth, which the legend names.
        height: Height in pixels.
    """
    return _component_chart(
        y_title, tuple(map(float, span)), tuple(map(float, ends)), known, height
    )


@lru_cache(maxsize=64)
def _component_chart(
    y_title: str, span: tuple[float, ...], ends: tuple[float, ...], known: bool, height: int
) -> dict[str, Any]:
    x = _axis("x", "t", span, alt.X)
    y = _axis("y", y_title, ends, alt.Y)
    later = (
        alt.Chart(alt.NamedData(name=LATER))
        .mark_rect(color=TRAIN, opacity=0.14, clip=True)
        .encode(x=alt.X("start:Q", scale=alt.Scale(domain=list(span), nice=False)), x2="end:Q")
    )
    chart = alt.layer(
        later, _paths(x, y, ("t", y_title), known, order="x:Q"), _samples(x, y, ("t", y_title))
    )
    return finish(
        chart, f"{y_title} over time: truth, learned trajectory and samples", height=height
    )


def _axis(column: str, title: str, ends: tuple[float, ...], kind: Any) -> Any:
    return kind(
        f"{column}:Q",
        scale=alt.Scale(domain=list(ends), nice=False),
        axis=alt.Axis(format=".6~g", tickCount=6, title=title),
    )


def _paths(x: alt.X, y: alt.Y, titles: tuple[str, str], known: bool, order: str) -> alt.Chart:
    names = [TRUE, LEARNED] if known else [LEARNED]
    return (
        alt.Chart(alt.NamedData(name=ROWS))
        .transform_filter("isFinite(datum.x) && isFinite(datum.y) && datum.y !== null")
        .mark_line(strokeWidth=1.6, clip=True)
        .encode(
            x=x,
            y=y,
            order=alt.Order(order),
            detail=["trajectory:N", "part:N"],
            color=alt.Color(
                "series:N",
                scale=alt.Scale(domain=names, range=[_COLOURS[name] for name in names]),
                legend=alt.Legend(title=None, orient="top", symbolType="stroke"),
            ),
            strokeDash=alt.StrokeDash(
                "part:N",
                scale=alt.Scale(domain=list(PARTS), range=[[1, 0], [5, 3]]),
                legend=None,
            ),
            tooltip=[
                alt.Tooltip("series:N", title="trajectory"),
                alt.Tooltip("trajectory:N", title="number"),
                *_hover(titles),
            ],
        )
    )


def _samples(x: alt.X, y: alt.Y, titles: tuple[str, str]) -> alt.Chart:
    return (
        alt.Chart(alt.NamedData(name=SAMPLES))
        .mark_point(size=20, filled=True, color=_COLOURS[SAMPLES], clip=True)
        .encode(
            x=x,
            y=y,
            opacity=alt.condition("datum.used", alt.value(0.75), alt.value(0.3)),
            tooltip=[
                alt.Tooltip("trajectory:N", title="sample of trajectory"),
                *_hover(titles),
            ],
        )
    )


def _hover(titles: tuple[str, str]) -> list[alt.Tooltip]:
    names = {"t": "t", "x": titles[0], "y": titles[1]}
    if titles[0] == "t":
        del names["t"]
    return [alt.Tooltip(f"{n}:Q", title=title, format=".4~g") for n, title in names.items()]
