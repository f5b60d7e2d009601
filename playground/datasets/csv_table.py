"""A user's table, read from a CSV file or a data frame and checked.

Everything that can be wrong with a table is said as a :class:`TableError` that names the row (as
counted in the file, the header is row 1) and the column.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from playground.datasets.table import (
    MAX_VALUE,
    Table,
    TableError,
    is_number,
    number,
    shortest,
)

MAX_BYTES = 5_000_000
MAX_ROWS = 20_000
MAX_COLUMNS = 64
MIN_ROWS = 10
MAX_NAME = 100
LABEL_NAMES = ("label", "class", "target", "y")
"""Names that make a column the label column when none was chosen, the first found wins; ``y``
only where no ``x`` stands beside it, for then both are coordinates."""

_MISSING = {"", "na", "n/a", "nan", "null", "none", "?"}
_MISSING_LABEL = _MISSING - {"none"}
"""What counts as a missing label; 'none' may well name a class."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def parse_csv(data: bytes | str, *, label: str | None = None) -> Table:
    """Read a CSV file: numeric columns and one label column.

    Whichever of comma, semicolon and tab the header holds most of separates the cells; the decimal
    sign is the point; blank rows are skipped.

    Args:
        data: The file, UTF-8 with or without byte order mark.
        label: Name of the label column; otherwise the one called label, class, target or y, else
            the last.

    Raises:
        TableError: Names row and column.
    """
    if len(data) > MAX_BYTES:
        raise TableError(f"the file has {len(data)} bytes; at most {MAX_BYTES} are allowed")
    text = _decode(data)
    start = re.split(r"[\r\n]", text.lstrip(), maxsplit=1)[0]
    return _build(_records(text, max(",;\t", key=start.count)), label)


def read_written(data: bytes) -> Table:
    """Read back what :meth:`Table.to_csv` wrote: commas, and the label in the last column."""
    text = _decode(data)
    return _build(_records(text, ","), next(_records(text, ","))[-1])


def from_frame(frame: pd.DataFrame, label: str | None = None) -> Table:
    """Check a data frame as :func:`parse_csv` checks a file; its first row counts as row 2.

    Raises:
        TableError: Names row and column.
    """
    if len(frame) > MAX_ROWS:
        raise TableError(f"the table has {len(frame)} rows; at most {MAX_ROWS} are allowed")
    header = [str(name) for name in frame.columns]
    body = ([_cell(value) for value in row] for row in frame.itertuples(index=False, name=None))
    return _build(iter([header, *body]), label)


def _decode(data: bytes | str) -> str:
    try:
        return data.decode("utf-8") if isinstance(data, bytes) else data
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        raise TableError(
            f"row {row} is not UTF-8 text (byte 0x{data[error.start]:02x}); "
            "save the file as CSV with the encoding UTF-8"
        ) from None


def _records(text: str, separator: str) -> Iterator[list[str]]:
    """Yield the rows of a CSV text, the reader's errors as table errors."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    row = 0
    while True:
        row += 1
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise TableError(f"row {row} cannot be read as CSV: {error}") from None
        yield record


def _cell(value: Any) -> str:
    """Return the cell of a data frame as the text a file would hold."""
    if value is None or value is pd.NaT or value is pd.NA:
        return ""
    if isinstance(value, bool | np.bool_):
        return str(int(value))
    if isinstance(value, float | np.floating):
        return "" if np.isnan(value) else repr(float(value))
    return str(value)


def _clean(cell: str) -> str:
    """Return a cell without byte order marks and with single blanks only."""
    return " ".join(cell.replace("\ufeff", "").split())


def _build(rows: Iterator[list[str]], label: str | None) -> Table:
    """Check header and rows, and choose the label column."""
    numbered = ((i, [_clean(cell) for cell in row]) for i, row in enumerate(rows, 1))
    filled = ((i, row) for i, row in numbered if any(row))
    first, header = next(filled, (0, None))
    if header is None:
        raise TableError("the file is empty")
    _check_header(header, first)
    at = _label_column(header, label)
    features, labels, lines = _read_body(filled, header, at)
    names = tuple(name for i, name in enumerate(header) if i != at)
    table = Table(features, names, _tidy_labels(labels, lines, header[at]), header[at])
    if len(table.class_names) < 2:
        raise TableError(
            f"column {header[at]!r} holds only {table.class_names[0]!r}; "
            "a label column needs at least two different values"
        )
    table.task()
    features.setflags(write=False)
    return table


def _check_header(header: list[str], row: int) -> None:
    if len(header) > MAX_COLUMNS:
        raise TableError(f"the table has {len(header)} columns; at most {MAX_COLUMNS} are allowed")
    if len(header) < 2:
        raise TableError(
            "the table has one column; at least one number column and a label column are needed "
            "(separated by comma, semicolon or tab)"
        )
    if all(is_number(name) for name in header):
        raise TableError(f"row {row} holds only numbers; it must name the columns")
    seen: dict[str, int] = {}
    for i, name in enumerate(header, 1):
        _check_text(name, row, f"column {i}")
        if not name:
            raise TableError(f"column {i} has no name in row {row}")
        if name in seen:
            raise TableError(f"columns {seen[name]} and {i} are both called {name!r}")
        seen[name] = i


def _check_text(text: str, row: int, column: str) -> None:
    if len(text) > MAX_NAME:
        raise TableError(
            f"row {row}, {column}: the text has {len(text)} characters, at most {MAX_NAME} allowed"
        )
    if _CONTROL.search(text):
        raise TableError(f"row {row}, {column}: {text!r} holds a control character")


def _label_column(header: list[str], label: str | None) -> int:
    if label is not None:
        wanted = _clean(str(label))
        if wanted not in header:
            raise TableError(
                f"there is no label column {label!r}; the columns are {', '.join(header)}"
            )
        return header.index(wanted)
    lowered = [name.lower() for name in header]
    known = [
        name for name in LABEL_NAMES if name in lowered and (name != "y" or "x" not in lowered)
    ]
    return lowered.index(known[0]) if known else len(header) - 1


def _read_body(
    rows: Iterable[tuple[int, list[str]]], header: list[str], at: int
) -> tuple[np.ndarray, list[str], list[int]]:
    """Return the features ``(rows, d)``, the labels and the row of each in the file."""
    features: list[list[float]] = []
    labels: list[str] = []
    lines: list[int] = []
    for row, cells in rows:
        if len(features) == MAX_ROWS:
            raise TableError(f"the table has more than {MAX_ROWS} rows, the most that is allowed")
        if len(cells) != len(header):
            raise TableError(
                f"row {row} has {len(cells)} cells, but the header names {len(header)} columns"
            )
        features.append(
            [_read(cell, row, header[i], header[at]) for i, cell in enumerate(cells) if i != at]
        )
        labels.append(cells[at])
        lines.append(row)
    if len(features) < MIN_ROWS:
        raise TableError(
            f"the table has {len(features)} rows below the header; at least {MIN_ROWS} are needed"
        )
    return np.array(features, dtype=float) + 0.0, labels, lines  # + 0.0 turns -0.0 into 0.0


def _read(cell: str, row: int, column: str, label: str) -> float:
    """Return the number in a cell, or say what is wrong with it."""
    value = number(cell)
    if value is not None:
        return value
    where = f"row {row}, column {column!r}"
    if cell.lower() in _MISSING:
        raise TableError(f"{where}: the value is missing")
    if is_number(cell):
        raise TableError(f"{where}: {cell} is infinite or beyond ±{MAX_VALUE:g}")
    shown = cell if len(cell) <= 40 else cell[:40] + "…"
    hint = " (the decimal sign is the point)" if re.fullmatch(r"[-+]?\d+,\d+", cell) else ""
    raise TableError(
        f"{where}: {shown!r} is not a number{hint}; "
        f"only the label column, here {label!r}, may hold text"
    )


def _tidy_labels(labels: list[str], lines: list[int], column: str) -> tuple[str, ...]:
    """Check the labels; where all are numbers, write each in its shortest form."""
    numeric = all(is_number(label) for label in labels)
    for label, row in zip(labels, lines, strict=True):
        if label.lower() in _MISSING_LABEL:
            raise TableError(f"row {row}, column {column!r}: the label is missing")
        if numeric:
            _read(label, row, column, column)
        _check_text(label, row, f"column {column!r}")
    return tuple(shortest(float(label)) for label in labels) if numeric else tuple(labels)
