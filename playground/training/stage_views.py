"""What a stored fit in stages looks like: residuals, waves and figures, from its weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from playground.analysis.spectrum import Spectrum
from playground.analysis.stages import (
    FLOOR,
    StageFigures,
    begun,
    figures_of,
    residuals,
    timed,
    waves_of,
)
from playground.datasets import load
from playground.experiment import Experiment
from playground.training.events import Metrics
from playground.training.precision import dtype_of
from playground.training.staged import take_weights
from playground.training.trainer import make_net


@dataclass(frozen=True)
class StageViews:
    """A fit as it is at one step.

    Attributes:
        names: Names of the inputs.
        x: Points that are trained on ``(n, inputs)``, in order along a line.
        y: Their targets ``(n,)``.
        fine_x: Points that judge ``(m, inputs)``, in order along a line.
        fine_y: Their targets ``(m,)``.
        left: What is left at the first, before any stage and after each begun, ``(stages + 1, n)``.
        fine_left: The same at the second.
        waves: Its spectrum at the points that are trained on, as many.
        kappas: κ of each stage that has begun.
        figures: The figures after each stage that has begun.
        floor: MSE/2 of an error of one unit in the last place of float64.
    """

    names: tuple[str, ...]
    x: np.ndarray
    y: np.ndarray
    fine_x: np.ndarray
    fine_y: np.ndarray
    left: np.ndarray
    fine_left: np.ndarray
    waves: tuple[Spectrum, ...]
    kappas: tuple[float, ...]
    figures: tuple[StageFigures, ...]
    floor: float


def views_of(experiment: Experiment, weights: Mapping[str, Tensor]) -> StageViews:
    """Return what a fit looks like with some weights.

    Args:
        experiment: Of a multi-stage net with one output.
        weights: Of its net, or of one with fewer stages.

    Raises:
        ValueError: If the data cannot be had, or the weights do not fit.
    """
    split = load(
        experiment.data.name,
        n_train=experiment.n_train,
        n_validation=experiment.n_validation,
        seed=experiment.data_seed,
        options=experiment.data.options,
    )
    net = make_net(experiment).eval()
    take_weights(net, weights)
    dtype = dtype_of(experiment)
    train = _ordered(split.x_train, split.y_train, dtype)
    fine = _ordered(split.x_validation, split.y_validation, dtype)
    left, fine_left = residuals(net, *train), residuals(net, *fine)
    count = begun(net)
    return StageViews(
        names=split.feature_names,
        x=train[0].numpy(),
        y=train[1][:, 0].numpy(),
        fine_x=fine[0].numpy(),
        fine_y=fine[1][:, 0].numpy(),
        left=left[: count + 1, :, 0].numpy(),
        fine_left=fine_left[: count + 1, :, 0].numpy(),
        waves=tuple(waves_of(net, train[0], each) for each in left[: count + 1]),
        kappas=tuple(net.kappa[:count].tolist()),
        figures=tuple(figures_of(net, i, *train, fine=fine) for i in range(count)),
        floor=float((FLOOR * train[1].double()).square().mean() / 2),
    )


def _ordered(x: np.ndarray, y: np.ndarray, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    if x.shape[1] == 1:
        order = np.argsort(x[:, 0], kind="stable")
        x, y = x[order], y[order]
    return torch.as_tensor(x).to(dtype), torch.as_tensor(y).to(dtype)


def steps_of_a_stage(experiment: Experiment) -> int:
    """Return how many optimiser steps one stage takes."""
    n_train = experiment.split_sizes[0]
    full = experiment.optimizer.entry.full_batch
    batches = 1 if full else -(-n_train // experiment.batch_size)
    return experiment.epochs * batches


def iterations(experiment: Experiment, step: int) -> int:
    """Return how many iterations, of Adam or of L-BFGS, so many optimiser steps are."""
    each = steps_of_a_stage(experiment)
    counted = getattr(experiment.optimizer.options, "iterations_after", lambda steps: steps)
    stages, within = divmod(step, each)
    return stages * counted(each) + counted(within)


def with_seconds(
    figures: Sequence[StageFigures], metrics: Sequence[Metrics], experiment: Experiment
) -> list[StageFigures]:
    """Return figures with what each stage took, so far."""
    each = steps_of_a_stage(experiment)
    found, before = [], 0.0
    for index, figure in enumerate(figures):
        until = [m.seconds for m in metrics if m.step <= (index + 1) * each]
        now = until[-1] if until else before
        found.append(timed(figure, now - before))
        before = now
    return found
