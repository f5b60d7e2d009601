"""The pictures of papers: kinds of charts by name, each made from a title or two and rows.

A study names a kind and its options as plain values, which can be stored; here they become a chart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import altair as alt

from playground.charts.answers import answers
from playground.charts.colours import CLASSES, TRAIN
from playground.charts.curves import ROWS
from playground.charts.finish import finish
from playground.charts.lines import Axis
from playground.charts.lines import lines as plain_lines
from playground.charts.parted import parted
from playground.registry import Entry, Registry


@dataclass(frozen=True, kw_only=True)
class PanelChart(Entry):
    """A kind of chart.

    Attributes:
        columns: Columns that the rows need; more are allowed.
        make: Returns the specification, given the rows' columns and the options by name.
    """

    columns: tuple[str, ...]
    make: Callable[..., dict[str, Any]]


PANELS: Registry[PanelChart] = Registry("picture")


def panel_chart(
    kind: str, rows: Mapping[str, Sequence[Any]], options: Mapping[str, Any], height: int = 280
) -> dict[str, Any]:
    """Return the specification of a picture, whose data are named ``rows``.

    Args:
        kind: Name of the kind.
        rows: Its data by columns.
        options: What the kind wants to know.
        height: Height in pixels.

    Raises:
        ValueError: For an unknown kind, or rows that lack a column.
    """
    if kind not in PANELS:
        raise ValueError(PANELS.unknown(kind))
    missing = [name for name in PANELS[kind].columns if name not in rows]
    if missing:
        raise ValueError(f"rows: the picture {kind!r} needs the columns {', '.join(missing)}")
    return PANELS[kind].make(rows, height=height, **options)


def _names(values: Sequence[Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(value) for value in values))


def _colours(count: int) -> list[str]:
    return [CLASSES[i % len(CLASSES)] for i in range(count)]


def _lines(
    rows: Mapping[str, Sequence[Any]],
    *,
    x: str,
    y: str,
    height: int,
    log_x: bool = False,
    log_y: bool = False,
    points: bool = True,
    joined: bool = True,
    reference: str = "",
    domain_y: Sequence[float] | None = None,
) -> dict[str, Any]:
    """Lines over a number; a band where the rows have ``low`` and ``high``."""
    series = tuple(name for name in _names(rows["series"]) if name != reference)
    ends = None if domain_y is None else tuple(domain_y)
    over, up = Axis("x", x, log_x), Axis("y", y, log_y, ends)
    if "low" in rows:
        return _banded(over, up, series, height)
    return plain_lines(
        over, up, series, points=points, joined=joined, reference=reference, height=height
    )


@lru_cache(maxsize=64)
def _banded(x: Axis, y: Axis, series: tuple[str, ...], height: int) -> dict[str, Any]:
    colour = alt.Color(
        "series:N",
        scale=alt.Scale(domain=list(series), range=_colours(len(series))),
        legend=alt.Legend(title=None, orient="top", offset=4, labelLimit=220),
    )
    across = alt.X("x:Q", scale=x.scale(), axis=x.axis())
    base = alt.Chart(alt.NamedData(name=ROWS))
    band = base.mark_area(opacity=0.2, clip=True).encode(
        x=across, y=alt.Y("low:Q", scale=y.scale(), axis=y.axis()), y2="high:Q", color=colour
    )
    tips = [
        alt.Tooltip("series:N"),
        alt.Tooltip("x:Q", title=x.title, format=".4~g"),
        alt.Tooltip("y:Q", title=y.title, format=".4~g"),
        alt.Tooltip("low:Q", format=".4~g"),
        alt.Tooltip("high:Q", format=".4~g"),
    ]
    line = base.mark_line(strokeWidth=1.8, point=alt.OverlayMarkDef(size=26), clip=True).encode(
        x=across, y=alt.Y("y:Q", scale=y.scale(), axis=y.axis()), color=colour, tooltip=tips
    )
    return finish(
        alt.layer(band, line), f"{y.title} over {x.title}", legend_columns=2, height=height
    )


def _points(
    rows: Mapping[str, Sequence[Any]],
    *,
    x: str,
    y: str,
    height: int,
    square: bool = False,
    size: int = 14,
    domain_x: Sequence[float] | None = None,
    domain_y: Sequence[float] | None = None,
) -> dict[str, Any]:
    """Points of the plane, coloured by ``series``; the axes have given ends where pictures compare."""
    ends = tuple(None if each is None else tuple(each) for each in (domain_x, domain_y))
    return _scatter(_names(rows["series"]), x, y, height, square, size, *ends)


@lru_cache(maxsize=64)
def _scatter(
    series: tuple[str, ...],
    x: str,
    y: str,
    height: int,
    square: bool,
    size: int,
    ends_x: tuple[float, ...] | None,
    ends_y: tuple[float, ...] | None,
) -> dict[str, Any]:
    def scale(ends: tuple[float, ...] | None) -> alt.Scale:
        if ends is None:
            return alt.Scale(zero=False, nice=not square)
        return alt.Scale(domain=list(ends), nice=False)

    chart = (
        alt.Chart(alt.NamedData(name=ROWS))
        .mark_point(size=size, filled=True, opacity=0.7, clip=True)
        .encode(
            x=alt.X("x:Q", title=x, scale=scale(ends_x)),
            y=alt.Y("y:Q", title=y, scale=scale(ends_y)),
            color=_class_colour(series),
            tooltip=[
                "series:N",
                alt.Tooltip("x:Q", format=".3g"),
                alt.Tooltip("y:Q", format=".3g"),
            ],
        )
    )
    return finish(chart, f"{y} over {x}, by class", height=height)


def _class_colour(series: Sequence[str]) -> alt.Color:
    # Long names of many classes would run out of a chart that takes half of the page.
    rows = {"columns": 4} if len(series) > 6 and max(map(len, series)) > 3 else {}
    legend = alt.Legend(title=None, orient="top", symbolOpacity=1, **rows)
    return alt.Color(
        "series:N",
        scale=alt.Scale(domain=list(series), range=_colours(len(series))),
        legend=legend if len(series) > 1 else None,
    )


def _paths(rows: Mapping[str, Sequence[Any]], *, x: str, y: str, height: int) -> dict[str, Any]:
    """Paths through a plane: rows with x, y, t, path and series; the end of each is marked."""
    return _ways(_names(rows["series"]), x, y, height)


@lru_cache(maxsize=64)
def _ways(series: tuple[str, ...], x: str, y: str, height: int) -> dict[str, Any]:
    place = {
        "x": alt.X("x:Q", title=x, scale=alt.Scale(zero=False)),
        "y": alt.Y("y:Q", title=y, scale=alt.Scale(zero=False)),
        "color": _class_colour(series),
    }
    base = alt.Chart(alt.NamedData(name=ROWS))
    drawn = base.mark_line(strokeWidth=1.2, opacity=0.55).encode(
        order="t:Q", detail="path:N", **place
    )
    ends = (
        base.transform_joinaggregate(last="max(t)", groupby=["path"])
        .transform_filter("datum.t === datum.last")
        .mark_point(size=26, filled=True, opacity=1)
        .encode(tooltip=["series:N", "path:N"], **place)
    )
    return finish(alt.layer(drawn, ends), f"{y} over {x} along their paths", height=height)


def _regions(
    rows: Mapping[str, Sequence[Any]], *, x: str, y: str, height: int, step_x: float, step_y: float
) -> dict[str, Any]:
    """What a net says of a grid of the plane, and points over it.

    Rows with ``kind`` ``cell`` have a class (``series``) and its probability (``value``); those with
    ``kind`` ``point`` a class. Cells are rectangles of the given steps around their places.
    """
    return _plane(_names(sorted(map(str, rows["series"]))), x, y, height, step_x, step_y)


@lru_cache(maxsize=64)
def _plane(
    series: tuple[str, ...], x: str, y: str, height: int, step_x: float, step_y: float
) -> dict[str, Any]:
    colour = _class_colour(series)
    scale = alt.Scale(zero=False, nice=False)
    base = alt.Chart(alt.NamedData(name=ROWS))
    cells = (
        base.transform_filter("datum.kind === 'cell'")
        .transform_calculate(
            left=f"datum.x - {step_x / 2}",
            right=f"datum.x + {step_x / 2}",
            low=f"datum.y - {step_y / 2}",
            high=f"datum.y + {step_y / 2}",
        )
        .mark_rect(strokeWidth=0)
        .encode(
            x=alt.X("left:Q", title=x, scale=scale),
            x2="right:Q",
            y=alt.Y("low:Q", title=y, scale=scale),
            y2="high:Q",
            color=colour,
            opacity=alt.Opacity(
                "value:Q", scale=alt.Scale(domain=[0, 1], range=[0, 0.5]), legend=None
            ),
            tooltip=["series:N", alt.Tooltip("value:Q", title="probability", format=".3f")],
        )
    )
    points = (
        base.transform_filter("datum.kind === 'point'")
        .mark_point(size=14, filled=True, opacity=0.8)
        .encode(x=alt.X("x:Q", scale=scale), y=alt.Y("y:Q", scale=scale), color=colour)
    )
    return finish(alt.layer(cells, points), f"Classes over {x} and {y}", height=height)


def _bars(
    rows: Mapping[str, Sequence[Any]], *, x: str, y: str, height: int, zero: bool = True
) -> dict[str, Any]:
    """Bars (or, where zero is no place to begin, marks) of groups ``x``, one for each series."""
    return _columns(_names(rows["x"]), _names(rows["series"]), x, y, height, zero, "low" in rows)


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
        "color": _class_colour(series),
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


def _heat(
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
        _names(rows["x"]), _names(rows["y"]), x, y, value, height, scheme, format, labels
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


def _diagram(rows: Mapping[str, Sequence[Any]], *, height: int) -> dict[str, Any]:
    """Boxes and arrows.

    Rows with ``kind`` ``box`` have x, y and label; those with ``kind`` ``edge`` x, y, x2, y2 and may have
    a label, which stands at their middle; a ``part`` is an edge without a mark at its end, of which bent
    ones are made. ``series`` gives the colour.
    """
    return _boxes(_names(rows["series"]), height)


@lru_cache(maxsize=16)
def _boxes(series: tuple[str, ...], height: int) -> dict[str, Any]:
    x = alt.X("x:Q", axis=None, scale=alt.Scale(zero=False, padding=40))
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(zero=False, padding=24))
    base = alt.Chart(alt.NamedData(name=ROWS))
    edges = base.transform_filter("datum.kind !== 'box'")
    rule = edges.mark_rule(strokeWidth=1.6, opacity=0.8).encode(
        x=x, y=y, x2="x2:Q", y2="y2:Q", color=_class_colour(series)
    )
    ends = (
        base.transform_filter("datum.kind === 'edge'")
        .mark_point(size=40, filled=True, shape="diamond", opacity=1)
        .encode(x=alt.X("x2:Q", axis=None), y=alt.Y("y2:Q", axis=None), color=_class_colour(series))
    )
    told = (
        edges.transform_calculate(mx="(datum.x + datum.x2) / 2", my="(datum.y + datum.y2) / 2")
        .mark_text(fontSize=10, dy=-7, color=TRAIN)
        .encode(x=alt.X("mx:Q", axis=None), y=alt.Y("my:Q", axis=None), text="label:N")
    )
    boxes = base.transform_filter("datum.kind === 'box'")
    box = boxes.mark_point(size=620, filled=True, shape="square", opacity=1).encode(
        x=x, y=y, color=_class_colour(series), tooltip=["label:N", "series:N"]
    )
    words = boxes.mark_text(fontSize=11, dy=24, color=TRAIN).encode(x=x, y=y, text="label:N")
    return finish(alt.layer(rule, ends, told, box, words), "Boxes and arrows", height=height)


def _flow(
    rows: Mapping[str, Sequence[Any]],
    *,
    x: str,
    y: str,
    height: int,
    domain_y: Sequence[float] | None = None,
) -> dict[str, Any]:
    """A field of directions with paths over it.

    Rows with ``kind`` ``arrow`` lead from x, y to x2, y2; those with ``kind`` ``path`` have x, y, t,
    path, series and a style: the first style is solid, the others are dashed.
    """
    kinds = zip(rows["kind"], rows["series"], rows["style"])
    drawn = [(series, style) for kind, series, style in kinds if kind == "path"]
    ends = None if domain_y is None else tuple(domain_y)
    series, styles = (_names([each[i] for each in drawn]) for i in range(2))
    return _directions(series, styles, x, y, height, ends)


@lru_cache(maxsize=64)
def _directions(
    series: tuple[str, ...],
    styles: tuple[str, ...],
    x: str,
    y: str,
    height: int,
    domain_y: tuple[float, ...] | None,
) -> dict[str, Any]:
    ends = {} if domain_y is None else {"domain": list(domain_y)}
    across = alt.X("x:Q", title=x, scale=alt.Scale(zero=False, nice=False))
    up = alt.Y("y:Q", title=y, scale=alt.Scale(zero=False, **ends))
    base = alt.Chart(alt.NamedData(name=ROWS))
    arrows = base.transform_filter("datum.kind === 'arrow'")
    rule = arrows.mark_rule(strokeWidth=1, opacity=0.55, color=TRAIN).encode(
        x=across, y=up, x2="x2:Q", y2="y2:Q"
    )
    heads = arrows.mark_point(size=7, filled=True, opacity=0.8, color=TRAIN).encode(
        x=alt.X("x2:Q", title=x), y=alt.Y("y2:Q", title=y)
    )
    dash = alt.StrokeDash(
        "style:N",
        scale=alt.Scale(domain=list(styles), range=[[1, 0], [6, 4], [2, 2]][: len(styles)]),
        legend=alt.Legend(title=None, orient="top") if len(styles) > 1 else None,
    )
    paths = (
        base.transform_filter("datum.kind === 'path'")
        .mark_line(strokeWidth=2.2)
        .encode(
            x=across,
            y=up,
            order="t:Q",
            detail="path:N",
            color=_class_colour(series),
            strokeDash=dash,
            tooltip=[
                "series:N",
                "style:N",
                alt.Tooltip("x:Q", format=".3g"),
                alt.Tooltip("y:Q", format=".3g"),
            ],
        )
    )
    return finish(alt.layer(rule, heads, paths), f"{y} over {x}, with its field", height=height)


for _kind in (
    PanelChart(
        name="lines",
        label="Lines",
        summary="A line for each series, with a band where low and high are there.",
        columns=("x", "y", "series"),
        make=_lines,
    ),
    PanelChart(
        name="points",
        label="Points",
        summary="Points of a plane by class.",
        columns=("x", "y", "series"),
        make=_points,
    ),
    PanelChart(
        name="paths",
        label="Paths",
        summary="Paths through a plane by class.",
        columns=("x", "y", "t", "path", "series"),
        make=_paths,
    ),
    PanelChart(
        name="regions",
        label="Regions",
        summary="Classes and their probabilities over a plane, and points.",
        columns=("kind", "x", "y", "series", "value"),
        make=_regions,
    ),
    PanelChart(
        name="bars",
        label="Bars",
        summary="Groups of bars, with spread where low and high are there.",
        columns=("x", "y", "series"),
        make=_bars,
    ),
    PanelChart(
        name="heat",
        label="Heat map",
        summary="Values of a table by colour.",
        columns=("x", "y", "value"),
        make=_heat,
    ),
    PanelChart(
        name="diagram",
        label="Diagram",
        summary="Boxes and arrows between them.",
        columns=("kind", "x", "y", "x2", "y2", "label", "series"),
        make=_diagram,
    ),
    PanelChart(
        name="parted",
        label="Curves of two parts",
        summary="A colour for each series, solid for one part and dotted for the other.",
        columns=("x", "y", "series", "part"),
        make=parted,
    ),
    PanelChart(
        name="answers",
        label="Images and answers",
        summary="Grey images with their classes and what a net took them for.",
        columns=("pixels", "truth", "guess"),
        make=answers,
    ),
    PanelChart(
        name="flow",
        label="Flow",
        summary="Directions of a field and paths through it.",
        columns=("kind", "x", "y", "x2", "y2", "t", "path", "series", "style"),
        make=_flow,
    ),
):
    PANELS.add(_kind)
