"""Pictures over a plane: lines, points, paths, regions, and the directions of a field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import altair as alt

from playground.charts.colours import TRAIN
from playground.charts.curves import ROWS
from playground.charts.finish import finish
from playground.charts.lines import Axis
from playground.charts.lines import lines as plain_lines
from playground.charts.panel_parts import class_colour, colours, names_in


def lines(
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
    series = tuple(name for name in names_in(rows["series"]) if name != reference)
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
        scale=alt.Scale(domain=list(series), range=colours(len(series))),
        legend=alt.Legend(title=None, orient="top", offset=4, labelLimit=220),
    )
    across = alt.X("x:Q", scale=x.scale(), axis=x.axis("x"))
    base = alt.Chart(alt.NamedData(name=ROWS))
    band = base.mark_area(opacity=0.2, clip=True).encode(
        x=across, y=alt.Y("low:Q", scale=y.scale(), axis=y.axis("y")), y2="high:Q", color=colour
    )
    tips = [
        alt.Tooltip("series:N"),
        alt.Tooltip("x:Q", title=x.title, format=".4~g"),
        alt.Tooltip("y:Q", title=y.title, format=".4~g"),
        alt.Tooltip("low:Q", format=".4~g"),
        alt.Tooltip("high:Q", format=".4~g"),
    ]
    line = base.mark_line(strokeWidth=1.8, point=alt.OverlayMarkDef(size=26), clip=True).encode(
        x=across, y=alt.Y("y:Q", scale=y.scale(), axis=y.axis("y")), color=colour, tooltip=tips
    )
    return finish(
        alt.layer(band, line), f"{y.title} over {x.title}", legend_columns=2, height=height
    )


def points(
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
    return _scatter(names_in(rows["series"]), x, y, height, square, size, *ends)


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
            color=class_colour(series),
            tooltip=[
                "series:N",
                alt.Tooltip("x:Q", format=".3g"),
                alt.Tooltip("y:Q", format=".3g"),
            ],
        )
    )
    return finish(chart, f"{y} over {x}, by class", height=height)


def paths(rows: Mapping[str, Sequence[Any]], *, x: str, y: str, height: int) -> dict[str, Any]:
    """Paths through a plane: rows with x, y, t, path and series; the end of each is marked."""
    return _ways(names_in(rows["series"]), x, y, height)


@lru_cache(maxsize=64)
def _ways(series: tuple[str, ...], x: str, y: str, height: int) -> dict[str, Any]:
    place = {
        "x": alt.X("x:Q", title=x, scale=alt.Scale(zero=False)),
        "y": alt.Y("y:Q", title=y, scale=alt.Scale(zero=False)),
        "color": class_colour(series),
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


def regions(
    rows: Mapping[str, Sequence[Any]], *, x: str, y: str, height: int, step_x: float, step_y: float
) -> dict[str, Any]:
    """What a net says of a grid of the plane, and points over it.

    Rows with ``kind`` ``cell`` have a class (``series``) and its probability (``value``); those with
    ``kind`` ``point`` a class. Cells are rectangles of the given steps around their places.
    """
    return _plane(names_in(sorted(map(str, rows["series"]))), x, y, height, step_x, step_y)


@lru_cache(maxsize=64)
def _plane(
    series: tuple[str, ...], x: str, y: str, height: int, step_x: float, step_y: float
) -> dict[str, Any]:
    colour = class_colour(series)
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


def flow(
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
    series, styles = (names_in([each[i] for each in drawn]) for i in range(2))
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
            color=class_colour(series),
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
