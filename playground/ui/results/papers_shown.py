"""A table of a paper as the page shows it: words, a chart, its lines, and its runs."""

from __future__ import annotations

import json

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from playground.charts.papers import beside
from playground.papers import Line, Quantity, Report, Table
from playground.papers.reports import figure
from playground.ui.labs.charting import draw, table
from playground.ui.results.papers_settings import Settings

_MARKS = {"agrees": "✓ agrees", "differs": "✗ differs", "cannot be judged": "? cannot be judged"}


def draw_summary(settings: Settings, found: Report) -> None:
    """Draw how many lines agree, in words."""
    cells = len({(line.row, line.column) for line in found.lines})
    total = len(settings.table.cells)
    partly = isinstance(settings.table, Table) and cells < total
    part = f" So far {cells} of {total} cells have been trained." if partly else ""
    if found.reduced:
        st.info(
            f"Reduced protocol: {found.reduced}. Its figures are not held against print.{part}",
            icon=":material/info:",
        )
        return
    st.markdown(
        f"Of {len(found.lines)} figures **{found.count('agrees')} agree** with print, "
        f"**{found.count('differs')} differ**, {found.count('cannot be judged')} cannot be judged."
        f"{part}"
    )
    st.caption(
        "A figure agrees where it lies within two combined standard errors of the printed one, and "
        "within one point where the paper prints no spread; costs without a printed spread within two "
        "standard errors of our own repetitions. A few repetitions make these errors rough."
    )


def draw_chart(settings: Settings, found: Report) -> None:
    """Draw one quantity of all cells, printed and reproduced, a chart for each row of the table."""
    paper, quantity = settings.table, settings.table.quantities[settings.shown]
    rows = chart_rows(found, settings.shown)
    told = [name for name in paper.rows if name in set(rows["row"])]
    for place, (name, column) in enumerate(zip(told, _places(len(told)))):
        with column:
            st.markdown(f"##### {name}")
            own = rows[rows["row"] == name].reset_index(drop=True)
            draw(f"paper_{place + 1}", beside(paper.columns, quantity.label), own)


def _places(count: int) -> list[DeltaGenerator]:
    """Return where so many charts stand, two side by side."""
    return [column for _ in range(0, count, 2) for column in st.columns(2, gap="medium")][:count]


def chart_rows(found: Report, quantity: str) -> pd.DataFrame:
    """Return the rows of the chart: row, column, source, mean, low and high."""
    made = []
    for line in found.lines:
        if line.quantity != quantity:
            continue
        figures = {
            "printed": (line.printed, line.printed_std),
            "reproduced": (line.mean, line.std),
        }
        for source, (mean, std) in figures.items():
            if mean is not None:
                low, high = mean - (std or 0.0), mean + (std or 0.0)
                made.append((line.row, line.column, source, mean, low, high))
    return pd.DataFrame(made, columns=["row", "column", "source", "mean", "low", "high"])


def draw_lines(settings: Settings, found: Report) -> None:
    """Draw every figure with its verdict."""
    quantities = settings.table.quantities
    rows = pd.DataFrame(
        {
            "net": [line.row for line in found.lines],
            "of": [line.column for line in found.lines],
            "figure": [quantities[line.quantity].label for line in found.lines],
            "printed": [_printed(line, quantities[line.quantity]) for line in found.lines],
            "reproduced": [
                figure(line.mean, line.std, quantities[line.quantity].digits)
                for line in found.lines
            ],
            "difference": [_signed(line.verdict.difference) for line in found.lines],
            "allowed": [_allowed(line) for line in found.lines],
            "verdict": [_MARKS[line.verdict.kind] for line in found.lines],
        }
    )
    if found.count("cannot be judged"):
        kinds = [(line.verdict.kind, line.verdict.words) for line in found.lines]
        rows["why"] = [words if kind == "cannot be judged" else "" for kind, words in kinds]
    with st.container(key="paper_lines"):
        table(rows)
    st.download_button(
        "Report (JSON)",
        json.dumps(found.to_dict(), allow_nan=False, indent=1),
        file_name=f"{found.paper.replace('/', '-')}.json",
        mime="application/json",
        icon=":material/download:",
        help="Every line with its verdict, and all values behind it.",
    )


def _signed(value: float | None) -> str:
    return "–" if value is None else f"{value:+.3g}"


def _allowed(line: Line) -> str:
    """Return what passes for no difference."""
    if line.relation != "=":
        return f"{line.relation} {line.printed:g}" if line.printed is not None else "–"
    tolerance = line.verdict.tolerance
    return "–" if tolerance is None else f"± {tolerance:.3g}"


def _printed(line: Line, quantity: Quantity) -> str:
    bound = "" if line.relation == "=" or line.printed is None else f"{line.relation} "
    return bound + figure(line.printed, line.printed_std, quantity.digits)


def draw_runs(found: Report) -> None:
    """Draw the runs behind the table, folded."""
    many = len(found.runs) > 1
    with st.expander(f"The {len(found.runs)} runs" if many else "The run"):
        table(pd.DataFrame(found.runs))
