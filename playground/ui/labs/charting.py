"""Charts with their downloads, as all laboratories draw them."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import streamlit as st

from playground.charts.curves import ROWS
from playground.ui.browser import browser
from playground.ui.exports import chart_menu
from playground.ui.seeing import seeing
from playground.ui.sheet import Sheet

_ROW = 20  # pixels of a name in a legend
_PAGE = 980  # pixels of the page where there is little room
_AXIS, _LETTER, _SYMBOL = 50, 6.3, 26  # pixels of a chart's axis; of a name's letter and its symbol


def title(sheet: Sheet, text: str, *, explained: bool = True) -> None:
    """Draw the title of a page, at the other end what is seen on it and the menu with its link.

    Args:
        sheet: Of the page; its name is that of the page's file in ``assets/seeing``.
        text: The title.
        explained: Whether there is something that has to be explained.
    """
    with st.container(horizontal=True, vertical_alignment="center", key="title"):
        st.markdown(f"### {text}", width="stretch")
        if explained:
            seeing(sheet.name, getattr(sheet.settings, "view", ""))
        sheet.share()


def view_switch(sheet: Sheet[Any], views: dict[str, str]) -> None:
    """Draw the choice of the view of a page, whose settings have it in the field ``view``.

    Args:
        sheet: Of the page.
        views: What a person reads for each view, by its name.
    """
    key = sheet.form.key_of("switch")
    st.segmented_control(
        "View",
        list(views),
        format_func=views.get,
        default=sheet.settings.view,
        required=True,
        key=key,
        help="What of this page is shown; the settings of the others stay.",
        label_visibility="collapsed",
        on_change=lambda: sheet.change({"view": st.session_state[key]}),
    )


def draw(
    name: str,
    specification: dict[str, Any],
    rows: pd.DataFrame,
    more: dict[str, pd.DataFrame] | None = None,
    *,
    share: float = 0.3,
) -> None:
    """Draw a chart whose data are named ``rows``, and below it its downloads.

    Args:
        name: Name of the files; unique on the page.
        specification: The chart.
        rows: Its data, which are also the CSV.
        more: Other data of the chart by their names; they go into the pictures.
        share: Part of the page's width that the chart has at least: the names of its legend stand side
            by side as far as there is room for them.
    """
    # What marks hold themselves (a line at zero) lies in the specification's own data sets.
    kept = specification.get("datasets", {})
    own = {key: pd.DataFrame(values).assign(row=range(len(values))) for key, values in kept.items()}
    others = {**own, **(more or {})}
    if browser().narrow:
        specification = with_narrow_legend(specification, share * _PAGE - _AXIS)
    st.vega_lite_chart(
        {**specification, "datasets": {**others, ROWS: rows}}, key=f"chart:{name}", width="stretch"
    )
    inside = {key: frame.to_dict("records") for key, frame in others.items()}
    chart_menu(name, {**specification, "datasets": inside}, lambda: rows)


def with_narrow_legend(specification: dict[str, Any], room: float) -> dict[str, Any]:
    """Return a chart whose legend has as many columns as there is room for.

    Args:
        specification: The chart.
        room: Pixels between its left and its right edge.
    """
    names = _names(specification)
    config = specification.get("config", {})
    most = config.get("legend", {}).get("columns") or len(names)
    columns = next((n for n in range(most, 1, -1) if _width(names, n) <= room), 1)
    if columns >= min(most, len(names)):
        return specification
    legend = {**config.get("legend", {}), "columns": columns}
    narrow = {**specification, "config": {**config, "legend": legend}}
    height = specification.get("height")
    if isinstance(height, int | float):  # the rows that are more do not come off the chart
        more = math.ceil(len(names) / columns) - math.ceil(len(names) / most)
        narrow["height"] = height + _ROW * more
    return narrow


def _width(names: list[str], columns: int) -> float:
    """Return the width in pixels of names that stand row by row in columns."""
    longest = [max(map(len, names[i::columns]), default=0) for i in range(columns)]
    return sum(_SYMBOL + _LETTER * letters for letters in longest)


def _names(part: Any) -> list[str]:
    """Return the names in the longest legend that stands above a chart."""
    if isinstance(part, list):
        return max(map(_names, part), key=len, default=[])
    if not isinstance(part, dict):
        return []
    colour = part.get("color")
    own: list[str] = []
    if isinstance(colour, dict) and (colour.get("legend") or {}).get("orient") == "top":
        own = [str(name) for name in colour.get("scale", {}).get("domain") or []]
    return max([own, *map(_names, part.values())], key=len)


def table(rows: pd.DataFrame, **columns: Any) -> None:
    """Draw a table as wide as its place and as high as its rows, with the settings of its columns."""
    st.dataframe(rows, hide_index=True, width="stretch", height="content", column_config=columns)
