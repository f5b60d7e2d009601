"""Choosing data and what gives way to them; the table that is typed in."""

import csv
import io

import numpy as np
import pandas as pd
import pytest

from playground.datasets import DATASETS, TableError, fetch, from_frame, load, parse_csv, store
from playground.datasets.images import openml
from playground.experiment import DataSlot, Experiment
from playground.networks import POINT_NETWORKS
from playground.ui.data_choice import Displaced, fitted
from playground.ui.data_panel import in_gallery, resized
from playground.ui.exports import data_csv
from playground.ui.gallery import _picture
from playground.ui.hand_table import example, numbered, renamed, text_frame, with_column

GALLERY = in_gallery("spiral")
KINDS = {  # one data set for each shape
    (entry.n_features(entry.options()), entry.n_outputs(entry.options()), entry.task): name
    for name, entry in ((name, DATASETS[name]) for name in GALLERY)
}


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("PLAYGROUND_HOME", str(tmp_path))
    return tmp_path


def table_of(rows=150, columns=2, classes=3):
    """The hash of a stored table; no classes make its label a number to predict."""
    frame = pd.DataFrame(
        np.random.default_rng(0).normal(size=(rows, columns)),
        columns=[f"c{i}" for i in range(columns)],
    )
    frame["kind"] = [f"k{i % classes}" if classes else i / 7 for i in range(rows)]
    return store(from_frame(frame))


def chosen(experiment, name, displaced=None, **options):
    """Choose data as the page does: the experiment, what was said, and what is remembered."""
    slot = DataSlot(name=name, options=options)
    values, kept = fitted(experiment, slot, displaced or Displaced())
    named = {f"data.{key}": value for key, value in options.items()}
    after, notes = experiment.adapted(
        {k: str(v) for k, v in {"data": name, **named, **values}.items()}
    )
    return after, notes, kept


def test_the_gallery_shows_all_points_and_only_the_images_in_use():
    points = {name for name, entry in DATASETS.items() if not entry.image_shape} - {"table"}
    assert set(GALLERY) == points
    assert set(in_gallery("mnist")) == points | {"mnist"}


def test_a_picture_of_images_is_drawn_where_they_are_here(monkeypatch, tmp_path):
    assert len(_picture("mnist")["points"].split(" ")) == 150 * 3
    monkeypatch.setenv("PLAYGROUND_DATA", str(tmp_path))
    monkeypatch.setenv("PLAYGROUND_ONLINE", "1")
    monkeypatch.setattr(openml, "urlopen", lambda *a, **k: pytest.fail("a page went online"))
    picture = _picture("mnist")
    assert (picture["label"], picture["points"]) == ("MNIST", "")


@pytest.mark.parametrize("network", POINT_NETWORKS)
@pytest.mark.parametrize("first", KINDS.values())
def test_every_data_set_can_be_chosen_from_every_other(first, network):
    """From a net as narrow as the data allow, with terms of the last input."""
    task = DATASETS[first].task
    loss = "mean_square" if task == "regression" else "cross_entropy"
    wide = Experiment(data=first, loss=loss).adapted({"network": network})[0]
    terms = ",".join(["x1", f"x{wide.n_features}^2"])
    narrow = {"network.inputs": terms}
    if "width" in type(wide.network.options).model_fields:
        narrow["network.width"] = "2"
    before = wide.adapted(narrow)[0]
    assert before.data.name == first
    for second in GALLERY:
        after, notes, _ = chosen(before, second)
        assert after.data.name == second
        assert after.network.name == network
        if second == first:
            assert (after, notes) == (before, [])


@pytest.mark.parametrize("network", POINT_NETWORKS)
def test_a_wide_table_raises_the_width_and_says_so(network):
    after, notes, _ = chosen(
        Experiment().adapted({"network": network})[0], "table", hash=table_of(columns=40)
    )
    assert after.n_features == 40
    assert after.network.name == network
    if "lift" in type(after.network.options).model_fields:
        assert after.network.options.width == 40
        assert "40 is used" in notes[0]
    again = after.adapted({"network": "rk_net" if network != "rk_net" else "neural_ode"})[0]
    assert again.data == after.data
    assert again.network.options.width == 40


def test_a_table_brings_its_numbers_and_gives_the_old_ones_back():
    before = Experiment(n_train=700, n_validation=300)
    first, notes, kept = chosen(before, "table", hash=table_of(150))
    assert notes == []
    assert (first.n_train, first.n_validation) == first.split_sizes == (120, 30)
    second, _, kept = chosen(first, "table", kept, hash=table_of(60))
    assert (second.n_train, second.n_validation) == (48, 12)
    left, _, _ = chosen(second.amended({"n_train": "20"}), "moons", kept)
    assert (left.n_train, left.n_validation) == (700, 300)


def test_a_table_from_a_link_leaves_the_standard_numbers():
    linked = Experiment(data={"name": "table", "options": {"hash": table_of(40)}}, n_train=30)
    left, _, _ = chosen(linked, "moons", Displaced(DataSlot(name="spiral"), {"n_train": 7}))
    assert (left.n_train, left.n_validation) == (1500, 1500)


@pytest.mark.parametrize("rows", [10, 11, 20, 40_000])
def test_sizes_of_the_smallest_and_the_largest_table(rows):
    made, notes, _ = chosen(Experiment(), "table", hash=table_of(rows))
    assert notes == []
    assert (made.n_train, made.n_validation) == made.split_sizes
    assert sum(made.split_sizes) == rows


def test_a_loss_stays_where_it_fits():
    mine = Experiment(loss="mean_square")
    moons, _, kept = chosen(mine, "moons")
    assert moons.loss.name == "mean_square"
    plane, notes, kept = chosen(moons, "plane", kept)
    bumps, _, kept = chosen(plane, "multi_gauss", kept)
    assert notes == []
    assert chosen(bumps, "spiral", kept)[0].loss.name == "mean_square"


def test_a_loss_that_had_to_go_comes_back():
    plane, notes, kept = chosen(Experiment(), "plane")
    assert (plane.loss.name, notes) == ("mean_square", [])
    table, _, kept = chosen(plane, "table", kept, hash=table_of(classes=0))
    assert table.loss.name == "mean_square"
    assert chosen(table, "spiral", kept)[0].loss.name == "cross_entropy"
    linked = Experiment(data="plane", loss="mean_square")
    assert chosen(linked, "spiral")[0].loss.name == "cross_entropy"


@pytest.mark.parametrize(
    ("sizes", "name", "wanted", "after"),
    [
        ((120, 30), "n_train", 100, (100, 50)),
        ((120, 30), "n_validation", 50, (100, 50)),
        ((60, 30), "n_train", 70, (70, 30)),
        ((60, 30), "n_train", 130, (130, 20)),
    ],
)
def test_the_ratio_within_the_rows(sizes, name, wanted, after):
    data = {"name": "table", "options": {"hash": table_of(150)}}
    experiment = Experiment(data=data, n_train=sizes[0], n_validation=sizes[1])
    values, note = resized(experiment, name, wanted)
    assert (values["n_train"], values["n_validation"]) == after
    assert note == ""


@pytest.mark.parametrize(("wanted", "used"), [(500, 148), (1, 7)], ids=["many", "few"])
def test_a_size_beyond_the_rows_is_told(wanted, used):
    data = {"name": "table", "options": {"hash": table_of(150, classes=7)}}
    experiment = Experiment(data=data, n_train=120, n_validation=30)
    values, note = resized(experiment, "n_train", wanted)
    assert values["n_train"] == used
    assert experiment.amended({k: str(v) for k, v in values.items()}).split_sizes[0] == used
    assert "from 7 to 148" in note
    assert f"{used} is used" in note


@pytest.mark.parametrize(
    ("name", "wanted", "after", "words"),
    [
        ("n_train", 25, (25, 20), ""),
        ("n_train", 50, (40, 20), "from 10 to 40"),
        ("n_validation", 1, (30, 2), "from 2 to 20"),
        ("n_validation", 99, (30, 20), "from 2 to 20"),
    ],
)
def test_published_parts_do_not_share_their_images(name, wanted, after, words):
    """The stand-in has 40 images to train on and 20 to test with."""
    experiment = Experiment(data="mnist", network="mlp", n_train=30, n_validation=500)
    values, note = resized(experiment, name, wanted)
    assert (values["n_train"], values["n_validation"]) == after
    assert words in note
    assert bool(note) == bool(words)


def test_the_export_of_a_table_is_the_table():
    key = table_of()
    data = {"name": "table", "options": {"hash": key, "noise": 0.5}}
    file = data_csv(Experiment(data=data, n_train=20, n_validation=20))
    assert store(parse_csv(file)) == key


def test_the_export_of_a_draw_holds_its_points():
    experiment = Experiment(data="circle", n_train=30, n_validation=20, data_seed=4)
    rows = list(csv.DictReader(io.StringIO(data_csv(experiment).decode())))
    split = load("circle", n_train=30, n_validation=20, seed=4)
    assert [row["set"] for row in rows].count("train") == 30
    assert np.float32(rows[0]["x1"]) == split.x_train[0, 0]


def test_the_example_can_be_used_as_it_is():
    table = from_frame(example(), "label", numbers=example().index)
    assert table.class_names == ("a", "b", "c")
    made = chosen(Experiment(), "table", hash=store(table))[0]
    assert made.split_sizes == (8, 2)


def test_columns_come_and_go():
    frame = with_column(example())
    assert list(frame.columns) == ["x1", "x2", "x3", "label"]
    frame = renamed(frame, "x3", "  body   weight ")
    assert list(frame.columns) == ["x1", "x2", "body weight", "label"]
    with pytest.raises(TableError, match="there is a column 'x1' already"):
        renamed(frame, "x2", "x1")
    with pytest.raises(TableError, match="column 'x2' needs a name"):
        renamed(frame, "x2", " ")
    assert renamed(frame, "x2", "x2").equals(frame)
    assert list(with_column(frame[["x2", "label"]]).columns) == ["x2", "x1", "label"]


def test_rows_are_numbered_from_one_and_hold_text():
    frame = example().drop(index=[2, 5])
    frame.loc[99] = [None, "1", float("nan")]
    fresh = numbered(frame)
    assert list(fresh.index) == list(range(1, 10))
    assert list(fresh.loc[9]) == ["", "1", ""]


def test_a_table_taken_into_the_editor_stays_the_same():
    key = table_of(columns=3)
    frame = text_frame(fetch(key))
    assert store(from_frame(frame, "kind", numbers=frame.index)) == key
