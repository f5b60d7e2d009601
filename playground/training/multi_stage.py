"""Fit a function of one or a few variables in stages, without an experiment around it.

The same nets, the same rules and the same optimiser as in a run of the engine
(``playground.training.staged``), for a notebook or a benchmark.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import nn

from playground.analysis.stages import StageFigures, figures_of
from playground.networks import build
from playground.networks.multi_stage import MultiStageNet, MultiStageOptions
from playground.optimizers import OPTIMIZERS
from playground.training.staged import begin_stage, map_inputs


@dataclass(frozen=True)
class Fit:
    """A sum of nets that was fitted; called with points it predicts.

    Attributes:
        net: The sum as a torch module in float64.
        stages: The figures of the sum after each stage: loss, RMS, frequency, κ, ….
        losses: Of each stage the loss MSE/2 of the whole sum at the training points, step by step.
    """

    net: MultiStageNet
    stages: tuple[StageFigures, ...]
    losses: tuple[np.ndarray, ...]

    def __call__(self, x: ArrayLike) -> np.ndarray:
        """Return the sum at points: ``(n,)`` gives ``(n,)``, ``(n, inputs)`` gives ``(n, outputs)``."""
        points = np.asarray(x, float)
        with torch.no_grad():
            values = self.net(torch.from_numpy(_columns(points))).numpy()
        return values[:, 0] if points.ndim == 1 else values


def fit(
    x: ArrayLike,
    u: ArrayLike,
    *,
    stages: int,
    width: int = 20,
    depth: int = 3,
    adam: int = 1500,
    lbfgs: int = 2500,
    learning_rate: float = 1e-3,
    history: int = 30,
    scale_loss: bool | Literal["none", "thousand", "current"] = True,
    restart: int = 1000,
    first: Literal["sine", "tanh"] = "sine",
    kappa: Literal["fft", "sign_changes"] | float = "fft",
    normalise: Literal["rms", "max", "none"] = "rms",
    seed: int = 0,
    progress: Callable[[int, int, float], None] | None = None,
) -> Fit:
    """Fit a net to data, then a net to what is left, and so on; in float64, on all points at once.

    Args:
        x: Points ``(n,)`` or ``(n, inputs)``.
        u: Values ``(n,)`` or ``(n, outputs)``.
        stages: How many nets.
        width: Units of each hidden layer.
        depth: Hidden layers.
        adam: Steps of Adam in each stage.
        lbfgs: L-BFGS iterations after them in each stage.
        learning_rate: Adam's.
        history: Curvature pairs of L-BFGS.
        scale_loss: What L-BFGS sees: the loss over its value at each restart (``True``), times a
            thousand, or as it is (``False``), which stops it early.
        restart: L-BFGS iterations between restarts.
        first: Function of the first hidden layer from stage 2 on.
        kappa: Rule for the scale of the inputs from stage 2 on, or the scale itself.
        normalise: By what a residual is divided.
        seed: Of the initial weights.
        progress: Is handed ``(stage, step, loss MSE/2)`` after every step.

    Raises:
        ValueError: For data that do not fit together or are not finite, and for options out of bounds.

    Reference: Wang and Lai (2024).
    """
    points, values = _data(x, u)
    options = MultiStageOptions(
        stages=stages,
        width=width,
        depth=depth,
        first=first,
        kappa=kappa if isinstance(kappa, str) else "by_hand",
        kappa_value=1.0 if isinstance(kappa, str) else kappa,
        normalise=normalise,
    )
    rule = {True: "current", False: "none"}.get(scale_loss, scale_loss)
    entry = OPTIMIZERS["adam_lbfgs"]
    plan = entry.options(
        learning_rate=learning_rate,
        adam_steps=adam,
        history=history,
        scale=rule,
        restart=restart,
    )
    net = build(
        "multi_stage",
        n_features=points.shape[1],
        n_classes=values.shape[1],
        seed=seed,
        **options.model_dump(),
    ).double()
    map_inputs(net, points)
    with torch.no_grad():
        net.scale.zero_()
    steps = adam + -(-lbfgs // plan.iterations)
    reports, courses = [], []
    for index in range(stages):
        began = time.perf_counter()
        targets = begin_stage(net, index, points, values, options)
        optimizer = entry.make(list(net.stages[index].parameters()), plan)
        courses.append(_train(net, index, points, targets, optimizer, steps, progress))
        seconds = time.perf_counter() - began
        reports.append(figures_of(net, index, points, values, seconds=seconds))
    return Fit(net.eval(), tuple(reports), tuple(courses))


def _train(
    net: MultiStageNet,
    index: int,
    points: torch.Tensor,
    targets: torch.Tensor,
    optimizer: torch.optim.Optimizer,
    steps: int,
    progress: Callable[[int, int, float], None] | None,
) -> np.ndarray:
    mapped = net.mapped(points).detach()
    factor = 0.5 * float(net.scale[index]) ** 2
    losses = np.empty(steps)
    seen: list[float] = []

    def closure() -> torch.Tensor:
        optimizer.zero_grad(set_to_none=True)
        loss = nn.functional.mse_loss(net.stage(index, mapped), targets)
        loss.backward()
        seen.append(float(loss.detach()))
        return loss

    for step in range(steps):
        seen.clear()
        optimizer.step(closure)
        losses[step] = factor * seen[0]
        if progress is not None:
            progress(index, step + 1, losses[step])
    return losses


def _columns(values: np.ndarray) -> np.ndarray:
    return values[:, None] if values.ndim == 1 else values


def _data(x: ArrayLike, u: ArrayLike) -> tuple[torch.Tensor, torch.Tensor]:
    arrays: Sequence[np.ndarray] = [_columns(np.asarray(each, float)) for each in (x, u)]
    for name, array in zip("xu", arrays):
        if array.ndim != 2 or not array.size:
            raise ValueError(f"{name} has the shape {array.shape}; legal is (n,) or (n, columns)")
        if not np.isfinite(array).all():
            raise ValueError(f"{name} has values that are not finite; legal are numbers")
    if len(arrays[0]) != len(arrays[1]):
        raise ValueError(f"x has {len(arrays[0])} points and u {len(arrays[1])}; legal is as many")
    points, values = (torch.from_numpy(np.ascontiguousarray(array)) for array in arrays)
    return points, values
