"""Paths through a plane of states, over the arrows of the field."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from playground.charts.colours import CLASSES
from playground.charts.curves import ROWS
from playground.charts.finish import LEGEND
from playground.charts.lines import LEGEND_COLUMNS

ARROWS = "arrows"
"""Name of the data of the arrows: x, y, angle, speed."""


def portrait(
    x_title: str,
    y_title: str,
    box: Sequence[float],
    series: Sequence[str],
    *,
    reference: str = "",
    height: int = 320,
) -> dict[str, Any]:
    """Return the specification of paths over arrows; the data are named ``rows`` and ``arrows``.

    The rows have the columns x, y, t and series.

    Args:
        x_title: What the horizontal axis shows.
        y_title: What the vertical axis shows.
        box: Left, right, bottom and top.
        series: Names of the paths in the order of their colours.
        reference: A path drawn in grey, behind the others.
        height: Height in pixels.
    """
    left, right, bottom, top = map(float, box)
    x = alt.X(
        "x:Q",
        scale=alt.Scale(domain=[left, right], nice=False),
        axis=alt.Axis(format=".6~g", tickCount=6, title=x_title),
    )
    y = alt.Y(
        "y:Q",
        scale=alt.Scale(domain=[bottom, top], nice=False),
        axis=alt.Axis(format=".6~g", tickCount=6, title=y_title),
    )
    arrows = (
        alt.Chart(alt.NamedData(name=ARROWS))
        .mark_point(shape="wedge", filled=True, size=110, color="#8A94A3", opacity=0.6, clip=True)
        .encode(
            x=x,
            y=y,
            angle=alt.Angle("angle:Q", scale=alt.Scale(domain=[-180, 180], range=[-180, 180])),
            tooltip=[alt.Tooltip("speed:Q", title="speed", format=".3~g")],
        )
    )
    names = [*([reference] if reference else []), *series]
    colours = [*(["#8A94A3"] if reference else []), *_colours(len(series))]
    paths = (
        alt.Chart(alt.NamedData(name=ROWS))
        .mark_line(strokeWidth=1.8, clip=True, point=alt.OverlayMarkDef(size=22, clip=True))
        .encode(
            x=x,
            y=y,
            order=alt.Order("t:Q"),
            color=alt.Color(
                "series:N",
                scale=alt.Scale(domain=names, range=colours),
                legend=alt.Legend(title=None, orient="top", offset=4, labelLimit=220),
            ),
            tooltip=[
                alt.Tooltip("series:N", title="scheme"),
                alt.Tooltip("t:Q", title="t", format=".4~g"),
                alt.Tooltip("x:Q", title=x_title, format=".4~g"),
                alt.Tooltip("y:Q", title=y_title, format=".4~g"),
            ],
        )
    )
    chart = alt.layer(arrows, paths).properties(
        height=height, description=f"{y_title} over {x_title}, with the direction of the field"
    )
    chart = chart.configure_legend(**LEGEND, columns=LEGEND_COLUMNS)
    return chart.configure_view(strokeOpacity=0).to_dict(validate=True)


def _colours(n: int) -> list[str]:
    return [CLASSES[i % len(CLASSES)] for i in range(n)]
