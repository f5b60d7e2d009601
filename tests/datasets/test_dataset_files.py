"""Data sets and tables as files: what is written can be uploaded again, and is safe to open."""

import csv
import hashlib
import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playground.datasets import (
    DATASETS,
    TableError,
    column_names,
    fetch,
    from_frame,
    load,
    make,
    parse_csv,
    read_upload,
    split_file,
    store,
    table_file,
)
from playground.datasets.csv_text import guarded, unguarded

GENERATED = [name for name, entry in DATASETS.items() if name != "table" and not entry.image_shape]


def key_of(table):
    return hashlib.sha256(table.to_csv()).hexdigest()


@pytest.mark.parametrize("name", GENERATED)
def test_the_file_of_a_data_set_can_be_uploaded(name):
    """The points come back to the bit, the labels by name, and the sets are left out with a note."""
    split = load(name, n_train=40, n_validation=23, seed=3)
    upload = read_upload(split_file(split))
    table = upload.table
    x = np.concatenate([split.x_train, split.x_validation])
    y = np.concatenate([split.y_train, split.y_validation])
    np.testing.assert_array_equal(table.features.astype(x.dtype), x)
    assert table.feature_names == split.feature_names
    assert table.label_name == "label"
    if split.task == "classification":
        assert list(table.labels) == [split.class_names[k] for k in y]
    else:
        np.testing.assert_array_equal(table.targets.astype(y.dtype), y[:, 0])
    assert "'set'" in upload.notes[0]
    again = load("table", n_train=40, n_validation=23, seed=3, options={"hash": store(table)})
    assert (len(again.x_train), len(again.x_validation)) == (40, 23)


def test_the_file_says_which_set():
    split = load("spiral", n_train=3, n_validation=2, seed=0)
    rows = list(csv.DictReader(io.StringIO(split_file(split).decode())))
    assert [row["set"] for row in rows] == ["train"] * 3 + ["validation"] * 2
    assert list(rows[0]) == ["x1", "x2", "label", "set"]


def test_the_largest_draw_can_be_uploaded():
    split = load("squares_highd", n_train=20_000, n_validation=20_000, seed=0, options={"dim": 10})
    assert parse_csv(split_file(split)).features.shape == (40_000, 10)


def frame_of(names, labels=("a", "b"), label=None):
    """A table whose last column, or the one named, holds the labels."""
    frame = pd.DataFrame({name: np.arange(12.0) for name in names})
    label = label or names[-1]
    frame[label] = [labels[i % len(labels)] for i in range(12)]
    return from_frame(frame, label)


@pytest.mark.parametrize(
    "table",
    [
        frame_of(["a", "b"]),
        frame_of(["label", "group"], label="group"),
        frame_of(["y", "x1", "z"]),
        frame_of(["a [label]", "b"]),
        frame_of(["a", "b [label]"]),
        frame_of(["a [label]", "b [label]"]),
        frame_of(["a", "b", "set"]),
        frame_of(["a", "b", "set"], labels=("train", "validation")),
        frame_of(["set", "b", "c"]),
        frame_of(["a;b;c;d;e", "f"]),
        frame_of(["=1+1", "+b", "-c", "@d", "'e", "'=f", "''-g"]),
        frame_of(["a", "b"], labels=("=cmd()", "'=cmd()", "-", "@", "-1 apples", "'")),
        frame_of(["a", "b"], labels=("-1", "+2", "x")),
        frame_of(["a", "b"], labels=("1,5", "2,5", "x")),
        frame_of(["a", 'b"', 'c,"']),
        frame_of(["ä", "日本"], labels=("é", "ß")),
        frame_of(["a", "b"], labels=[str(i / 7) for i in range(12)]),
    ],
    ids=lambda table: "|".join([*table.feature_names, table.label_name]),
)
def test_the_file_of_a_table_gives_the_same_hash(table):
    file = table_file(table)
    again = read_upload(file)
    assert key_of(again.table) == key_of(table)
    assert not any("left out" in note for note in again.notes)
    names, at = column_names(file)
    assert names[at] == table.label_name
    assert table_file(again.table) == file


def test_the_sample_table_gives_the_same_hash():
    assert key_of(parse_csv(table_file(fetch("")))) == key_of(fetch(""))


names = st.text(
    st.sampled_from("ab xyset=+-@';,.\"[]label1") | st.characters(categories=["L", "P"]),
    min_size=1,
    max_size=9,
).map(lambda text: " ".join(text.split()) or "n")
special = st.sampled_from(["label", "set", "train", "class", "y", "b [label]", "validation", "'=x"])


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    header=st.lists(names | special, min_size=2, max_size=4, unique=True),
    labels=st.lists(names | special, min_size=2, max_size=3, unique=True),
    at=st.integers(0, 3),
)
def test_any_table_gives_the_same_hash(header, labels, at):
    try:
        table = frame_of(header, labels, label=header[at % len(header)])
    except TableError:
        return
    assert key_of(parse_csv(table_file(table))) == key_of(table)


@given(st.text(max_size=8) | st.text("'=+-@a1", max_size=6))
def test_no_text_becomes_a_formula(text):
    safe = guarded(text)
    assert unguarded(safe) == text
    try:
        float(safe)
    except ValueError:
        assert not safe.startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))


def test_no_cell_of_a_file_is_a_formula():
    table = frame_of(["=a", "@b"], labels=("+x", "-y", "-1"))
    cells = [cell for row in csv.reader(io.StringIO(table_file(table).decode())) for cell in row]
    assert {"'=a", "'@b", "'+x", "'-y", "-1"} <= set(cells)


def test_what_an_upload_says():
    rows = [f"{i},5;{i % 3}" for i in range(12)]
    upload = read_upload("a;kind\n" + "\n".join(rows))
    np.testing.assert_array_equal(upload.table.features[:, 0], np.arange(12) + 0.5)
    assert any("decimal" in note for note in upload.notes)
    assert any("3 classes" in note and "regression" in note for note in upload.notes)
    assert read_upload(table_file(frame_of(["a", "b"]))).notes == ()


def test_commas_in_labels():
    numbers = "a;price\n" + "\n".join(f"{i};{i},25" for i in range(12))
    assert parse_csv(numbers).targets[3] == 3.25
    words = "a;kind\n" + "\n".join(f"{i},5;{('1,5', 'x')[i % 2]}" for i in range(12))
    assert parse_csv(words).class_names == ("1,5", "x")


def test_a_column_of_sets_can_be_the_label():
    data = "a,b,set\n" + "\n".join(
        f"{i},{i % 2},{('train', 'validation')[i % 2]}" for i in range(12)
    )
    assert parse_csv(data).label_name == "b"
    assert parse_csv(data, label="set").class_names == ("train", "validation")
    assert parse_csv(data.replace("set", "set [label]")).label_name == "set"


def test_rows_are_named_as_the_person_sees_them():
    frame = pd.DataFrame({"a": ["1", "2,5"] * 6, "b": ["x", "y"] * 6})
    table = from_frame(frame, "b", numbers=range(1, 13))
    np.testing.assert_array_equal(table.features[:2, 0], [1, 2.5])
    frame.loc[4, "a"] = "tall"
    with pytest.raises(TableError, match="row 5, column 'a': 'tall' is not a number"):
        from_frame(frame, "b", numbers=range(1, 13))
    with pytest.raises(TableError, match="column 2 has no name in the header"):
        from_frame(frame.rename(columns={"b": " "}), numbers=range(1, 13))


def test_column_names_of_a_file():
    assert column_names("a,class,b\n") == (("a", "class", "b"), 1)
    assert column_names("a,b [label],c") == (("a", "b", "c"), 1)
    with pytest.raises(TableError, match="empty"):
        column_names(b"")


def test_make_still_draws_what_was_uploaded():
    split = load("moons", n_train=30, n_validation=30, seed=0)
    key = store(parse_csv(split_file(split)))
    x, _ = make("table", 60, random_state=0, hash=key, standardise=False)
    drawn = np.concatenate([split.x_train, split.x_validation])
    assert sorted(map(tuple, x)) == sorted(map(tuple, drawn))
