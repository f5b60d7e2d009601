"""``export`` and ``import`` on the command line."""

from __future__ import annotations

import io
import json
import zipfile

import pandas as pd
import pytest
from PIL import Image
from safetensors.numpy import load

from playground.cli import main
from playground.jobs import Jobs
from tests.exchange.conftest import small


@pytest.fixture
def runs(train):
    return [train(small(weight_seed=seed), name=f"seed {seed}") for seed in (1, 2)]


def done(capsys):
    return json.loads(capsys.readouterr().out.strip().splitlines()[-1])


def test_every_format_by_the_ending_of_the_file(runs, tmp_path, capsys):
    read = {
        "f.csv": lambda data: len(pd.read_csv(io.BytesIO(data))),
        "f.parquet": lambda data: len(pd.read_parquet(io.BytesIO(data))),
        "f.json": lambda data: len(json.loads(data)["metrics"]),
        "f.zip": lambda data: len(zipfile.ZipFile(io.BytesIO(data)).namelist()),
        "f.png": lambda data: Image.open(io.BytesIO(data)).size[0],
        "f.svg": lambda data: data.index(b"seed 2"),
    }
    for name, size in read.items():
        file = tmp_path / name
        assert main(["export", *runs, "--to", str(file), "--json"]) == 0
        assert done(capsys)["written"] == [str(file)]
        assert size(file.read_bytes()) > 5, name


def test_weights_and_scripts_are_a_file_for_each_run(runs, tmp_path, capsys, jobs):
    folder = tmp_path / "out"
    for chosen in ("weights", "script", "csv"):
        assert main(["export", *runs, "--to", str(folder), "--format", chosen]) == 0
    names = {file.name for file in folder.iterdir()}
    endings = (".safetensors", ".py")
    assert names == {f"{i}{e}" for i in runs for e in endings} | {"metrics.csv", "runs.csv"}
    assert load((folder / f"{runs[0]}.safetensors").read_bytes())["weight"].shape == (2, 4, 4)
    assert main(["export", *runs, "--to", str(tmp_path / "w.safetensors")]) == 2
    assert "name a folder" in capsys.readouterr().err


def test_nothing_is_written_over_unless_told(runs, tmp_path, capsys):
    file = tmp_path / "f.csv"
    file.write_text("mine")
    assert main(["export", runs[0], "--to", str(file)]) == 2
    assert "--force" in capsys.readouterr().err
    assert file.read_text() == "mine"
    assert main(["export", runs[0], "--to", str(file), "--force"]) == 0
    assert file.read_text() != "mine"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["export", "a" * 16, "--to", "x.csv"], "there is no run"),
        (["export", "../x", "--to", "x.csv"], "not the id"),
        (["export", "a" * 16, "--to", "x"], "ending"),
        (["import", "missing.zip"], "missing.zip"),
    ],
)
def test_wrong_input_is_named(home, words, said, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.glob("x*")) == []


def test_what_was_exported_is_brought_back(runs, tmp_path, capsys, elsewhere, jobs):
    file = tmp_path / "f.zip"
    assert main(["export", *runs, "--to", str(file)]) == 0
    capsys.readouterr()
    there = elsewhere()
    assert main(["import", str(file), "--json"]) == 0
    new = done(capsys)["runs"]
    assert [there.get(i).name for i in new] == ["seed 1", "seed 2"]
    assert [there.checkpoint(i) for i in new] == [jobs.checkpoint(i) for i in runs]
    assert {there.get(i).user for i in new} == {Jobs().user}
    file.write_bytes(file.read_bytes()[:-50])
    assert main(["import", str(file)]) == 2
    assert "zip file" in capsys.readouterr().err
    assert len(there.list_runs()) == 2
