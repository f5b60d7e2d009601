"""A tableau that is being tried out: texts in cells, nodes that need not be row sums."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from pydantic import ValidationError

from playground.integrators.tableau import MAX_STAGES
from playground.ui.tableau_draft import number_of, text_of

Row = tuple[str, ...]
_DIGITS = 12  # of a coefficient that is no fraction


@dataclass(frozen=True)
class Sketch:
    """The texts in the cells.

    Attributes:
        a: One row a stage, below the diagonal only: the first is empty.
        b: One text a stage.
        c: One text a stage.
    """

    a: tuple[Row, ...]
    b: Row
    c: Row

    @classmethod
    def of(cls, method: Any) -> Sketch:
        """Return the texts of what has stage coefficients ``a``, weights ``b`` and nodes ``c``."""
        rows = tuple(tuple(map(_text, row[:i])) for i, row in enumerate(method.a))
        return cls(rows, tuple(map(_text, method.b)), tuple(map(_text, method.c)))

    @classmethod
    def read(cls, line: str) -> Sketch:
        """Return the sketch that a link holds.

        Raises:
            ValueError: If its rows do not have the lengths of an explicit tableau.
        """
        rows = [tuple(cell.strip() for cell in row.split(",")) for row in line.split(";")]
        stages = len(rows) - 2
        if not 1 <= stages <= MAX_STAGES:
            raise ValueError(
                f"tableau: {stages} stages are not legal; legal are 1 to {MAX_STAGES}, a row each, "
                "and a row for b and one for c behind them"
            )
        a = [() if row == ("",) and i == 0 else row for i, row in enumerate(rows[:stages])]
        wrong = [i + 1 for i, row in enumerate(a) if len(row) != i]
        wrong += [i + 1 for i in (stages, stages + 1) if len(rows[i]) != stages]
        if wrong:
            raise ValueError(
                f"tableau: row {wrong[0]} has {len(rows[wrong[0] - 1])} numbers; legal are i − 1 in row "
                f"i of a, and {stages} in b and c"
            )
        return cls(tuple(a), rows[stages], rows[stages + 1])

    def line(self) -> str:
        """Return the sketch as a link holds it."""
        return ";".join(",".join(row) for row in (*self.a, self.b, self.c))

    @property
    def stages(self) -> int:
        """Number of stages."""
        return len(self.b)

    def resized(self, stages: int) -> Sketch:
        """Return the same with stages cut off at the end, or empty ones added there."""
        rows = self.a[:stages] + tuple(("",) * i for i in range(self.stages, stages))
        filler = ("",) * stages
        return Sketch(rows, (self.b + filler)[:stages], (self.c + filler)[:stages])

    def with_cell(self, cell: str, text: str) -> Sketch:
        """Return the same with another text in one cell: ``a21``, ``b1``, ``c2``."""
        # The signs that part cells in a link cannot stand in one; a decimal comma is a point.
        text = text.replace(",", ".").replace(";", " ").strip()
        kind, place = cell[0], int(cell[1]) - 1
        if kind == "a":
            row = list(self.a[place])
            row[int(cell[2]) - 1] = text
            return replace(self, a=(*self.a[:place], tuple(row), *self.a[place + 1 :]))
        texts = list(self.b if kind == "b" else self.c)
        texts[place] = text
        return replace(self, **{kind: tuple(texts)})

    def numbers(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return coefficients ``(s, s)``, weights ``(s,)`` and nodes ``(s,)``; empty cells are 0.

        Raises:
            ValueError: If a cell holds no number; the message names every such cell.
        """
        faults: list[str] = []

        def read(text: str, cell: str) -> float:
            try:
                return number_of(text)
            except ValidationError:
                faults.append(f"{cell}: {text[:30]!r}")
                return 0.0

        a = np.zeros((self.stages, self.stages))
        for i, row in enumerate(self.a):
            for j, text in enumerate(row):
                a[i, j] = read(text, f"a{i + 1}{j + 1}")
        b = np.array([read(text, f"b{i + 1}") for i, text in enumerate(self.b)])
        c = np.array([read(text, f"c{i + 1}") for i, text in enumerate(self.c)])
        if faults:
            raise ValueError(
                f"{'; '.join(faults)} not legal; legal is a number or a fraction such as 1/3, from "
                "-100 to 100"
            )
        return a, b, c


def _text(x: float) -> str:
    return text_of(x, digits=_DIGITS) if x else "0"
