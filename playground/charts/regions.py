"""Regions of the complex plane in which schemes are stable, and points in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
from contourpy import contour_generator

from playground.charts.colours import CLASSES
from playground.charts.curves import ROWS
from playground.charts.finish import LEGEND
from playground.charts.lines import LEGEND_COLUMNS

POINTS = "points"
"""Name of the data of the points: re, im, layer."""


def borders(
    name: str, re: np.ndarray, im: np.ndarray, growth: np.ndarray, level: float = 1.0
) -> pd.DataFrame:
    """Return the lines on which a function of the plane takes a value.

    Args:
        name: Goes into the column ``series``.
        re: Real parts of the grid ``(n,)``.
        im: Imaginary parts ``(m,)``.
        growth: Values ``(m, n)``.
        level: The value.

    Returns:
        Rows with the columns series, piece, place (along the piece), re and im.
    """
    pieces = contour_generator(re, im, growth).lines(level)
    frames = [
        pd.DataFrame(
            {
                "series": name,
                "piece": f"{name} {number}",
                "place": np.arange(len(piece)),
                "re": piece[:, 0],
                "im": piece[:, 1],
            }
        )
        for number, piece in enumerate(pieces)
    ]
    if not frames:
        return pd.DataFrame(columns=["series", "piece", "place", "re", "im"])
    return pd.concat(frames, ignore_index=True)


def regions(
    series: Sequence[str], box: Sequence[float], *, height: int = 460, layers: int = 0
) -> dict[str, Any]:
    """Return the specification of borders (data ``rows``) and of points over them (data ``points``).

    Args:
        series: Names in the order of their colours.
        box: Left, right, bottom and top of the plane.
        height: Height in pixels.
        layers: Number of layers, after which the points are shaded; 0 without points.
    """
    left, right, bottom, top = map(float, box)
    x = alt.X("re:Q", scale=alt.Scale(domain=[left, right], nice=False), title="Re z,  z = hλ")
    y = alt.Y("im:Q", scale=alt.Scale(domain=[bottom, top], nice=False), title="Im z")
    colours = [CLASSES[i % len(CLASSES)] for i in range(len(series))]
    base = alt.Chart(alt.NamedData(name=ROWS))
    border = base.mark_line(strokeWidth=2, clip=True).encode(
        x=x,
        y=y,
        order="place:Q",
        detail="piece:N",
        color=alt.Color(
            "series:N",
            scale=alt.Scale(domain=list(series), range=colours),
            legend=alt.Legend(title=None, orient="top", offset=4, labelLimit=220),
        ),
        tooltip=["series:N"],
    )
    axes = [
        alt.Chart({"values": [{}]}).mark_rule(color="#8A94A3", opacity=0.6).encode(x=alt.datum(0)),
        alt.Chart({"values": [{}]}).mark_rule(color="#8A94A3", opacity=0.6).encode(y=alt.datum(0)),
    ]
    drawn = [*axes, border]
    if layers:
        drawn.append(_points(x, y, layers))
    chart = alt.layer(*drawn).resolve_scale(color="independent").properties(height=height)
    chart = chart.configure_legend(**LEGEND, columns=LEGEND_COLUMNS)
    return chart.configure_view(strokeOpacity=0).to_dict(validate=True)


def _points(x: alt.X, y: alt.Y, layers: int) -> alt.Chart:
    return (
        alt.Chart(alt.NamedData(name=POINTS))
        .mark_point(size=16, filled=True, opacity=0.6, clip=True)
        .encode(
            x=x,
            y=y,
            color=alt.Color(
                "layer:Q",
                scale=alt.Scale(scheme="viridis", domain=[1, max(layers, 2)]),
                legend=alt.Legend(title="layer", orient="right"),
            ),
            tooltip=[
                alt.Tooltip("layer:Q"),
                alt.Tooltip("re:Q", format=".3f"),
                alt.Tooltip("im:Q", format=".3f"),
            ],
        )
    )
