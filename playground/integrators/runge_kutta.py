"""Explicit Runge-Kutta schemes: one generic stepper, one entry of coefficients each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from playground.integrators.base import INTEGRATORS, Field, Scheme, State, Terms, advance, nonzero
from playground.integrators.latex import runge_kutta_formula
from playground.integrators.tableau import InlineTableau, Tableau
from playground.registry import Options


@dataclass(frozen=True, kw_only=True)
class RungeKutta(Scheme):
    """An explicit Runge-Kutta scheme: everything follows from its tableau."""

    tableau: Tableau
    kind: Literal["runge_kutta"] = "runge_kutta"

    def slopes(self, f: Field, t: float, y: State, h: Any) -> list[State]:
        """Return the slopes k_1 … k_s of a step; k_1 is f(t, y)."""
        slopes: list[State] = []
        for node, terms in self._stages:
            time = t if node == 0 else t + node * h
            slopes.append(f(time, advance(y, slopes, terms, h)))
        return slopes

    def combine(self, y: State, slopes: list[State], h: Any) -> State:
        """Return y + h Σ b_i k_i."""
        return advance(y, slopes, self._weights, h)

    def step(
        self, f: Field, t: float, y: State, h: Any, history: tuple[Any, ...] = ()
    ) -> tuple[State, tuple[Any, ...]]:
        """Take one step; the history stays empty."""
        return self.combine(y, self.slopes(f, t, y, h), h), ()

    @cached_property
    def _stages(self) -> tuple[tuple[float, Terms], ...]:
        return tuple((c, nonzero(row)) for c, row in zip(self.tableau.c, self.tableau.a))

    @cached_property
    def _weights(self) -> Terms:
        return nonzero(self.tableau.b)


@dataclass(frozen=True, kw_only=True)
class CustomRungeKutta(RungeKutta):
    """The entry whose tableau comes from its options."""

    def with_options(self, options: Options) -> RungeKutta:
        """Return the scheme of the tableau in the options."""
        if not isinstance(options, InlineTableau):
            raise ValueError(f"options: {type(options).__name__} holds no tableau")
        return scheme_from_tableau(options)


def scheme_from_tableau(inline: InlineTableau) -> RungeKutta:
    """Return the scheme of a tableau that a person wrote."""
    return _make(
        RungeKutta,
        Tableau.from_options(inline),
        name="custom",
        label=inline.label,
        summary="A tableau written by hand, checked like the built-in ones.",
    )


def _make(
    kind: type[RungeKutta], tableau: Tableau, *, name: str, label: str, summary: str, **entry: Any
) -> Any:
    return kind(
        name=name,
        label=label,
        summary=summary,
        tableau=tableau,
        order=tableau.order,
        stages=tableau.stages,
        formula=runge_kutta_formula(tableau),
        **entry,
    )


def _add(
    name: str,
    label: str,
    order: int,
    a: Sequence[Sequence[float]],
    b: Sequence[float],
    summary: str,
    reference: str,
) -> None:
    tableau = Tableau.of(a, b, order)
    INTEGRATORS.add(
        _make(RungeKutta, tableau, name=name, label=label, summary=summary, reference=reference)
    )


_add(
    "euler",
    "Euler",
    1,
    [[]],
    [1],
    "Follows the slope at the start of the step; a residual block y + h f(y) is one such step.",
    "Euler (1768)",
)
_add(
    "heun2",
    "Heun, order 2",
    2,
    [[], [1]],
    [1 / 2, 1 / 2],
    "Averages the slopes at the start and at Euler's end point (explicit trapezoidal rule).",
    "Heun (1900)",
)
_add(
    "midpoint",
    "Midpoint",
    2,
    [[], [1 / 2]],
    [0, 1],
    "Goes half a step by Euler and follows the slope found there.",
    "Runge (1895)",
)
_add(
    "ralston2",
    "Ralston, order 2",
    2,
    [[], [2 / 3]],
    [1 / 4, 3 / 4],
    "Two stages with the smallest bound on the error of one step.",
    "Ralston (1962)",
)
_add(
    "heun3",
    "Heun, order 3",
    3,
    [[], [1 / 3], [0, 2 / 3]],
    [1 / 4, 0, 3 / 4],
    "Three stages at 0, 1/3 and 2/3 of the step; the second only serves the third.",
    "Heun (1900)",
)
_add(
    "kutta3",
    "Kutta, order 3",
    3,
    [[], [1 / 2], [-1, 2]],
    [1 / 6, 2 / 3, 1 / 6],
    "Simpson's rule as a method of three stages.",
    "Kutta (1901)",
)
_add(
    "ralston3",
    "Ralston, order 3",
    3,
    [[], [1 / 2], [0, 3 / 4]],
    [2 / 9, 1 / 3, 4 / 9],
    "Three stages with the smallest bound on the error of one step.",
    "Ralston (1962)",
)
_add(
    "ssprk3",
    "Strong-stability preserving, order 3",
    3,
    [[], [1], [1 / 4, 1 / 4]],
    [1 / 6, 1 / 6, 2 / 3],
    "Averages of Euler steps, so that bounds that Euler keeps are kept at order 3 as well.",
    "Shu and Osher (1988)",
)
_add(
    "rk4",
    "Classical Runge-Kutta, order 4",
    4,
    [[], [1 / 2], [0, 1 / 2], [0, 0, 1]],
    [1 / 6, 1 / 3, 1 / 3, 1 / 6],
    "The classical method: two slopes in the middle, one at each end, weighted like Simpson.",
    "Kutta (1901)",
)
_add(
    "rk4_38",
    "3/8 rule, order 4",
    4,
    [[], [1 / 3], [-1 / 3, 1], [1, -1, 1]],
    [1 / 8, 3 / 8, 3 / 8, 1 / 8],
    "Kutta's other method of order 4, with slightly smaller error; torchdiffeq calls it rk4.",
    "Kutta (1901)",
)
_add(
    "butcher5",
    "Butcher, order 5",
    5,
    [
        [],
        [1 / 4],
        [1 / 8, 1 / 8],
        [0, -1 / 2, 1],
        [3 / 16, 0, 0, 9 / 16],
        [-3 / 7, 2 / 7, 12 / 7, -12 / 7, 8 / 7],
    ],
    [7 / 90, 0, 32 / 90, 12 / 90, 32 / 90, 7 / 90],
    "Order 5 needs six stages, one more than its order; this is the best-known set of them.",
    "Butcher (1964)",
)
_DEFAULT = InlineTableau()
INTEGRATORS.add(
    _make(
        CustomRungeKutta,
        Tableau.from_options(_DEFAULT),
        name="custom",
        label=_DEFAULT.label,
        summary="An explicit Runge-Kutta method of your own, checked up to the order it claims.",
        reference="Butcher (1963) for the order conditions",
        options=InlineTableau,
    )
)
