"""Own tables: what is read, and what is refused in which words."""

import codecs
import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.datasets import (
    Table,
    TableError,
    from_frame,
    load,
    parse_csv,
    store,
)
from playground.datasets.columns import MAX_COLUMNS
from playground.datasets.csv_table import MAX_ROWS, read_written
from playground.datasets.csv_text import MAX_BYTES
from tests.table_files import GOOD, GOOD_ROWS, csv_of


def with_row(row, at=4):
    """The good table with one row replaced; ``at`` counts as in the file."""
    rows = list(GOOD_ROWS)
    rows[at - 2] = row
    return csv_of(rows)


def test_a_plain_file():
    table = parse_csv(GOOD.encode())
    assert table.feature_names == ("a", "b")
    assert table.label_name == "kind"
    assert table.class_names == ("blue", "red")
    assert table.task() == "classification"
    assert table.features.shape == (12, 2)
    np.testing.assert_array_equal(table.features[0], [1.5, -1])
    assert [table.class_names[k] for k in table.classes[:3]] == ["red", "red", "blue"]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (GOOD, "text"),
        (b"\xef\xbb\xbf" + GOOD.encode(), "byte order mark"),
        (b"\xef\xbb\xbf" + GOOD.replace("a,b", '"a",b').encode(), "mark before a quote"),
        (GOOD.encode("utf-16"), "UTF-16 as spreadsheets write it"),
        (codecs.BOM_UTF16_BE + GOOD.encode("utf-16-be"), "UTF-16, big end first"),
        (GOOD.encode("utf-32"), "UTF-32"),
        (GOOD.replace(",", ";").replace(".5", ",5"), "decimal commas"),
        (GOOD.replace(",", "\t").replace(".5", ",5e0"), "decimal commas with exponents"),
        (GOOD.replace("red", '"\nred "'), "line ends in quotes"),
        (GOOD.replace("a,b", '"a\n",b'), "line ends in a name"),
        (GOOD.replace("kind", "kind [label]"), "the mark of the label column"),
        (GOOD.replace("a,b", "a,set,b").replace(",-", ",Train,-"), "a column of sets"),
        (GOOD.replace(",", ";"), "semicolons"),
        (GOOD.replace(",", "\t"), "tabs"),
        (GOOD.replace("\n", "\r\n"), "Windows line ends"),
        (GOOD.replace("\n", "\n\n"), "blank lines"),
        (GOOD.replace("\n", "\n,,\n", 4), "rows of empty cells"),
        (GOOD.replace(",", " , "), "blanks around the cells"),
        (GOOD.replace("red", '"red"'), "quotes"),
        (GOOD.rstrip(), "no line end at the end"),
    ],
)
def test_other_spellings_of_the_same_table(data, why):
    assert parse_csv(data).to_csv() == parse_csv(GOOD).to_csv(), why


@pytest.mark.parametrize(
    ("header", "label"),
    [
        ("a,b,c", "c"),
        ("a,label,c", "label"),
        ("Class,b,c", "Class"),
        ("y,target,c", "target"),
        ("y,b,c", "y"),
        ("x,y,c", "c"),
    ],
)
def test_which_column_is_the_label(header, label):
    rows = [f"{i % 2},{i % 2},{i % 2}" for i in range(12)]
    assert parse_csv(csv_of(rows, header)).label_name == label


def test_a_chosen_label_column():
    rows = [f"{i % 2},{i},{i}" for i in range(12)]
    table = parse_csv(csv_of(rows, "group,label,c"), label="group")
    assert table.label_name == "group"
    assert table.feature_names == ("label", "c")


def test_numeric_labels_are_sorted_as_numbers_and_merged():
    rows = [f"{i},0,{('10', '9', '9.0', '-1e0')[i % 4]}" for i in range(12)]
    assert parse_csv(csv_of(rows)).class_names == ("-1", "9", "10")


WRONG = [
    ("", ["empty"]),
    ("\n\n,,\n", ["empty"]),
    ("a,b,kind\n", ["0 rows", "at least 10"]),
    (csv_of(GOOD_ROWS[:9]), ["9 rows", "at least 10"]),
    (with_row("1,,red"), ["row 4", "column 'b'", "missing"]),
    (with_row("1,NaN,red"), ["row 4", "column 'b'", "missing"]),
    (with_row("n/a,2,red", at=13), ["row 13", "column 'a'", "missing"]),
    (with_row("1,2,"), ["row 4", "column 'kind'", "label is missing"]),
    (with_row("1,tall,red"), ["row 4", "column 'b'", "'tall'", "not a number", "'kind'"]),
    (with_row('1,"2,5",red'), ["row 4", "'2,5'", "decimal sign is the point"]),
    (with_row("1,1_000,red"), ["row 4", "'1_000'", "not a number"]),
    (with_row("1,٣,red"), ["row 4", "not a number"]),
    (with_row("1,inf,red"), ["row 4", "column 'b'", "infinite"]),
    (with_row("1,-1e999,red"), ["row 4", "column 'b'", "infinite"]),
    (with_row("1,1e31,red"), ["row 4", "beyond ±1e+30"]),
    (with_row("1,2"), ["row 4", "2 cells", "3 columns"]),
    (with_row("1,2,red,4"), ["row 4", "4 cells", "3 columns"]),
    (with_row('1,2,"red'), ["row 4", "CSV"]),
    (with_row("1,2,r\x07d"), ["row 4", "column 'kind'", "control character"]),
    (with_row("1,2," + "r" * 101), ["row 4", "column 'kind'", "101 characters"]),
    (GOOD.replace("a,b", "a,a"), ["columns 1 and 2", "'a'"]),
    (GOOD.replace("a,b", "a,"), ["column 2 has no name"]),
    (GOOD.replace("a,b,kind", "1,2,3"), ["row 1", "only numbers", "name the columns"]),
    (GOOD.replace(",", "|"), ["one column"]),
    (GOOD.replace("blue", "red"), ["column 'kind'", "only 'red'", "two different"]),
    (
        csv_of([f"1,2,k{i % 11}" for i in range(30)]),
        ["column 'kind'", "11 different", "at most 10"],
    ),
    (csv_of([f"1,2,{i}" for i in range(29)] + ["1,2,abc"]), ["30 different", "'abc'"]),
    (csv_of([f"1,2,k{i % 6}" for i in range(11)]), ["11 rows", "6 classes"]),
    (csv_of([f"1,2,{i}" for i in range(29)] + ["1,2,inf"]), ["row 31", "'kind'", "infinite"]),
    (csv_of(["1,2,3"] * (MAX_ROWS + 1)), [f"more than {MAX_ROWS} rows"]),
    ("x" * (MAX_BYTES + 1), [f"{MAX_BYTES + 1} bytes", f"at most {MAX_BYTES}"]),
    (
        ",".join(f"c{i}" for i in range(MAX_COLUMNS + 1)),
        [f"{MAX_COLUMNS + 1} columns", f"at most {MAX_COLUMNS}"],
    ),
    (GOOD.encode() + b"1,2,r\xe9d\n", ["row 14", "UTF-8", "0xe9"]),
    (GOOD.encode("utf-16-le"), ["row 1", "zero bytes", "UTF-8"]),
    (GOOD.encode("utf-16") + b"\x00", ["UTF-16"]),
    (GOOD.replace(",", ";").replace("3.5", "3,5"), ["row 4", "'3,5'", "decimal sign is the point"]),
    (with_row("1,5,2,red"), ["row 4", "4 cells", "decimal comma divides"]),
    (with_row("1,5;2,red").replace(",", ";"), ["row 4", "4 cells"]),
    (with_row("1,0x1f,red"), ["row 4", "column 'b'", "'0x1f'"]),
    (GOOD.replace("a,b,kind", "a,b,b [label]"), ["columns 2 and 3", "'b'"]),
    (GOOD.replace("red", "\ud800"), ["control character"]),
]


@pytest.mark.parametrize(("data", "words"), WRONG, ids=range(len(WRONG)))
def test_what_is_wrong_is_said(data, words):
    with pytest.raises(TableError) as caught:
        parse_csv(data)
    for word in words:
        assert word in str(caught.value)


def test_a_label_column_that_is_not_there():
    with pytest.raises(TableError, match="no label column 'colour'; the columns are a, b, kind"):
        parse_csv(GOOD, label="colour")


def test_constant_features_are_fine():
    table = parse_csv(csv_of([f"5,{i},{i % 2}" for i in range(12)]))
    split = load("table", n_train=8, n_validation=4, seed=0, options={"hash": store(table)})
    assert (split.x_train[:, 0] == 0).all()
    assert np.isfinite(split.x_train).all()


text_cells = st.one_of(
    st.sampled_from(["", "1", "-2.5", "1e5", "nan", "inf", "red", "a b", '"', "\x85", "0x1", "-0"]),
    st.text(max_size=6),
    st.floats().map(repr),
)
tables = st.builds(
    lambda rows, separator, end: end.join(separator.join(row) for row in rows),
    st.lists(st.lists(text_cells, min_size=1, max_size=4), max_size=14),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
near_tables = st.builds(
    lambda at, cut, put: GOOD.encode()[:at] + put + GOOD.encode()[at + cut :],
    st.integers(0, len(GOOD)),
    st.integers(0, 5),
    st.binary(max_size=5) | st.sampled_from([b",", b"\n", b'"', b"\x00", b"\xef\xbb\xbf", b";"]),
)


@settings(max_examples=500, deadline=None)
@given(
    data=st.binary(max_size=200)
    | tables
    | near_tables
    | near_tables.map(lambda data: data.replace(b",", b";").replace(b".", b","))
    | tables.map(lambda text: text.encode("utf-16", "surrogatepass"))
    | near_tables.map(lambda data: codecs.BOM_UTF16_LE + data),
    label=st.none() | st.just("a"),
)
def test_any_bytes_give_a_table_or_a_table_error(data, label):
    try:
        table = parse_csv(data, label=label)
    except TableError:
        return
    assert isinstance(table, Table)
    assert np.isfinite(table.features).all()
    written = table.to_csv()
    again = read_written(written)
    assert again.to_csv() == written
    assert again.label_name == table.label_name
    assert again.labels == table.labels
    assert again.feature_names == table.feature_names
    np.testing.assert_array_equal(again.features, table.features)


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(st.floats(-1e30, 1e30), min_size=12, max_size=12),
    names=st.lists(
        st.text(st.characters(categories=["L", "P", "Zs"]), min_size=1, max_size=8).map(
            lambda text: "n" + text
        ),
        min_size=2,
        max_size=2,
        unique_by=lambda text: " ".join(text.split()),
    ),
)
def test_good_tables_survive_writing(values, names):
    frame = pd.DataFrame({names[0]: values, names[1]: ['b;,"q', "ä 1"] * 6})
    table = from_frame(frame)
    again = read_written(table.to_csv())
    np.testing.assert_array_equal(again.features[:, 0], values)
    assert again.labels == table.labels


def test_frames_are_checked_like_files():
    frame = pd.read_csv(io.StringIO(GOOD))
    assert from_frame(frame).to_csv() == parse_csv(GOOD).to_csv()
    blank = pd.concat([frame, pd.DataFrame({"a": [None], "b": [None], "kind": [None]})])
    assert from_frame(blank).to_csv() == parse_csv(GOOD).to_csv()
    broken = frame.astype(object)
    broken.loc[2, "b"] = None
    with pytest.raises(TableError, match="row 4, column 'b': the value is missing"):
        from_frame(broken)
    flags = frame[["a", "b"]].assign(flag=[True, False] * 6)
    assert from_frame(flags).class_names == ("0", "1")
    with pytest.raises(TableError, match="empty"):
        from_frame(pd.DataFrame())
    with pytest.raises(TableError, match="both called 'a'"):
        from_frame(pd.DataFrame([[1, 2]] * 12, columns=["a", "a"]))
    with pytest.raises(TableError, match=f"{MAX_ROWS + 1} rows"):
        from_frame(pd.DataFrame({"a": np.zeros(MAX_ROWS + 1), "b": 1}))
