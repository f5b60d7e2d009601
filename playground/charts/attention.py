"""Pictures of two attention nets side by side: their training, where they look, what they cost."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal

import altair as alt
import numpy as np

from playground.charts.colours import CLASSES, TRAIN
from playground.charts.curves import ROWS, SETS, curve
from playground.charts.finish import finish

NETS = ("classic", "ODE")
"""Names of the nets in every chart, in the order of their colours."""
COLOURS = (CLASSES[0], CLASSES[1])
GAP = " "
"""Name of the empty column between the nets."""
_SHADES = alt.Scale(scheme="viridis", domainMin=0)
_DASHES = {"training": [4, 3], "validation": [1, 0]}


def _by_net(**legend: Any) -> alt.Color:
    return alt.Color(
        "net:N",
        scale=alt.Scale(domain=list(NETS), range=list(COLOURS)),
        legend=alt.Legend(title=None, orient="top", offset=2, **legend),
    )


@lru_cache(maxsize=64)
def overlaid(quantity: Literal["loss", "accuracy"], height: int = 270) -> dict[str, Any]:
    """Return a quantity of both nets over the epochs, a colour for each net, dashed for training.

    The data are named ``rows`` and have the columns epoch, net, set and the quantity.

    Args:
        quantity: ``loss`` (logarithmic) or ``accuracy``.
        height: Height in pixels.
    """
    single = curve(quantity, log=quantity == "loss")["layer"][0]["encoding"]
    base = alt.Chart(alt.NamedData(name=ROWS))
    x, y = (alt.X.from_dict(single["x"]), alt.Y.from_dict(single["y"]))
    shown_as = ".4g" if quantity == "loss" else ".2%"
    dash = alt.StrokeDash(
        "set:N",
        scale=alt.Scale(domain=list(SETS), range=[_DASHES[name] for name in SETS]),
        legend=alt.Legend(title=None, orient="top", offset=2),
    )
    lines = base.mark_line(strokeWidth=1.8).encode(
        x=x,
        y=y,
        color=_by_net(),
        strokeDash=dash,
        tooltip=[
            alt.Tooltip("net:N"),
            alt.Tooltip("set:N"),
            alt.Tooltip("epoch:Q", format=".2~f"),
            alt.Tooltip(f"{quantity}:Q", format=shown_as),
        ],
    )
    return finish(lines, f"{quantity} of both nets over the epochs", height=height)


@lru_cache(maxsize=64)
def over_times(columns: tuple[str, ...], positions: int, height: int) -> dict[str, Any]:
    """Return the weight of each position (downwards) in each column (to the right) as shades.

    The data are named ``rows`` and have the columns column, position (from 1), words and weight.

    Args:
        columns: Names in their order; ``GAP`` leaves room.
        positions: How many there are.
        height: Height in pixels.
    """
    base = alt.Chart(alt.NamedData(name=ROWS))
    place = {
        "x": alt.X(
            "column:N",
            title=None,
            scale=alt.Scale(domain=list(columns), padding=0.03),
            axis=alt.Axis(labelAngle=0, orient="top", domain=False, ticks=False, labelOverlap=True),
        ),
        "y": _ordinal("position", "position", positions),
    }
    cells = base.mark_rect().encode(
        color=alt.Color("weight:Q", scale=_SHADES, legend=_legend("weight")),
        tooltip=[
            alt.Tooltip("column:N", title="where"),
            alt.Tooltip("words:N", title="position"),
            alt.Tooltip("weight:Q", format=".4f"),
        ],
        **place,
    )
    if positions > 16 or len(columns) > 8:
        return finish(cells, "weight of each position at each time", height=height)
    numbers = base.mark_text(fontSize=11).encode(
        text=alt.Text("weight:Q", format=".2f"),
        color=alt.condition("datum.bright", alt.value("black"), alt.value("white")),
        **place,
    )
    return finish(alt.layer(cells, numbers), "weight of each position at each time", height=height)


@lru_cache(maxsize=64)
def over_pairs(positions: int, height: int) -> dict[str, Any]:
    """Return the weight that each query (downwards) gives to each position (to the right).

    The data are named ``rows`` and have the columns query, position (both from 1) and weight.

    Args:
        positions: How many there are.
        height: Height in pixels.
    """
    cells = (
        alt.Chart(alt.NamedData(name=ROWS))
        .mark_rect()
        .encode(
            x=_ordinal("position", "looked at (key)", positions, alt.X),
            y=_ordinal("query", "looking (query)", positions),
            color=alt.Color("weight:Q", scale=_SHADES, legend=_legend("weight")),
            tooltip=[
                alt.Tooltip("query:O", title="query"),
                alt.Tooltip("position:O", title="key"),
                alt.Tooltip("weight:Q", format=".4f"),
            ],
        )
    )
    return finish(cells, "weight of each position for each query", height=height)


def _ordinal(column: str, title: str, count: int, kind: Any = alt.Y) -> Any:
    every = next(step for step in (1, 2, 4, 7, 16, 32, 64, 128, 4096) if count <= 16 * step)
    shown = list(range(1, count + 1, every))
    axis = alt.Axis(values=shown, labelAngle=0, domain=False, ticks=False)
    scale = alt.Scale(domain=list(range(1, count + 1)), padding=0)
    return kind(f"{column}:O", title=title, axis=axis, scale=scale)


def _legend(title: str) -> alt.Legend:
    return alt.Legend(title=title, format=".2~f", gradientLength=120, gradientThickness=10)


@lru_cache(maxsize=64)
def widths(columns: tuple[str, ...], positions: int, height: int = 230) -> dict[str, Any]:
    """Return among how many positions the images' attention is divided, as boxes.

    The data are named ``rows`` and have the columns column, net and effective.

    Args:
        columns: Names in their order; ``GAP`` leaves room.
        positions: How many there are; the scale ends there.
        height: Height in pixels.
    """
    chart = (
        alt.Chart(alt.NamedData(name=ROWS))
        .mark_boxplot(extent="min-max", size=22, rule={"color": TRAIN}, median={"color": "white"})
        .encode(
            x=alt.X(
                "column:N",
                title=None,
                scale=alt.Scale(domain=list(columns)),
                axis=alt.Axis(labelAngle=0, labelOverlap=True),
            ),
            y=alt.Y(
                "effective:Q",
                title="positions that share the attention",
                scale=alt.Scale(domain=[1, max(positions, 2)], nice=False),
                axis=alt.Axis(tickCount=6, format=".3~g"),
            ),
            color=alt.Color(
                "net:N", scale=alt.Scale(domain=list(NETS), range=list(COLOURS)), legend=None
            ),
        )
    )
    return finish(
        chart, "effective number of positions of the attention in each image", height=height
    )


@lru_cache(maxsize=64)
def parameters(names: tuple[str, ...], parts: tuple[str, ...], height: int = 280) -> dict[str, Any]:
    """Return the trainable parameters of nets as bars made of their parts.

    The data are named ``rows`` and have the columns net (data set and net), part, place (of the part)
    and count.

    Args:
        names: The bars in their order.
        parts: The parts in their order.
        height: Height in pixels.
    """
    colours = [CLASSES[i] for i in (5, 1, 3, 4, 0)][: len(parts)]
    chart = (
        alt.Chart(alt.NamedData(name=ROWS))
        .mark_bar()
        .encode(
            x=alt.X(
                "count:Q", title="trainable parameters", axis=alt.Axis(format=",d", tickCount=8)
            ),
            y=alt.Y("net:N", title=None, sort=list(names), axis=alt.Axis(labelLimit=220)),
            color=alt.Color(
                "part:N",
                scale=alt.Scale(domain=list(parts), range=colours),
                legend=alt.Legend(title=None, orient="top", columns=5),
            ),
            order=alt.Order("place:Q"),
            tooltip=[
                alt.Tooltip("net:N"),
                alt.Tooltip("part:N"),
                alt.Tooltip("count:Q", title="parameters", format=",d"),
            ],
        )
    )
    return finish(chart, "trainable parameters of both nets by their parts", height=height)


def picture(
    image: np.ndarray, spread: np.ndarray | None, most: float, colour: str, edge: int = 220
) -> np.ndarray:
    """Return an image, large, tinted where the attention lies.

    Args:
        image: ``(height, width)`` or ``(height, width, 3)`` in [0, 1].
        spread: Weight at each pixel ``(height, width)``; without, the image as it is.
        most: Weight that has the full tint.
        colour: The tint, as ``#rrggbb``.
        edge: Pixels of the longer side, about.

    Returns:
        ``(height', width', 3)`` in [0, 1].
    """
    shown = np.repeat(image[..., None], 3, axis=2) if image.ndim == 2 else image
    if spread is not None:
        tint = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
        share = 0.8 * np.clip(spread / max(most, 1e-12), 0, 1)[..., None]
        shown = (1 - share) * shown.mean(axis=2, keepdims=True) + share * tint
    times = max(1, round(edge / max(image.shape[:2])))
    return np.repeat(np.repeat(shown, times, axis=0), times, axis=1)
