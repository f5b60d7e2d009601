"""Fast and slow weights of one training, recorded step by step, and the landscape they move through."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from playground.analysis.landscape import (
    Plane,
    flat_weights,
    loss_over,
    losses_at,
    plane_through,
)
from playground.experiment import Experiment
from playground.optimizers import evaluated
from playground.training.kernel_stepper import inner_of
from playground.training.trainer import Trainer

MARGIN = 0.15  # of the extent of the paths, around them
MAX_STEPS = 1000


@dataclass(frozen=True)
class TwoPaths:
    """The weights of a training with Lookahead, and of its inner optimiser alone.

    Attributes:
        fast: After every fast step, before the slow weights are moved ``(steps, P)``.
        slow: At first, and after each time that they have moved ``(updates + 1, P)``.
        plain: Of the inner optimiser alone, the same initial weights first ``(steps + 1, P)``.
        period: Fast steps k between two slow ones.
        alpha: Share of the way that the slow weights go.
        trouble: Why it ended before its time; empty if it did not.
    """

    fast: np.ndarray
    slow: np.ndarray
    plain: np.ndarray
    period: int
    alpha: float
    trouble: str = ""


@dataclass(frozen=True)
class Landscape:
    """The loss on the training set over the plane of the paths.

    Attributes:
        plane: The plane.
        across: Places along its first axis ``(n,)``.
        up: Places along its second axis ``(m,)``.
        grid: Loss at the points of the plane ``(m, n)``.
        fast: Places of the fast weights ``(steps, 2)``; ``slow`` and ``plain`` likewise.
        slow: See there.
        plain: See there.
        fast_loss: Loss at the weights themselves, not at their feet in the plane ``(steps,)``.
        slow_loss: The same of the slow weights ``(updates + 1,)``.
        plain_loss: The same without Lookahead ``(steps + 1,)``.
    """

    plane: Plane
    across: np.ndarray
    up: np.ndarray
    grid: np.ndarray
    fast: np.ndarray
    slow: np.ndarray
    plain: np.ndarray
    fast_loss: np.ndarray
    slow_loss: np.ndarray
    plain_loss: np.ndarray


def two_paths(experiment: Experiment, steps: int) -> TwoPaths:
    """Train with Lookahead and without it from the same weights, on the same batches.

    Args:
        experiment: Its optimiser is Lookahead.
        steps: Fast steps, 1 to ``MAX_STEPS``; no more than its epochs have.

    Raises:
        ValueError: If the optimiser is another one, or the number of steps is not legal.
    """
    if experiment.optimizer.name != "lookahead":
        raise ValueError(f"optimizer: {experiment.optimizer.name!r} is not legal; lookahead is")
    if not 1 <= steps <= MAX_STEPS:
        raise ValueError(f"steps: {steps} is not legal; legal is 1 to {MAX_STEPS}")
    with _one_thread():
        return _both(experiment, steps)


def _both(experiment: Experiment, steps: int) -> TwoPaths:
    options = experiment.optimizer.options
    inner = type(experiment.optimizer)(name=options.inner.name, options=options.inner.options)
    alone = _record(experiment.model_copy(update={"optimizer": inner}), steps)
    ahead = _record(experiment, steps)
    return TwoPaths(
        fast=ahead.after,
        slow=np.stack([ahead.start, *ahead.slow]),
        plain=np.vstack([alone.start, alone.after]),
        period=options.k,
        alpha=options.alpha,
        trouble=ahead.trouble or alone.trouble,
    )


@contextmanager
def _one_thread() -> Iterator[None]:
    """Compute in one thread: small nets lose most of their time by sharing a step with others."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@dataclass(frozen=True)
class _Record:
    start: np.ndarray
    after: np.ndarray  # each step of the optimiser that makes the steps (steps, P)
    slow: list[np.ndarray]
    trouble: str


def _record(experiment: Experiment, steps: int) -> _Record:
    trainer = Trainer(experiment.model_copy(update={"device": "cpu"}))
    trainer.paths.start(anew=True)
    optimizer = trainer.optimizer
    ahead = optimizer is not inner_of(optimizer)
    start, after, slow = flat_weights(trainer.net), [], []
    if ahead:
        move = optimizer.update

        def watched(group: dict[str, Any]) -> None:
            # The last moment of the fast weights: the slow ones are about to take their place.
            after.append(flat_weights(trainer.net))
            move(group)

        optimizer.update = watched
    trouble = ""
    for step in range(1, min(steps, trainer.total_steps) + 1):
        trainer.advance()
        if len(after) < step:
            after.append(flat_weights(trainer.net))
        trouble = trainer.trouble() or ""
        if trouble or not np.isfinite(after[-1]).all():
            trouble = trouble or f"the weights left all bounds in step {step}"
            after.pop()
            break
        if ahead and step % optimizer.k == 0:
            with evaluated(optimizer):
                slow.append(flat_weights(trainer.net))
    return _Record(start, np.array(after).reshape(-1, len(start)), slow, trouble)


def landscape(experiment: Experiment, paths: TwoPaths, resolution: int = 31) -> Landscape:
    """Return the loss on the training set around recorded paths.

    Args:
        experiment: The one that was recorded.
        paths: What ``two_paths`` returned.
        resolution: Points along each side of the grid.

    Raises:
        ValueError: If the weights did not move.
    """
    trainer = Trainer(experiment.model_copy(update={"path": "torch", "device": "cpu"}))
    given = (trainer.net, trainer.loss, trainer.x, trainer.y)
    parts = (paths.fast, paths.slow, paths.plain)
    plane = plane_through(np.vstack(parts))
    feet = [plane.coordinates(part) for part in parts]
    every = np.vstack(feet)
    low, high = every.min(axis=0), every.max(axis=0)
    pad = MARGIN * np.maximum(high - low, 1e-9)
    across, up = (np.linspace(low[i] - pad[i], high[i] + pad[i], resolution) for i in range(2))
    with _one_thread():
        grid = loss_over(*given, plane, across, up)
        losses = [losses_at(*given, part) for part in parts]
    return Landscape(plane, across, up, grid, *feet, *losses)
