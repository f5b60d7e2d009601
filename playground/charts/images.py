"""Pictures of a net on images: which classes are confused, and where its last features lie."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import altair as alt

from playground.charts.colours import CLASSES
from playground.charts.curves import ROWS
from playground.charts.finish import finish

_SHARES = ["#D3E6F3", "#005A8C"]  # colours of the share of a class, from none to all
_DARK = 0.75  # share from which white stands out from its colour more than black


@lru_cache(maxsize=64)
def confusion(classes: tuple[str, ...], height: int = 320) -> dict[str, Any]:
    """Return how many images of each class were taken for each other one.

    The data are named ``rows`` and have the columns truth, guess, count and share (of the class).

    Args:
        classes: Names in their order.
        height: Height in pixels.
    """
    order = list(classes)
    place = {
        "x": alt.X("guess:N", sort=order, title="taken for", axis=alt.Axis(labelAngle=0)),
        "y": alt.Y("truth:N", sort=order, title="class"),
    }
    base = alt.Chart(alt.NamedData(name=ROWS))
    colour = alt.Color("share:Q", scale=alt.Scale(range=_SHARES, domain=[0, 1]), legend=None)
    cells = base.mark_rect().encode(
        color=colour,
        # Cells without images are there for the pointer only, on whichever ground the page has.
        opacity=alt.condition("datum.count > 0", alt.value(1), alt.value(0)),
        tooltip=[
            alt.Tooltip("truth:N", title="class"),
            alt.Tooltip("guess:N", title="taken for"),
            alt.Tooltip("count:Q", title="images"),
            alt.Tooltip("share:Q", title="share of the class", format=".1%"),
        ],
        **place,
    )
    numbers = (
        base.transform_filter("datum.count > 0")
        .mark_text(fontSize=11)
        .encode(
            text="count:Q",
            color=alt.condition(f"datum.share > {_DARK}", alt.value("white"), alt.value("black")),
            **place,
        )
    )
    chart = alt.layer(cells, numbers) if len(classes) <= 20 else cells
    return finish(chart, "how many images of each class were taken for each class", height=height)


@lru_cache(maxsize=64)
def features(
    classes: tuple[str, ...], shares: tuple[float, float], height: int = 320
) -> dict[str, Any]:
    """Return the last features of images in their two main directions, a colour for each class.

    Where the names are short, as of digits, they stand in place of points.

    The data are named ``rows`` and have the columns x, y and class.

    Args:
        classes: Names in their order.
        shares: Part of the variance along each direction.
        height: Height in pixels.
    """
    colours = [CLASSES[i % len(CLASSES)] for i in range(len(classes))]
    base, short = alt.Chart(alt.NamedData(name=ROWS)), max(map(len, classes)) <= 2
    chart = (
        base.mark_text(fontSize=11) if short else base.mark_point(size=22, filled=True, opacity=0.8)
    ).encode(
        **({"text": alt.Text("class:N")} if short else {}),
        x=alt.X("x:Q", title=f"PC1 · {shares[0]:.0%} of the variance"),
        y=alt.Y("y:Q", title=f"PC2 · {shares[1]:.0%}"),
        color=alt.Color(
            "class:N",
            scale=alt.Scale(domain=list(classes), range=colours),
            legend=None
            if short or len(classes) > 20
            else alt.Legend(title=None, orient="right", symbolOpacity=1),
        ),
        tooltip=[alt.Tooltip("class:N")],
    )
    return finish(chart, "last features of images in two directions", height=height)
