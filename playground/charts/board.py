"""The board of a class: how good each run is against what it cost."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import altair as alt

from playground.charts.colours import CLASSES, TRAIN, VALIDATION
from playground.charts.curves import ROWS
from playground.charts.finish import finish
from playground.charts.powers import log_axis

KINDS = ("yours", "the teacher's", "the others'")


@lru_cache(maxsize=64)
def board_chart(
    cost_title: str, score_title: str, kinds: tuple[str, ...], *, log: bool, height: int = 360
) -> dict[str, Any]:
    """Return every run of a class as a point, those that nobody beats joined by a line.

    The data are named ``rows`` and have the columns cost, score, who, words, kind (one of ``kinds``) and
    front (whether no other run is at least as good at no more cost).

    Args:
        cost_title: What is paid.
        score_title: What is had for it.
        kinds: Of ``KINDS``, those that there are.
        log: Whether the costs are on a logarithmic axis.
        height: Height in pixels.
    """
    base = alt.Chart(alt.NamedData(name=ROWS))
    scale, ticks = alt.Scale(zero=False, padding=12), alt.Axis(format=".3~g", tickCount=8)
    if log:
        scale, ticks = alt.Scale(type="log", nice=False, padding=12), log_axis("x", 8)
    x = alt.X("cost:Q", title=cost_title, scale=scale, axis=ticks)
    y = alt.Y(
        "score:Q",
        title=score_title,
        scale=alt.Scale(zero=False, padding=10),
        axis=alt.Axis(format=".4~g", tickCount=7),
    )
    colours = dict(zip(KINDS, (CLASSES[1], VALIDATION, TRAIN)))
    shapes = dict(zip(KINDS, ("diamond", "square", "circle")))
    domain = list(kinds)
    legend = alt.Legend(title=None, orient="top", symbolOpacity=1)
    points = base.mark_point(size=80, filled=True, opacity=0.9).encode(
        x=x,
        y=y,
        color=alt.Color(
            "kind:N",
            scale=alt.Scale(domain=domain, range=[colours[kind] for kind in kinds]),
            legend=legend,
        ),
        shape=alt.Shape(
            "kind:N",
            scale=alt.Scale(domain=domain, range=[shapes[kind] for kind in kinds]),
            legend=legend,
        ),
        tooltip=[
            alt.Tooltip("who:N", title="who"),
            alt.Tooltip("words:N", title="what"),
            alt.Tooltip("cost:Q", title=cost_title, format=".4~g"),
            alt.Tooltip("score:Q", title=score_title, format=".4~g"),
        ],
    )
    front = (
        base.transform_filter("datum.front")
        .mark_line(interpolate="step-after", strokeWidth=1.4, color=VALIDATION, opacity=0.7)
        .encode(x=x, y=y, order="cost:Q")
    )
    about = f"{score_title} of each run of the class against {cost_title}"
    return finish(alt.layer(front, points), about, height=height)
