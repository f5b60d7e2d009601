"""All order conditions of a tableau, one by one, for people who are changing it.

``Tableau`` refuses what does not reach its declared order; here a half-finished one is looked at.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from playground.integrators.tableau import MAX_ORDER
from playground.integrators.trees import condition, density, elementary_weight, trees

_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Condition:
    """One equation that the coefficients should fulfil.

    Attributes:
        order: Order that it belongs to; 0 for a row sum.
        text: The equation.
        value: Left side with these coefficients.
        wanted: Right side.
    """

    order: int
    text: str
    value: float
    wanted: float

    @property
    def holds(self) -> bool:
        """Whether both sides are equal, up to rounding."""
        return abs(self.value - self.wanted) <= _TOLERANCE * max(1.0, abs(self.value))


def _low(number: int) -> str:
    return str(number).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))


def row_sums(a: Sequence[Sequence[float]], c: Sequence[float]) -> list[Condition]:
    """Return the conditions c_i = Σ_j a_ij of coefficients ``(s, s)`` and nodes ``(s,)``."""
    return [
        Condition(0, f"Σ a{_low(i)}ⱼ = c{_low(i)}", math.fsum(row), float(node))
        for i, (row, node) in enumerate(zip(a, c), 1)
    ]


def order_conditions(
    a: Sequence[Sequence[float]], b: Sequence[float], c: Sequence[float], up_to: int = MAX_ORDER
) -> list[Condition]:
    """Return the conditions of all orders up to one, a rooted tree each.

    Args:
        a: Stage coefficients ``(s, s)``.
        b: Weights ``(s,)``.
        c: Nodes ``(s,)``; they may differ from the row sums, as a misprint's do.
        up_to: Highest order; 1, 2, 4, 8, 17 conditions in all.
    """
    matrix, weights, nodes = (np.asarray(x, float) for x in (a, b, c))
    return [
        Condition(
            order,
            condition(tree),
            elementary_weight(tree, matrix, weights, nodes),
            1 / density(tree),
        )
        for order in range(1, up_to + 1)
        for tree in trees(order)
    ]


def reached_order(
    a: Sequence[Sequence[float]], b: Sequence[float], c: Sequence[float], up_to: int = MAX_ORDER
) -> int:
    """Return the highest order whose conditions, and all before it, hold; 0 where Σ b ≠ 1.

    Where a row sum differs from its node, the conditions say what an autonomous problem cannot: on one
    that depends on time the order may be lower still.
    """
    failed = [each.order for each in order_conditions(a, b, c, up_to) if not each.holds]
    return min(failed) - 1 if failed else up_to


def symplecticity(
    a: Sequence[Sequence[float]], b: Sequence[float], partner: Sequence[Sequence[float]]
) -> float:
    """Return how far two tableaus with the weights b miss (3.23): max |b_i ã_ij + b_j a_ji − b_i b_j|.

    0 means that state and costate together are stepped symplectically, so that the costate is the exact
    gradient of the discrete problem.
    """
    first, second, weights = (np.asarray(x, float) for x in (a, partner, b))
    missed = weights[:, None] * second + (weights[:, None] * first).T - np.outer(weights, weights)
    return float(np.abs(missed).max())
