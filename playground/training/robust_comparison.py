"""Table I beside what was reproduced: cell by cell, and the order of the nets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from playground.attacks import AttackSlot, Preset
from playground.training.attack_curves import Spread, spread
from playground.training.robust_protocol import Protocol
from playground.training.robust_table import (
    NETS,
    Pair,
    Row,
    Verdict,
    pairs,
    rows_of,
    verdict,
)

CLEAN = Preset("clean", AttackSlot(name="gaussian_noise"), 0.0)
"""No perturbation: what a net does without an attack, which the table does not print."""

Cells = Mapping[tuple[str, str], Sequence[float]]
"""Accuracies in percent, one for each repetition, by the label of the perturbation and the net."""


def columns_of(protocol: Protocol) -> tuple[Preset, ...]:
    """Return what is evaluated: the clean images, then the perturbations in the order of the table."""
    return (CLEAN, *protocol.columns)


@dataclass(frozen=True)
class Cell:
    """A printed figure beside a reproduced one.

    Attributes:
        row: The printed line.
        column: What was evaluated in its place.
        net: The net.
        printed: The printed figure, in percent.
        found: The reproduced one, ``None`` where there is none yet.
        verdict: Whether they agree.
    """

    row: Row
    column: Preset
    net: str
    printed: Spread
    found: Spread | None
    verdict: Verdict

    @property
    def difference(self) -> float | None:
        """Reproduced minus printed, in percentage points."""
        return None if self.found is None else self.found.mean - self.printed.mean


def compared(protocol: Protocol, cells: Cells) -> list[Cell]:
    """Return every printed figure of a protocol's set of images beside the reproduced one.

    Args:
        protocol: What was done.
        cells: What came out of it.
    """
    made = []
    for row, column in zip(rows_of(protocol.table), protocol.columns, strict=True):
        for net in NETS:
            printed, found = row.printed(net), spread(cells.get((column.label, net), ()))
            judged = verdict(printed, found, "a reduced protocol" if protocol.reduced else "")
            made.append(Cell(row, column, net, printed, found, judged))
    return made


@dataclass(frozen=True)
class Ordered:
    """How the nets stand to each other under one perturbation."""

    row: Row
    column: Preset
    pairs: tuple[Pair, ...]


def ordered(protocol: Protocol, cells: Cells) -> list[Ordered]:
    """Return for every perturbation whether the nets come in the printed order.

    Args:
        protocol: What was done.
        cells: What came out of it.
    """
    made = []
    for row, column in zip(rows_of(protocol.table), protocol.columns, strict=True):
        found = {net: spread(cells.get((column.label, net), ())) for net in NETS}
        made.append(Ordered(row, column, pairs(row, found)))
    return made


def tally(lines: Sequence[Ordered]) -> dict[str, int]:
    """Return how many pairs of nets came out in which way."""
    likenesses = [pair.likeness for line in lines for pair in line.pairs]
    return {name: likenesses.count(name) for name in dict.fromkeys(likenesses)}
