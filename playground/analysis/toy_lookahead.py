"""A small neural ODE trained by gradient descent and by Lookahead, from hundreds of initial weights.

ż = sigmoid(Wz + b) from z(0) = (1, 2) in ten Euler steps of 0.2 towards (2, 4), as in the thesis
*Optimizing neural ordinary differential equations with Lookahead optimizer* (2023). Its listing differs
from its mathematics in the gradient and in one indentation; both can be had either way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import expit

START, TARGET = np.array([1.0, 2.0]), np.array([2.0, 4.0])
N_STEPS, STEP = 10, 0.2
RATES, PERIODS = (0.01, 0.05, 0.1), (4, 6, 8)

Gradient = Literal["right", "printed"]
Reset = Literal["every_k", "as_indented"]


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
    """

    losses: np.ndarray
    steps: np.ndarray
    stopped: np.ndarray
    period: int
    path: np.ndarray

    @property
    def slow_updates(self) -> np.ndarray:
        """Slow updates by which the thesis counts ``(n,)``; the steps of plain gradient descent."""
        return self.steps // self.period if self.period else self.steps


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
    return ToyRuns(losses, steps, stopped, settings.period, path_of(w, b))


@dataclass(frozen=True)
class ToySummary:
    """Steps of many initial weights in numbers.

    Attributes:
        settings: How they were trained.
        median: Median number of steps.
        quartiles: First and third quartile of it.
        slow_updates: Median number of slow updates.
        stopped: Share that the rule ended.
        loss: Median of the last loss.
    """

    settings: ToySettings
    median: float
    quartiles: tuple[float, float]
    slow_updates: float
    stopped: float
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
) -> list[tuple[ToySettings, ToyRuns]]:
    """Train the thesis's grid, plain gradient descent first at each rate, all from the same weights."""
    weights = initial_weights(n, seed)
    choices = [
        ToySettings(rate=rate, period=period, gradient=gradient, reset=reset)
        for rate in rates
        for period in (0, *periods)
    ]
    return [(settings, train_toy(settings, weights)) for settings in choices]
