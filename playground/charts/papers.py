"""Printed beside reproduced: two marks for every cell in a row of a table."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import altair as alt

from playground.charts.colours import TRAIN, VALIDATION
from playground.charts.curves import ROWS
from playground.charts.finish import finish

SOURCES = ("printed", "reproduced")


@lru_cache(maxsize=64)
def beside(columns: tuple[str, ...], title: str, height: int = 220) -> dict[str, Any]:
    """Return what is printed and what came out, side by side over the columns of one row of a table.

    The data are named ``rows`` and have the columns row, column, source, mean, low and high.

    Args:
        columns: Columns of the table, along the horizontal axis.
        title: What is measured, with its unit.
        height: Height in pixels.
    """
    base = alt.Chart(alt.NamedData(name=ROWS))
    place = {
        "x": alt.X(
            "column:N", sort=list(columns), title=None, axis=alt.Axis(labelAngle=0, grid=True)
        ),
        "xOffset": alt.XOffset("source:N", sort=list(SOURCES), scale=alt.Scale(paddingInner=0.5)),
        "color": alt.Color(
            "source:N",
            scale=alt.Scale(domain=list(SOURCES), range=[TRAIN, VALIDATION]),
            legend=alt.Legend(title=None, orient="top", symbolOpacity=1),
        ),
    }
    scale = alt.Scale(zero=False)
    tips = [
        alt.Tooltip("row:N"),
        alt.Tooltip("column:N"),
        alt.Tooltip("source:N"),
        alt.Tooltip("mean:Q", format=".4~g"),
        alt.Tooltip("low:Q", title="mean − std", format=".4~g"),
        alt.Tooltip("high:Q", title="mean + std", format=".4~g"),
    ]
    spread = base.mark_rule(strokeWidth=2, opacity=0.7).encode(
        y=alt.Y("low:Q", title=title, scale=scale), y2="high:Q", **place
    )
    means = base.mark_point(size=70, filled=True, opacity=1).encode(
        y=alt.Y("mean:Q", title=title, scale=scale),
        shape=alt.Shape(
            "source:N", scale=alt.Scale(domain=list(SOURCES), range=["diamond", "circle"])
        ),
        tooltip=tips,
        **place,
    )
    return finish(alt.layer(spread, means), f"{title}, printed and reproduced", height=height)
