"""One initial value problem solved by several schemes side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from playground.analysis.convergence import NoReference, reference, registered, solve_adaptively
from playground.integrators import INTEGRATORS, SolverFailure
from playground.systems import Problem


@dataclass(frozen=True)
class Solution:
    """What one scheme made of a problem.

    Attributes:
        scheme: Name in ``INTEGRATORS``.
        times: Times ``(n,)``, up to the first at which the states are not finite.
        states: States ``(n, dim)``.
        errors: Largest error of a component at each time ``(n,)``; nan where nothing is known.
        evaluations: Calls of the field.
        steps: Attempted steps of a scheme that chooses its own: start, size, whether kept.
        failure: Why it ended early, in words; empty where it did not.
    """

    scheme: str
    times: np.ndarray
    states: np.ndarray
    errors: np.ndarray
    evaluations: int
    steps: tuple[tuple[float, float, bool], ...] = ()
    failure: str = ""


def solutions(
    problem: Problem,
    y0: Sequence[float],
    horizon: float,
    schemes: Sequence[str],
    n_steps: int,
    options: Mapping[str, Any] | None = None,
) -> list[Solution]:
    """Solve with each scheme, those with fixed steps in ``n_steps`` of them.

    Args:
        problem: The problem.
        y0: State ``(dim,)`` at time 0.
        horizon: Time of the end.
        schemes: Names in ``INTEGRATORS``.
        n_steps: Steps of the schemes that do not choose their own.
        options: Tolerances of those that do.
    """
    return [_solution(problem, y0, horizon, name, n_steps, dict(options or {})) for name in schemes]


def _solution(
    problem: Problem,
    y0: Sequence[float],
    horizon: float,
    name: str,
    n_steps: int,
    options: dict[str, Any],
) -> Solution:
    if INTEGRATORS[name].kind == "adaptive":
        return _adaptive(problem, y0, horizon, name, options)
    calls = 0

    def counted(t: float, y: np.ndarray) -> np.ndarray:
        nonlocal calls
        calls += 1
        return problem.field(t, y)

    with np.errstate(all="ignore"):
        times, states = registered(name)(counted, np.asarray(y0, float), 0.0, horizon, n_steps)
    finite = np.isfinite(states).all(axis=1)
    kept = int(np.argmin(finite)) if not finite.all() else len(times)
    failure = "" if kept == len(times) else f"flew away at t = {times[kept]:.3g}"
    times, states = times[:kept], states[:kept]
    errors = _errors(problem, y0, times, states)
    return Solution(name, times, states, errors, calls, (), failure)


def _adaptive(
    problem: Problem, y0: Sequence[float], horizon: float, name: str, options: dict[str, Any]
) -> Solution:
    try:
        run = solve_adaptively(problem, y0, horizon, name, **options)
    except SolverFailure as failure:
        start = np.asarray(y0, float)[None]
        return Solution(name, np.zeros(1), start, np.zeros(1), 0, (), str(failure))
    errors = _errors(problem, y0, run.times, run.states)
    return Solution(name, run.times, run.states, errors, run.evaluations, run.steps)


def _errors(
    problem: Problem, y0: Sequence[float], times: np.ndarray, states: np.ndarray
) -> np.ndarray:
    try:
        known = reference(problem, y0, times)
    except NoReference:
        return np.full(len(times), np.nan)
    with np.errstate(all="ignore"):
        return np.abs(states - known).max(axis=1)


def directions(
    problem: Problem,
    pair: tuple[int, int],
    base: Sequence[float],
    box: Sequence[float],
    n: int = 17,
) -> np.ndarray:
    """Return arrows on a grid of a plane through the states: x, y, angle in degrees, speed.

    Args:
        problem: The problem; one that depends on time is drawn at time 0.
        pair: Components that span the plane; (−1, 0) stands for time and the only component.
        base: State ``(dim,)`` that the other components keep.
        box: Left, right, bottom and top of the grid.
        n: Arrows along each side.

    Returns:
        Rows ``(n · n, 4)``; the angle is measured clockwise from upwards, as charts do, in a square box.
    """
    left, right, bottom, top = box
    across, up = np.meshgrid(np.linspace(left, right, n), np.linspace(bottom, top, n))
    first, second = pair
    state = np.broadcast_to(np.asarray(base, float), (*across.shape, problem.dim)).copy()
    state[..., second] = up
    with np.errstate(all="ignore"):
        if first < 0:
            rise = np.stack([problem.field(t, s)[..., second] for t, s in _columns(across, state)])
            run = np.ones_like(rise)
            rise = rise.T
        else:
            state[..., first] = across
            velocity = problem.field(0.0, state)
            run, rise = velocity[..., first], velocity[..., second]
        speed = np.hypot(run, rise)
        angle = np.degrees(np.arctan2(run / (right - left), rise / (top - bottom)))
    return np.stack([across, up, angle, speed], axis=-1).reshape(-1, 4)


def _columns(across: np.ndarray, state: np.ndarray) -> list[tuple[float, np.ndarray]]:
    return [(float(across[0, i]), state[:, i]) for i in range(across.shape[1])]
