"""Charts with their downloads, as all laboratories draw them."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from playground.charts.curves import ROWS
from playground.ui.browser import browser
from playground.ui.exports import chart_menu
from playground.ui.seeing import seeing
from playground.ui.sheet import Sheet

_ROW = 20  # pixels of a name in a legend
_BESIDE = 24  # letters of the two longest names of a legend that fit side by side anywhere


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
) -> None:
    """Draw a chart whose data are named ``rows``, and below it its downloads.

    Args:
        name: Name of the files; unique on the page.
        specification: The chart.
        rows: Its data, which are also the CSV.
        more: Other data of the chart by their names; they go into the pictures.
    """
    # What marks hold themselves (a line at zero) lies in the specification's own data sets.
    kept = specification.get("datasets", {})
    own = {key: pd.DataFrame(values).assign(row=range(len(values))) for key, values in kept.items()}
    others = {**own, **(more or {})}
    if browser().narrow:
        specification = _with_narrow_legend(specification)
    st.vega_lite_chart(
        {**specification, "datasets": {**others, ROWS: rows}}, key=f"chart:{name}", width="stretch"
    )
    inside = {key: frame.to_dict("records") for key, frame in others.items()}
    chart_menu(name, {**specification, "datasets": inside}, lambda: rows)


def _with_narrow_legend(specification: dict[str, Any]) -> dict[str, Any]:
    """Return a chart whose legend has one column, as long names need where there is little room."""
    names = _names(specification)
    if sum(sorted(map(len, names))[-2:]) <= _BESIDE:
        return specification
    config = specification.get("config", {})
    legend = {**config.get("legend", {}), "columns": 1}
    narrow = {**specification, "config": {**config, "legend": legend}}
    height = specification.get("height")
    if isinstance(height, int | float):  # the rows that are more do not come off the chart
        narrow["height"] = height + _ROW * (len(names) // 2)
    return narrow


def _names(part: Any) -> list[str]:
    """Return the names in the longest legend of a chart."""
    if isinstance(part, list):
        return max(map(_names, part), key=len, default=[])
    if not isinstance(part, dict):
        return []
    colour = part.get("color")
    domain = colour.get("scale", {}).get("domain") if isinstance(colour, dict) else None
    shown = isinstance(domain, list) and colour.get("legend", {}) is not None
    own = [str(name) for name in domain] if shown else []
    return max([own, *map(_names, part.values())], key=len)


def table(rows: pd.DataFrame, **columns: Any) -> None:
    """Draw a table as wide as its place and as high as its rows, with the settings of its columns."""
    st.dataframe(rows, hide_index=True, width="stretch", height="content", column_config=columns)
