"""Curves over the course of a training: authored once as a specification, fed with rows later.

The specification names its data (``rows``) and never changes while a run goes on, so that the browser
keeps its drawing and swaps the rows only.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Literal

import altair as alt
import pandas as pd

from playground.charts.colours import TRAIN, VALIDATION

ROWS = "rows"
Quantity = Literal["loss", "accuracy"]
_TITLES = {"loss": "Loss", "accuracy": "Accuracy"}
SETS = ("training", "validation")


@cache
def curve(quantity: Quantity, log: bool = False, height: int = 210) -> dict[str, Any]:
    """Return the specification of a quantity over epochs for both sets.

    Args:
        quantity: ``loss`` or ``accuracy``.
        log: Whether the vertical axis is logarithmic (loss only).
        height: Height in pixels.

    Returns:
        A Vega-Lite specification whose data are named ``rows`` with the columns of ``curve_rows``.
    """
    title = _TITLES[quantity]
    scale = alt.Scale(type="log" if log else "linear", zero=False, nice=not log)
    fraction = quantity == "accuracy"
    axis = alt.Axis(format=".0%" if fraction else ".3~g", tickCount=5)
    x = alt.X("epoch:Q", title="epoch", axis=alt.Axis(tickCount=6))
    shown_as = ".2%" if fraction else ".4g"
    colour = alt.Color(
        "set:N",
        scale=alt.Scale(domain=list(SETS), range=[TRAIN, VALIDATION]),
        legend=alt.Legend(title=None, orient="top", direction="horizontal", offset=2),
    )
    base = alt.Chart(alt.NamedData(name=ROWS))
    lines = base.mark_line(strokeWidth=1.8, interpolate="linear").encode(
        x=x, y=alt.Y(f"{quantity}:Q", title=title, scale=scale, axis=axis), color=colour
    )
    nearest = alt.selection_point(
        name="hover",
        nearest=True, on="pointermove", clear="pointerout", fields=["epoch"], empty=False
    )  # fmt: skip
    points = (
        base.mark_point(size=46, filled=True)
        .encode(
            x=x,
            y=alt.Y(f"{quantity}:Q", scale=scale),
            color=colour,
            opacity=alt.condition(nearest, alt.value(1), alt.value(0)),
            tooltip=[
                alt.Tooltip("set:N", title="set"),
                alt.Tooltip("epoch:Q", title="epoch", format=".2~f"),
                alt.Tooltip(f"{quantity}:Q", title=title, format=shown_as),
            ],
        )
        .add_params(nearest)
    )
    chart = alt.layer(lines, points).properties(
        height=height, description=f"{title} of training and validation set over epochs"
    )
    compact = chart.configure_axis(titlePadding=4, labelPadding=3, titleFontSize=11)
    return compact.configure_view(strokeOpacity=0).to_dict(validate=True)


def curve_rows(metrics: pd.DataFrame, quantity: Quantity) -> pd.DataFrame:
    """Return rows (epoch, set, quantity) of a run's metrics, one for each set and step.

    Args:
        metrics: Columns ``epoch``, ``train_loss`` and so on, as the store gives them.
        quantity: ``loss`` or ``accuracy``.
    """
    parts = [
        pd.DataFrame(
            {"epoch": metrics["epoch"], "set": name, quantity: metrics[f"{column}_{quantity}"]}
        )
        for name, column in zip(SETS, ("train", "validation"))
    ]
    rows = pd.concat(parts, ignore_index=True)
    return rows.dropna(subset=[quantity]).astype({"epoch": float, quantity: float})


def standalone(specification: dict[str, Any], rows: pd.DataFrame) -> dict[str, Any]:
    """Return the specification with its rows inside, as another program can open it."""
    return {**specification, "datasets": {ROWS: rows.to_dict(orient="records")}, "width": 560}
