"""What came out of a study: the figures of its cells, and its pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Size = Literal["full", "half", "third", "quarter"]


@dataclass(frozen=True)
class Panel:
    """One picture.

    Attributes:
        title: What stands above it.
        chart: Name of a kind of chart, see ``playground.charts.panels.PANELS``.
        rows: The data by columns, all of one length; they are also the file that can be taken home.
        options: What that kind of chart wants to know: titles of axes, whether they are logarithmic.
        caption: What one sees, in a sentence or two.
        size: Which part of the width it takes.
    """

    title: str
    chart: str
    rows: Mapping[str, Sequence[Any]]
    options: Mapping[str, Any] = field(default_factory=dict)
    caption: str = ""
    size: Size = "half"


@dataclass(frozen=True)
class Found:
    """What came out.

    Attributes:
        values: One figure for each repetition, by quantity, row and column; ``None`` where a repetition
            came to none.
        panels: The pictures, in their order.
        notes: What has to be said of it aloud, each a sentence: disagreements, failures.
        runs: Of each training its cell, repetition, epochs, ending and reason, as far as there were any.
    """

    values: Mapping[tuple[str, str, str], Sequence[float | None]] = field(default_factory=dict)
    panels: tuple[Panel, ...] = ()
    notes: tuple[str, ...] = ()
    runs: tuple[Mapping[str, Any], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return it as a tree of plain values, for JSON."""
        cells = [[*cell, list(values)] for cell, values in self.values.items()]
        return {**asdict(self), "values": cells}

    @classmethod
    def from_dict(cls, tree: Mapping[str, Any]) -> Found:
        """Return what ``to_dict`` told.

        Raises:
            KeyError, TypeError, ValueError: If it is something else.
        """
        return cls(
            values={tuple(cell[:3]): tuple(cell[3]) for cell in tree["values"]},
            panels=tuple(Panel(**panel) for panel in tree["panels"]),
            notes=tuple(tree["notes"]),
            runs=tuple(tree["runs"]),
        )
