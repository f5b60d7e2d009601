"""Schemes as one of the papers prints them, each beside what it turns out to be.

They stand outside the registry: a net should be stepped by the schemes that do what they say.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from playground.integrators.base import INTEGRATORS, Field
from playground.integrators.solve import solve

Solve = Callable[[Field, Any, float, float, int], tuple[np.ndarray, np.ndarray]]
"""Integrates a field from a state and a time to a time, in so many steps: times and states."""


@dataclass(frozen=True)
class Printed:
    """A formula as it stands in *residual stacking by the Taylor multistep method*.

    Attributes:
        name: Key in ``PRINTED``.
        label: Its name in the paper.
        formula: The formula in LaTeX, as printed.
        claimed: Order that the paper gives it.
        order: Order that it has; 0 for one that does not converge.
        verdict: What is wrong with it, or that it is right.
        corrected: Names in ``INTEGRATORS`` of what was meant.
        solve: Integrates as printed.
    """

    name: str
    label: str
    formula: str
    claimed: int
    order: int
    verdict: str
    corrected: tuple[str, ...]
    solve: Solve


def _registered(name: str) -> Solve:
    return lambda f, y0, t0, t1, n: solve(f, y0, t0, t1, n, name)


def as_written(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> Solve:
    """Return the solver of explicit coefficients as they stand, which need not be a method.

    Args:
        a: Stage coefficients ``(s, s)``, of which those below the diagonal count.
        b: Weights ``(s,)``.
        c: Nodes ``(s,)``; they may differ from the row sums.
    """

    def solver(
        f: Field, y0: Any, t0: float, t1: float, n_steps: int
    ) -> tuple[np.ndarray, np.ndarray]:
        times, h = np.linspace(t0, t1, n_steps + 1), (t1 - t0) / n_steps
        states = [np.asarray(y0, float)]
        for t in times[:-1]:
            slopes = np.zeros((len(b), *states[-1].shape))
            for i in range(len(b)):
                stage = states[-1] + h * np.tensordot(a[i, :i], slopes[:i], 1)
                slopes[i] = f(float(t + c[i] * h), stage)
            states.append(states[-1] + h * np.tensordot(b, slopes, 1))
        return times, np.stack(states)

    return solver


def _tableau(rows: list[list[float]], b: list[float]) -> Solve:
    a = np.array([row + [0.0] * (len(b) - len(row)) for row in rows])
    return as_written(a, np.array(b), a.sum(axis=1))


def _two_thirds_of_the_time(
    f: Field, y0: Any, t0: float, t1: float, n_steps: int
) -> tuple[np.ndarray, np.ndarray]:
    """Step the formula that takes its second slope at the time 2t/3, which has long passed.

    No tableau can say that. The state there is read between the states that were computed.
    """
    times, h = np.linspace(t0, t1, n_steps + 1), (t1 - t0) / n_steps
    states = [np.asarray(y0, float)]
    for step, t in enumerate(times[:-1]):
        past = 2 * t / 3
        place = min(max((past - t0) / h, 0.0), float(step))
        before = min(int(place), max(step - 1, 0))
        after, share = min(before + 1, step), place - before
        then = (1 - share) * states[before] + share * states[after]
        slope = (f(float(t), states[-1]) + 3 * f(float(past), then)) / 4
        states.append(states[-1] + h * slope)
    return times, np.stack(states)


_ENTRIES = (
    Printed(
        "forward_euler",
        "Forward Euler",
        r"\theta_{l+1} = \theta_l + \tau F(t_l, \theta_l)",
        1,
        1,
        "Right.",
        ("euler",),
        _registered("euler"),
    ),
    Printed(
        "improved_euler",
        "Improved Euler",
        r"k_2 = F(t_l + \tfrac{\tau}{2}, \theta_l + \tfrac{\tau}{2} k_1),\quad "
        r"\theta_{l+1} = \theta_l + \tfrac{\tau}{2}(k_1 + k_2)",
        2,
        1,
        "Order 1 only: the weights of the trapezoidal rule with the node of the midpoint rule. Meant is "
        "either of the two.",
        ("heun2", "midpoint"),
        _tableau([[], [1 / 2]], [1 / 2, 1 / 2]),
    ),
    Printed(
        "rk2",
        "RK2",
        r"k_2 = F(\tfrac{2 t_l}{3}, \theta(\tfrac{2 t_l}{3})),\quad "
        r"\theta_{l+1} = \theta_l + \tfrac{\tau}{4}(k_1 + 3 k_2)",
        2,
        0,
        "Does not converge: the second slope is taken at two thirds of the time instead of two thirds of "
        "the step. No tableau can say that.",
        ("ralston2",),
        _two_thirds_of_the_time,
    ),
    Printed(
        "rk3",
        "RK3",
        r"k_2' = F(t_l + \tfrac{\tau}{3}, \theta_l + \tfrac{\tau}{3} k_1),\quad "
        r"k_2 = F(t_l + \tfrac{2\tau}{3}, \theta_l + \tfrac{2\tau}{3} k_2'),\quad "
        r"\theta_{l+1} = \theta_l + \tfrac{\tau}{4}(k_1 + 3 k_2)",
        3,
        3,
        "Right; it is Heun's method of order 3, in which the second slope has no weight of its own.",
        ("heun3",),
        _tableau([[], [1 / 3], [0, 2 / 3]], [1 / 4, 0, 3 / 4]),
    ),
    Printed(
        "rk4",
        "RK4",
        r"k_3 = F(t_l + \tau, \theta_l + 2\tau k_2 - \tau k_1),\quad "
        r"\theta_{l+1} = \theta_l + \tfrac{\tau}{6}(k_1 + 4 k_2 + k_3)",
        4,
        3,
        "Kutta's method of order 3. The local error of order τ⁴ beside the formula is right, the τ⁵ of "
        "the introduction is not.",
        ("kutta3", "rk4"),
        _tableau([[], [1 / 2], [-1, 2]], [1 / 6, 2 / 3, 1 / 6]),
    ),
    Printed(
        "taylor_multistep",
        "Taylor multistep",
        r"\theta_{l+1} = \tfrac32 \theta_l - \theta_{l-1} + \tfrac12 \theta_{l-2} "
        r"+ \tau F(t_l, \theta_l)",
        2,
        2,
        "Right. Its remainder is (2/3)τ³θ''', not 2τδ, and the line that expands θ(t_{l−1}) is missing.",
        ("taylor_multistep",),
        _registered("taylor_multistep"),
    ),
)

PRINTED: dict[str, Printed] = {entry.name: entry for entry in _ENTRIES}

assert all(name in INTEGRATORS for entry in _ENTRIES for name in entry.corrected)
