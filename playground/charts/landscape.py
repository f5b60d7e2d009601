"""A loss over a plane through the weights: contour lines, and the paths of weights over them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
from contourpy import contour_generator

from playground.charts.colours import CLASSES
from playground.charts.curves import ROWS

CONTOURS = "contours"
"""Name of the data of the contour lines: piece, place (along the piece), x, y, loss."""
FAST, SLOW, ALONE = "fast weights", "slow weights", "alone"
_SERIES = (ALONE, FAST, SLOW)
_COLOURS = CLASSES[:3]


def levels(values: np.ndarray, n: int = 16) -> np.ndarray:
    """Return the heights of contour lines over a grid of losses: even in the logarithm.

    The heights of finite values only; none where the loss is the same everywhere.
    """
    known = values[np.isfinite(values) & (values > 0)]
    if not known.size or known.max() <= known.min():
        return np.zeros(0)
    return np.geomspace(known.min(), known.max(), n + 2)[1:-1]


def contours(
    across: np.ndarray, up: np.ndarray, values: np.ndarray, heights: Sequence[float]
) -> pd.DataFrame:
    """Return contour lines.

    Args:
        across: Places along the horizontal axis ``(n,)``.
        up: Places along the vertical axis ``(m,)``.
        values: Loss ``(m, n)``.
        heights: Values whose lines are wanted.

    Returns:
        Rows with the columns piece, place, x, y and loss.
    """
    generator = contour_generator(across, up, np.ma.masked_invalid(values))
    frames = [
        pd.DataFrame(
            {
                "piece": f"{height:.6g} {number}",
                "place": np.arange(len(line)),
                "x": line[:, 0],
                "y": line[:, 1],
                "loss": float(height),
            }
        )
        for height in heights
        for number, line in enumerate(generator.lines(height))
    ]
    empty = pd.DataFrame({"piece": [], "place": [], "x": [], "y": [], "loss": []})
    return pd.concat(frames, ignore_index=True) if frames else empty


def landscape(box: Sequence[float], titles: tuple[str, str], height: int = 460) -> dict[str, Any]:
    """Return the specification of paths (data ``rows``) over contour lines (data ``contours``).

    The rows have the columns x, y, step, loss, series and piece; each piece is a line of its own.

    Args:
        box: Left, right, bottom and top of the plane.
        titles: Of both axes.
        height: Height in pixels.
    """
    left, right, bottom, top = map(float, box)
    plain = alt.Axis(tickCount=6, format=".6~g", grid=False)
    x = alt.X("x:Q", scale=alt.Scale(domain=[left, right], nice=False), axis=plain, title=titles[0])
    y = alt.Y("y:Q", scale=alt.Scale(domain=[bottom, top], nice=False), axis=plain, title=titles[1])
    hills = (
        alt.Chart(alt.NamedData(name=CONTOURS))
        .mark_line(strokeWidth=1, opacity=0.75, clip=True)
        .encode(
            x=x,
            y=y,
            order="place:Q",
            detail="piece:N",
            color=alt.Color(
                "loss:Q",
                scale=alt.Scale(scheme="viridis", type="log", reverse=True),
                legend=alt.Legend(title="training loss", orient="right", format=".2~g"),
            ),
            tooltip=[alt.Tooltip("loss:Q", title="training loss", format=".3~g")],
        )
    )
    base = alt.Chart(alt.NamedData(name=ROWS))
    encoding = {
        "x": x,
        "y": y,
        "order": "step:Q",
        "detail": "piece:N",
        "color": alt.Color(
            "series:N",
            scale=alt.Scale(domain=list(_SERIES), range=list(_COLOURS)),
            legend=alt.Legend(title=None, orient="top"),
        ),
        "tooltip": [
            alt.Tooltip("series:N"),
            alt.Tooltip("step:Q", title="gradient evaluations"),
            alt.Tooltip("loss:Q", title="training loss of these weights", format=".4~g"),
        ],
    }
    thin = base.transform_filter(f"datum.series !== '{SLOW}'")
    thick = base.transform_filter(f"datum.series === '{SLOW}'")
    # The fast weights on top: they set out along the slow ones and come back to them.
    paths = [
        thick.mark_line(
            strokeWidth=2.6, clip=True, point=alt.OverlayMarkDef(size=34, clip=True)
        ).encode(**encoding),
        thin.mark_line(strokeWidth=1.1, clip=True).encode(**encoding),
    ]
    chart = (
        alt.layer(hills, alt.layer(*paths))
        .resolve_scale(color="independent")
        .properties(height=height, description="Training loss over a plane through the weights")
    )
    return chart.configure_view(strokeOpacity=0).to_dict(validate=False)
