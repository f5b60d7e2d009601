"""Whether a reproduced figure agrees with a printed one, in words."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["agrees", "differs", "cannot be judged"]


@dataclass(frozen=True)
class Verdict:
    """What a comparison came to.

    Attributes:
        kind: ``agrees``, ``differs`` or ``cannot be judged``.
        words: The same with its reason.
        difference: Reproduced minus printed, ``None`` where there is nothing to compare.
        tolerance: What passes for no difference, ``None`` likewise.
    """

    kind: Kind
    words: str
    difference: float | None = None
    tolerance: float | None = None


def spread(values: Sequence[float]) -> float | None:
    """Return the standard deviation of a sample, ``None`` of fewer than two values."""
    return statistics.stdev(values) if len(values) > 1 else None


def judge(
    values: Sequence[float],
    printed: float | None,
    printed_std: float | None,
    printed_repetitions: int,
    *,
    point: float | None,
    why_not: str = "",
    relation: str = "=",
    exact: bool = False,
) -> Verdict:
    """Compare reproduced values with a printed mean.

    Where the paper gives a spread they agree within two combined standard errors, where it gives none
    within one point; where a point has no meaning, within two standard errors of our own values.

    Args:
        values: One for each repetition, in the units of the table.
        printed: The printed mean, ``None`` where the cell is empty or not legible.
        printed_std: The printed standard deviation.
        printed_repetitions: Of how many repetitions.
        point: One point in these units, ``None`` where there is none.
        why_not: Why the protocol allows no comparison, in words; empty if it does.
        relation: ``=``, or ``≤`` or ``≥`` where the paper claims a bound.
        exact: Whether the figure is counted, so that any difference is one.
    """
    if printed is None:
        return Verdict("cannot be judged", "nothing legible is printed")
    known = [value for value in values if math.isfinite(value)]
    if not known:
        return Verdict("cannot be judged", "nothing came to a figure")
    difference = statistics.fmean(known) - printed
    if exact:
        return _exactly(difference, relation)
    if why_not:
        return Verdict("cannot be judged", why_not, difference)
    if relation != "=":
        return _bounded(difference, relation)
    own = spread(known)
    if printed_std is not None:
        if own is None:
            return Verdict("cannot be judged", "one repetition has no spread", difference)
        tolerance = 2 * math.sqrt(own**2 / len(known) + printed_std**2 / printed_repetitions)
        by = "two combined standard errors"
    elif point is not None:
        measure = "one point" if point == 1 else "what counts as none here"
        tolerance, by = point, f"{measure}, as the paper gives no spread"
    elif own is not None:
        tolerance, by = 2 * own / math.sqrt(len(known)), "two standard errors of our own"
    else:
        return Verdict("cannot be judged", "one repetition has no spread", difference)
    within = abs(difference) <= tolerance
    words = f"by {difference:+.3g}, {'within' if within else 'beyond'} {tolerance:.3g} ({by})"
    if within:
        return Verdict("agrees", f"differs {words}", difference, tolerance)
    return Verdict("differs", words, difference, tolerance)


def _exactly(difference: float, relation: str) -> Verdict:
    if relation != "=":
        return _bounded(difference, relation)
    if difference == 0:
        return Verdict("agrees", "to the unit", difference, 0.0)
    return Verdict("differs", f"by {difference:+,.10g}, where it can be counted", difference, 0.0)


def _bounded(difference: float, relation: str) -> Verdict:
    """Return whether a claimed bound holds for the mean."""
    holds = difference <= 0 if relation == "≤" else difference >= 0
    bound = "at most" if relation == "≤" else "at least"
    words = (
        f"{abs(difference):.3g} {'below' if difference < 0 else 'above'} what is claimed as {bound}"
    )
    return Verdict("agrees" if holds else "differs", words, difference, 0.0)
