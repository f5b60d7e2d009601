"""Pictures of groups, tables and nets: bars, heat maps, boxes and arrows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import altair as alt

from playground.charts.colours import TRAIN
from playground.charts.curves import ROWS
from playground.charts.finish import finish
from playground.charts.panel_parts import class_colour, names_in


def bars(
    rows: Mapping[str, Sequence[Any]], *, x: str, y: str, height: int, zero: bool = True
) -> dict[str, Any]:
    """Bars (or, where zero is no place to begin, marks) of groups ``x``, one for each series."""
    return _columns(
        names_in(rows["x"]), names_in(rows["series"]), x, y, height, zero, "low" in rows
    )


@lru_cache(maxsize=64)
def _columns(
    groups: tuple[str, ...],
    series: tuple[str, ...],
    x: str,
    y: str,
    height: int,
    zero: bool,
    spread: bool,
) -> dict[str, Any]:
    place = {
        "x": alt.X("x:N", sort=list(groups), title=x or None, axis=alt.Axis(labelAngle=0)),
        "xOffset": alt.XOffset("series:N", sort=list(series)),
        "color": class_colour(series),
    }
    scale = alt.Scale(zero=zero)
    base = alt.Chart(alt.NamedData(name=ROWS))
    mark = base.mark_bar() if zero else base.mark_point(size=70, filled=True, opacity=1)
    tips = [alt.Tooltip("x:N"), alt.Tooltip("series:N"), alt.Tooltip("y:Q", format=".4~g")]
    layers = [mark.encode(y=alt.Y("y:Q", title=y, scale=scale), tooltip=tips, **place)]
    if spread:
        rule = base.mark_rule(strokeWidth=2).encode(
            y=alt.Y("low:Q", title=y, scale=scale),
            y2="high:Q",
            **{**place, "color": alt.value(TRAIN)},
        )
        layers.append(rule)
    return finish(alt.layer(*layers), f"{y} by {x}", height=height)


_RISING = ("viridis", "magma", "inferno", "plasma", "cividis")
"""Schemes whose upper end is light; of the others the lower end is."""


def heat(
    rows: Mapping[str, Sequence[Any]],
    *,
    x: str,
    y: str,
    value: str,
    height: int,
    scheme: str = "viridis",
    format: str = ".3~g",
    labels: bool = False,
) -> dict[str, Any]:
    """A field of a table, coloured by its value; with the value written in it where asked for."""
    return _fields(
        names_in(rows["x"]), names_in(rows["y"]), x, y, value, height, scheme, format, labels
    )


@lru_cache(maxsize=64)
def _fields(
    across: tuple[str, ...],
    down: tuple[str, ...],
    x: str,
    y: str,
    value: str,
    height: int,
    scheme: str,
    format: str,
    labels: bool,
) -> dict[str, Any]:
    place = {
        "x": alt.X(
            "x:N", sort=list(across), title=x, axis=alt.Axis(labelAngle=0, labelOverlap=True)
        ),
        "y": alt.Y("y:N", sort=list(down), title=y, axis=alt.Axis(labelOverlap=True)),
    }
    base = alt.Chart(alt.NamedData(name=ROWS))
    rects = base.mark_rect().encode(
        color=alt.Color("value:Q", scale=alt.Scale(scheme=scheme), legend=alt.Legend(title=value)),
        tooltip=["x:N", "y:N", alt.Tooltip("value:Q", title=value, format=format)],
        **place,
    )
    layers = [rects]
    if labels:
        low, high = ("white", "black") if scheme in _RISING else ("black", "white")
        upper = "datum.value > (datum.top + datum.bottom) / 2"
        text = (
            base.transform_joinaggregate(top="max(value)", bottom="min(value)")
            .mark_text(fontSize=11)
            .encode(
                text=alt.Text("value:Q", format=format),
                color=alt.condition(upper, alt.value(high), alt.value(low)),
                **place,
            )
        )
        layers.append(text)
    return finish(alt.layer(*layers), f"{value} over {x} and {y}", height=height)


def diagram(rows: Mapping[str, Sequence[Any]], *, height: int) -> dict[str, Any]:
    """Boxes and arrows.

    Rows with ``kind`` ``box`` have x, y and label; those with ``kind`` ``edge`` x, y, x2, y2 and may have
    a label, which stands at their middle; a ``part`` is an edge without a mark at its end, of which bent
    ones are made. ``series`` gives the colour.
    """
    return _boxes(names_in(rows["series"]), height)


@lru_cache(maxsize=16)
def _boxes(series: tuple[str, ...], height: int) -> dict[str, Any]:
    x = alt.X("x:Q", axis=None, scale=alt.Scale(zero=False, padding=40))
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(zero=False, padding=24))
    base = alt.Chart(alt.NamedData(name=ROWS))
    edges = base.transform_filter("datum.kind !== 'box'")
    rule = edges.mark_rule(strokeWidth=1.6, opacity=0.8).encode(
        x=x, y=y, x2="x2:Q", y2="y2:Q", color=class_colour(series)
    )
    ends = (
        base.transform_filter("datum.kind === 'edge'")
        .mark_point(size=40, filled=True, shape="diamond", opacity=1)
        .encode(x=alt.X("x2:Q", axis=None), y=alt.Y("y2:Q", axis=None), color=class_colour(series))
    )
    told = (
        edges.transform_calculate(mx="(datum.x + datum.x2) / 2", my="(datum.y + datum.y2) / 2")
        .mark_text(fontSize=10, dy=-7, color=TRAIN)
        .encode(x=alt.X("mx:Q", axis=None), y=alt.Y("my:Q", axis=None), text="label:N")
    )
    boxes = base.transform_filter("datum.kind === 'box'")
    box = boxes.mark_point(size=620, filled=True, shape="square", opacity=1).encode(
        x=x, y=y, color=class_colour(series), tooltip=["label:N", "series:N"]
    )
    words = boxes.mark_text(fontSize=11, dy=24, color=TRAIN).encode(x=x, y=y, text="label:N")
    return finish(alt.layer(rule, ends, told, box, words), "Boxes and arrows", height=height)
