"""Charts as files: PNG and SVG rendered without a browser, rows as CSV."""

from __future__ import annotations

from typing import Any

import pandas as pd
import vl_convert

from playground.charts.curves import standalone


def chart_svg(specification: dict[str, Any], rows: pd.DataFrame) -> bytes:
    """Return the chart as SVG."""
    return vl_convert.vegalite_to_svg(standalone(specification, rows)).encode()


def chart_png(specification: dict[str, Any], rows: pd.DataFrame) -> bytes:
    """Return the chart as PNG, at twice the screen's resolution."""
    return vl_convert.vegalite_to_png(standalone(specification, rows), scale=2)


def chart_csv(rows: pd.DataFrame) -> bytes:
    """Return the rows as CSV in UTF-8."""
    return rows.to_csv(index=False).encode()
