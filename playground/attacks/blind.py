"""Attacks that never ask the model for a gradient: noise, SPSA, and examples of another model."""

from __future__ import annotations

from typing import Any, Literal, get_args

import torch
from torch import Tensor

from playground.attacks.ball import Ball, unit_in
from playground.attacks.gradient import pgd, step_size
from playground.attacks.objective import Objective, Target, objective_for
from playground.attacks.problem import (
    VALUES_AT_ONCE,
    Clip,
    LossName,
    Model,
    Norm,
    Watch,
    check_choice,
    check_count,
    check_inputs,
    check_number,
    held,
    logits_of,
    portions,
)

NoiseNorm = Literal["sigma", "linf", "l2"]


def gaussian_noise(
    model: Model,
    x: Tensor,
    y: Tensor,
    *,
    eps: float,
    norm: NoiseNorm = "sigma",
    clip: Clip = (0.0, 1.0),
    seed: int = 0,
    batch_size: int | None = None,
    watch: Watch | None = None,
) -> Tensor:
    """Add Gaussian noise, then clip; the model is not asked.

    Args:
        model: Ignored; attacks share one signature.
        x: Inputs ``(batch, …)`` inside the clip range.
        y: Classes ``(batch,)``, checked only.
        eps: Size of the noise.
        norm: What ``eps`` is: ``"sigma"``, the standard deviation of every value; ``"linf"`` or
            ``"l2"``, the norm to which the noise of every input is scaled, that of an attack.
        clip: Legal range of the values, ``None`` for points.
        seed: Seed of the noise.
        batch_size: Ignored.
        watch: Told where the inputs are before and after.

    Raises:
        ValueError: For settings that are out of bounds, and inputs outside the clip range.
    """
    check_inputs(x, y, clip)
    check_number("eps", eps, 0)
    check_choice("norm", norm, get_args(NoiseNorm))
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(x.shape, generator=generator, dtype=x.dtype)
    if norm != "sigma":
        noise = unit_in(noise, norm)
    moved = x.detach() + eps * noise.to(x.device)
    moved = Ball(eps, "linf", clip).clipped(moved)
    if watch is not None:
        watch(x.detach())
        watch(moved)
    return moved


def spsa(
    model: Model,
    x: Tensor,
    y: Tensor,
    *,
    eps: float,
    alpha: float | None = None,
    steps: int = 20,
    samples: int = 64,
    delta: float = 0.01,
    norm: Norm = "linf",
    loss: LossName = "margin",
    clip: Clip = (0.0, 1.0),
    target: Target = None,
    seed: int = 0,
    batch_size: int | None = None,
    watch: Watch | None = None,
) -> Tensor:
    """Climb as PGD does, by a gradient estimated from differences (Uesato et al. 2018).

    In every step the loss is compared at x ± δ s for random signs s; the mean of (difference / 2δ) s
    estimates the gradient. All inputs share the signs, so that the outcome of one does not depend on
    which others are attacked.

    Args:
        model: A module or a function that returns logits ``(batch, classes)``; it needs no gradient.
        x: Inputs ``(batch, …)`` inside the clip range.
        y: True classes ``(batch,)``.
        eps: Radius of the ball, in the units of ``x``.
        alpha: Length of a step; 2.5 ε / steps without one.
        steps: Number of steps.
        samples: Pairs of points in one estimate.
        delta: Distance δ of every value at which the loss is compared.
        norm: ``"linf"`` or ``"l2"``.
        loss: ``"ce"`` or ``"margin"``.
        clip: Legal range of the values, ``None`` for points.
        target: Classes to reach instead of any wrong one, see ``Target``.
        seed: Seed of the signs.
        batch_size: Points at once; a portion of inputs takes at least one pair each.
        watch: Told where the inputs are at the start and after each step.

    Returns:
        Inputs of the shape of ``x``, inside the ball and the range.

    Raises:
        ValueError: For settings that are out of bounds, and inputs outside the clip range.
    """
    y = check_inputs(x, y, clip)
    ball = Ball(eps, norm, clip)
    check_count("steps", steps)
    check_count("samples", samples)
    check_number("delta", delta, 0, above=True)
    alpha = step_size(eps, steps, alpha)
    check_number("alpha", alpha, 0)
    x = x.detach()
    climbed = objective_for(model, x, y, loss, target, batch_size)
    generator = torch.Generator().manual_seed(seed)
    moved = x.clone()
    told = watch or (lambda _: None)
    told(moved)
    with held(model), torch.no_grad():
        for _ in range(steps):
            signs = torch.randint(0, 2, (samples, *x.shape[1:]), generator=generator)
            signs = (2 * signs - 1).to(device=x.device, dtype=x.dtype)
            slopes = _slopes(model, moved, climbed, signs, delta, batch_size)
            estimate = (slopes @ signs.flatten(1)).view_as(x) / samples
            moved = ball.project(moved + alpha * ball.steepest(estimate), x)
            told(moved)
    return moved


def _slopes(
    model: Model,
    x: Tensor,
    climbed: Objective,
    signs: Tensor,
    delta: float,
    batch_size: int | None,
) -> Tensor:
    """Return the difference quotients along every direction, ``(batch, samples)``."""
    slopes = x.new_empty(len(x), len(signs))
    most = batch_size or max(1, VALUES_AT_ONCE // max(1, x[:1].numel()))
    for rows in portions(x, batch_size):
        centre, part = x[rows], climbed.rows(rows)
        at_once = max(1, most // (2 * len(centre)))
        for j in range(0, len(signs), at_once):
            step = delta * signs[j : j + at_once, None]
            points = torch.cat([centre + step, centre - step]).flatten(0, 1)
            values = part.of(logits_of(model, points, part.labels)).view(2, -1, len(centre))
            quotients = (values[0] - values[1]) / (2 * delta)
            slopes[rows, j : j + at_once] = quotients.nan_to_num(nan=0.0).T
    return slopes


def transfer(
    model: Model, x: Tensor, y: Tensor, *, eps: float, source: Model, **options: Any
) -> Tensor:
    """Return what fools another model, to be shown to this one (Papernot et al. 2016).

    Args:
        model: Not asked; it is judged on the result.
        x: Inputs ``(batch, …)`` inside the clip range.
        y: True classes ``(batch,)``.
        eps: Radius of the ball.
        source: The model that is attacked instead.
        options: Anything else that ``pgd`` takes.

    Raises:
        ValueError: As ``pgd`` does.
    """
    return pgd(source, x, y, eps=eps, **options)
