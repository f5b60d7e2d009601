"""Paths of single points, a colour for each class: features over depth, or through a plane."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import altair as alt

from playground.charts.colours import CLASSES
from playground.charts.curves import ROWS


def paths_chart(
    x_title: str, y_title: str, names: Sequence[str], *, height: int = 260
) -> dict[str, Any]:
    """Return the specification of paths; the data are named ``rows``: x, y, t, path, class.

    Args:
        x_title: What the horizontal axis shows.
        y_title: What the vertical axis shows.
        names: Classes in the order of their colours.
        height: Height in pixels.
    """
    return _paths_chart(x_title, y_title, tuple(names), height)


@lru_cache(maxsize=64)
def _paths_chart(x_title: str, y_title: str, names: tuple[str, ...], height: int) -> dict[str, Any]:
    x = alt.X("x:Q", title=x_title, scale=alt.Scale(zero=False, nice=False))
    y = alt.Y("y:Q", title=y_title, scale=alt.Scale(zero=False))
    colour = alt.Color(
        "class:N",
        scale=alt.Scale(domain=list(names), range=[CLASSES[i] for i in range(len(names))]),
        legend=alt.Legend(title=None, orient="top"),
    )
    base = alt.Chart(alt.NamedData(name=ROWS))
    drawn = base.mark_line(strokeWidth=1.2, opacity=0.6).encode(
        x=x, y=y, order="t:Q", detail="path:N", color=colour
    )
    ends = (
        base.transform_joinaggregate(last="max(t)", groupby=["path"])
        .transform_filter("datum.t === datum.last")
        .mark_point(size=30, filled=True, opacity=1)
        .encode(x=x, y=y, color=colour, tooltip=["class:N", alt.Tooltip("y:Q", format=".3g")])
    )
    chart = alt.layer(drawn, ends).properties(
        height=height, description=f"{y_title} over {x_title}"
    )
    return chart.configure_view(strokeOpacity=0).to_dict(validate=False)
