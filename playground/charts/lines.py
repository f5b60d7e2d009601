"""Lines over a number, a colour for each series: errors over steps, solutions over time, and the like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import altair as alt

from playground.charts.colours import CLASSES, TRAIN
from playground.charts.curves import ROWS
from playground.charts.finish import finish
from playground.charts.powers import log_axis

LEGEND_COLUMNS = 2  # a page that has less room may say so in the configuration
_DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3])


@dataclass(frozen=True)
class Axis:
    """One axis of a chart.

    Attributes:
        column: Column of the rows.
        title: What stands beside it, with the unit.
        log: Whether it is logarithmic; rows with values of zero or below are left out.
        domain: Ends of the axis, ``None`` where the rows decide.
        zero: Whether a linear axis has to show zero.
    """

    column: str
    title: str
    log: bool = False
    domain: tuple[float, float] | None = None
    zero: bool = False

    def scale(self) -> alt.Scale:
        """Return the scale."""
        ends = {} if self.domain is None else {"domain": list(self.domain), "clamp": False}
        if self.log:
            return alt.Scale(type="log", **ends)
        return alt.Scale(zero=self.zero, nice=self.domain is None, **ends)

    def axis(self, channel: Literal["x", "y"]) -> alt.Axis:
        """Return ticks and labels of the axis, which is that of a channel of the chart."""
        if self.log:
            return log_axis(channel, title=self.title)
        return alt.Axis(format=".6~g", tickCount=6, title=self.title)


def lines(
    x: Axis,
    y: Axis,
    series: Sequence[str],
    *,
    by: str = "series",
    order: str | None = None,
    points: bool = True,
    joined: bool = True,
    reference: str = "",
    height: int = 280,
    about: str = "",
) -> dict[str, Any]:
    """Return the specification of a line for each series, whose data are named ``rows``.

    Args:
        x: Horizontal axis.
        y: Vertical axis.
        series: Names in the order of their colours; more than there are colours are dashed.
        by: Column that holds the name.
        order: Column along which a line is drawn, the horizontal one by default; a path through a plane
            needs its time here.
        points: Whether each row is marked.
        joined: Whether the rows of a series are joined by a line.
        reference: A series more, drawn first, in grey and without marks: what the others should be.
        height: Height in pixels.
        about: Description for those who do not see it.
    """
    return _lines(x, y, tuple(series), by, order, points, joined, reference, height, about)


@lru_cache(maxsize=256)  # a tenth of a second each; the data are not in it
def _lines(
    x: Axis,
    y: Axis,
    series: tuple[str, ...],
    by: str,
    order: str | None,
    points: bool,
    joined: bool,
    reference: str,
    height: int,
    about: str,
) -> dict[str, Any]:
    colours = [CLASSES[i % len(CLASSES)] for i in range(len(series))]
    dashes = [_DASHES[i // len(CLASSES) % len(_DASHES)] for i in range(len(series))]
    if reference:
        series = (reference, *series)
        colours, dashes = [TRAIN, *colours], [_DASHES[0], *dashes]
    shown = _positive(x, y)
    encoding = {
        "x": alt.X(f"{x.column}:Q", scale=x.scale(), axis=x.axis("x")),
        "y": alt.Y(f"{y.column}:Q", scale=y.scale(), axis=y.axis("y")),
        "color": alt.Color(
            f"{by}:N",
            scale=alt.Scale(domain=list(series), range=colours),
            legend=alt.Legend(title=None, orient="top", offset=4, labelLimit=220),
        ),
        "tooltip": [
            alt.Tooltip(f"{by}:N", title=by),
            alt.Tooltip(f"{x.column}:Q", title=x.title, format=".4~g"),
            alt.Tooltip(f"{y.column}:Q", title=y.title, format=".4~g"),
        ],
    }
    base = alt.Chart(alt.NamedData(name=ROWS)).transform_filter(shown)
    drawn = base.mark_line(strokeWidth=1.8, clip=True).encode(
        strokeDash=alt.StrokeDash(
            f"{by}:N", scale=alt.Scale(domain=list(series), range=dashes), legend=None
        ),
        **({"order": alt.Order(f"{order}:Q")} if order else {}),
        **encoding,
    )
    layers = [drawn] if joined else []
    if points or not joined:
        marked = base.transform_filter(f"datum['{by}'] !== {reference!r}") if reference else base
        layers.append(
            marked.mark_point(size=34, filled=True, opacity=1, clip=True).encode(**encoding)
        )
    about = about or f"{y.title} over {x.title}"
    return finish(alt.layer(*layers), about, legend_columns=LEGEND_COLUMNS, height=height)


def _positive(x: Axis, y: Axis) -> str:
    tests = [f"isFinite(datum['{axis.column}'])" for axis in (x, y)]
    tests += [f"datum['{axis.column}'] > 0" for axis in (x, y) if axis.log]
    return " && ".join(tests)
