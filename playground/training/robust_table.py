"""Table I of the survey of neural ODEs as it is printed, and how other figures compare with it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from playground.training.attack_curves import Spread

NETS = ("cnn", "ode_net", "tis_ode")
SETS = ("MNIST", "SVHN", "ImgNet10")
RUNS = 3
"""Trainings behind each printed figure, by Yan et al. (2020), from whom the table is taken."""
NOTABLE = 2.0  # combined standard errors beyond which two figures differ
POINT = 1.0  # percentage points up to which they do not


@dataclass(frozen=True)
class Row:
    """A line of the table.

    Attributes:
        data: The set of images.
        perturbation: As the table calls it.
        cells: Mean and standard deviation of the accuracy in percent, of each net.
    """

    data: str
    perturbation: str
    cells: Mapping[str, tuple[float, float]]

    def printed(self, net: str) -> Spread:
        """Return a cell as mean and deviation over the trainings behind it."""
        mean, std = self.cells[net]
        return Spread(mean, std, RUNS)


def _row(data: str, perturbation: str, *cells: tuple[float, float]) -> Row:
    return Row(data, perturbation, dict(zip(NETS, cells)))


TABLE_I: tuple[Row, ...] = (
    _row("MNIST", "σ = 100", (98.7, 0.1), (99.4, 0.1), (99.6, 0.0)),
    _row("MNIST", "FGSM-0.3", (54.2, 1.1), (71.5, 1.1), (75.7, 1.4)),
    _row("MNIST", "FGSM-0.5", (15.8, 1.3), (19.9, 1.2), (26.5, 3.8)),
    _row("MNIST", "PGD-0.2", (32.9, 3.7), (64.7, 1.8), (67.4, 1.5)),
    _row("MNIST", "PGD-0.3", (0.0, 0.0), (13.0, 0.2), (13.2, 1.0)),
    _row("SVHN", "σ = 35", (90.6, 0.2), (95.1, 0.1), (94.9, 0.1)),
    _row("SVHN", "FGSM-5/255", (25.3, 0.6), (49.4, 1.0), (51.6, 1.2)),
    _row("SVHN", "FGSM-8/255", (12.3, 0.7), (34.7, 0.5), (38.2, 1.9)),
    _row("SVHN", "PGD-3/255", (32.4, 0.4), (50.9, 1.3), (52.0, 0.9)),
    _row("SVHN", "PGD-5/255", (14.0, 0.5), (27.2, 1.4), (28.2, 0.3)),
    _row("ImgNet10", "σ = 25", (92.6, 0.6), (92.6, 0.5), (92.8, 0.4)),
    _row("ImgNet10", "FGSM-5/255", (40.9, 1.8), (42.0, 0.4), (44.3, 0.7)),
    _row("ImgNet10", "FGSM-8/255", (26.7, 1.7), (29.0, 1.0), (31.4, 1.1)),
    _row("ImgNet10", "PGD-3/255", (28.6, 1.5), (29.8, 0.4), (31.1, 1.2)),
    _row("ImgNet10", "PGD-5/255", (11.2, 1.2), (12.3, 0.6), (14.5, 1.1)),
)
"""Accuracies under perturbations, in percent; the nets were trained on images with noise."""


def rows_of(data: str) -> tuple[Row, ...]:
    """Return the lines of one set of images."""
    return tuple(row for row in TABLE_I if row.data == data)


def combined_error(one: Spread, other: Spread) -> float | None:
    """Return the standard error of the difference of two means; ``None`` where one has no spread."""
    if one.error is None or other.error is None:
        return None
    return math.hypot(one.error, other.error)


Outcome = Literal["agrees", "differs", "cannot be judged"]


@dataclass(frozen=True)
class Verdict:
    """Whether a reproduced cell agrees with the printed one, and in words why."""

    outcome: Outcome
    words: str


def verdict(printed: Spread, found: Spread | None, why_not: str = "") -> Verdict:
    """Compare a reproduced figure, in percent, with the printed one.

    They agree within one point, or within two standard errors of their difference.

    Args:
        printed: What is printed.
        found: What was found, ``None`` where nothing was.
        why_not: Why figures of this protocol cannot be compared with printed ones; empty if they can.
    """
    if found is None:
        return Verdict("cannot be judged", "cannot be judged: nothing was computed yet")
    if why_not:
        return Verdict("cannot be judged", f"cannot be judged: {why_not}")
    by, error = found.mean - printed.mean, combined_error(printed, found)
    allowed = max(POINT, NOTABLE * (error or 0.0))
    if abs(by) <= allowed + 1e-9:
        return Verdict("agrees", f"agrees: {_signed(by)} within {allowed:.1f} points")
    if error is None:
        return Verdict(
            "cannot be judged",
            f"cannot be judged: {_signed(by)} points, and one training says nothing of chance",
        )
    return Verdict("differs", f"differs by {_signed(by)} points, more than {allowed:.1f}")


def _signed(value: float) -> str:
    return f"{round(value, 1) + 0:+.1f}".replace("-", "−")


Sign = Literal[-1, 0, 1]


def order(one: Spread, other: Spread) -> Sign | None:
    """Return which of two means is greater: 1 the first, −1 the second, 0 within two standard errors.

    ``None`` where a single training says nothing of chance.
    """
    error = combined_error(one, other)
    if error is None:
        return None
    by = one.mean - other.mean
    if abs(by) <= NOTABLE * error:
        return 0
    return 1 if by > 0 else -1


Likeness = Literal["same order", "opposite order", "not told apart", "cannot be judged"]


@dataclass(frozen=True)
class Pair:
    """How two nets stand to each other, printed and reproduced.

    Attributes:
        nets: Their names.
        printed: Printed order, see ``order``.
        found: Reproduced order, ``None`` where it cannot be told.
    """

    nets: tuple[str, str]
    printed: Sign | None
    found: Sign | None

    @property
    def likeness(self) -> Likeness:
        """Whether both have the nets in the same order."""
        if self.printed is None or self.found is None:
            return "cannot be judged"
        if 0 in (self.printed, self.found):
            return "not told apart"
        return "same order" if self.printed == self.found else "opposite order"


def pairs(row: Row, found: Mapping[str, Spread | None]) -> tuple[Pair, ...]:
    """Return how the nets stand to each other two by two, the later one of the table first.

    Args:
        row: A printed line.
        found: The reproduced cells of this line.
    """
    made = []
    for weaker, stronger in combinations(NETS, 2):
        printed = order(row.printed(stronger), row.printed(weaker))
        a, b = found.get(stronger), found.get(weaker)
        made.append(
            Pair((stronger, weaker), printed, None if a is None or b is None else order(a, b))
        )
    return tuple(made)


SVHN_NOTE = (
    "The text says that TisODE is more accurate on SVHN against every kind of perturbation; under noise "
    "of σ = 35 the printed table itself has TisODE at 94.9 and ODENet at 95.1."
)
