"""Curves of several series in two parts: solid lines for validation, dotted ones for training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import altair as alt

from playground.charts.colours import CLASSES
from playground.charts.curves import ROWS
from playground.charts.finish import finish
from playground.charts.lines import Axis

_DASHES = ([1, 0], [2, 3])


def parted(
    rows: Mapping[str, Sequence[Any]],
    *,
    x: str,
    y: str,
    height: int,
    log_y: bool = False,
    domain_y: Sequence[float] | None = None,
) -> dict[str, Any]:
    """Return lines by ``series`` (colour) and ``part`` (solid or dotted) over a number.

    Args:
        rows: Columns x, y, series and part, of which there are at most two.
        x: Title of the horizontal axis.
        y: Title of the vertical axis.
        height: Height in pixels.
        log_y: Whether the vertical axis is logarithmic.
        domain_y: Ends of the vertical axis.
    """
    series = tuple(dict.fromkeys(map(str, rows["series"])))
    parts = tuple(dict.fromkeys(map(str, rows["part"])))
    ends = None if domain_y is None else tuple(domain_y)
    return _parted(x, Axis("y", y, log_y, ends), series, parts, height)


@lru_cache(maxsize=64)
def _parted(
    x: str, y: Axis, series: tuple[str, ...], parts: tuple[str, ...], height: int
) -> dict[str, Any]:
    colours = [CLASSES[i % len(CLASSES)] for i in range(len(series))]
    legend = alt.Legend(title=None, orient="top", offset=4, labelLimit=220)
    chart = (
        alt.Chart(alt.NamedData(name=ROWS))
        .transform_filter("isFinite(datum.y)" + (" && datum.y > 0" if y.log else ""))
        .mark_line(strokeWidth=1.8, clip=True)
        .encode(
            x=alt.X("x:Q", axis=alt.Axis(title=x, tickCount=6, format=".6~g")),
            y=alt.Y("y:Q", scale=y.scale(), axis=y.axis("y")),
            color=alt.Color(
                "series:N", scale=alt.Scale(domain=list(series), range=colours), legend=legend
            ),
            strokeDash=alt.StrokeDash(
                "part:N",
                scale=alt.Scale(domain=list(parts), range=list(_DASHES[: len(parts)])),
                legend=legend if len(parts) > 1 else None,
            ),
            tooltip=[
                alt.Tooltip("series:N"),
                alt.Tooltip("part:N"),
                alt.Tooltip("x:Q", title=x, format=".4~g"),
                alt.Tooltip("y:Q", title=y.title, format=".4~g"),
            ],
        )
    )
    return finish(chart, f"{y.title} over {x}", legend_columns=4, height=height)
