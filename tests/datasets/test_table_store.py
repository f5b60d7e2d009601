"""Kept tables: their room, which one goes when there is none, and the sizes of their parts."""

import os
import time

import numpy as np
import pandas as pd
import pytest

from playground.datasets import (
    DATASETS,
    TableError,
    TableMissing,
    fetch,
    from_frame,
    load,
    split_sizes,
    store,
)


@pytest.fixture(autouse=True)
def tables(tmp_path, monkeypatch):
    monkeypatch.setenv("PLAYGROUND_HOME", str(tmp_path))
    return tmp_path / "tables"


def table_of(seed, rows=20):
    x = np.random.default_rng(seed).normal(size=(rows, 2)).round(3)
    frame = pd.DataFrame(x, columns=["a", "b"])
    return from_frame(frame.assign(kind=["u", "v"] * (rows // 2)))


def age(tables, key, days):
    """Make a table look as if it was last used some days ago."""
    then = time.time() - days * 86_400
    path = tables / f"{key}.csv"
    os.utime(path, (then, path.stat().st_mtime))


def megabytes(tables):
    return sum(path.stat().st_size for path in tables.iterdir()) / 1e6


def test_the_longest_unused_makes_room(tables):
    keys = [store(table_of(seed)) for seed in range(3)]
    for key, days in zip(keys, (3, 5, 2)):
        age(tables, key, days)
    limit = megabytes(tables) + 2e-5  # two of them differ by some digits
    added = store(table_of(3), limit_mb=limit)
    assert {path.stem for path in tables.iterdir()} == {keys[0], keys[2], added}
    with pytest.raises(TableMissing):
        fetch(keys[1])


def test_what_a_run_needs_stays(tables):
    keys = [store(table_of(seed)) for seed in range(2)]
    for key, days in zip(keys, (9, 2)):
        age(tables, key, days)
    limit = megabytes(tables) + 2e-5
    store(table_of(3), limit_mb=limit, needed=lambda: {keys[0]})
    assert (tables / f"{keys[0]}.csv").exists()
    assert not (tables / f"{keys[1]}.csv").exists()


def test_without_room_it_is_refused_and_nothing_goes(tables):
    old, new = store(table_of(0)), store(table_of(1))
    age(tables, old, 9)
    before = sorted(tables.iterdir())
    with pytest.raises(TableError, match=r"0\.0001 MB \(PLAYGROUND_MAX_TABLES_MB\)"):
        store(table_of(3), limit_mb=0.0001, needed=lambda: {old})
    assert sorted(tables.iterdir()) == before
    assert store(table_of(1), limit_mb=0.0001) == new  # what is there takes no more room


def test_a_table_in_use_is_not_old(tables):
    key = store(table_of(0))
    age(tables, key, 9)
    changed = (tables / f"{key}.csv").stat().st_mtime_ns
    fetch(key)
    about = (tables / f"{key}.csv").stat()
    assert time.time() - about.st_atime < 60
    assert about.st_mtime_ns == changed
    with pytest.raises(TableError, match="no room"):
        store(table_of(1), limit_mb=megabytes(tables))


def test_the_needed_tables_are_asked_for_only_without_room(tables):
    store(table_of(0), limit_mb=1, needed=lambda: pytest.fail("there was room"))


def test_an_upload_mends_a_damaged_table(tables):
    table = table_of(0)
    key = store(table)
    (tables / f"{key}.csv").write_text("damaged")
    with pytest.raises(TableError, match="upload it again"):
        fetch(key)
    store(table)
    assert fetch(key).labels == table.labels


@pytest.mark.parametrize("asked", [(1500, 1500), (1500, 500), (100, 30), (5, 20_000), (20_000, 2)])
@pytest.mark.parametrize("rows", [10, 12, 150])
def test_sizes_are_those_of_the_split(asked, rows):
    options = {"hash": store(table_of(0, rows))}
    n_train, n_validation = asked
    sizes = split_sizes("table", n_train=n_train, n_validation=n_validation, options=options)
    split = load("table", n_train=n_train, n_validation=n_validation, seed=0, options=options)
    assert sizes == (len(split.x_train), len(split.x_validation))
    assert sizes[0] >= 5
    assert sizes[1] >= 2
    assert sum(sizes) == min(rows, sum(asked))


def test_sizes_of_what_is_drawn_without_end():
    assert split_sizes("spiral", n_train=7, n_validation=9) == (7, 9)
    with pytest.raises(ValueError, match="n_train = 0"):
        split_sizes("spiral", n_train=0, n_validation=9)
    entry = DATASETS["spiral"]
    assert entry.n_rows(entry.options()) is None
