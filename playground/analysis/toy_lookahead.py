"""A small neural ODE trained by gradient descent and by Lookahead, from hundreds of initial weights.

ż = sigmoid(Wz + b) from z(0) = (1, 2) in ten Euler steps of 0.2 towards (2, 4), as in the thesis
*Optimizing neural ordinary differential equations with Lookahead optimizer* (2023). Its listing differs
from its mathematics in the gradient and in one indentation; both can be had either way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy.special import expit

START, TARGET = np.array([1.0, 2.0]), np.array([2.0, 4.0])
N_STEPS, STEP = 10, 0.2
RATES, PERIODS = (0.01, 0.05, 0.1), (4, 6, 8)

Gradient = Literal["right", "printed"]
Reset = Literal["every_k", "as_indented"]
Axis = Literal["slow", "evaluations"]


@dataclass(frozen=True)
class ToySettings:
    """How the toy is trained.

    Attributes:
        rate: Learning rate of the inner gradient descent.
        period: Steps k between two slow updates; 0 is plain gradient descent.
        alpha: Share of the way that the slow weights go.
        gradient: ``"right"`` (equal to finite differences) or ``"printed"`` (the listing's: no σ' in
            the gradients, σ'(z) for σ'(Wz + b) in the adjoint, and its sign turned).
        reset: When the fast weights go back to the slow ones: ``"every_k"`` steps, or
            ``"as_indented"`` in the listing, which is after every step.
        updates: Most slow updates (most steps of plain gradient descent).
        drop: A run stops when its loss falls, but by less than this.
    """

    rate: float = 0.01
    period: int = 4
    alpha: float = 0.5
    gradient: Gradient = "right"
    reset: Reset = "every_k"
    updates: int = 50
    drop: float = 7e-4

    @property
    def most_steps(self) -> int:
        """Steps after which a run ends in any case."""
        return self.updates * max(self.period, 1)


@dataclass(frozen=True)
class ToyRuns:
    """What came out for n initial weights.

    Attributes:
        losses: Loss before each step ``(most steps, n)``, nan after the end of a run.
        steps: The step at which each run ended ``(n,)``, counted from 1; the rule stops it before that
            step is taken, so that as many losses were computed.
        stopped: Whether the rule ended it, and not the limit ``(n,)``.
        period: Steps between two slow updates, 0 for plain gradient descent.
        path: State of every run through time with its last weights ``(N_STEPS + 1, n, 2)``.
        weights: The last weights, W ``(n, 2, 2)`` and b ``(n, 2)``.
    """

    losses: np.ndarray
    steps: np.ndarray
    stopped: np.ndarray
    period: int
    path: np.ndarray
    weights: tuple[np.ndarray, np.ndarray]

    @property
    def slow_updates(self) -> np.ndarray:
        """Slow updates by which the thesis counts ``(n,)``; the steps of plain gradient descent."""
        return self.steps // self.period if self.period else self.steps

    @property
    def rose(self) -> np.ndarray:
        """Whether the loss ever rose from one slow update to the next ``(n,)``.

        Of plain gradient descent from one step to the next. Inside a period the loss of the fast
        weights may rise and fall; each begins at the slow weights, whose loss is compared here.
        """
        slow = self.losses[:: self.period or 1]
        with np.errstate(invalid="ignore"):  # nan after the end of a run
            return (np.diff(slow, axis=0) > 0).any(axis=0)

    def count(self, axis: Axis) -> np.ndarray:
        """Return the length of every run ``(n,)``, in slow updates or in gradient evaluations."""
        return self.slow_updates if axis == "slow" else self.steps

    def course(self, index: int, axis: Axis) -> tuple[np.ndarray, np.ndarray]:
        """Return the numbers of the iterations and the losses of one run, to be drawn.

        On the axis of slow updates the thesis draws every k-th loss of Lookahead and every loss of
        plain gradient descent.
        """
        losses = self.losses[: self.steps[index], index]
        every = self.period if axis == "slow" and self.period else 1
        drawn = losses[every - 1 :: every]
        return np.arange(1, len(drawn) + 1), drawn


def initial_weights(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return W ``(n, 2, 2)`` and b ``(n, 2)``, normal with the variance ½ (Glorot)."""
    random = np.random.default_rng(seed)
    return random.normal(0, 0.5**0.5, (n, 2, 2)), random.normal(0, 0.5**0.5, (n, 2))


def path_of(w: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the states ``(N_STEPS + 1, n, 2)`` of the Euler steps."""
    states = [np.broadcast_to(START, b.shape)]
    for _ in range(N_STEPS):
        states.append(states[-1] + STEP * expit(_slope(w, states[-1], b)))
    return np.stack(states)


def loss_of(path: np.ndarray) -> np.ndarray:
    """Return the squared distance of the last states to the target ``(n,)``."""
    return ((path[-1] - TARGET) ** 2).sum(axis=-1)


def gradient_of(
    path: np.ndarray, w: np.ndarray, b: np.ndarray, gradient: Gradient
) -> tuple[np.ndarray, np.ndarray]:
    """Return the gradients with respect to W ``(n, 2, 2)`` and b ``(n, 2)``, by the discrete adjoint."""
    adjoint = 2 * (path[-1] - TARGET)
    of_w, of_b = np.zeros_like(w), np.zeros_like(b)
    for z in path[-2::-1]:
        if gradient == "right":
            pulled = adjoint * _steepness(expit(_slope(w, z, b)))
            change = np.einsum("nij,ni->nj", w, pulled)
        else:
            pulled = adjoint
            change = -np.einsum("nij,ni->nj", w, adjoint * _steepness(expit(z)))
        of_w += STEP * pulled[:, :, None] * z[:, None, :]
        of_b += STEP * pulled
        adjoint = adjoint + STEP * change
    return of_w, of_b


def _slope(w: np.ndarray, z: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.einsum("nij,nj->ni", w, z) + b


def _steepness(sigmoid: np.ndarray) -> np.ndarray:
    return sigmoid * (1 - sigmoid)


def train_toy(settings: ToySettings, weights: tuple[np.ndarray, np.ndarray]) -> ToyRuns:
    """Train from every pair of initial weights; none is changed."""
    w, b = (array.copy() for array in weights)
    slow_w, slow_b = w.copy(), b.copy()
    n = len(b)
    losses = np.full((settings.most_steps, n), np.nan)
    steps, stopped = np.full(n, settings.most_steps), np.zeros(n, bool)
    running = np.arange(n)
    for step in range(settings.most_steps):
        path = path_of(w[running], b[running])
        losses[step, running] = loss_of(path)
        if step:
            fall = losses[step - 1, running] - losses[step, running]
            ends = (fall > 0) & (fall < settings.drop)
            steps[running[ends]], stopped[running[ends]] = step + 1, True
            running, path = running[~ends], path[:, ~ends]
        if not len(running):
            break
        of_w, of_b = gradient_of(path, w[running], b[running], settings.gradient)
        w[running] -= settings.rate * of_w
        b[running] -= settings.rate * of_b
        if settings.period:
            synchronises = (step + 1) % settings.period == 0
            for fast, slow in ((w, slow_w), (b, slow_b)):
                if synchronises:
                    slow[running] += settings.alpha * (fast[running] - slow[running])
                if synchronises or settings.reset == "as_indented":
                    fast[running] = slow[running]
    return ToyRuns(losses, steps, stopped, settings.period, path_of(w, b), (w, b))


def first_to_stop(plain: ToyRuns, ahead: ToyRuns, axis: Axis) -> np.ndarray:
    """Return for every initialisation which of two was stopped earlier by the rule ``(n,)``.

    Returns:
        1 where it was Lookahead, -1 where it was plain gradient descent, 0 where both were equal or
        where the limit ended the one that had the fewer iterations, so that nobody knows.
    """
    p, a = plain.count(axis), ahead.count(axis)
    return (ahead.stopped & (a < p)).astype(int) - (plain.stopped & (p < a)).astype(int)


def field_on(
    w: np.ndarray, b: np.ndarray, box: Sequence[float], n: int = 13
) -> list[tuple[float, float, float, float]]:
    """Return arrows of the field sigmoid(Wz + b) of one net on a grid.

    Args:
        w: Weights ``(2, 2)``.
        b: Weights ``(2,)``.
        box: Left, right, bottom and top.
        n: Arrows along each side.

    Returns:
        Rows (x, y, angle in degrees clockwise from upwards, speed).
    """
    xs, ys = np.linspace(box[0], box[1], n), np.linspace(box[2], box[3], n)
    z = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)
    speed = expit(z @ w.T + b)
    # On the screen both axes have their own scale, by which the arrows are turned.
    across, up = speed[:, 0] / (box[1] - box[0]), speed[:, 1] / (box[3] - box[2])
    angles = np.degrees(np.arctan2(across, up))
    sizes = np.linalg.norm(speed, axis=1)
    return [(*point, angle, size) for point, angle, size in zip(z.tolist(), angles, sizes)]


@dataclass(frozen=True)
class ToySummary:
    """Steps of many initial weights in numbers.

    Attributes:
        settings: How they were trained.
        median: Median number of steps.
        quartiles: First and third quartile of it.
        slow_updates: Median number of slow updates.
        stopped: Share that the rule ended.
        rose: Share whose loss rose at least once, as ``ToyRuns.rose`` counts.
        loss: Median of the last loss.
    """

    settings: ToySettings
    median: float
    quartiles: tuple[float, float]
    slow_updates: float
    stopped: float
    rose: float
    loss: float


def summary(settings: ToySettings, runs: ToyRuns) -> ToySummary:
    """Return the medians of some runs."""
    low, middle, high = np.percentile(runs.steps, [25, 50, 75])
    last = runs.losses[runs.steps - 1, np.arange(len(runs.steps))]
    return ToySummary(
        settings=settings,
        median=float(middle),
        quartiles=(float(low), float(high)),
        slow_updates=float(np.median(runs.slow_updates)),
        stopped=float(runs.stopped.mean()),
        rose=float(runs.rose.mean()),
        loss=float(np.median(last)),
    )


def grid(
    n: int,
    seed: int,
    *,
    gradient: Gradient,
    reset: Reset,
    rates: Sequence[float] = RATES,
    periods: Sequence[int] = PERIODS,
    alpha: float = 0.5,
    updates: int = 50,
    drop: float = 7e-4,
    even: bool = False,
) -> list[tuple[ToySettings, ToyRuns]]:
    """Train the thesis's grid, plain gradient descent first at each rate, all from the same weights.

    Args:
        n: Number of initial weights.
        seed: Seed of them.
        gradient: As in ``ToySettings``; the following likewise.
        reset: See there.
        rates: Learning rates.
        periods: Numbers k of steps between two slow updates.
        alpha: See there.
        updates: See there.
        drop: See there.
        even: Whether plain gradient descent may take as many steps as the longest Lookahead; in the
            thesis it may take ``updates``.
    """
    weights = initial_weights(n, seed)
    common = ToySettings(alpha=alpha, gradient=gradient, reset=reset, updates=updates, drop=drop)
    plain = updates * max(periods, default=1) if even else updates
    choices = [
        replace(common, rate=rate, period=period, updates=updates if period else plain)
        for rate in rates
        for period in (0, *periods)
    ]
    return [(settings, train_toy(settings, weights)) for settings in choices]
