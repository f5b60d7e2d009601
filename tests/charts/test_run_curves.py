"""Curves of several runs: a line for each, told apart, with their spikes."""

import pandas as pd

from playground.charts.exports import chart_svg
from playground.charts.run_curves import run_curves


def frame(name_of):
    rows = [
        {
            "run": run,
            "name": name,
            "epoch": float(e),
            "validation_loss": 9.0 if e == 777 else 1 / (e + 1),
        }
        for run, name in name_of.items()
        for e in range(1500)
    ]
    return pd.DataFrame(rows)


def test_runs_of_one_name_are_told_apart_by_their_ids():
    chart, rows = run_curves(
        frame({"a": "one", "b": "two", "c": "two", "d": ""}), "validation_loss"
    )
    assert set(rows["series"]) == {"one", "two b", "two c", "d"}
    svg = chart_svg(chart, rows).decode()
    assert all(name in svg for name in ("one", "two b", "two c", "validation loss"))


def test_a_thinned_curve_keeps_its_spike():
    _, rows = run_curves(frame({"a": "one", "b": "two"}), "validation_loss")
    assert len(rows) < 1500
    assert rows.groupby("series")["validation_loss"].max().tolist() == [9.0, 9.0]
    assert rows["epoch"].max() == 1499


def test_runs_without_a_quantity_have_no_rows():
    metrics = frame({"a": "one"}).assign(validation_accuracy=float("nan"))
    _, rows = run_curves(metrics, "validation_accuracy")
    assert rows.empty
