"""A checked table of numbers with one label column: what it can be used for, and as CSV."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd

MAX_CLASSES = 10
MAX_VALUE = 1e30
"""Greatest absolute value of a number, so that it fits float32 with room to spare."""

TableTask = Literal["auto", "classification", "regression"]


def is_number(cell: str) -> bool:
    """Tell whether a cell is a plain ASCII number; ``inf`` and ``nan`` count."""
    try:
        float(cell)
    except ValueError:
        return False
    return cell.isascii() and "_" not in cell


def number(cell: str) -> float | None:
    """Return a usable finite number, ``None`` for anything else."""
    value = float(cell) if is_number(cell) else math.nan
    return value if abs(value) <= MAX_VALUE else None


def shortest(value: float) -> str:
    """Return the shortest text of a number: 3.0 as '3', no negative zero."""
    whole = value == int(value) and abs(value) < 2**53
    return str(int(value)) if whole else repr(value)


class TableError(ValueError):
    """A table that cannot be used; the message says where and why."""


class TableMissing(TableError):
    """A table that is not on this server: it may be on another one, so the reference is not wrong."""


@dataclass(frozen=True, eq=False)
class Table:
    """A checked table.

    Attributes:
        features: Inputs ``(rows, d)``, float64, finite.
        feature_names: Names of the ``d`` inputs.
        labels: Label of each row as text; numbers in their shortest form.
        label_name: Name of the label column.
    """

    features: np.ndarray
    feature_names: tuple[str, ...]
    labels: tuple[str, ...]
    label_name: str

    @cached_property
    def targets(self) -> np.ndarray | None:
        """The labels as numbers ``(rows,)`` float64, ``None`` when one is not a number."""
        values = [number(label) for label in self.labels]
        return None if None in values else np.array(values, dtype=float)

    @cached_property
    def class_names(self) -> tuple[str, ...]:
        """The distinct labels, in the order of their numbers or of the alphabet."""
        distinct = set(self.labels)
        return tuple(sorted(distinct, key=float if self.targets is not None else None))

    @cached_property
    def classes(self) -> np.ndarray:
        """Index into ``class_names`` of each row ``(rows,)``, int64."""
        index = {name: i for i, name in enumerate(self.class_names)}
        return np.array([index[label] for label in self.labels], dtype=np.int64)

    def task(self, choice: TableTask = "auto") -> Literal["classification", "regression"]:
        """Return the task: numbers with more than 10 distinct values are a regression.

        Args:
            choice: ``"auto"``, or the task that the user wants.

        Raises:
            TableError: If the label column does not allow what was chosen.
        """
        many = len(self.class_names) > MAX_CLASSES
        if choice == "regression" and self.targets is None:
            raise TableError(self._not_numeric("a regression needs numbers there"))
        if choice == "regression" or (choice == "auto" and many and self.targets is not None):
            return "regression"
        if many:
            limit = (
                f"it has {len(self.class_names)} different values, at most {MAX_CLASSES} allowed"
            )
            if self.targets is None and any(number(label) is not None for label in self.labels):
                limit = self._not_numeric(limit)
            raise TableError(f"column {self.label_name!r} cannot name classes: {limit}")
        if len(self.labels) < 2 * len(self.class_names):
            raise TableError(
                f"{len(self.labels)} rows are too few for {len(self.class_names)} classes in "
                f"column {self.label_name!r}; at least 2 rows a class are needed"
            )
        return "classification"

    def _not_numeric(self, reason: str) -> str:
        label = next(label for label in self.labels if number(label) is None)
        return f"{reason}; {label!r} in column {self.label_name!r} is not a number"

    def to_frame(self) -> pd.DataFrame:
        """Return the table as a data frame, the label in the last column."""
        frame = pd.DataFrame(self.features, columns=list(self.feature_names))
        frame[self.label_name] = self.labels if self.targets is None else self.targets
        return frame

    def to_csv(self) -> bytes:
        """Return the table as UTF-8 CSV, the label in the last column; equal tables, equal bytes.

        Numbers are written in the shortest form that reads back to the same bits.
        """
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([*self.feature_names, self.label_name])
        for values, label in zip(self.features.tolist(), self.labels, strict=True):
            writer.writerow([*map(shortest, values), label])
        return out.getvalue().encode("utf-8")
