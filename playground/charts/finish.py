"""What most charts share: their edges, their axes, and what a screen reader says."""

from __future__ import annotations

from typing import Any

LEGEND = {"labelFontSize": 12, "symbolSize": 80, "symbolStrokeWidth": 1.5}
"""Legends are as compact as axes: rows of 20 pixels, so that many names leave room for the chart."""


def finish(
    chart: Any, about: str, *, legend_columns: int | None = None, **size: Any
) -> dict[str, Any]:
    """Return a chart as a specification, with narrow edges and compact axes.

    Args:
        chart: An Altair chart of any kind.
        about: What it shows, in words.
        legend_columns: Entries of a legend that stand side by side. They are part of the configuration,
            where a page that has less room can change them.
        **size: Height, or what else the chart's properties know.
    """
    edges = {"left": 2, "right": 8, "top": 2, "bottom": 2}
    shaped = chart.properties(padding=edges, description=about, **size)
    compact = shaped.configure_axis(titlePadding=4, labelPadding=3, titleFontSize=11)
    columns = {} if legend_columns is None else {"columns": legend_columns}
    compact = compact.configure_legend(**LEGEND, **columns)
    # Altair's own check against the schema takes longer than all the rest.
    return compact.configure_view(strokeOpacity=0).to_dict(validate=False)
