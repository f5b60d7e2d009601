"""Any runs beside each other: names, tables, and rows of the curves."""

import numpy as np
import pandas as pd
import pytest

from playground.experiment import Experiment
from playground.jobs import Jobs
from playground.ui.overlay import overlay_rows
from playground.ui.side_by_side import figures_table, run_names, settings_table

BASE = Experiment(n_train=40, n_validation=20, epochs=3)


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """runs(*changes) hands in a run for each; the first is called 'mine'."""
    monkeypatch.setenv("PLAYGROUND_HOME", str(tmp_path))
    jobs = Jobs(user="ada")

    def hand_in(*changes):
        experiments = [BASE.amended(values) for values in changes]
        ids = [jobs.submit(e, name="" if i else "mine") for i, e in enumerate(experiments)]
        return [jobs.get(run_id) for run_id in ids], experiments

    yield hand_in
    jobs.store.close()


def metrics(rows, accuracy=0.5):
    step = np.arange(rows, dtype=float)
    return pd.DataFrame(
        {
            "step": step,
            "epoch": step / 10,
            "train_loss": 1 / (1 + step),
            "validation_loss": 2 / (1 + step),
            "train_accuracy": accuracy,
            "validation_accuracy": accuracy,
            "nfe_forward": 4.0,
            "nfe_backward": 8.0,
            "seconds": step / 100,
        }
    )


def test_runs_are_named_by_their_owners_or_by_what_differs(runs):
    found, experiments = runs({}, {"scheme": "euler"}, {"network.depth": "7"})
    assert run_names(found, experiments) == ("1 · mine", "2 · Euler", "3 · Depth 7")
    same, equal = runs({}, {})
    assert run_names(same, equal) == ("1 · mine", "2 · the same settings")


def test_settings_that_differ_are_rows_for_few_runs_and_columns_for_many():
    few = [BASE, BASE.amended({"scheme": "euler"})]
    table = settings_table(["1", "2"], few)
    assert table.to_dict("records") == [
        {"setting": "Integrator", "1": few[0].scheme.entry.label, "2": "Euler"}
    ]
    many = [BASE.amended({"network.depth": str(n)}) for n in range(2, 10)]
    table = settings_table([str(n) for n in range(8)], many)
    assert list(table.columns) == ["run", "Network · Depth"]
    assert table["Network · Depth"].tolist() == [str(n) for n in range(2, 10)]
    assert settings_table(["1", "2"], [BASE, BASE]).empty


def test_last_figures_stand_in_a_table_and_a_dash_where_there_are_none(runs):
    found, experiments = runs({}, {"scheme": "euler"}, {"l2": "0.1"})
    names = run_names(found, experiments)
    held = {found[0].id: metrics(11, 0.875), found[2].id: metrics(3, np.nan)}
    table = figures_table(names, found, held).set_index("run")
    assert table.loc[names[0], "validation accuracy"] == "87.50%"
    assert table.loc[names[0], "epoch"] == "1"
    assert table.loc[names[0], "NFE"] == "4 + 8"
    assert table.loc[names[1], "validation loss"] == "–"
    assert table.loc[names[2], "validation accuracy"] == "–"
    assert table.loc[names[2], "training loss"] == "0.3333"
    assert set(table["status"]) == {"queued"}


def test_curves_are_one_chart_with_the_set_that_is_asked_for():
    curves = {"one": metrics(5), "two": None, "three": metrics(5000, 0.25)}
    loss = overlay_rows(curves, "loss")
    assert list(loss["series"].unique()) == ["one", "three"]
    assert loss[loss["series"] == "one"]["loss"].tolist() == [2 / (1 + n) for n in range(5)]
    long = loss[loss["series"] == "three"]
    assert len(long) < 1500  # thinned, with both ends
    assert (long["epoch"].min(), long["epoch"].max()) == (0, 499.9)
    training = overlay_rows(curves, "loss", "training")
    assert training["loss"].max() == 1
    accuracy = overlay_rows(curves, "accuracy", moves=True)
    assert set(accuracy["accuracy"]) == {50.0, 25.0}
    assert overlay_rows({"regression": metrics(4, np.nan)}, "accuracy").empty
    assert overlay_rows({"none": None}, "loss").empty
