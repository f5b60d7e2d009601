"""Attacks along the gradient: one step (FGSM) and many (PGD)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import torch
from torch import Tensor

from playground.attacks.ball import Ball
from playground.attacks.objective import Objective, Target, objective_for
from playground.attacks.problem import (
    Clip,
    LossName,
    Model,
    Norm,
    Watch,
    check_count,
    check_inputs,
    check_number,
    held,
    logits_of,
    portions,
)


def step_size(eps: float, steps: int, alpha: float | None) -> float:
    """Return ``alpha``, or without one 2.5 ε / steps: enough to cross the ball (Madry et al. 2018)."""
    return 2.5 * eps / steps if alpha is None else alpha


def fgsm(
    model: Model,
    x: Tensor,
    y: Tensor,
    *,
    eps: float,
    norm: Norm = "linf",
    loss: LossName = "ce",
    clip: Clip = (0.0, 1.0),
    target: Target = None,
    batch_size: int | None = None,
    watch: Watch | None = None,
) -> Tensor:
    """Take one step of length ε along the gradient (Goodfellow, Shlens and Szegedy 2015).

    Args, result and errors are those of ``pgd``.
    """
    return pgd(
        model,
        x,
        y,
        eps=eps,
        alpha=eps,
        steps=1,
        random_start=False,
        norm=norm,
        loss=loss,
        clip=clip,
        target=target,
        batch_size=batch_size,
        watch=watch,
    )


def pgd(
    model: Model,
    x: Tensor,
    y: Tensor,
    *,
    eps: float,
    alpha: float | None = None,
    steps: int = 10,
    random_start: bool = True,
    norm: Norm = "linf",
    loss: LossName = "ce",
    clip: Clip = (0.0, 1.0),
    restarts: int = 1,
    target: Target = None,
    seed: int = 0,
    batch_size: int | None = None,
    watch: Watch | None = None,
) -> Tensor:
    """Climb the loss by steps that are projected back into the ball (Madry et al. 2018).

    Args:
        model: A module or a function that returns logits ``(batch, classes)``; a module is attacked
            in evaluation mode and left as it was.
        x: Inputs ``(batch, …)`` inside the clip range.
        y: True classes ``(batch,)``.
        eps: Radius of the ball, in the units of ``x``.
        alpha: Length of a step; 2.5 ε / steps without one.
        steps: Number of steps.
        random_start: Whether to start anywhere in the ball instead of at ``x``.
        norm: ``"linf"``: steps along the sign of the gradient; ``"l2"``: along the gradient itself.
        loss: ``"ce"``: the cross-entropy; ``"margin"``: log p_y − max log p_other, which never
            saturates.
        clip: Legal range of the values, ``None`` for points.
        restarts: Tries, the second and later ones from random starts; the best of each input counts:
            one that succeeds, and among those the greatest loss.
        target: Classes to reach instead of any wrong one, see ``Target``.
        seed: Seed of the random starts.
        batch_size: Inputs at once; about a hundred thousand numbers without one.
        watch: Told where the inputs are at the start and after each step, ``steps + 1`` times in all,
            once it is known which of its tries counts for each input. All are kept until then.

    Returns:
        Inputs of the shape of ``x``, inside the ball and the range.

    Raises:
        ValueError: For settings that are out of bounds, and inputs outside the clip range.
    """
    y = check_inputs(x, y, clip)
    ball = Ball(eps, norm, clip)
    check_count("steps", steps)
    check_count("restarts", restarts)
    alpha = step_size(eps, steps, alpha)
    check_number("alpha", alpha, 0)
    x = x.detach()
    climbed = objective_for(model, x, y, loss, target, batch_size)
    generator = torch.Generator().manual_seed(seed)
    kept = steps + 1 if watch is not None else 1
    best, score = x.new_empty(kept, *x.shape), None
    for attempt in range(restarts):
        start = ball.random(x, generator) if random_start or attempt else x
        found = torch.empty_like(best)
        with held(model):
            for rows in portions(x, batch_size):
                part = climbed.rows(rows)
                way = _climb(model, x[rows], start[rows], part, ball, alpha, steps)
                for place, moved in enumerate(deque(way, maxlen=kept)):
                    found[place, rows] = moved
        if restarts == 1:
            best = found
            break
        new = _scores(model, found[-1], climbed, batch_size)
        better = torch.ones_like(new[0]) if score is None else _better(new, score)
        best[:, better] = found[:, better]
        score = (
            new if score is None else tuple(torch.where(better, a, b) for a, b in zip(new, score))
        )
    if watch is not None:
        for moved in best:
            watch(moved)
    return best[-1]


def _climb(
    model: Model,
    x: Tensor,
    start: Tensor,
    climbed: Objective,
    ball: Ball,
    alpha: float,
    steps: int,
) -> Iterator[Tensor]:
    """Yield the start, and where each step leads."""
    moved = start
    yield moved
    for _ in range(steps):
        gradient = climbed.gradient(model, moved)
        moved = ball.project(moved + alpha * ball.steepest(gradient), x)
        yield moved


def _scores(
    model: Model, found: Tensor, climbed: Objective, batch_size: int | None
) -> tuple[Tensor, Tensor]:
    """Return where the attack succeeded, and the objective there."""
    reached, values = [], []
    with held(model), torch.no_grad():
        for rows in portions(found, batch_size):
            part = climbed.rows(rows)
            logits = logits_of(model, found[rows], part.labels)
            reached.append(part.reached(logits))
            values.append(part.of(logits).nan_to_num(nan=torch.inf))
    if not reached:
        return torch.zeros(0, dtype=torch.bool, device=found.device), found.new_zeros(0)
    return torch.cat(reached), torch.cat(values)


def _better(new: tuple[Tensor, Tensor], old: tuple[Tensor, Tensor]) -> Tensor:
    """Return where a success replaces a failure, or a greater objective an equal outcome."""
    return (new[0] & ~old[0]) | ((new[0] == old[0]) & (new[1] > old[1]))
