"""Pictures of a set of images: how its classes are balanced, and some of it side by side."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import altair as alt
import numpy as np

from playground.charts.colours import TRAIN, VALIDATION
from playground.charts.curves import ROWS, SETS

_CRISP = 96  # pixels of an image's side in a strip, so that no browser blurs its pixels
_GAP = 6  # pixels between two images


@cache
def balance(classes: tuple[str, ...], height: int = 230) -> dict[str, Any]:
    """Return how many images of each class both parts have, as bars side by side.

    The data are named ``rows`` and have the columns class, set, count and share (of the part).

    Args:
        classes: Names in their order.
        height: Height in pixels.
    """
    long = max(map(len, classes)) * len(classes) > 70
    chart = (
        alt.Chart(alt.NamedData(name=ROWS))
        .mark_bar(cornerRadiusEnd=2)
        .encode(
            x=alt.X(
                "class:N",
                sort=list(classes),
                title="class",
                axis=alt.Axis(labelAngle=-40 if long else 0, labelOverlap=True, labelLimit=90),
            ),
            xOffset=alt.XOffset("set:N", sort=list(SETS)),
            y=alt.Y("count:Q", title="images", axis=alt.Axis(tickCount=5, tickMinStep=1)),
            color=alt.Color(
                "set:N",
                scale=alt.Scale(domain=list(SETS), range=[TRAIN, VALIDATION]),
                legend=alt.Legend(title=None, orient="top", direction="horizontal", offset=2),
            ),
            tooltip=[
                alt.Tooltip("class:N"),
                alt.Tooltip("set:N", title="part"),
                alt.Tooltip("count:Q", title="images", format=","),
                alt.Tooltip("share:Q", title="share of the part", format=".1%"),
            ],
        )
        .properties(
            height=height,
            padding={"left": 2, "right": 8, "top": 2, "bottom": 2},
            description="how many images of each class both parts have",
        )
    )
    compact = chart.configure_axis(titlePadding=4, labelPadding=3, titleFontSize=11)
    return compact.configure_view(strokeOpacity=0).to_dict(validate=False)


def strip(images: np.ndarray, places: int | None = None) -> np.ndarray:
    """Return images side by side on a transparent ground, each pixel a sharp square.

    Args:
        images: Images ``(n, channels, height, width)`` in [0, 1], of 1 or 3 channels.
        places: How many places there are; those beyond ``n`` stay empty. ``n`` when absent.

    Returns:
        Red, green, blue and opacity ``(rows, columns, 4)``, uint8.

    Raises:
        ValueError: For images of another shape, or more images than places.
    """
    if images.ndim != 4 or images.shape[1] not in (1, 3):
        raise ValueError(f"images of shape {images.shape} are not legal: (n, 1 or 3, h, w)")
    n, _, height, width = images.shape
    places = max(n, 1) if places is None else places
    if n > places:
        raise ValueError(f"{n} images do not fit in {places} places")
    factor = max(1, -(-_CRISP // max(height, width)))
    wide, high = factor * width, factor * height
    sheet = np.zeros((high, places * (wide + _GAP) - _GAP, 4), np.uint8)
    shades = np.round(255 * np.clip(images, 0, 1)).astype(np.uint8).transpose(0, 2, 3, 1)
    for i, shade in enumerate(shades):
        left = i * (wide + _GAP)
        sheet[:, left : left + wide, :3] = shade.repeat(factor, axis=0).repeat(factor, axis=1)
        sheet[:, left : left + wide, 3] = 255
    return sheet


def sheet(images: np.ndarray, across: int) -> np.ndarray:
    """Return images in rows of ``across`` on a transparent ground, as ``strip`` draws one row."""
    rows: Sequence[np.ndarray] = [
        strip(images[i : i + across], across) for i in range(0, max(len(images), 1), across)
    ]
    gap = np.zeros((_GAP, rows[0].shape[1], 4), np.uint8)
    return np.concatenate([part for row in rows for part in (gap, row)][1:])
