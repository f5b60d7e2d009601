"""Charts as files: PNG and SVG rendered without a browser, rows as CSV."""

from __future__ import annotations

from typing import Any

import pandas as pd
import vl_convert

from playground.charts.curves import standalone
from playground.datasets.csv_text import guarded


def chart_svg(specification: dict[str, Any], rows: pd.DataFrame) -> bytes:
    """Return the chart as SVG."""
    return vl_convert.vegalite_to_svg(standalone(specification, rows)).encode()


def chart_png(specification: dict[str, Any], rows: pd.DataFrame) -> bytes:
    """Return the chart as PNG, at twice the screen's resolution."""
    return vl_convert.vegalite_to_png(standalone(specification, rows), scale=2)


def chart_csv(rows: pd.DataFrame) -> bytes:
    """Return the rows as CSV in UTF-8.

    What a person has named (a run, a class, a column) and a spreadsheet would take for a formula gets an
    apostrophe before it.
    """
    texts = {
        name: rows[name].map(lambda cell: guarded(cell) if isinstance(cell, str) else cell)
        for name in rows
        if not pd.api.types.is_numeric_dtype(rows[name])
    }
    safe = rows.assign(**texts) if all(isinstance(name, str) for name in texts) else rows
    return safe.rename(columns=lambda name: guarded(str(name))).to_csv(index=False).encode()
