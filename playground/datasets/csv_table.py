"""A user's table, read from a CSV file or a data frame and checked.

Everything that can be wrong with a table is said as a :class:`TableError` that names the row and the
column as the person sees them: in a file the header is row 1, in a frame the caller numbers the rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np
import pandas as pd

from playground.datasets.columns import (
    check_header,
    check_text,
    label_column,
    set_column,
    take_mark,
)
from playground.datasets.csv_text import (
    decode,
    has_decimal_comma,
    records,
    separator_of,
    tidy,
    unguarded,
)
from playground.datasets.table import (
    MAX_CLASSES,
    MAX_VALUE,
    Table,
    TableError,
    is_number,
    number,
    shortest,
)

MAX_ROWS = 40_000
MIN_ROWS = 10

_MISSING = {"", "na", "n/a", "nan", "null", "none", "?"}
_MISSING_LABEL = _MISSING - {"none"}
"""What counts as a missing label; 'none' may well name a class."""

_Row = tuple[int, list[str]]


@dataclass(frozen=True)
class Upload:
    """A file that was read.

    Attributes:
        table: The checked table.
        notes: Sentences on what was left out or taken another way than it stands in the file.
    """

    table: Table
    notes: tuple[str, ...]


def read_upload(data: bytes | str, *, label: str | None = None) -> Upload:
    """Read a CSV file: numeric columns and one label column.

    Whichever of comma, semicolon and tab the header holds most of separates the cells. The decimal
    sign is the point; where commas do not separate and no number has a point, it may be the comma.
    Blank rows are skipped, and so is a column ``set`` that says training or validation only.

    Args:
        data: The file, UTF-8, or UTF-16 with a byte order mark.
        label: Name of the label column; otherwise the one that is marked, or called label, class,
            target or y, else the last.

    Raises:
        TableError: Names row and column.
    """
    text = decode(data)
    separator = separator_of(text)
    first, header, rows = _opened(text, separator)
    header, marked = take_mark(header)
    if label is None and marked is not None:
        label = header[marked]
    check_header(header, f"row {first}")
    body = _collect(rows, header, split_by=separator)
    notes = []
    left_out = set_column(header, [cells for _, cells in body], label)
    if left_out is not None:
        notes.append(
            f"Column {header[left_out]!r} tells training from validation and is left out: "
            "the rows are divided anew."
        )
        header, body = _without(header, body, left_out)
    at = label_column(header, label)
    body = [(row, [*map(unguarded, cells)]) for row, cells in body]
    table, commas = _checked(header, body, at, commas=separator != ",")
    if commas:
        notes.append("Commas inside numbers were read as decimal signs.")
    if table.targets is not None and len(table.class_names) <= MAX_CLASSES:
        notes.append(
            f"The numbers in column {table.label_name!r} are taken as {len(table.class_names)} "
            "classes; choose the task regression below to predict them as numbers."
        )
    return Upload(table, tuple(notes))


def parse_csv(data: bytes | str, *, label: str | None = None) -> Table:
    """Return the table of a CSV file, as :func:`read_upload` reads it."""
    return read_upload(data, label=label).table


def column_names(data: bytes | str) -> tuple[tuple[str, ...], int]:
    """Return the names of the columns of a CSV file, and which one would be the label.

    Raises:
        TableError: If there is no header that can be used.
    """
    text = decode(data)
    first, header, rows = _opened(text, separator_of(text))
    header, marked = take_mark(header)
    check_header(header, f"row {first}")
    if marked is not None:
        return tuple(header), marked
    left_out = set_column(header, [cells for _, cells in rows], None)
    rest = [name for i, name in enumerate(header) if i != left_out]
    return tuple(header), header.index(rest[label_column(rest, None)])


def read_written(data: bytes) -> Table:
    """Read back what :meth:`Table.to_csv` wrote: commas, and the label in the last column."""
    rows = _numbered(records(data.decode("utf-8"), ","), count(1))
    _, header = next(rows)
    return _checked(header, _collect(rows, header), len(header) - 1, commas=False)[0]


def from_frame(
    frame: pd.DataFrame, label: str | None = None, *, numbers: Sequence[int] | None = None
) -> Table:
    """Check a data frame as :func:`parse_csv` checks a file.

    Args:
        frame: Numbers or text; blank rows are skipped.
        label: Name of the label column; otherwise chosen as in a file.
        numbers: What a person calls each row; otherwise the first one counts as row 2.

    Raises:
        TableError: Names row and column.
    """
    if len(frame) > MAX_ROWS:
        raise TableError(f"the table has {len(frame)} rows; at most {MAX_ROWS} are allowed")
    header = [tidy(str(name)) for name in frame.columns]
    if not header:
        raise TableError("the table is empty")
    check_header(header, "the header")
    cells = ([_cell(value) for value in row] for row in frame.itertuples(index=False, name=None))
    rows = _numbered(cells, count(2) if numbers is None else numbers)
    return _checked(header, _collect(rows, header), label_column(header, label), commas=True)[0]


def _opened(text: str, separator: str) -> tuple[int, list[str], Iterator[_Row]]:
    """Return number and cells of the header row, and the rows below it that are not blank."""
    rows = _numbered(records(text, separator), count(1))
    first, header = next(rows, (0, None))
    if header is None:
        raise TableError("the file is empty")
    return first, [unguarded(name) for name in header], rows


def _numbered(rows: Iterable[list[str]], numbers: Iterable[int]) -> Iterator[_Row]:
    tidied = ((i, [tidy(cell) for cell in row]) for i, row in zip(numbers, rows))
    return ((i, row) for i, row in tidied if any(row))


def _cell(value: Any) -> str:
    """Return the cell of a data frame as the text a file would hold."""
    if value is None or value is pd.NaT or value is pd.NA:
        return ""
    if isinstance(value, bool | np.bool_):
        return str(int(value))
    if isinstance(value, float | np.floating):
        return "" if np.isnan(value) else repr(float(value))
    return str(value)


def _collect(rows: Iterable[_Row], header: Sequence[str], split_by: str = "") -> list[_Row]:
    """Return the rows as a list, having checked their number and their lengths."""
    body: list[_Row] = []
    for row, cells in rows:
        if len(body) == MAX_ROWS:
            raise TableError(f"the table has more than {MAX_ROWS} rows, the most that is allowed")
        if len(cells) != len(header):
            commas = split_by == "," and len(cells) > len(header)
            hint = " (a decimal comma divides a cell; use the point)" if commas else ""
            raise TableError(
                f"row {row} has {len(cells)} cells, but the header names {len(header)} columns{hint}"
            )
        body.append((row, cells))
    if len(body) < MIN_ROWS:
        raise TableError(
            f"the table has {len(body)} rows below the header; at least {MIN_ROWS} are needed"
        )
    return body


def _without(header: list[str], body: list[_Row], at: int) -> tuple[list[str], list[_Row]]:
    rest = [(row, [*cells[:at], *cells[at + 1 :]]) for row, cells in body]
    return [*header[:at], *header[at + 1 :]], rest


def _checked(
    header: Sequence[str], body: list[_Row], at: int, *, commas: bool
) -> tuple[Table, bool]:
    """Read every cell and return the table, and whether a comma was read as a decimal sign."""
    found = False
    if commas:
        body, found = _with_points(body, at)
    features = np.array(
        [
            [_read(cell, row, header[i], header[at]) for i, cell in enumerate(cells) if i != at]
            for row, cells in body
        ],
        dtype=float,
    )
    features += 0.0  # turns -0.0 into 0.0
    names = tuple(name for i, name in enumerate(header) if i != at)
    labels = _tidy_labels([cells[at] for _, cells in body], [row for row, _ in body], header[at])
    table = Table(features, names, labels, header[at])
    if len(table.class_names) < 2:
        raise TableError(
            f"column {header[at]!r} holds only {table.class_names[0]!r}; "
            "a label column needs at least two different values"
        )
    table.task()
    features.setflags(write=False)
    return table, found


def _with_points(body: list[_Row], at: int) -> tuple[list[_Row], bool]:
    """Write decimal commas as points, unless some number among the inputs has a point already."""
    inputs = [cell for _, cells in body for i, cell in enumerate(cells) if i != at]
    labels = [cells[at] for _, cells in body]
    numeric = all(has_decimal_comma(label) or is_number(label) for label in labels)
    dots = any("." in cell and is_number(cell) for cell in inputs)
    known = any(map(has_decimal_comma, [*inputs, *(labels if numeric else ())]))
    if dots or not known:
        return body, False

    def pointed(i: int, cell: str) -> str:
        wanted = has_decimal_comma(cell) and (numeric or i != at)
        return cell.replace(",", ".") if wanted else cell

    changed = [(row, [pointed(i, cell) for i, cell in enumerate(cells)]) for row, cells in body]
    return changed, True


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
    hint = " (the decimal sign is the point)" if has_decimal_comma(cell) else ""
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
        check_text(label, f"row {row}", f"column {column!r}")
    return tuple(shortest(float(label)) for label in labels) if numeric else tuple(labels)
