"""A checked table of numbers with one label column: what it can be used for, and as CSV."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

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


class TargetsError(TableError):
    """More columns to predict than a table has, or some that hold words."""


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

    def regression(self, outputs: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """Return what a regression learns, the label column and those just before it.

        Args:
            outputs: How many columns are predicted.

        Returns:
            Inputs ``(rows, d)`` and targets ``(rows, outputs)``, both float64.

        Raises:
            TargetsError: If the label column holds words, or no column is left for an input.
        """
        self.check_targets(outputs)
        kept = self.features.shape[1] - (outputs - 1)
        return self.features[:, :kept], np.column_stack([self.features[:, kept:], self.targets])

    def check_targets(self, outputs: int) -> None:
        """Refuse a number of columns to predict that this table cannot serve.

        Raises:
            TargetsError: Says how many are legal.
        """
        most = len(self.feature_names)
        if outputs > most:
            raise TargetsError(
                f"{outputs} columns to predict are not legal: the table has {most + 1}, and one is "
                f"needed as an input; legal are 1 to {most}"
            )
        if self.targets is None:
            raise TargetsError(self._not_numeric("a regression needs numbers there"))

    def input_names(self, outputs: int = 1) -> tuple[str, ...]:
        """Return the names of the inputs when the last ``outputs`` columns are predicted."""
        return self.feature_names[: len(self.feature_names) - (outputs - 1)]

    def target_names(self, outputs: int = 1) -> tuple[str, ...]:
        """Return the names of the last ``outputs`` columns, the label's at the end."""
        return (*self.feature_names[len(self.feature_names) - (outputs - 1) :], self.label_name)

    def with_targets(self, names: Collection[str]) -> Table:
        """Return the table with some columns moved to the end, just before the label.

        Raises:
            TargetsError: If one of them is no input of the table, or no other input is left.
        """
        unknown = [name for name in names if name not in self.feature_names]
        if unknown:
            raise TargetsError(
                f"there is no column {unknown[0]!r} beside the label column {self.label_name!r}; "
                f"there are {', '.join(self.feature_names)}"
            )
        order = sorted(range(len(self.feature_names)), key=lambda i: self.feature_names[i] in names)
        moved = Table(
            np.ascontiguousarray(self.features[:, order]),
            tuple(self.feature_names[i] for i in order),
            self.labels,
            self.label_name,
        )
        if names:
            moved.check_targets(1 + len(set(names)))
        return moved

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
