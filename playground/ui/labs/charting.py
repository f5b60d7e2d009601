"""Charts with their downloads, as all laboratories draw them."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from playground.charts.curves import ROWS
from playground.ui.exports import chart_menu


def draw(
    name: str,
    specification: dict[str, Any],
    rows: pd.DataFrame,
    more: dict[str, pd.DataFrame] | None = None,
) -> None:
    """Draw a chart whose data are named ``rows``, and below it its downloads.

    Args:
        name: Name of the files; unique on the page.
        specification: The chart.
        rows: Its data, which are also the CSV.
        more: Other data of the chart by their names; they go into the pictures.
    """
    others = more or {}
    st.vega_lite_chart(
        {**specification, "datasets": {**others, ROWS: rows}}, key=f"chart:{name}", width="stretch"
    )
    inside = {key: frame.to_dict("records") for key, frame in others.items()}
    chart_menu(name, {**specification, "datasets": inside}, lambda: rows)


def table(rows: pd.DataFrame, **columns: Any) -> None:
    """Draw a table as wide as its place and as high as its rows, with the settings of its columns."""
    st.dataframe(rows, hide_index=True, width="stretch", height="content", column_config=columns)
