"""What a fit of dynamics is given: noisy samples at irregular times, and the truth where it is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.integrate import solve_ivp

from playground.analysis.convergence import NoReference, reference
from playground.datasets.trajectories import Trajectories
from playground.networks.vector_field import Scales
from playground.systems import Problem
from playground.systems.base import Field

DENSE = 301  # times at which trajectories are drawn
_DRAWS = 20  # initial states that are tried for one trajectory
_FAR = 1e9  # times the initial state, beyond which a solution counts as flown away
_MOST = 100_000  # evaluations of the field for one trajectory
_APART = 1e-6  # least distance of two samples, as a share of the time


@dataclass(frozen=True, eq=False)
class Observed:
    """Samples of trajectories, and what they are compared with.

    Attributes:
        names: Names of the components.
        times: Times ``(n_i,)`` of the samples of each trajectory, rising.
        states: Samples ``(n_i, dim)``.
        until: Time up to which each trajectory is trained on; later samples are held back.
        grid: Times ``(DENSE,)`` of each trajectory, from its first to its last.
        starts: States ``(k, dim)`` from which the learned trajectories set out: the true ones where
            they are known, the first samples otherwise.
        truth: The solutions ``(k, DENSE, dim)`` on the grid, ``None`` where they are not known.
        problem: The system, ``None`` for own data.
    """

    names: tuple[str, ...]
    times: tuple[np.ndarray, ...]
    states: tuple[np.ndarray, ...]
    until: np.ndarray
    grid: np.ndarray
    starts: np.ndarray
    truth: np.ndarray | None = None
    problem: Problem | None = None

    @property
    def dim(self) -> int:
        """Number of components."""
        return len(self.names)

    def trained(self, i: int) -> tuple[np.ndarray, np.ndarray]:
        """Return times and samples of a trajectory that are trained on."""
        kept = self.times[i] <= self.until[i]
        return self.times[i][kept], self.states[i][kept]

    def box(self, margin: float = 0.12) -> np.ndarray:
        """Return least and greatest value of each component ``(2, dim)``, with a margin."""
        known = [*self.states] if self.truth is None else [*self.truth, *self.states]
        every = np.concatenate(known)
        low, high = every.min(axis=0), every.max(axis=0)
        room = margin * np.maximum(high - low, 1e-3)
        return np.stack([low - room, high + room])

    def scales(self) -> Scales:
        """Return the units of the samples that are trained on."""
        parts = [self.trained(i) for i in range(len(self.times))]
        every = np.concatenate([states for _, states in parts])
        # Over three samples, not one: noise over a short gap would look like a great speed.
        slopes = [(y[3:] - y[:-3]) / (t[3:] - t[:-3])[:, None] for t, y in parts if len(t) > 3] or [
            (y[1:] - y[:-1]) / (t[1:] - t[:-1])[:, None] for t, y in parts
        ]
        spread = np.maximum(every.std(axis=0), 1e-6)
        duration = max(float(t[-1] - t[0]) for t, _ in parts)
        speed = np.sqrt((np.concatenate(slopes) ** 2).mean(axis=0))
        floor = 0.1 * spread / duration
        start = min(float(t[0]) for t, _ in parts)
        return Scales(every.mean(axis=0), spread, np.maximum(speed, floor), start, duration)


def observe(
    problem: Problem,
    start: Sequence[float],
    horizon: float,
    *,
    n_trajectories: int,
    n_samples: int,
    share: float,
    noise: float,
    seed: int,
) -> Observed:
    """Sample trajectories of a system.

    The first one begins at ``start``; the others begin anywhere in the box that the first one fills.
    The first sample is at time 0, the others at random times of the part that is trained on.

    Args:
        problem: The system.
        start: Initial state ``(dim,)`` of the first trajectory.
        horizon: Time of the end.
        n_trajectories: How many.
        n_samples: Samples of each.
        share: Share of the time that is trained on.
        noise: Standard deviation of the noise, as a share of that of each component.
        seed: Of initial states, times and noise.

    Raises:
        NoReference: If the system has no solution up to the end.
    """
    rng = np.random.default_rng(seed)
    grid, end = np.linspace(0.0, horizon, DENSE), share * horizon
    first = _solved(problem, start, grid)
    low, high = first.min(axis=0), first.max(axis=0)
    times = [_irregular(end, n_samples, rng) for _ in range(n_trajectories)]
    starts = np.array([start, *rng.uniform(low, high, (n_trajectories - 1, problem.dim))])
    try:
        solved = _together(problem, starts, [np.concatenate([grid, at]) for at in times])
    except NoReference:  # perhaps of one alone
        solved = []
        for i, at in enumerate(times):
            where = np.concatenate([grid, at])
            redraw = None if i == 0 else lambda: rng.uniform(low, high)
            starts[i], states = _alone(problem, starts[i], redraw, where)
            solved.append(states)
    truth = [states[: len(grid)] for states in solved]
    clean = [states[len(grid) :] for states in solved]
    spread = np.concatenate(truth).std(axis=0)
    noisy = [y + noise * spread * rng.standard_normal(y.shape) for y in clean]
    return Observed(
        names=problem.variables,
        times=tuple(times),
        states=tuple(noisy),
        until=np.full(n_trajectories, end),
        grid=np.tile(grid, (n_trajectories, 1)),
        starts=starts,
        truth=np.array(truth),
        problem=problem,
    )


def given(data: Trajectories, share: float) -> Observed:
    """Return own samples; what comes after a share of each trajectory's time is held back.

    At least two samples of each are trained on.
    """
    until = np.array([max(t[0] + share * (t[-1] - t[0]), t[1]) for t in data.times])
    return Observed(
        names=data.names,
        times=data.times,
        states=data.states,
        until=until,
        grid=np.stack([np.linspace(t[0], t[-1], DENSE) for t in data.times]),
        starts=np.stack([y[0] for y in data.states]),
    )


def _irregular(end: float, n: int, rng: np.random.Generator) -> np.ndarray:
    """Return 0 and random times up to the end, no two of them alike."""
    free = end * (1 - n * _APART)
    return np.concatenate(
        [[0.0], np.sort(rng.uniform(0, free, n - 1)) + end * _APART * np.arange(1, n)]
    )


def _together(
    problem: Problem, starts: np.ndarray, times: Sequence[np.ndarray]
) -> list[np.ndarray]:
    """Return the solutions from all initial states ``(k, dim)``, each at times of its own.

    Fields take many states at once, so that one solution of all together costs little more than one.

    Raises:
        NoReference: If that does not reach the end.
    """
    if problem.exact is not None:
        return [reference(problem, start, at) for start, at in zip(starts, times)]
    every, places = np.unique(np.concatenate(times), return_inverse=True)
    field = _watched(problem, starts)
    with np.errstate(all="ignore"):
        found = solve_ivp(
            lambda t, y: field(t, y.reshape(starts.shape)).reshape(-1),
            (0.0, float(every[-1])),
            starts.reshape(-1),
            "DOP853",
            t_eval=every,
            rtol=1e-10,
            atol=1e-12,
        )
    if not (found.success and np.isfinite(found.y).all()):
        raise NoReference(f"the solution could be followed up to t = {found.t[-1]:.3g} only")
    states = found.y.T.reshape(len(every), *starts.shape)
    ends = np.cumsum([len(at) for at in times])[:-1]
    return [states[place, i] for i, place in enumerate(np.split(places, ends))]


def _alone(
    problem: Problem,
    start: np.ndarray,
    redraw: Callable[[], np.ndarray] | None,
    times: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Return an initial state and the solution from there; others are tried where it has no end."""
    every, places = np.unique(times, return_inverse=True)
    for _ in range(_DRAWS if redraw is not None else 0):
        try:
            return start, _solved(problem, start, every)[places]
        except NoReference:
            start = redraw()
    return start, _solved(problem, start, every)[places]


def _solved(problem: Problem, start: Sequence[float], times: np.ndarray) -> np.ndarray:
    """Return the reference, but give up soon where it has no chance of reaching the end.

    Raises:
        NoReference: If the solution flies away, or takes too long to follow.
    """
    return reference(replace(problem, field=_watched(problem, start)), start, times)


def _watched(problem: Problem, start: Sequence[float] | np.ndarray) -> Field:
    """Return the field, which raises NoReference for states far away and when called too often."""
    limit, calls = _FAR * (1 + float(np.abs(start).max())), 0

    def watched(t: float, y: np.ndarray) -> np.ndarray:
        nonlocal calls
        calls += 1
        if not float(np.abs(y).max()) < limit:
            raise NoReference(f"the solution flies away near t = {t:.3g}")
        if calls > _MOST:
            raise NoReference(f"it takes too many steps to follow the solution beyond t = {t:.3g}")
        return problem.field(t, y)

    return watched
