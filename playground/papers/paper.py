"""One table of a paper: which trainings fill its cells, and what is printed in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from playground.experiment import Experiment
from playground.registry import Entry, Registry
from playground.training.repetitions import seeded

Cell = tuple[str, str]
"""Row and column of a cell, as the table names them."""


@dataclass(frozen=True)
class Quantity:
    """What a cell tells of its trainings.

    Attributes:
        label: What a person reads.
        field: Field of the last ``Metrics`` of a training.
        scale: What it is multiplied by to be in the units of the table.
        point: Difference that counts as none where the paper prints no spread, in those units; ``None``
            where there is no such measure and only our own spread can tell.
        digits: Decimals of the table.
    """

    label: str
    field: str
    scale: float
    point: float | None
    digits: int = 2


@dataclass(frozen=True)
class Printed:
    """A printed figure in the units of its table, with its printed standard deviation, if any."""

    mean: float
    std: float | None = None


@dataclass(frozen=True, kw_only=True)
class Paper(Entry):
    """A table of a paper.

    Attributes:
        rows: Names of its rows.
        columns: Names of its columns.
        quantities: What its cells tell, by short names.
        printed: What is printed, by quantity and cell; a cell that is not legible has no entry.
        variants: What is known of how it may have been computed, by short names; the first is the usual.
        experiment: Returns the experiment of a cell, given row, column and variant.
        repetitions: Trainings of each cell in the paper.
        reduced: Fields by dotted names that make a quick trial of it.
        reduced_words: What that leaves out, in words.
        doubts: What is known to be doubtful, each a sentence.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    quantities: Mapping[str, Quantity]
    printed: Mapping[tuple[str, str, str], Printed]
    variants: Mapping[str, str]
    experiment: Callable[[str, str, str], Experiment]
    repetitions: int
    reduced: Mapping[str, str] = field(default_factory=dict)
    reduced_words: str = ""
    doubts: tuple[str, ...] = ()

    @property
    def cells(self) -> list[Cell]:
        """All cells, row by row."""
        return [(row, column) for row in self.rows for column in self.columns]


PAPERS: Registry[Paper] = Registry("paper")


@dataclass(frozen=True)
class Training:
    """One training of a cell: its experiment, and which repetition it is, from 0 on."""

    cell: Cell
    repetition: int
    experiment: Experiment


def trainings(
    paper: Paper, variant: str = "", repetitions: int | None = None, *, reduced: bool = False
) -> list[Training]:
    """Return what has to be trained for a table, cell by cell.

    Args:
        paper: The table.
        variant: How it is computed; the usual way where it is empty.
        repetitions: Trainings of each cell, each with new data and new weights; the paper's without.
        reduced: Whether the quick protocol is taken.

    Raises:
        ValueError: For an unknown variant, or a number of repetitions out of bounds.
    """
    variant = variant or next(iter(paper.variants))
    if variant not in paper.variants:
        raise ValueError(
            f"variant: {variant!r} is not known of {paper.name}; legal is {', '.join(paper.variants)}"
        )
    changes = dict(paper.reduced) if reduced else {}
    made = []
    for cell in paper.cells:
        experiment = paper.experiment(*cell, variant)
        experiment = experiment.amended(changes) if changes else experiment
        runs = seeded(experiment, paper.repetitions if repetitions is None else repetitions)
        made += [Training(cell, i, run) for i, run in enumerate(runs)]
    return made
