"""Charts of the Lookahead thesis's toy: losses in small panels, and how many iterations runs took."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import altair as alt

from playground.charts.colours import CLASSES
from playground.charts.curves import ROWS

PLAIN, AHEAD = "gradient descent", "Lookahead"
SERIES = (PLAIN, AHEAD)
QUARTILES = "quartiles"
"""Name of the data of the boxes: method, low, median, high."""
_RULE, _LIMIT = "by the rule", "by the limit"
ENDS = (_RULE, _LIMIT)
_GREY = "#8A94A3"  # to be read on white and on black
_COLOURS = alt.Scale(domain=list(SERIES), range=list(CLASSES[:2]))


def _panel(x_title: str, highest: float, legend: bool) -> alt.Chart:
    base = alt.Chart(alt.NamedData(name=ROWS))
    return base.mark_line(strokeWidth=1.8, clip=True).encode(
        x=alt.X("iteration:Q", title=x_title, axis=alt.Axis(tickCount=5, format="d")),
        y=alt.Y(
            "loss:Q",
            title="loss",
            scale=alt.Scale(domain=[0, highest], nice=True),
            axis=alt.Axis(tickCount=4, format="~g"),
        ),
        color=alt.Color(
            "method:N",
            scale=_COLOURS,
            legend=alt.Legend(title=None, orient="top") if legend else None,
        ),
        strokeDash=alt.StrokeDash(
            "method:N", scale=alt.Scale(domain=list(SERIES), range=[[1, 0], [5, 2]]), legend=None
        ),
        tooltip=[
            alt.Tooltip("method:N"),
            alt.Tooltip("iteration:Q", title=x_title),
            alt.Tooltip("loss:Q", format=".4~g"),
        ],
    )


def course(
    title: str, below: str, x_title: str, highest: float, height: int = 150
) -> dict[str, Any]:
    """Return one panel, the loss of both methods over iterations; the data are named ``rows``.

    Its rows have the columns iteration, loss and method; a legend stands with the picture of all.

    Args:
        title: What stands above it.
        below: What stands in a second line, smaller.
        x_title: What an iteration is.
        highest: Upper end of the axis of the loss.
        height: Height in pixels.
    """
    head = alt.TitleParams(
        title,
        subtitle=below,
        anchor="start",
        fontSize=13,
        subtitleFontSize=12,
        subtitleColor=_GREY,
        offset=6,
    )
    chart = _panel(x_title, highest, legend=False).properties(
        title=head,
        height=height,
        padding={"left": 2, "right": 8, "top": 2, "bottom": 2},
        description=f"{title}: loss over {x_title}; {below}",
    )
    compact = chart.configure_axis(titlePadding=4, labelPadding=3, titleFontSize=11)
    return compact.configure_view(strokeOpacity=0).to_dict(validate=False)


@lru_cache(maxsize=64)
def courses(x_title: str, highest: float) -> dict[str, Any]:
    """Return all panels in one picture, a row for each rate and a column for each k.

    The rows have the columns rate and k besides.
    """
    chart = (
        _panel(x_title, highest, legend=True)
        .properties(width=220, height=140)
        .facet(row=alt.Row("rate:N", title="learning rate"), column=alt.Column("k:N", title="k"))
        .resolve_scale(x="independent")
    )
    return chart.to_dict(validate=False)


@lru_cache(maxsize=64)
def counts(title: str, methods: tuple[str, ...], x_title: str, longest: float) -> dict[str, Any]:
    """Return a strip of runs for each method, with a box over it from quartile to quartile.

    The data are named ``rows`` (method, count, ended, jitter in [0, 1]) and ``quartiles``.

    Args:
        title: What stands above it.
        methods: Names from top to bottom; the first is plain gradient descent.
        x_title: What is counted.
        longest: Right end of the axis.
    """
    y = alt.Y("method:N", sort=list(methods), title=None, axis=alt.Axis(labelLimit=120))
    x_scale = alt.Scale(domain=[0, longest], nice=True)
    colours = alt.Color(
        "method:N",
        scale=alt.Scale(
            domain=list(methods), range=[CLASSES[0], *[CLASSES[1]] * (len(methods) - 1)]
        ),
        legend=None,
    )
    dots = (
        alt.Chart(alt.NamedData(name=ROWS))
        .mark_point(size=12, opacity=0.45, strokeWidth=0.8)
        .encode(
            x=alt.X("count:Q", title=x_title, scale=x_scale, axis=alt.Axis(tickCount=6)),
            y=y,
            yOffset=alt.YOffset("jitter:Q", scale=alt.Scale(domain=[0, 1])),
            color=colours,
            shape=alt.Shape(
                "ended:N",
                scale=alt.Scale(domain=list(ENDS), range=["circle", "triangle-right"]),
                legend=alt.Legend(title="ended", orient="bottom", columns=1),
            ),
            tooltip=[alt.Tooltip("method:N"), alt.Tooltip("count:Q"), alt.Tooltip("ended:N")],
        )
    )
    boxes = alt.Chart(alt.NamedData(name=QUARTILES)).encode(y=y)
    between = boxes.mark_bar(height=16, filled=False, stroke=_GREY, strokeWidth=1.5).encode(
        x=alt.X("low:Q", title=x_title), x2="high:Q"
    )
    middle = boxes.mark_tick(color=_GREY, thickness=3.5, size=26).encode(
        x=alt.X("median:Q", title=x_title),
        tooltip=[
            alt.Tooltip("method:N"),
            alt.Tooltip("low:Q", title="first quartile"),
            alt.Tooltip("median:Q"),
            alt.Tooltip("high:Q", title="third quartile"),
        ],
    )
    chart = alt.layer(dots, between, middle).properties(
        title=alt.TitleParams(title, anchor="start", fontSize=13),
        height=140 + 55 * len(methods),
        padding={"left": 2, "right": 8, "top": 2, "bottom": 2},
        description=f"{title}: {x_title} of every run",
    )
    return chart.configure_view(strokeOpacity=0).to_dict(validate=False)


def legend_in(specification: Any, columns: int) -> Any:
    """Return a specification whose legends have so many columns, for a narrow place."""
    if isinstance(specification, list):
        return [legend_in(part, columns) for part in specification]
    if not isinstance(specification, dict):
        return specification
    changed = {key: legend_in(value, columns) for key, value in specification.items()}
    return {**changed, "columns": columns} if "columns" in changed else changed


def with_mark(specification: dict[str, Any], place: Sequence[float], words: str) -> dict[str, Any]:
    """Return a portrait of the plane with a cross at a place, and words beside it."""
    mark = {
        "data": {"values": [{"x": float(place[0]), "y": float(place[1]), "words": words}]},
        "encoding": {
            "x": {"field": "x", "type": "quantitative"},
            "y": {"field": "y", "type": "quantitative"},
        },
        "layer": [
            {
                "mark": {"type": "point", "shape": "cross", "size": 130, "filled": True},
                "encoding": {
                    "color": {"value": CLASSES[2]},
                    "tooltip": {"field": "words", "type": "nominal"},
                },
            },
            {
                "mark": {"type": "text", "dy": -14, "align": "center", "fontSize": 12},
                "encoding": {"text": {"field": "words"}, "color": {"value": CLASSES[2]}},
            },
        ],
    }
    return {**specification, "layer": [*specification["layer"], mark]}
