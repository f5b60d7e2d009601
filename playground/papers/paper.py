"""One table or figure of a paper: what has to be computed for it, and what is printed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from playground.experiment import Experiment
from playground.papers.found import Found
from playground.registry import Entry, Registry
from playground.training.repetitions import MAX_REPETITIONS, seeded

Cell = tuple[str, str]
"""Row and column of a cell, as the table names them."""


@dataclass(frozen=True)
class Quantity:
    """What a cell tells of its trainings.

    Attributes:
        label: What a person reads, with the unit.
        field: Field of the last ``Metrics`` of a training; of tables only.
        scale: What that is multiplied by to be in the units of the table.
        point: Difference that counts as none where the paper prints no spread, in those units; ``None``
            where there is no such measure and only our own spread can tell.
        digits: Decimals of the table.
        exact: Whether it is counted and not measured, so that any difference is one, spread or not.
    """

    label: str
    field: str = ""
    scale: float = 1.0
    point: float | None = None
    digits: int = 2
    exact: bool = False


Relation = Literal["=", "≤", "≥"]


@dataclass(frozen=True)
class Printed:
    """A printed figure in the units of its table.

    Attributes:
        mean: The figure, or the bound that a sentence of the paper claims.
        std: Its printed standard deviation, if any.
        relation: What is claimed of the figure: that it is ``mean``, at most that, or at least that.
    """

    mean: float
    std: float | None = None
    relation: Relation = "="


@dataclass(frozen=True, kw_only=True)
class Paper(Entry):
    """A table, a figure or a claim of a paper.

    Attributes:
        rows: Names of its rows; empty where nothing is counted or measured.
        columns: Names of its columns.
        quantities: What its cells tell, by short names.
        printed: What is printed, by quantity and cell; a cell that is not legible has no entry.
        variants: What is known of how it may have been computed, by short names; the first is the usual.
        repetitions: How often each cell is computed in the paper.
        reduced_words: What the quick protocol leaves out, in words; empty without such a protocol.
        doubts: What is known to be doubtful, each a sentence.
    """

    rows: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    quantities: Mapping[str, Quantity] = field(default_factory=dict)
    printed: Mapping[tuple[str, str, str], Printed] = field(default_factory=dict)
    variants: Mapping[str, str] = field(default_factory=lambda: {"text": "as the text has it"})
    repetitions: int = 1
    reduced_words: str = ""
    doubts: tuple[str, ...] = ()

    @property
    def cells(self) -> list[Cell]:
        """All cells, row by row."""
        return [(row, column) for row in self.rows for column in self.columns]

    def variant(self, name: str) -> str:
        """Return the name of a variant, the usual one for an empty name.

        Raises:
            ValueError: If there is none of that name.
        """
        name = name or next(iter(self.variants))
        if name not in self.variants:
            legal = ", ".join(self.variants)
            raise ValueError(f"variant: {name!r} is not known of {self.name}; legal is {legal}")
        return name


@dataclass(frozen=True, kw_only=True)
class Table(Paper):
    """A table whose every cell is the last figures of trainings, which the engine does.

    Attributes:
        experiment: Returns the experiment of a cell, given row, column and variant.
        reduced: Fields by dotted names that make a quick trial of it.
        stand_in: Returns the quick trial of a cell, where changed fields cannot make one: another net
            and other data, given row, column and variant.
    """

    experiment: Callable[[str, str, str], Experiment]
    reduced: Mapping[str, str] = field(default_factory=dict)
    stand_in: Callable[[str, str, str], Experiment] | None = None


@dataclass(frozen=True)
class Order:
    """How a study is computed.

    Attributes:
        variant: Which of its variants.
        repetitions: How often each cell is computed.
        reduced: Whether by the quick protocol.
    """

    variant: str
    repetitions: int
    reduced: bool = False


Tell = Callable[[str, float], None]
"""Told what is being computed, in words, and the share of all work that is done."""


@dataclass(frozen=True, kw_only=True)
class Study(Paper):
    """A table, figure or claim that takes more than trainings; it is computed in a process of its own.

    Attributes:
        compute: Computes it: the figures of its cells, and its pictures.
        seconds: About how long the full protocol takes on one core of a desktop computer.
        reduced_seconds: The same of the quick protocol.
    """

    compute: Callable[[Order, Tell], Found]
    seconds: float
    reduced_seconds: float = 0.0

    def order(
        self, variant: str = "", repetitions: int | None = None, *, reduced: bool = False
    ) -> Order:
        """Return what is asked for, with the paper's own choices where nothing is.

        Raises:
            ValueError: For an unknown variant, or a number of repetitions out of bounds.
        """
        wanted = self.repetitions if repetitions is None else repetitions
        if not 1 <= wanted <= MAX_REPETITIONS:
            raise ValueError(f"repetitions: {wanted} is not legal; legal is 1 to {MAX_REPETITIONS}")
        return Order(self.variant(variant), wanted, reduced and bool(self.reduced_words))


PAPERS: Registry[Paper] = Registry("paper")


@dataclass(frozen=True)
class Training:
    """One training of a cell: its experiment, and which repetition it is, from 0 on."""

    cell: Cell
    repetition: int
    experiment: Experiment


def trainings(
    paper: Table, variant: str = "", repetitions: int | None = None, *, reduced: bool = False
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
    variant = paper.variant(variant)
    changes = dict(paper.reduced) if reduced else {}
    make = paper.stand_in if reduced and paper.stand_in else paper.experiment
    made = []
    for cell in paper.cells:
        experiment = make(*cell, variant)
        experiment = experiment.amended(changes) if changes else experiment
        runs = seeded(experiment, paper.repetitions if repetitions is None else repetitions)
        made += [Training(cell, i, run) for i, run in enumerate(runs)]
    return made
