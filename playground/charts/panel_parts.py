"""What the kinds of pictures share: names in the order of the rows, and their colours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from playground.charts.colours import CLASSES


def names_in(values: Sequence[Any]) -> tuple[str, ...]:
    """Return the names among values, each once, in the order in which they come."""
    return tuple(dict.fromkeys(str(value) for value in values))


def colours(count: int) -> list[str]:
    """Return so many colours of classes, from the first on again where there are more."""
    return [CLASSES[i % len(CLASSES)] for i in range(count)]


def class_colour(series: Sequence[str]) -> alt.Color:
    """Return the colour of the column ``series``, without a legend where there is one name only."""
    # Long names of many classes would run out of a chart that takes half of the page.
    rows = {"columns": 4} if len(series) > 6 and max(map(len, series)) > 3 else {}
    legend = alt.Legend(title=None, orient="top", symbolOpacity=1, **rows)
    return alt.Color(
        "series:N",
        scale=alt.Scale(domain=list(series), range=colours(len(series))),
        legend=legend if len(series) > 1 else None,
    )
