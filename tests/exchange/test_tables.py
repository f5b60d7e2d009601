"""Runs as flat tables: the same figures in every format."""

from __future__ import annotations

import csv
import io
import json

import pandas as pd
import pytest

from playground.exchange import tables
from playground.experiment import Experiment
from playground.jobs import Refused
from tests.exchange.conftest import small


@pytest.fixture
def pair(jobs, train):
    """A classification with an odd name, and a regression."""
    one = train(small(), name="=1+1")
    other = train(
        small(data="shifted_sines", loss="mean_square", network={"name": "mlp"}), name="sines"
    )
    return [one, other]


def test_every_format_has_the_same_figures(jobs, pair):
    rows = list(
        csv.DictReader(io.StringIO(tables.as_csv(tables.metrics_table(jobs, pair)).decode()))
    )
    told = json.loads(tables.as_json(jobs, pair))["metrics"]
    frame = pd.read_parquet(io.BytesIO(tables.as_parquet(tables.metrics_table(jobs, pair))))
    stored = [(run, each) for run in pair for each in jobs.metrics(run)]
    assert len(rows) == len(told) == len(frame) == len(stored)
    for row, entry, line, (run, each) in zip(rows, told, frame.to_dict("records"), stored):
        assert row["run"] == entry["run"] == line["run"] == run
        for name in ("step", "train_loss", "learning_rate", "nfe_forward"):
            value = getattr(each, name)
            assert float(row[name]) == entry[name] == line[name] == value
        assert (row["train_accuracy"] == "") == (each.train_accuracy is None)
        assert (entry["train_accuracy"] is None) == (each.train_accuracy is None)


def test_settings_of_the_table_make_the_experiment_again(jobs, pair):
    frame = pd.read_parquet(io.BytesIO(tables.as_parquet(tables.runs_table(jobs, pair))))
    for run_id, row in zip(pair, frame.to_dict("records")):
        texts = {k.removeprefix("set."): v for k, v in row.items() if _told(k, v)}
        made, notes = Experiment.from_query(texts)
        assert notes == []
        assert made == jobs.get(run_id).experiment
        assert row["final.train_loss"] == jobs.metrics(run_id)[-1].train_loss
        assert row["status"] == "finished"


def _told(name, value):
    return name.startswith("set.") and isinstance(value, str)


def test_a_name_is_no_formula_in_a_spreadsheet(jobs, pair):
    assert b"'=1+1" in tables.as_csv(tables.runs_table(jobs, pair))
    assert json.loads(tables.as_json(jobs, pair))["runs"][0]["name"] == "=1+1"


def test_what_is_no_number_is_null(jobs, pair):
    with jobs.store.writing() as db:
        db.execute("UPDATE metrics SET train_loss = NULL, validation_loss = 9e999")
    text = tables.as_json(jobs, pair).decode()
    assert "NaN" not in text
    assert "Infinity" not in text
    assert json.loads(text)["metrics"][0]["train_loss"] is None
    assert json.loads(text)["metrics"][0]["validation_loss"] is None


def test_a_run_without_figures_has_a_row_of_settings(jobs):
    run_id = jobs.submit(small(), start=False)
    assert len(tables.metrics_table(jobs, [run_id])) == 0
    assert tables.as_parquet(tables.metrics_table(jobs, [run_id]))
    assert list(tables.runs_table(jobs, [run_id])["run"]) == [run_id]
    with pytest.raises(Refused, match="there is no run"):
        tables.runs_table(jobs, ["a" * 16])
