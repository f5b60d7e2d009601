"""Labels of logarithmic axes: which ticks have a number, and how it is written.

Vega draws a line for each leading digit of each decade and leaves out what does not fit; which labels
stay then changes with the data. Here every tick over less than a decade has a number, 1, 2 and 5 over
less than three, and powers of ten beyond. The browser decides, for the data may grow.
"""

from __future__ import annotations

from typing import Literal

import altair as alt

_FAINT = 0.3  # of the lines between those that have a number
_LEADING = "round(datum.value / pow(10, floor(log(datum.value) / LN10 + 1e-9)))"
_NUMBER = (
    "datum.value < 0.001 || datum.value >= 1000000"
    " ? replace(format(datum.value, '.2~e'), 'e+', 'e') : format(datum.value, ',.3~r')"
)


def log_axis(channel: Literal["x", "y"], ticks: int = 6, title: str | None = None) -> alt.Axis:
    """Return a logarithmic axis.

    Args:
        channel: The scale in the chart whose ends decide how many ticks are named. In a chart of several
            panels scales have other names, and only powers of ten are named.
        ticks: About how many ticks there should be.
        title: What stands beside it; the channel's own title when absent.
    """
    decades = f"log(domain('{channel}')[1] / domain('{channel}')[0]) / LN10"
    named = (
        f"{decades} < 1 || {_LEADING} == 1 || ({decades} < 3 && indexof([2, 5], {_LEADING}) >= 0)"
    )
    lines = {"condition": {"test": named, "value": 1}, "value": _FAINT}
    titled = {} if title is None else {"title": title}
    label = f"({named}) ? {_NUMBER} : ''"
    return alt.Axis(labelExpr=label, tickCount=ticks, gridOpacity=lines, **titled)
