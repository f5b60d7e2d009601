"""Coefficients of explicit Runge-Kutta methods, which check themselves when they are made."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any

import numpy as np
from pydantic import BeforeValidator, Field, model_validator

from playground.integrators.trees import condition, density, elementary_weight, trees
from playground.registry import Options, option

MAX_ORDER = 5
MAX_STAGES = 8

_TOLERANCE = 1e-9
_ROUNDING = 64 * np.finfo(float).eps


@dataclass(frozen=True)
class Tableau:
    """An explicit Runge-Kutta method with s stages.

    k_i = f(t + c_i h, y + h Σ_j a_ij k_j) and y ← y + h Σ_i b_i k_i.

    Attributes:
        a: Stage coefficients, s rows of s numbers, zero on and above the diagonal.
        b: Weights of the stages, s numbers.
        c: Nodes, s numbers; each is the sum of its row of ``a``.
        order: Declared order of accuracy, 1 to 5; all order conditions up to it are checked.

    Raises:
        ValueError: When a shape is wrong, a number is not finite, the method is not explicit, or a
            row sum or an order condition is violated; the message names which.
    """

    a: tuple[tuple[float, ...], ...]
    b: tuple[float, ...]
    c: tuple[float, ...]
    order: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "a", tuple(tuple(float(x) for x in row) for row in self.a))
        object.__setattr__(self, "b", tuple(float(x) for x in self.b))
        object.__setattr__(self, "c", tuple(float(x) for x in self.c))
        self._check_shapes()
        self._check_explicit()
        self._check_nodes()
        self._check_order()

    @classmethod
    def of(cls, a: Any, b: Any, order: int) -> Tableau:
        """Make a tableau from stage coefficients and weights; the nodes are the row sums.

        Rows of ``a`` may leave out their zeros on the right.
        """
        rows = [[float(x) for x in row] + [0.0] * (len(b) - len(row)) for row in a]
        return cls(rows, b, [math.fsum(row) for row in rows], order)

    @classmethod
    def from_options(cls, options: InlineTableau) -> Tableau:
        """Make the tableau that a user wrote inline."""
        return cls.of(options.a, options.b, options.order)

    @property
    def stages(self) -> int:
        """Number of field evaluations in a step."""
        return len(self.b)

    def _check_shapes(self) -> None:
        s = len(self.b)
        if s < 1:
            raise ValueError("b: needs at least one stage")
        if len(self.a) != s:
            raise ValueError(f"a: has {len(self.a)} rows but b has {s} weights; both count stages")
        for i, row in enumerate(self.a, 1):
            if len(row) != s:
                raise ValueError(f"a: row {i} has {len(row)} entries instead of {s}")
        if len(self.c) != s:
            raise ValueError(f"c: has {len(self.c)} nodes instead of {s}")
        if not 1 <= self.order <= MAX_ORDER:
            raise ValueError(f"order: {self.order} is not in 1 to {MAX_ORDER}")

    def _check_explicit(self) -> None:
        for name, numbers in (("a", sum(self.a, ())), ("b", self.b), ("c", self.c)):
            for x in numbers:
                if not math.isfinite(x):
                    raise ValueError(f"{name}: {x} is not a finite number")
        for i, row in enumerate(self.a):
            for j in range(i, len(row)):
                if row[j] != 0:
                    raise ValueError(
                        f"a: entry ({i + 1}, {j + 1}) is {row[j]:g}, but an explicit method has "
                        "zeros on and above the diagonal"
                    )

    def _check_nodes(self) -> None:
        for i, (row, node) in enumerate(zip(self.a, self.c), 1):
            total, size = math.fsum(row), math.fsum(abs(x) for x in row)
            if abs(total - node) > _TOLERANCE + _ROUNDING * size:
                raise ValueError(
                    f"row sum condition c{i} = Σ a{i}ⱼ violated: c{i} is {node:.12g}, "
                    f"the row sums to {total:.12g}"
                )

    def _check_order(self) -> None:
        a, b, c = np.array(self.a), np.array(self.b), np.array(self.c)
        for order in range(1, self.order + 1):
            for tree in trees(order):
                weight = elementary_weight(tree, a, b, c)
                size = elementary_weight(tree, abs(a), abs(b), abs(c))
                if not abs(weight - 1 / density(tree)) <= _TOLERANCE + _ROUNDING * size:
                    reached = "not even order 1" if order == 1 else f"order {order - 1}"
                    raise ValueError(
                        f"order {order} condition {condition(tree)} violated: the sum is "
                        f"{weight:.12g}, so that these coefficients reach {reached}, "
                        f"not order {self.order}"
                    )


def _number(value: Any) -> Any:
    """Read a coefficient written as a fraction, ``"1/3"``; leave anything else to pydantic."""
    if isinstance(value, str) and "/" in value:
        try:
            return float(Fraction(value.replace(" ", "")))
        except (ValueError, ZeroDivisionError, OverflowError):
            raise ValueError(f"{value!r} is not a fraction such as 1/3") from None
    return value


Coefficient = Annotated[float, BeforeValidator(_number), Field(ge=-100, le=100)]
Row = Annotated[tuple[Coefficient, ...], Field(max_length=MAX_STAGES)]


class InlineTableau(Options):
    """A tableau that a person writes; it is checked as strictly as the built-in ones.

    Numbers may be written as fractions (``"1/3"``); rows of ``a`` may leave out trailing zeros, so
    the first row may be empty. The defaults are Ralston's second-order method.
    """

    label: str = option(
        "Own tableau",
        label="Name",
        help="What charts and tables call the method.",
        min_length=1,
        max_length=40,
    )
    a: tuple[Row, ...] = option(
        ((0.0, 0.0), (2 / 3, 0.0)),
        label="Stage coefficients a",
        help="One row a stage: how much of each earlier slope enters the point of this stage.",
        min_length=1,
        max_length=MAX_STAGES,
    )
    b: tuple[Coefficient, ...] = option(
        (0.25, 0.75),
        label="Weights b",
        help="Share of each stage's slope in the step; they add up to 1.",
        min_length=1,
        max_length=MAX_STAGES,
    )
    order: int = option(
        2,
        label="Order",
        help="Claimed order of accuracy; all conditions up to it are checked.",
        ge=1,
        le=MAX_ORDER,
    )

    @model_validator(mode="after")
    def _is_a_method(self) -> InlineTableau:
        Tableau.from_options(self)
        return self
