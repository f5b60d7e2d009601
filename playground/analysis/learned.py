"""How a learned field compares with the true one, and where its flow leads."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from playground.analysis.observed import Observed
from playground.analysis.solutions import directions
from playground.integrators import resolve
from playground.networks.vector_field import VectorField
from playground.systems import Problem

ARROWS = 17  # along each side of the plane
_SIDE = {1: 121, 2: 31, 3: 13}  # points along each side of the grid on which fields are compared
_TIMES = 5  # at which fields that depend on time are compared
_STEPS = 1  # of RK4 between two drawn times
_NEAR = 0.05  # distance from a sample, as a share of the box, up to which the field was seen


class Gap(nn.Module):
    """A field over gaps of time that differ from row to row, each stretched to the unit interval.

    With u in [0, 1], ẏ = f(t, y) becomes dy/du = Δ · f(t + uΔ, y), so that one batch holds samples at
    irregular times and any scheme takes it.

    Args:
        field: The field.
        times: Beginning of each row's gap ``(batch, 1)``.
        lengths: Its length Δ ``(batch, 1)``.
    """

    def __init__(self, field: VectorField, times: Tensor, lengths: Tensor) -> None:
        super().__init__()
        self.field = field
        self._times, self._lengths = times, lengths

    def forward(self, u: Any, y: Tensor) -> Tensor:
        """Return dy/du for states ``(batch, dim)``."""
        return self._lengths * self.field(self._times + u * self._lengths, y)


@dataclass(frozen=True)
class Errors:
    """Figures of a fit, all relative; ``None`` where there is nothing to compare with.

    Attributes:
        field: Mean length of the difference of the fields over the box, divided by the mean length of
            the true one.
        field_near: The same over the points of the box that are near a sample trained on.
        inside: Root mean square distance of the learned trajectories from the true ones (or from the
            samples), over the time trained on, divided by the spread of the true ones.
        beyond: The same over the time after that.
    """

    field: float | None
    field_near: float | None
    inside: float | None
    beyond: float | None


@dataclass(frozen=True, eq=False)
class Picture:
    """What is drawn of a learned field.

    Attributes:
        arrows: Rows x, y, angle, speed of the learned field in the plane of the first components.
        paths: Learned trajectories ``(k, n, dim)`` on the grid of times; nan where they flew away.
        errors: The figures.
    """

    arrows: np.ndarray
    paths: np.ndarray
    errors: Errors

    def as_json(self) -> dict[str, Any]:
        """Return plain lists, six digits of each number, ``None`` for what is not finite."""
        return {
            "arrows": _plain(self.arrows),
            "paths": _plain(self.paths),
            "errors": asdict(self.errors),
        }

    @classmethod
    def from_json(cls, held: dict[str, Any]) -> Picture:
        """Return the picture that ``as_json`` wrote."""
        arrows, paths = (np.array(held[name], dtype=float) for name in ("arrows", "paths"))
        return cls(arrows, paths, Errors(**held["errors"]))


def _plain(values: np.ndarray) -> list[Any]:
    if values.ndim > 1:
        return [_plain(part) for part in values]
    return [float(f"{x:.6g}") if math.isfinite(x) else None for x in values.tolist()]


def picture(field: VectorField, observed: Observed) -> Picture:
    """Return the learned field, its flow from the initial states, and the errors of both."""
    paths = flow(field, observed.starts, observed.grid)
    arrows = plane(_as_problem(field, observed), observed)
    whole, near = field_errors(field, observed)
    inside, beyond = path_errors(paths, observed)
    return Picture(arrows, paths, Errors(whole, near, inside, beyond))


def flow(
    field: VectorField, starts: np.ndarray, grid: np.ndarray, steps: int = _STEPS
) -> np.ndarray:
    """Return trajectories ``(k, n, dim)`` of the learned field, by RK4 whatever it was trained with.

    Args:
        field: The field.
        starts: Initial states ``(k, dim)``; added channels begin at zero.
        grid: Times ``(k, n)`` of each, rising.
        steps: Steps between two times.
    """
    scheme, times = resolve("rk4"), torch.tensor(grid)
    with torch.no_grad():
        y = field.lifted(torch.tensor(np.asarray(starts, float)))
        found = [y]
        for now, then in zip(times.T, times.T[1:]):
            gap = Gap(field, now[:, None], (then - now)[:, None])
            for i in range(steps):
                y, _ = scheme.step(gap, i / steps, y, 1 / steps)
            found.append(y)
        states = torch.stack(found, dim=1)[..., : field.dim].numpy()
    flown = ~np.isfinite(states).all(axis=-1)
    return np.where(np.logical_or.accumulate(flown, axis=1)[..., None], np.nan, states)


def plane(problem: Problem, observed: Observed) -> np.ndarray:
    """Return arrows of a field in the plane of the first two components; of one, over time.

    The other components are held in the middle of the box, the time at the beginning.
    """
    low, high = observed.box()
    middle = (low + high) / 2
    if problem.dim == 1:
        ends = (float(observed.grid.min()), float(observed.grid.max()))
        return directions(problem, (-1, 0), middle, (*ends, low[0], high[0]), ARROWS)
    box = (low[0], high[0], low[1], high[1])
    return directions(problem, (0, 1), middle, box, ARROWS)


def _as_problem(field: VectorField, observed: Observed) -> Problem:
    return Problem(field.velocity, observed.names, "")


def field_errors(field: VectorField, observed: Observed) -> tuple[float | None, float | None]:
    """Return the error of the field over the box, and near the samples that were trained on."""
    if observed.problem is None:
        return None, None
    low, high = observed.box(0.0)
    axes = [np.linspace(a, b, _SIDE[observed.dim]) for a, b in zip(low, high)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, observed.dim)
    seen = np.concatenate([observed.trained(i)[1] for i in range(len(observed.times))])
    size = high - low
    near = np.array([np.abs((seen - p) / size).max(axis=1).min() < _NEAR for p in points])
    wrong, true = np.zeros(len(points)), np.zeros(len(points))
    for t in np.linspace(0.0, float(observed.until[0]), _TIMES):
        with np.errstate(all="ignore"):
            exact = observed.problem.field(t, points)
        wrong += np.linalg.norm(field.velocity(t, points) - exact, axis=1)
        true += np.linalg.norm(exact, axis=1)
    finite = np.isfinite(wrong) & np.isfinite(true)
    return _ratio(wrong, true, finite), _ratio(wrong, true, finite & near)


def _ratio(wrong: np.ndarray, true: np.ndarray, where: np.ndarray) -> float | None:
    total = float(true[where].sum())
    return float(wrong[where].sum()) / total if total > 0 else None


def path_errors(paths: np.ndarray, observed: Observed) -> tuple[float | None, float | None]:
    """Return the error of learned trajectories over the time trained on, and over the time after it.

    ``None`` also where a trajectory flew away.
    """
    if observed.truth is None:
        known = np.concatenate(observed.states)
        times = np.concatenate(observed.times)
        until = np.repeat(observed.until, [len(t) for t in observed.times])
        found = np.concatenate(
            [
                np.stack([np.interp(t, grid, path[:, c]) for c in range(observed.dim)], axis=-1)
                for t, grid, path in zip(observed.times, observed.grid, paths)
            ]
        )
    else:
        known, found = (a.reshape(-1, observed.dim) for a in (observed.truth, paths))
        times = observed.grid.reshape(-1)
        until = np.repeat(observed.until, observed.grid.shape[1])
    spread = np.maximum(known.std(axis=0), 1e-12)
    with np.errstate(all="ignore"):
        squares = (((found - known) / spread) ** 2).mean(axis=1)
    return _root(squares[times <= until]), _root(squares[times > until])


def _root(squares: np.ndarray) -> float | None:
    mean = float(squares.mean()) if len(squares) else math.nan
    return math.sqrt(mean) if math.isfinite(mean) else None
