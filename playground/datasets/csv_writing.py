"""Points and tables as CSV files that a spreadsheet opens safely and that can be uploaded again."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

import numpy as np

from playground.datasets.base import Split
from playground.datasets.columns import SET_COLUMN, SETS, header_row
from playground.datasets.csv_text import guarded
from playground.datasets.table import Table, shortest

LABEL = "label"


def table_file(table: Table) -> bytes:
    """Return a table as UTF-8 CSV, the label last; uploading it gives a table of the same hash."""
    header = header_row(table.feature_names, table.label_name)
    rows = zip(table.features.tolist(), table.labels, strict=True)
    return _written(header, ([*map(shortest, x), label] for x, label in rows))


def split_file(split: Split) -> bytes:
    """Return the points of a draw as UTF-8 CSV: inputs, label, and which set each belongs to.

    Numbers are written in the shortest form that reads back to the same bits in their precision. An
    upload leaves the column of the sets out and says so.
    """
    targets = split.y_train.shape[1] if split.task == "regression" else 1
    labels = [LABEL] if targets == 1 else [f"{LABEL} {i + 1}" for i in range(targets)]
    return _written([*split.feature_names, *labels, SET_COLUMN], _points(split))


def _points(split: Split) -> Iterator[list[str]]:
    parts = ((split.x_train, split.y_train), (split.x_validation, split.y_validation))
    for name, (x, y) in zip(SETS, parts, strict=True):
        for values, label in zip(x, y, strict=True):
            told = map(_number, label) if label.ndim else [split.class_names[label]]
            yield [*map(_number, values), *told, name]


def _number(value: np.floating) -> str:
    return str(value).removesuffix(".0")


def _written(header: list[str], rows: Iterable[list[str]]) -> bytes:
    out = io.StringIO()
    # All names in quotes, so that a semicolon inside one is not taken for the separator.
    names = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
    names.writerow(map(guarded, header))
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([guarded(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8")
