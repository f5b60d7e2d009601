"""Own trajectories from CSV: what is read, and how what is wrong is said."""

import numpy as np
import pytest

from playground.datasets import TableError
from playground.datasets.table import TableMissing
from playground.datasets.trajectories import (
    MAX_ROWS,
    MAX_TRAJECTORIES,
    fetch_trajectories,
    keep_trajectories,
    read_trajectories,
)


def test_columns_are_found_by_their_names_in_any_order():
    data = read_trajectories(
        "x,run,Time,v\n1,a,0,5\n2,a,1,6\n9,b,0,9\n3,a,2.5,7\n8,b,1,9\n7,b,2,9\n"
    )
    assert data.names == ("x", "v")
    assert [t.tolist() for t in data.times] == [[0, 1, 2.5], [0, 1, 2]]
    assert data.states[0].tolist() == [[1, 5], [2, 6], [3, 7]]
    assert data.n_samples == 6


def test_semicolons_and_decimal_commas_are_read():
    data = read_trajectories("t;x\n0;1,5\n0,5;2\n1;-3,25\n")
    assert data.times[0].tolist() == [0, 0.5, 1]
    assert data.states[0].ravel().tolist() == [1.5, 2, -3.25]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the file is empty"),
        ("0,1\n1,2\n2,3\n", "row 1 holds only numbers"),
        ("time of day,x\n0,1\n", "there is no time column"),
        ("t,a,b,c,d\n0,1,2,3,4\n", "4 state columns"),
        ("t\n0\n1\n2\n", "0 state columns"),
        ("t,x,X\n0,1,2\n", "columns 2 and 3 are both called 'X'"),
        ("t,x\n0,1\n1,two\n2,3\n", "row 3, column 'x': 'two' is not a number"),
        ("t,x\n0,1\n1,\n2,3\n", "row 3, column 'x': the value is missing"),
        ("t,x\n0,1\n1,inf\n2,3\n", "row 3, column 'x': inf is not a finite number"),
        ("t,x\n0,1\n1,2,3\n2,3\n", "row 3 has 3 cells, but the header names 2 columns"),
        ("t,x\n0,1\n2,2\n1,3\n", "row 4, column 't': the time 1 does not rise above the 2"),
        ("t,x\n0,1\n0,2\n1,3\n", "row 3, column 't'"),
        ("t,x\n0,1\n1,2\n", "2 samples; at least 3"),
        ("t,x\n", "no rows below the header"),
        ("id,t,x\na,0,1\n,1,2\na,2,3\n", "row 3, column 'id': the value is missing"),
        ("t,x\n" + "".join(f"{i},1\n" for i in range(MAX_ROWS + 1)), "more than 5000 rows"),
        (
            "id,t,x\n" + "".join(f"{i},{t},1\n" for i in range(51) for t in range(3)),
            f"at most {MAX_TRAJECTORIES}",
        ),
        (b"\xff\x00" * 3, "zero bytes"),
        ("x" * 2_000_001, "at most 2000000"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text, words):
    with pytest.raises(TableError, match=words):
        read_trajectories(text)


def test_samples_are_kept_by_their_content(tmp_path, monkeypatch):
    monkeypatch.setenv("PLAYGROUND_HOME", str(tmp_path))
    data = read_trajectories("t,x,y\n0,0.1,2\n0.25,-3e-7,4\n1,5,6\n")
    key = keep_trajectories(data, limit_mb=1)
    assert keep_trajectories(data) == key
    back = fetch_trajectories(key)
    assert back.names == data.names
    np.testing.assert_array_equal(back.times[0], data.times[0])
    np.testing.assert_array_equal(back.states[0], data.states[0])


def test_samples_that_are_missing_damaged_or_no_hash_are_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("PLAYGROUND_HOME", str(tmp_path))
    with pytest.raises(TableMissing):
        fetch_trajectories("0" * 64)
    with pytest.raises(TableError, match="not legal"):
        fetch_trajectories("../secret")
    key = keep_trajectories(read_trajectories("t,x\n0,1\n1,2\n2,3\n"))
    (tmp_path / "tables" / f"{key}.csv").write_text("t,x\n0,1\n1,2\n2,4\n")
    with pytest.raises(TableError, match="damaged"):
        fetch_trajectories(key)
