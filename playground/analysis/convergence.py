"""How fast a scheme's error falls with its step, and what its accuracy costs in evaluations."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from scipy.integrate import solve_ivp

from playground.integrators import INTEGRATORS, SolverStats, integrate, solve, typed_options
from playground.systems import Problem

Solver = Callable[[Callable[..., Any], np.ndarray, float, float, int], tuple[Any, Any]]
"""Integrates a field from a state and a time to a time, in so many steps: times and states."""

_TIGHT = {"rtol": 1e-12, "atol": 1e-13}
_FLOOR = 200  # roundings, below which an error says nothing about the scheme
_ROOF = 1e10  # times its beginning, beyond which a solution counts as flown away
_POINTS = 5  # smallest steps above the floor, through which the order is fitted


class NoReference(RuntimeError):
    """A problem that SciPy could not solve up to its end; the text says how far it came."""


@dataclass(frozen=True)
class Measured:
    """One solution against the reference.

    Attributes:
        n_steps: Steps taken (accepted ones of an adaptive scheme).
        step: Step size (the mean one of an adaptive scheme).
        error: Largest error of a component, at times common to all solutions that are compared (of
            an adaptive scheme: at the end); inf where the solution flew away.
        evaluations: Calls of the field.
    """

    n_steps: int
    step: float
    error: float
    evaluations: int


def reference(problem: Problem, y0: Sequence[float], times: np.ndarray) -> np.ndarray:
    """Return the solution ``(n, dim)`` at times ``(n,)`` from 0 on.

    The closed form where there is one; otherwise SciPy's DOP853, or Radau where that gives up, to
    twelve digits.

    Raises:
        NoReference: If the solution ends earlier, as one that becomes infinite does.
    """
    start = np.asarray(y0, float)
    if problem.exact is not None:
        with np.errstate(all="ignore"):
            known = problem.exact(times, start)
        if np.isfinite(known).all():
            return known
        raise NoReference(f"the solution is not finite up to t = {times[-1]:g}")
    roof = _ROOF * (1.0 + float(np.abs(start).max()))

    def flies_away(_t: float, y: np.ndarray) -> float:
        return roof - float(np.abs(y).max())

    flies_away.terminal = True  # or steps would shrink for ever towards a pole
    reached = 0.0
    for method in ("DOP853", "Radau"):
        with np.errstate(all="ignore"):
            found = solve_ivp(
                problem.field,
                (0.0, float(times[-1])),
                start,
                method,
                t_eval=times,
                events=flies_away,
                **_TIGHT,
            )
        if found.status == 0 and np.isfinite(found.y).all():
            return found.y.T
        reached = max([reached, *found.t, *(t for ts in found.t_events for t in ts)])
        if found.status == 1:
            break
    raise NoReference(f"the solution could be followed up to t = {reached:.3g} only")


def registered(name: str, **options: Any) -> Solver:
    """Return the solver of a scheme in ``INTEGRATORS``."""
    return partial(_solve, name, options)


def _solve(
    name: str, options: dict[str, Any], f: Any, y0: Any, t0: float, t1: float, n_steps: int
) -> tuple[Any, Any]:
    return solve(f, y0, t0, t1, n_steps, name, **options)


def measure(
    problem: Problem, y0: Sequence[float], horizon: float, solver: Solver, steps: Sequence[int]
) -> list[Measured]:
    """Solve with each number of steps and compare at the times that all of them reach.

    At one time alone an error may happen to pass through zero, and seem to fall faster than it does.

    Raises:
        NoReference: If there is nothing to compare with.
    """
    common = math.gcd(*steps)
    known = reference(problem, y0, np.linspace(0.0, horizon, common + 1))
    return [_measured(problem, y0, horizon, solver, n, known) for n in steps]


def _measured(
    problem: Problem, y0: Sequence[float], horizon: float, solver: Solver, n: int, known: np.ndarray
) -> Measured:
    calls = 0

    def counted(t: float, y: np.ndarray) -> np.ndarray:
        nonlocal calls
        calls += 1
        return problem.field(t, y)

    with np.errstate(all="ignore"):
        _, states = solver(counted, np.asarray(y0, float), 0.0, horizon, n)
        error = float(np.max(np.abs(states[:: n // (len(known) - 1)] - known)))
    return Measured(n, horizon / n, error if np.isfinite(error) else np.inf, calls)


def fitted_order(points: Sequence[Measured], scale: float = 1.0) -> float | None:
    """Return the slope of the error over the step, both logarithmic.

    Fitted to the smallest steps whose errors are neither near rounding nor as large as the solution.

    Args:
        points: Solutions with different steps.
        scale: Size of the solution, in its own unit.

    Returns:
        The observed order, ``None`` where fewer than two points say something.
    """
    floor, roof = _FLOOR * np.finfo(float).eps * scale, 0.2 * scale
    telling = sorted((p.step, p.error) for p in points if floor < p.error < roof)[:_POINTS]
    if len({step for step, _ in telling}) < 2:
        return None
    steps, errors = np.log(np.array(telling)).T
    return float(np.polyfit(steps, errors, 1)[0])


@dataclass(frozen=True)
class AdaptiveRun:
    """What a scheme that chooses its own steps did.

    Attributes:
        times: Times ``(n,)`` of the drawing.
        states: Solution ``(n, dim)`` there.
        steps: Attempted steps: start, size, whether kept (embedded schemes only).
        evaluations: Calls of the field.
    """

    times: np.ndarray
    states: np.ndarray
    steps: tuple[tuple[float, float, bool], ...]
    evaluations: int


def solve_adaptively(
    problem: Problem,
    y0: Sequence[float],
    horizon: float,
    name: str,
    n_times: int = 200,
    **options: Any,
) -> AdaptiveRun:
    """Solve with an adaptive scheme in float64 and keep its steps.

    Raises:
        ValueError: For a scheme that takes fixed steps, or an illegal option.
        SolverFailure: When the scheme cannot go on; the text says why and what to try.
    """
    scheme, chosen = INTEGRATORS[name], typed_options(name, options)
    stats = SolverStats(steps=[])
    times = torch.linspace(0.0, horizon, n_times, dtype=torch.float64)

    def field(t: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        with np.errstate(all="ignore"):
            return torch.as_tensor(problem.field(float(t), y.numpy()))

    with torch.no_grad():
        start = torch.tensor(np.asarray(y0, float))
        states = integrate(scheme, chosen, field, start, times, stats=stats)
    return AdaptiveRun(times.numpy(), states.numpy(), tuple(stats.steps), stats.evaluations)


def over_tolerances(
    problem: Problem, y0: Sequence[float], horizon: float, name: str, tolerances: Sequence[float]
) -> list[Measured]:
    """Solve with each relative tolerance (and a hundredth of it as the absolute one).

    Raises:
        NoReference: If there is nothing to compare with.
        SolverFailure: When the scheme cannot go on.
    """
    end = reference(problem, y0, np.array([0.0, horizon]))[-1]
    found = []
    for tolerance in tolerances:
        run = solve_adaptively(
            problem, y0, horizon, name, 2, rtol=tolerance, atol=max(tolerance / 100, 1e-14)
        )
        kept = sum(kept for _, _, kept in run.steps)
        error = float(np.max(np.abs(run.states[-1] - end)))
        found.append(Measured(kept, horizon / max(kept, 1), error, run.evaluations))
    return found
