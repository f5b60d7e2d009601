"""One quantity of several runs over epochs, a line for each run."""

from __future__ import annotations

from typing import Any, Literal

import pandas as pd

from playground.charts.curves import thinned
from playground.charts.lines import Axis, lines

Quantity = Literal["validation_loss", "train_loss", "validation_accuracy", "train_accuracy"]
QUANTITIES: dict[Quantity, str] = {
    "validation_loss": "validation loss",
    "train_loss": "training loss",
    "validation_accuracy": "validation accuracy",
    "train_accuracy": "training accuracy",
}


def run_curves(
    metrics: pd.DataFrame, quantity: Quantity, *, height: int = 320
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Return the chart of a quantity of runs, and its rows: series, epoch and the quantity.

    Args:
        metrics: Columns ``run``, ``name``, ``epoch`` and the quantity, as the table of figures has them.
        quantity: What is drawn over the epochs.
        height: Height in pixels.
    """
    rows = metrics[["run", "name", "epoch", quantity]].dropna(subset=[quantity])
    names = rows.drop_duplicates("run").set_index("run")["name"]
    called = _called(names)
    rows = pd.DataFrame(
        {
            "series": rows["run"].map(called).astype(str),
            "epoch": rows["epoch"].astype(float),
            quantity: rows[quantity].astype(float),
        }
    )
    rows = thinned(rows.rename(columns={"series": "set"}), quantity)
    rows = rows.rename(columns={"set": "series"})
    series = list(dict.fromkeys(rows["series"]))
    chart = lines(
        Axis("epoch", "epoch"),
        Axis(quantity, QUANTITIES[quantity]),
        series,
        points=False,
        height=height,
        about=f"{QUANTITIES[quantity].capitalize()} of {len(series)} runs over epochs",
    )
    return chart, rows.reset_index(drop=True)


def _called(names: pd.Series) -> dict[str, str]:
    """Return what each run is called: its name, with its id where that is not enough."""
    found: dict[str, str] = {}
    for run, name in names.items():
        text = "" if pd.isna(name) else str(name)
        alone = text and int((names == name).sum()) == 1
        found[str(run)] = text if alone else f"{text} {run}".strip()
    return found
