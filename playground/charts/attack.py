"""Points on their way under an attack, over what the net says in the plane of two inputs."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Literal

import altair as alt
import numpy as np
import pandas as pd
from PIL import Image

from playground.charts.colours import CLASSES, TRAIN
from playground.charts.curves import ROWS
from playground.charts.finish import finish
from playground.charts.regions import borders

Background = Literal["regions", "margin", "slope"]
GROUND, BORDER, BALL, SHADES = "ground", "border", "ball", "shades"
"""Names of the data behind the points: one picture, lines, one outline, and the ends of the colours."""

HELD, FLIPPED, WRONG = "holds", "flipped", "wrong already"
STATES = (HELD, FLIPPED, WRONG)
_SHAPES = ("circle", "diamond", "cross")
_VIRIDIS = ("#440154", "#46327e", "#365c8d", "#277f8e", "#1fa187", "#4ac16d", "#a0da39", "#fde725")
_STRONG = 150  # opacity of a class colour where the net is sure, of 255


def ground(
    kind: Background, values: np.ndarray, winner: np.ndarray, extent: Sequence[float]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the picture behind the points, and the ends of its colours.

    Args:
        kind: ``regions``: the winner's colour, the same everywhere; ``margin``: the stronger the surer;
            ``slope``: colours from dark to light, over the logarithm.
        values: Margin or slope ``(rows, columns)``, the top row first.
        winner: Class ``(rows, columns)``.
        extent: Left, right, bottom and top.

    Returns:
        Rows for ``ground`` (one) and for ``shades`` (two with a column value; none for ``regions``).
    """
    low, high = _ends(kind, values)
    if kind == "slope":
        share = np.log(np.clip(values, low, high) / low) / max(np.log(high / low), 1e-9)
        picture = np.dstack([_viridis(share), np.full(values.shape, 200)])
    else:
        strength = np.ones(values.shape) * 0.45 if kind == "regions" else values / high
        colours = np.array([_rgb(colour) for colour in CLASSES])
        picture = np.dstack(
            [colours[winner % len(CLASSES)], _STRONG * np.clip(strength, 0, 1)],
        )
    left, right, bottom, top = extent
    place = {"left": left, "right": right, "bottom": bottom, "top": top}
    shades = [] if kind == "regions" else [low, high]
    return pd.DataFrame([{"url": _png(picture), **place}]), pd.DataFrame({"value": shades})


def _ends(kind: Background, values: np.ndarray) -> tuple[float, float]:
    """Return the values of the first and the last colour; single spikes do not stretch them."""
    known = values[np.isfinite(values)]
    if kind != "slope":
        return 0.0, float(max(np.quantile(known, 0.98), 1e-12))
    known = known[known > 0] if (known > 0).any() else np.ones(1)
    high = float(np.quantile(known, 0.995))
    return max(float(np.quantile(known, 0.005)), 1e-3 * high), high


def _rgb(colour: str) -> tuple[int, int, int]:
    return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))


def _viridis(share: np.ndarray) -> np.ndarray:
    marks = np.linspace(0, 1, len(_VIRIDIS))
    channels = np.array([_rgb(colour) for colour in _VIRIDIS], float).T
    return np.dstack([np.interp(share, marks, channel) for channel in channels])


def _png(picture: np.ndarray) -> str:
    """Return red, green, blue and opacity ``(rows, columns, 4)`` as the address of a picture."""
    file = io.BytesIO()
    Image.fromarray(np.round(picture).astype(np.uint8), "RGBA").save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def border_rows(margin: np.ndarray, winner: np.ndarray, extent: Sequence[float]) -> pd.DataFrame:
    """Return the lines between the regions; see ``regions.borders`` for the columns.

    Args:
        margin: Difference of the two largest logits ``(rows, columns)``, the top row first.
        winner: Class with the largest ``(rows, columns)``.
        extent: Left, right, bottom and top.
    """
    rows, columns = margin.shape
    empty = pd.DataFrame({"series": [], "piece": [], "place": [], "re": [], "im": []})
    if rows < 2:
        return empty
    left, right, bottom, top = extent
    across, up = np.linspace(left, right, columns), np.linspace(bottom, top, rows)
    frames = [
        # Above zero where the class wins, and as far below it as another one is ahead of the second.
        borders(str(each), across, up, np.where(winner == each, margin, -margin)[::-1], 0.0)
        for each in np.unique(winner)[1:]
    ]
    return pd.concat([empty, *frames], ignore_index=True)


def ball_rows(centre: Sequence[float], eps: float, round_: bool) -> pd.DataFrame:
    """Return the outline of the ball of radius ε around a place: columns x, y and place.

    Args:
        centre: Its two coordinates on the axes.
        eps: Radius.
        round_: A circle (L2) instead of a square (L∞).
    """
    turns = np.linspace(0, 2 * np.pi, 73) if round_ else np.pi * (0.25 + np.arange(5) / 2)
    size = eps if round_ else eps * np.sqrt(2)
    x, y = centre[0] + size * np.cos(turns), centre[1] + size * np.sin(turns)
    return pd.DataFrame({"x": x, "y": y, "place": np.arange(len(turns))})


@lru_cache(maxsize=64)
def attack_plane(
    titles: tuple[str, str],
    extent: tuple[float, float, float, float],
    classes: tuple[str, ...],
    background: Background,
    shades: tuple[float, float] | None,
    height: int = 460,
) -> dict[str, Any]:
    """Return the specification of points and their ways (data ``rows``) over a background.

    The rows have the columns point, step, x, y, class (true), says (the class that the net sees at the
    end), state and last (whether the row is the end of its way).

    Args:
        titles: Of both axes; the second may be empty for data with one input.
        extent: Left, right, bottom and top.
        classes: Names in the order of their colours.
        background: What the colours behind the points are.
        shades: Values of the first and the last of these colours, ``None`` for regions.
        height: Height in pixels.
    """
    left, right, bottom, top = extent
    plain = alt.Axis(format=".6~g", tickCount=6, grid=False)
    x = alt.X("x:Q", title=titles[0], axis=plain, scale=alt.Scale(domain=[left, right], nice=False))
    up = alt.Axis(format=".6~g", tickCount=6, grid=False) if titles[1] else None
    y = alt.Y(
        "y:Q", title=titles[1] or None, axis=up, scale=alt.Scale(domain=[bottom, top], nice=False)
    )
    picture = (
        alt.Chart(alt.NamedData(name=GROUND))
        .mark_image(aspect=False)
        .encode(
            x=alt.X("left:Q", scale=x["scale"], axis=plain, title=titles[0]),
            x2="right:Q",
            y=alt.Y("top:Q", scale=y["scale"], axis=up, title=titles[1] or None),
            y2="bottom:Q",
            url="url:N",
        )
    )
    border = (
        alt.Chart(alt.NamedData(name=BORDER))
        .mark_line(strokeWidth=1.4, color=TRAIN, clip=True)
        .encode(x="re:Q", y="im:Q", order="place:Q", detail="piece:N")
    )
    ball = (
        alt.Chart(alt.NamedData(name=BALL))
        .mark_line(strokeWidth=1.6, strokeDash=[4, 3], color=TRAIN, clip=True)
        .encode(x=x, y=y, order="place:Q")
    )
    behind = [picture, *([_legend(background, shades)] if shades else []), border, ball]
    points = alt.layer(*_points(x, y, classes))
    chart = alt.layer(*behind, points).resolve_scale(color="independent")
    about = f"points on their way under an attack, over the {background} of the net"
    return finish(chart, about, legend_columns=len(STATES) + 1, height=height)


def _legend(background: str, shades: tuple[float, float]) -> alt.Chart:
    """Return points that nobody sees, whose colours explain those of the picture."""
    slope = background == "slope"
    colours = list(_VIRIDIS) if slope else [f"{TRAIN}00", TRAIN]
    kind = {"type": "log"} if slope else {}
    title = "slope ‖∇ margin‖" if slope else "margin"
    return (
        alt.Chart(alt.NamedData(name=SHADES))
        .mark_point(opacity=0)
        .encode(
            x=alt.value(0),
            y=alt.value(0),
            color=alt.Color(
                "value:Q",
                scale=alt.Scale(domain=list(shades), range=colours, nice=False, **kind),
                legend=alt.Legend(title=title, orient="right", format=".2~r", tickCount=4),
            ),
        )
    )


def _points(x: alt.X, y: alt.Y, classes: tuple[str, ...]) -> list[alt.Chart]:
    colours = [CLASSES[i % len(CLASSES)] for i in range(len(classes))]
    scale = alt.Scale(domain=list(classes), range=colours)
    top = {"title": None, "orient": "top", "offset": 2, "labelLimit": 160, "symbolOpacity": 1}
    colour = alt.Color("class:N", scale=scale, legend=alt.Legend(**top))
    base = alt.Chart(alt.NamedData(name=ROWS))
    tips = [
        alt.Tooltip("point:Q", title="sample"),
        alt.Tooltip("class:N"),
        alt.Tooltip("says:N", title="the net says, at the end"),
        alt.Tooltip("state:N"),
        alt.Tooltip("length:Q", title="length of the way", format=".3~g"),
        alt.Tooltip("x:Q", format=".4~g"),
        alt.Tooltip("y:Q", format=".4~g"),
    ]
    ways = base.mark_line(strokeWidth=1, clip=True).encode(
        x=x,
        y=y,
        order="step:Q",
        detail="point:N",
        color=colour,
        opacity=alt.condition(f"datum.state === '{FLIPPED}'", alt.value(0.95), alt.value(0.5)),
    )
    starts = (
        base.transform_filter("datum.step === 0")
        .mark_point(size=30, filled=True, opacity=0.9, clip=True)
        .encode(
            x=x,
            y=y,
            color=colour,
            shape=alt.Shape(
                "state:N",
                scale=alt.Scale(domain=list(STATES), range=list(_SHAPES)),
                legend=alt.Legend(**top, symbolFillColor=TRAIN, symbolStrokeColor=TRAIN),
            ),
            tooltip=tips,
        )
    )
    ends = (
        base.transform_filter(f"datum.last && datum.state === '{FLIPPED}'")
        .mark_point(
            shape="diamond",
            size=70,
            filled=True,
            opacity=1,
            clip=True,
            stroke="white",
            strokeWidth=0.8,
        )
        .encode(x=x, y=y, fill=alt.Fill("says:N", scale=scale, legend=None), tooltip=tips)
    )
    return [ways, starts, ends]
