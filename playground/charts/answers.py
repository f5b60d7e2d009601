"""Images in rows, each with its class and what a net took it for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np

from playground.charts.attack_images import FOOLED, PICTURES, WITHSTOOD, picture
from playground.charts.colours import TRAIN
from playground.charts.curves import ROWS
from playground.charts.finish import finish

ACROSS = 6
_EDGE = 84  # pixels of an image on the page


def answers(rows: Mapping[str, Sequence[Any]], *, side: int, height: int) -> dict[str, Any]:
    """Return grey images with their classes above them, framed by whether the net is right.

    Args:
        rows: Columns pixels (grey values of one image, two hexadecimal digits each, row by row), truth
            and guess.
        side: Rows and columns of an image.
        height: Height in pixels.

    Raises:
        ValueError: If an image does not have ``side`` by ``side`` pixels.
    """
    drawn = [_drawn(i, *each, side) for i, each in enumerate(_each(rows))]
    high = max(1, -(-len(drawn) // ACROSS))
    place = {
        "x": alt.X("column:Q", axis=None, scale=alt.Scale(domain=[-0.5, ACROSS - 0.5])),
        "y": alt.Y("down:Q", axis=None, scale=alt.Scale(domain=[high - 0.35, -0.65])),
        "tooltip": [
            alt.Tooltip("truth:N", title="class"),
            alt.Tooltip("guess:N", title="taken for"),
        ],
    }
    fields = ["url", "column", "down", "words", "right"]
    base = (
        alt.Chart(alt.NamedData(name=ROWS))
        .transform_window(place="row_number()")
        .transform_lookup(
            "place", alt.LookupData(alt.NamedData(name=PICTURES), key="place", fields=fields)
        )
    )
    edge = min(_EDGE, round(0.68 * height / high))
    images = base.mark_image(width=edge, height=edge).encode(url="url:N", **place)
    words = base.mark_text(dy=-edge / 2 - 8, fontSize=11, limit=110).encode(
        text="words:N",
        color=alt.Color(
            "right:N",
            scale=alt.Scale(domain=["right", "wrong"], range=[TRAIN, FOOLED]),
            legend=None,
        ),
        **place,
    )
    chart = finish(alt.layer(images, words), "Images, their classes and answers", height=height)
    return {**chart, "datasets": {PICTURES: drawn}}


def _each(rows: Mapping[str, Sequence[Any]]) -> list[tuple[str, str, str]]:
    columns = (map(str, rows[name]) for name in ("pixels", "truth", "guess"))
    return list(zip(*columns, strict=True))


def _drawn(place: int, pixels: str, truth: str, guess: str, side: int) -> dict[str, Any]:
    values = np.frombuffer(bytes.fromhex(pixels), np.uint8)
    if len(values) != side * side:
        raise ValueError(f"pixels: {len(values)} are not legal; an image has {side} by {side}")
    right = truth == guess
    return {
        "place": place + 1,
        "url": picture(values.reshape(1, side, side) / 255, WITHSTOOD if right else FOOLED),
        "column": place % ACROSS,
        "down": place // ACROSS,
        "words": truth if right else f"{truth} → {guess}",
        "right": "right" if right else "wrong",
    }
