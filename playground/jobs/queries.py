"""Small questions to the tables, shared by the client, the worker and the engine."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Mapping
from typing import TYPE_CHECKING

from playground.jobs.records import Refused, checked_id

if TYPE_CHECKING:
    from playground.training.events import Amendment, Metrics


def read_amendments(db: sqlite3.Connection, run_id: str) -> list[Amendment]:
    """Return the recorded amendments of a run, in order."""
    from playground.training.events import Amendment

    rows = db.execute("SELECT step, changes FROM amendments WHERE run = ? ORDER BY step", (run_id,))
    return [Amendment(row["step"], json.loads(row["changes"])) for row in rows]


def metrics_of(row: sqlite3.Row) -> Metrics:
    """Return the metrics of a row; SQLite keeps a figure that is not a number as NULL."""
    from playground.training.events import Metrics

    values = dict(zip(row.keys(), tuple(row)))
    values.pop("run", None)
    for name, value in values.items():
        if value is None and "accuracy" not in name:
            values[name] = math.nan
    return Metrics(**values)


def row_of(db: sqlite3.Connection, run_id: str, columns: str = "*") -> sqlite3.Row:
    """Return a run's row. Raises Refused if there is none, or it was thrown away."""
    query = f"SELECT {columns} FROM runs WHERE id = ? AND removed IS NULL"
    row = db.execute(query, (checked_id(run_id),)).fetchone()
    if row is None:
        raise Refused(f"there is no run {run_id}; it may have been deleted")
    return row


MARKED = "(name <> '' OR starred OR note <> '' OR id IN (SELECT run FROM tags))"
"""Condition for the runs of which their owners have said something: those are kept."""


def insert_run(db: sqlite3.Connection, values: Mapping[str, object]) -> None:
    """Add a run; the names of the columns are this program's, never a user's."""
    columns, marks = ", ".join(values), ", ".join(f":{key}" for key in values)
    db.execute(f"INSERT INTO runs ({columns}) VALUES ({marks})", values)


def set_columns(db: sqlite3.Connection, run_id: str, **values: object) -> None:
    """Set columns of a run's row; their names are this program's, never a user's."""
    assignments = ", ".join(f"{column} = :{column}" for column in values)
    db.execute(f"UPDATE runs SET {assignments} WHERE id = :id", {**values, "id": run_id})
