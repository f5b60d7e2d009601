"""Own tables that are kept: found again, split, and drawn from."""

import hashlib

import numpy as np
import pandas as pd
import pytest

from playground.datasets import (
    DATASETS,
    TableError,
    fetch,
    from_frame,
    load,
    make,
    parse_csv,
    store,
    thumbnail,
)
from playground.datasets.columns import MAX_COLUMNS
from playground.datasets.csv_text import MAX_BYTES
from tests.table_files import GOOD, csv_of


def numbers(n=40, seed=0):
    """A table with a number to predict."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(3, 5, (n, 2)), columns=["u", "v"])
    frame["price"] = 100 * frame["u"] + 7
    return from_frame(frame)


def test_store_and_fetch(home):
    table = parse_csv(GOOD)
    key = store(table)
    assert key == hashlib.sha256(table.to_csv()).hexdigest() == store(table)
    assert [p.name for p in (home / "tables").iterdir()] == [f"{key}.csv"]
    assert fetch(key).to_csv() == table.to_csv()


def test_a_stored_label_column_stays_the_label(home):
    rows = [f"{i % 2},{i},{i};" for i in range(12)]
    table = parse_csv(csv_of([r.rstrip(";") for r in rows], "group,label,c;d"), label="group")
    again = fetch(store(table))
    assert again.label_name == "group"
    assert again.feature_names == ("label", "c;d")


def test_a_table_that_could_not_be_uploaded_again_is_refused(home):
    """Numbers may take more room in the shortest exact form than they took in the file."""
    lines = [",".join(["5e14"] * (MAX_COLUMNS - 1) + ["ab"[i % 2]]) for i in range(3000)]
    data = csv_of(lines, ",".join(f"c{i}" for i in range(MAX_COLUMNS)))
    assert len(data) < MAX_BYTES
    with pytest.raises(TableError, match=f"at most {MAX_BYTES} are allowed"):
        store(parse_csv(data))
    assert not (home / "tables").exists()


def test_fetch_says_why_not(home):
    with pytest.raises(TableError, match="does not travel with the link"):
        fetch("0" * 64)
    with pytest.raises(TableError, match="not legal: 64 digits"):
        fetch("../../etc/passwd")
    with pytest.raises(ValueError, match=r"hash = '\.\./x' is not legal"):
        make("table", 5, random_state=0, hash="../x")
    key = store(parse_csv(GOOD))
    (home / "tables" / f"{key}.csv").write_text(GOOD + "1,2,red\n")
    with pytest.raises(TableError, match="damaged"):
        fetch(key)


def test_an_empty_hash_is_the_sample():
    table = fetch("")
    assert table.class_names == ("setosa", "versicolor", "virginica")
    assert table.features.shape == (150, 4)
    assert parse_csv(table.to_csv()).to_csv() == table.to_csv()


def test_split_of_a_classification():
    options = {"hash": store(parse_csv(GOOD)), "standardise": False}
    split = load("table", n_train=6, n_validation=6, seed=1, options=options)
    assert split.feature_names == ("a", "b")
    assert split.class_names == ("blue", "red")
    assert split.task == "classification"
    assert split.x_train.dtype == split.x_validation.dtype == np.float32
    assert split.y_train.dtype == np.int64
    np.testing.assert_array_equal(np.bincount(split.y_train), [2, 4])
    np.testing.assert_array_equal(np.bincount(split.y_validation), [2, 4])
    rows = np.concatenate([split.x_train, split.x_validation])
    assert sorted(map(tuple, rows)) == sorted(map(tuple, parse_csv(GOOD).features))
    labels = dict(zip(map(tuple, parse_csv(GOOD).features), parse_csv(GOOD).classes))
    assert [labels[tuple(row)] for row in split.x_train.astype(float)] == list(split.y_train)


def test_split_follows_the_seed():
    options = {"hash": store(parse_csv(GOOD))}
    first, again, other = (
        load("table", n_train=6, n_validation=6, seed=s, options=options) for s in (1, 1, 2)
    )
    np.testing.assert_array_equal(first.x_train, again.x_train)
    np.testing.assert_array_equal(first.y_validation, again.y_validation)
    assert not np.array_equal(first.x_train, other.x_train)


def test_standardising_measures_the_training_part():
    split = load("table", n_train=30, n_validation=10, seed=0, options={"hash": store(numbers())})
    np.testing.assert_allclose(split.x_train.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(split.x_train.std(axis=0), 1, atol=1e-6)
    np.testing.assert_allclose(split.y_train.std(), 1, atol=1e-6)
    assert abs(split.x_validation.mean()) > 1e-3


def test_split_of_a_regression():
    table = numbers()
    entry = DATASETS["table"]
    options = entry.options(hash=store(table), standardise=False)
    assert entry.task_of(options) == "regression"
    assert (entry.n_outputs(options), entry.n_classes(options)) == (1, 0)
    split = load("table", n_train=30, n_validation=10, seed=0, options=options)
    assert split.y_train.shape == (30, 1)
    assert split.y_train.dtype == np.float32
    assert split.class_names == ()
    np.testing.assert_allclose(split.y_train[:, 0], 100 * split.x_train[:, 0] + 7, rtol=1e-4)
    _, target = thumbnail("table", options, n=10)
    assert target.shape == (10,)


def test_the_task_can_be_chosen():
    few = parse_csv(csv_of([f"{i},1,{i % 3}" for i in range(12)]))
    assert few.task("auto") == few.task("classification") == "classification"
    assert few.task("regression") == "regression"
    _, y = make("table", 12, random_state=0, hash=store(few), task="regression")
    assert y.shape == (12, 1)
    with pytest.raises(TableError, match="40 different values"):
        numbers().task("classification")
    with pytest.raises(TableError, match="a regression needs numbers there; 'red'"):
        parse_csv(GOOD).task("regression")


@pytest.mark.parametrize(
    ("asked", "got"),
    [
        ((1500, 1500), (75, 75)),
        ((1500, 500), (112, 38)),
        ((100, 30), (100, 30)),
        ((1500, 0), (150, 0)),
        ((100000, 1), (149, 1)),
        ((3, 100000), (3, 147)),
    ],
)
def test_more_points_than_rows_shrink_in_proportion(asked, got):
    split = load("table", n_train=asked[0], n_validation=asked[1], seed=0)
    assert (len(split.x_train), len(split.x_validation)) == got
    assert len(np.unique(split.y_train)) == 3


def test_a_training_part_too_small_for_the_classes():
    with pytest.raises(TableError, match="n_train = 2 is not legal: the table has 3 classes"):
        load("table", n_train=2, n_validation=10, seed=0)


def test_a_rare_class_is_trained_on():
    rows = [f"{i},0,common" for i in range(40)] + ["99,0,rare"]
    key = store(parse_csv(csv_of(rows)))
    for seed in range(5):
        split = load("table", n_train=5, n_validation=20, seed=seed, options={"hash": key})
        assert np.bincount(split.y_train).tolist() == [4, 1]


def test_drawing_goes_through_the_rows_evenly():
    _, y = make("table", 300, random_state=0)
    np.testing.assert_array_equal(np.bincount(y), [100, 100, 100])
    x, _ = make("table", 150, random_state=0, standardise=False)
    assert sorted(map(tuple, x)) == sorted(map(tuple, fetch("").features.astype(np.float32)))
