"""A map of the determinant of a flow map over a plane of inputs, with the lines on which it folds."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from playground.charts.colours import diverging
from playground.charts.curves import ROWS

BORDER = "border"
"""Name of the data of the folds: re, im, piece, place, as ``regions.borders`` returns them."""
_STRONGEST = 6.0  # decades of the determinant that the colours tell apart, in either direction


def fold_rows(x: np.ndarray, y: np.ndarray, determinants: np.ndarray) -> pd.DataFrame:
    """Return a row for each cell of a grid of determinants ``(m, n)`` over places ``(n,)`` and ``(m,)``.

    ``strength`` is ±log10(1 + |determinant|·10⁶)/6, which shows sign and size at once.
    """
    across, up = np.meshgrid(x, y)
    # A little more than half, or hairlines would show between the cells.
    width, height = 0.54 * (x[1] - x[0]), 0.54 * (y[1] - y[0])
    sized = np.sign(determinants) * np.log10(1 + np.abs(determinants) * 10**_STRONGEST)
    return pd.DataFrame(
        {
            "x": (across - width).ravel(),
            "x2": (across + width).ravel(),
            "y": (up - height).ravel(),
            "y2": (up + height).ravel(),
            "determinant": determinants.ravel(),
            "strength": (sized / _STRONGEST).ravel(),
        }
    )


@lru_cache(maxsize=64)
def fold_map(height: int = 300) -> dict[str, Any]:
    """Return the specification of the map (data ``rows``) and of the folds (data ``border``)."""
    x = alt.X("x:Q", title="first input", scale=alt.Scale(nice=False, zero=False, padding=0))
    y = alt.Y("y:Q", title="second input", scale=alt.Scale(nice=False, zero=False))
    colours = [diverging(i / 10) for i in range(11)][::-1]  # negative is the warning colour
    cells = (
        alt.Chart(alt.NamedData(name=ROWS))
        .mark_rect(clip=True)
        .encode(
            x=x,
            x2="x2:Q",
            y=y,
            y2="y2:Q",
            color=alt.Color(
                "strength:Q",
                scale=alt.Scale(domain=[-1.5, 1.5], range=colours, clamp=True),
                legend=alt.Legend(
                    title="determinant",
                    values=[-1, 0, 1],
                    labelExpr="datum.value < 0 ? '−1' : datum.value > 0 ? '1' : '0'",
                ),
            ),
            tooltip=[alt.Tooltip("determinant:Q", format=".3g")],
        )
    )
    folds = (
        alt.Chart(alt.NamedData(name=BORDER))
        .mark_line(strokeWidth=2, color="black")
        .encode(
            x=alt.X("re:Q"),
            y=alt.Y("im:Q"),
            order=alt.Order("place:Q"),
            detail=alt.Detail("piece:N"),
        )
    )
    chart = alt.layer(cells, folds).properties(
        height=height, description="Determinant of the flow map over the inputs"
    )
    return chart.configure_view(strokeOpacity=0).to_dict(validate=False)
