"""Pictures of a set of images: how its classes are balanced, and some of it side by side."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import altair as alt
import numpy as np

from playground.charts.colours import TRAIN, VALIDATION
from playground.charts.curves import ROWS, SETS
from playground.charts.finish import finish

_CRISP = 96  # pixels of an image's side in a strip, so that no browser blurs its pixels
_GAP = 6  # pixels between two images


@lru_cache(maxsize=64)
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
    )
    return finish(chart, "how many images of each class both parts have", height=height)


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


_TRUTH, _GUESS = (86, 180, 233), (230, 159, 0)
TRUTH_NAME, GUESS_NAME = "blue", "orange"
"""What a person calls the colours of the points in ``with_points``."""


def with_points(
    image: np.ndarray, truths: np.ndarray, guesses: np.ndarray | None = None
) -> np.ndarray:
    """Return a grey image with its key points as squares, and those of a net as crosses.

    Args:
        image: ``(height, width)`` in [0, 1].
        truths: Places ``(points, 2)``, x and y in pixels; 0 is the middle of the first pixel.
        guesses: The same of a net, if there is one; what lies outside of the image is left out.

    Returns:
        Red, green and blue ``(rows, columns, 3)``, uint8.
    """
    factor = max(1, -(-2 * _CRISP // max(image.shape)))
    shades = np.round(255 * np.clip(image, 0, 1)).astype(np.uint8)
    drawn = shades.repeat(factor, axis=0).repeat(factor, axis=1)[..., None].repeat(3, axis=2)
    arm = max(3, len(drawn) // 40)
    for x, y in truths:
        _paint(drawn, (x + 0.5) * factor, (y + 0.5) * factor, arm, arm, _TRUTH)
    for x, y in guesses if guesses is not None else ():
        _paint(drawn, (x + 0.5) * factor, (y + 0.5) * factor, 2 * arm, arm // 3, _GUESS)
        _paint(drawn, (x + 0.5) * factor, (y + 0.5) * factor, arm // 3, 2 * arm, _GUESS)
    return drawn


def _paint(
    drawn: np.ndarray, x: float, y: float, across: int, down: int, colour: tuple[int, int, int]
) -> None:
    """Fill a rectangle around a place in the picture."""
    height, width, _ = drawn.shape
    if not (0 <= x < width and 0 <= y < height):
        return
    column, row = int(x), int(y)
    drawn[max(row - down, 0) : row + down + 1, max(column - across, 0) : column + across + 1] = (
        colour
    )
