"""Images under attack: each one, what was changed in it, and what came out, side by side."""

from __future__ import annotations

import base64
import io
from functools import lru_cache
from typing import Any

import altair as alt
import numpy as np

from playground.charts.colours import CLASSES, TRAIN, diverging
from playground.charts.curves import ROWS
from playground.charts.finish import finish

PICTURES = "pictures"
WITHSTOOD, FOOLED, WRONG = CLASSES[0], CLASSES[1], TRAIN
"""Colours of the frames: blue, orange, and the grey of images that were wrong already."""
EDGE = 96  # pixels of a picture on the page
_SHARP = 2 * EDGE  # pixels of the file, so that no screen blurs it
_FRAME = 4  # pixels of the file's frame for each 100
_GAP = 6  # pixels between two pictures
_TABLE = np.array(
    [[int(diverging(i / 255)[k : k + 2], 16) for k in (1, 3, 5)] for i in range(256)], np.uint8
)


def picture(image: np.ndarray, frame: str | None = None, *, signed: bool = False) -> str:
    """Return an image as the address of a PNG that holds it, each pixel a sharp square.

    Args:
        image: ``(1 or 3, height, width)`` in [0, 1].
        frame: Colour of a frame around it.
        signed: Whether a grey image is a change around ½, drawn from blue (darker) to orange (brighter).

    Raises:
        ValueError: For an image of another shape.
    """
    if image.ndim != 3 or image.shape[0] not in (1, 3):
        raise ValueError(f"image of shape {image.shape} is not legal: (1 or 3, h, w)")
    values = np.rint(255 * np.clip(image, 0, 1)).astype(np.uint8)
    if len(values) == 1:
        shades = _TABLE[values[0]] if signed else values[0][..., None].repeat(3, axis=-1)
    else:
        shades = values.transpose(1, 2, 0)
    factor = max(1, -(-_SHARP // max(shades.shape[:2])))
    sheet = shades.repeat(factor, axis=0).repeat(factor, axis=1)
    if frame is not None:
        wide = max(2, _FRAME * max(sheet.shape[:2]) // 100)
        colour = np.array([int(frame[k : k + 2], 16) for k in (1, 3, 5)], np.uint8)
        framed = np.empty((sheet.shape[0] + 2 * wide, sheet.shape[1] + 2 * wide, 3), np.uint8)
        framed[:] = colour
        framed[wide:-wide, wide:-wide] = sheet
        sheet = framed
    from PIL import Image  # slow to import

    file = io.BytesIO()
    Image.fromarray(sheet).save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


@lru_cache(maxsize=64)
def tiles(factor: str, columns: int = 3, edge: int = EDGE) -> dict[str, Any]:
    """Return a tile for each image: the image, the magnified change, and the attacked image.

    The data are named ``rows`` and have the columns image (its number), place (in the order), caption
    (lines that stand above it, with line breaks), and what the tooltip tells: truth, before, after,
    own_before, own_after, linf and l2. The pictures are the data ``pictures``; their columns are image,
    and original, change and attacked, each the address of a picture.

    Args:
        factor: By how much the changes are magnified, as text.
        columns: Tiles side by side.
        edge: Of a picture, in pixels.
    """
    kinds = ["original", "change", "attacked"]
    chart = (
        alt.Chart(alt.NamedData(name=ROWS), width=3 * (edge + _GAP), height=edge)
        .transform_lookup(
            "image", alt.LookupData(alt.NamedData(name=PICTURES), key="image", fields=kinds)
        )
        .transform_fold(kinds, as_=["kind", "url"])
        .mark_image(width=edge, height=edge)
        .encode(
            x=alt.X(
                "kind:N",
                sort=kinds,
                title=None,
                axis=alt.Axis(
                    labelAngle=0,
                    labelAlign="center",
                    labelFlush=False,
                    ticks=False,
                    domain=False,
                    labelExpr=f"datum.value == 'change' ? 'change {factor}' : datum.value",
                ),
            ),
            y=alt.YValue(edge / 2),
            url="url:N",
            tooltip=[
                alt.Tooltip("image:Q", title="validation image"),
                alt.Tooltip("truth:N", title="class"),
                alt.Tooltip("before:N", title="taken for, before"),
                alt.Tooltip("after:N", title="taken for, after"),
                alt.Tooltip("own_before:Q", title="p(class) before", format=".1%"),
                alt.Tooltip("own_after:Q", title="p(class) after", format=".1%"),
                alt.Tooltip("linf:Q", title="greatest change of a value", format=".3~g"),
                alt.Tooltip("l2:Q", title="Euclidean length of the change", format=".3~g"),
            ],
        )
        .facet(
            facet=alt.Facet(
                "caption:N",
                sort=alt.EncodingSortField("place", op="min"),
                title=None,
                header=alt.Header(
                    labelExpr="split(datum.label, '\\n')",
                    labelFontSize=12,
                    labelLineHeight=15,
                    labelPadding=4,
                    labelLimit=3 * (edge + _GAP),
                ),
            ),
            columns=columns,
            spacing={"row": 12, "column": 16},
        )
        .resolve_axis(x="independent")
    )
    return finish(chart, "images, their magnified changes, and the images that came out")
