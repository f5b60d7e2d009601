"""Explicit linear multistep schemes, which reuse former states and slopes instead of new stages."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from playground.integrators.base import (
    INTEGRATORS,
    Field,
    Scheme,
    State,
    advance,
    nonzero,
    weighted_sum,
)
from playground.integrators.latex import multistep_formula
from playground.integrators.runge_kutta import RungeKutta


def defect(alpha: tuple[float, ...], beta: tuple[float, ...], q: int) -> float:
    """Return C_q, the coefficient of h^q y^(q) in the error of one step (0 up to the order)."""
    states = math.fsum(a * (-j) ** q for j, a in enumerate(alpha)) / math.factorial(q)
    if q == 0:
        return 1 - states
    fields = math.fsum(b * (-j) ** (q - 1) for j, b in enumerate(beta))
    return 1 / math.factorial(q) - states - fields / math.factorial(q - 1)


@dataclass(frozen=True, kw_only=True)
class Multistep(Scheme):
    """y_{l+1} = Σ_j α_j y_{l−j} + h Σ_j β_j f_{l−j} with equal steps h.

    The first steps, which have no past yet, are taken by a Runge-Kutta scheme, the starter.

    Attributes:
        alpha: Weights of the states, newest first, k numbers.
        beta: Weights of the field values, newest first, k numbers.
        starter: Name of the scheme that takes the first k − 1 steps.

    Raises:
        ValueError: When the lengths differ, the declared order is not reached (C_q ≠ 0), or the
            root condition fails, so that errors would grow even for a zero field.
    """

    alpha: tuple[float, ...]
    beta: tuple[float, ...]
    starter: str
    kind: Literal["multistep"] = "multistep"

    def __post_init__(self) -> None:
        if len(self.alpha) != len(self.beta) or len(self.alpha) < 1:
            raise ValueError(
                f"alpha, beta: {len(self.alpha)} and {len(self.beta)} weights; "
                "one of each is needed for every former step"
            )
        for q in range(self.order + 1):
            value = defect(self.alpha, self.beta, q)
            if not abs(value) <= 1e-12:
                raise ValueError(
                    f"order {self.order} needs C_{q} = 0, but these weights give {value:.12g}"
                )
        self._check_roots()
        if not isinstance(INTEGRATORS.get(self.starter), RungeKutta):
            raise ValueError(f"starter: {self.starter!r} is not a Runge-Kutta scheme")

    @property
    def steps(self) -> int:
        """Number k of steps that enter a new one."""
        return len(self.alpha)

    def _check_roots(self) -> None:
        roots = np.roots([1.0, *(-a for a in self.alpha)])
        for i, root in enumerate(roots):
            others = np.delete(roots, i)
            # A double root on the circle is computed as a pair about 1e-8 apart.
            double = abs(root) > 1 - 1e-6 and bool(np.any(abs(others - root) < 1e-6))
            if abs(root) > 1 + 1e-9 or double:
                raise ValueError(
                    f"root condition violated: ρ has the root {root:.4g} of modulus {abs(root):.4g}"
                    f"{' twice' if double else ''}; legal are moduli below 1, or 1 for simple roots"
                )

    def step(
        self, f: Field, t: float, y: State, h: Any, history: tuple[Any, ...] = ()
    ) -> tuple[State, tuple[Any, ...]]:
        """Take one step; the history holds former ``(state, field value)`` pairs, newest first."""
        if len(history) < self.steps - 1:
            starter = self._starter
            slopes = starter.slopes(f, t, y, h)
            return starter.combine(y, slopes, h), ((y, slopes[0]), *history)
        past = ((y, f(t, y)), *history)
        states = weighted_sum([state for state, _ in past], self._states)
        following = advance(states, [value for _, value in past], self._fields, h)
        return following, past[: self.steps - 1]

    @cached_property
    def _starter(self) -> RungeKutta:
        return INTEGRATORS[self.starter]

    @cached_property
    def _states(self) -> tuple[tuple[int, float], ...]:
        return nonzero(self.alpha)

    @cached_property
    def _fields(self) -> tuple[tuple[int, float], ...]:
        return nonzero(self.beta)


def _add(
    name: str, label: str, alpha: tuple[float, ...], beta: tuple[float, ...], **entry: Any
) -> None:
    formula = multistep_formula(alpha, beta)
    INTEGRATORS.add(
        Multistep(
            name=name, label=label, alpha=alpha, beta=beta, stages=1, formula=formula, **entry
        )
    )


_add(
    "ab2",
    "Adams-Bashforth, order 2",
    (1.0, 0.0),
    (3 / 2, -1 / 2),
    order=2,
    starter="heun2",
    summary="Extrapolates the slope from this step and the one before: order 2 for one evaluation.",
    reference="Bashforth and Adams (1883)",
)
_add(
    "taylor_multistep",
    "Taylor multistep",
    (3 / 2, -1.0, 1 / 2),
    (1.0, 0.0, 0.0),
    order=2,
    starter="euler",
    summary="Order 2 from three former states and one slope: more accurate than Euler at small "
    "steps, less stable at coarse ones.",
    reference="the difference rule of TM-ResNet, with its start by two Euler steps",
)
