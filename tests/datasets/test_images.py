"""Sets of images: their parts, their balance, and the draw of a training from them."""

import os
import time

import numpy as np
import pytest
from sklearn.datasets import load_digits

from playground.datasets import DATASETS, TableError, TableMissing, load, make, split_sizes
from playground.datasets.images import (
    store_images,
)
from playground.datasets.images.npz import write_file
from playground.experiment import Experiment
from tests.image_files import arrays_for, uneven


def rows_in(x, table):
    """The row of the table that each point is, by its pixels."""
    known = {bytes(row): i for i, row in enumerate(table.x.reshape(len(table.x), -1))}
    return [known[bytes(row)] for row in np.round(x * 255).astype(np.uint8)]


def test_digits_are_those_of_scikit_learn():
    split = load("digits", n_train=1500, n_validation=297, seed=0)
    found = np.concatenate([split.x_train, split.x_validation])
    labels = np.concatenate([split.y_train, split.y_validation])
    digits = load_digits()
    theirs = sorted(map(tuple, np.column_stack([digits.data / 16, digits.target])))
    ours = sorted(map(tuple, np.column_stack([found, labels])))
    np.testing.assert_array_equal(ours, theirs)
    entry = DATASETS["digits"]
    assert entry.shape_of(entry.options()) == (1, 8, 8)
    assert entry.n_rows(entry.options()) == 1797
    assert DATASETS["spiral"].shape_of(DATASETS["spiral"].options()) is None


@pytest.mark.parametrize("balance", ["as it is", "even"])
@pytest.mark.parametrize("asked", [(20, 10), (1000, 1000), (1000, 200), (3, 5), (9, 9)])
def test_a_whole_set_is_cut_in_class_proportion_without_overlap(asked, balance):
    table = uneven()
    options = {"hash": store_images(table), "balance": balance}
    sizes = split_sizes("image_upload", n_train=asked[0], n_validation=asked[1], options=options)
    split = load("image_upload", n_train=asked[0], n_validation=asked[1], seed=2, options=options)
    assert (len(split.x_train), len(split.x_validation)) == sizes
    train, rest = rows_in(split.x_train, table), rows_in(split.x_validation, table)
    assert len({*train, *rest}) == len(train) + len(rest)
    np.testing.assert_array_equal(split.y_train, table.y[train])
    np.testing.assert_array_equal(split.y_validation, table.y[rest])
    shares = np.full(3, 1 / 3) if balance == "even" else np.array([30, 12, 6]) / 48
    assert np.abs(np.bincount(split.y_train, minlength=3) - shares * len(train)).max() < 2
    assert set(split.y_train) == {0, 1, 2}
    available = 18 if balance == "even" else 48
    assert sum(sizes) == min(available, sum(asked))
    assert split.class_names == ("k0", "k1", "k2")


def test_the_seed_decides_the_draw_and_other_seeds_draw_otherwise():
    options = {"hash": store_images(uneven())}
    asked = {"n_train": 20, "n_validation": 10, "options": options}
    one, same, other = (load("image_upload", seed=s, **asked) for s in (1, 1, 2))
    np.testing.assert_array_equal(one.x_train, same.x_train)
    np.testing.assert_array_equal(one.x_validation, same.x_validation)
    assert not np.array_equal(one.x_train, other.x_train)


def test_more_images_than_there_are_go_round_again():
    table = uneven()
    x, _ = make("image_upload", 100, random_state=0, hash=store_images(table))
    counts = np.bincount(rows_in(x, table))
    assert counts.min() == 2
    assert counts.max() == 3


def test_published_parts_stay_apart(home, monkeypatch):
    monkeypatch.setenv("PLAYGROUND_DATA", str(home))
    arrays = arrays_for("mnist", n_train=40, n_test=30)
    arrays["x_train"][:] //= 2  # dark to train on, light to test with
    arrays["x_test"][:] = 128 + arrays["x_test"] // 2
    write_file(home / "mnist.npz", arrays)
    split = load("mnist", n_train=25, n_validation=25, seed=0)
    assert split.x_train.max() < 0.5
    assert split.x_validation.min() > 0.5
    assert split_sizes("mnist", n_train=35, n_validation=400) == (35, 30)
    assert split_sizes("mnist", n_train=400, n_validation=3) == (40, 3)
    with pytest.raises(TableError, match="n_train = 9 is not legal: the set has 10 classes"):
        load("mnist", n_train=9, n_validation=3, seed=0)
    x, _ = make("mnist", 200, random_state=0)
    assert x.max() < 0.5
    arrays["y_train"] = np.array([0] * 31 + list(range(1, 10)), np.uint8)
    write_file(home / "mnist.npz", arrays)
    os.utime(home / "mnist.npz", ns=(time.time_ns(), time.time_ns() + 10**9))
    even = {"balance": "even"}
    assert split_sizes("mnist", n_train=400, n_validation=400, options=even) == (10, 30)
    split = load("mnist", n_train=400, n_validation=400, seed=0, options=even)
    np.testing.assert_array_equal(np.bincount(split.y_train), np.ones(10))


def test_grey_is_the_brightness():
    colour, _ = make("cifar10", 30, random_state=1)
    grey, _ = make("cifar10", 30, random_state=1, colour="grey")
    planes = colour.reshape(30, 3, 1024).astype(np.float64)
    wanted = planes[:, 0] * 0.299 + planes[:, 1] * 0.587 + planes[:, 2] * 0.114
    np.testing.assert_allclose(grey, wanted, atol=1e-6)
    options = DATASETS["cifar10"].options(colour="grey")
    assert DATASETS["cifar10"].shape_of(options) == (1, 32, 32)
    assert DATASETS["cifar10"].n_features(options) == 1024


def test_an_experiment_on_images_that_are_not_here_stays_as_it_is(home, monkeypatch):
    monkeypatch.setenv("PLAYGROUND_DATA", str(home / "none"))
    monkeypatch.delenv("PLAYGROUND_IMAGES")
    for name, options in [
        ("mnist", {}),
        ("image_folder", {"folder": "elsewhere"}),
        ("image_upload", {"hash": "0" * 64}),
    ]:
        data = {"name": name, "options": options}
        made = Experiment(data=data, network={"name": "mlp"}, n_train=50, n_validation=20)
        assert made.split_sizes == (50, 20)
        again, notes = Experiment.from_query(made.to_query())
        assert (again, notes) == (made, [])
        with pytest.raises(TableMissing):
            load(name, n_train=50, n_validation=20, seed=0, options=options)
