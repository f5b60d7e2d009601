"""Own trajectories: a CSV file with a time column, read, checked, and kept by the hash of its content."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import count, pairwise
from pathlib import Path

import numpy as np

from playground.datasets.columns import check_text
from playground.datasets.csv_text import (
    decode,
    has_decimal_comma,
    records,
    separator_of,
    tidy,
    unguarded,
)
from playground.datasets.table import MAX_VALUE, TableError, is_number, number, shortest
from playground.datasets.table_store import keep, read_kept

MAX_BYTES = 2_000_000
MAX_ROWS = 5_000
MAX_TRAJECTORIES = 50
MIN_SAMPLES = 3
MAX_STATES = 3
TIME_NAMES = ("t", "time")
TRAJECTORY_NAMES = ("trajectory", "id", "run")

_Row = tuple[int, list[str]]


@dataclass(frozen=True, eq=False)
class Trajectories:
    """Samples of one or more trajectories.

    Attributes:
        names: Names of the components of the state.
        times: Times ``(n_i,)`` of each trajectory, strictly rising.
        states: States ``(n_i, dim)`` of each trajectory.
    """

    names: tuple[str, ...]
    times: tuple[np.ndarray, ...]
    states: tuple[np.ndarray, ...]

    @property
    def n_samples(self) -> int:
        """Samples of all trajectories together."""
        return sum(map(len, self.times))

    def to_csv(self) -> bytes:
        """Return the samples as UTF-8 CSV: trajectory, t and the states; equal data, equal bytes."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["trajectory", "t", *self.names])
        for i, (times, states) in enumerate(zip(self.times, self.states), 1):
            for t, row in zip(times.tolist(), states.tolist()):
                writer.writerow([i, *map(shortest, [t, *row])])
        return out.getvalue().encode("utf-8")


def read_trajectories(data: bytes | str) -> Trajectories:
    """Read a CSV file with a time column, one to three state columns and, if need be, an id column.

    The time column is called t or time, the id column trajectory, id or run; all others are states.
    Whichever of comma, semicolon and tab the header holds most of separates the cells.

    Raises:
        TableError: Names row and column, the header being row 1.
    """
    if len(data) > MAX_BYTES:
        raise TableError(f"the file has {len(data)} bytes; at most {MAX_BYTES} are allowed")
    text = decode(data)
    separator = separator_of(text)
    tidied = ((i, [*map(tidy, row)]) for i, row in zip(count(1), records(text, separator)))
    rows = ((i, row) for i, row in tidied if any(row))
    first, header = next(rows, (0, []))
    if not header:
        raise TableError("the file is empty")
    header = [unguarded(name) for name in header]
    _check_header(header, first)
    time, label, states = _roles(header)
    grouped: dict[str, list[tuple[int, list[float]]]] = {}
    for read, (row, cells) in enumerate(rows):
        if read == MAX_ROWS:
            raise TableError(f"the file has more than {MAX_ROWS} rows, the most that is allowed")
        if len(cells) != len(header):
            raise TableError(
                f"row {row} has {len(cells)} cells, but the header names {len(header)} columns"
            )
        values = [_read(cells[i], row, header[i], separator) for i in (time, *states)]
        name = cells[label] if label is not None else ""
        if label is not None:
            check_text(name, f"row {row}", f"column {header[label]!r}")
            if not name:
                raise TableError(f"row {row}, column {header[label]!r}: the value is missing")
        grouped.setdefault(name, []).append((row, values))
    _check_groups(grouped, header[time])
    return _trajectories(grouped, tuple(header[i] for i in states))


def keep_trajectories(
    data: Trajectories,
    *,
    limit_mb: float | None = None,
    needed: Callable[[], Collection[str]] = frozenset,
) -> str:
    """Keep samples beside the own tables, and return their hash; see ``table_store.keep``."""
    return keep(data.to_csv(), limit_mb=limit_mb, needed=needed)


def fetch_trajectories(key: str) -> Trajectories:
    """Return the samples with this hash.

    Raises:
        TableMissing: If they are not on this server.
        TableError: If the hash is malformed or belongs to something else.
    """
    path, data = read_kept(key)
    return _parsed(path, data)


@lru_cache(maxsize=16)
def _parsed(_path: Path, data: bytes) -> Trajectories:
    return read_trajectories(data)


def _check_header(header: Sequence[str], row: int) -> None:
    if all(is_number(name) for name in header):
        raise TableError(f"row {row} holds only numbers; it must name the columns")
    seen: dict[str, int] = {}
    for i, name in enumerate(header, 1):
        check_text(name, f"row {row}", f"column {i}")
        if not name:
            raise TableError(f"column {i} has no name in row {row}")
        if name.lower() in seen:
            raise TableError(f"columns {seen[name.lower()]} and {i} are both called {name!r}")
        seen[name.lower()] = i


def _roles(header: Sequence[str]) -> tuple[int, int | None, list[int]]:
    """Return the time column, the id column if any, and the state columns."""
    lowered = [name.lower() for name in header]
    time = next((lowered.index(name) for name in TIME_NAMES if name in lowered), None)
    if time is None:
        raise TableError(
            f"there is no time column: one has to be called t or time; "
            f"the columns are {', '.join(header)}"
        )
    label = next((lowered.index(name) for name in TRAJECTORY_NAMES if name in lowered), None)
    states = [i for i in range(len(header)) if i not in (time, label)]
    if not 1 <= len(states) <= MAX_STATES:
        names = ", ".join(header[i] for i in states) or "none"
        raise TableError(
            f"the file has {len(states)} state columns ({names}); 1 to {MAX_STATES} are legal beside "
            "the time and the optional column trajectory"
        )
    return time, label, states


def _read(cell: str, row: int, column: str, separator: str) -> float:
    comma = has_decimal_comma(cell)
    value = number(cell.replace(",", ".") if comma and separator != "," else cell)
    if value is not None:
        return value + 0.0
    where = f"row {row}, column {column!r}"
    if not cell:
        raise TableError(f"{where}: the value is missing")
    if is_number(cell):
        raise TableError(f"{where}: {cell} is not a finite number within ±{MAX_VALUE:g}")
    shown = cell if len(cell) <= 40 else cell[:40] + "…"
    raise TableError(f"{where}: {shown!r} is not a number")


def _check_groups(grouped: dict[str, list[tuple[int, list[float]]]], time: str) -> None:
    if not grouped:
        raise TableError("the file has no rows below the header")
    if len(grouped) > MAX_TRAJECTORIES:
        raise TableError(
            f"the file has {len(grouped)} trajectories; at most {MAX_TRAJECTORIES} are allowed"
        )
    for name, rows in grouped.items():
        of = f"trajectory {name!r}" if name else "the file"
        if len(rows) < MIN_SAMPLES:
            raise TableError(f"{of} has {len(rows)} samples; at least {MIN_SAMPLES} are needed")
        for (_, before), (row, after) in pairwise(rows):
            if after[0] <= before[0]:
                raise TableError(
                    f"row {row}, column {time!r}: the time {after[0]:g} does not rise above the "
                    f"{before[0]:g} before it; the rows of a trajectory go forward in time"
                )


def _trajectories(
    grouped: dict[str, list[tuple[int, list[float]]]], names: tuple[str, ...]
) -> Trajectories:
    arrays = [np.array([values for _, values in rows]) for rows in grouped.values()]
    for array in arrays:
        array.setflags(write=False)
    return Trajectories(
        names, tuple(array[:, 0] for array in arrays), tuple(array[:, 1:] for array in arrays)
    )
