"""What each stage of a multi-stage net has done: figures, residuals and their waves."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from playground.analysis.spectrum import Spectrum, spectrum
from playground.networks.multi_stage import MultiStageNet


@dataclass(frozen=True)
class StageFigures:
    """The sum after one stage, and how that stage began.

    Attributes:
        stage: Its number, from 1.
        loss: MSE/2 of the sum at the training points.
        rms: Root mean square of what is left there.
        max_error: Greatest of what is left there.
        fine_rms: The same between the points, on a finer grid; nan without one.
        fine_max_error: Likewise.
        dominant_frequency: Of what the stage was given, in cycles per unit of the mapped inputs.
        kappa: The factor of its inputs.
        scale: ε, by which its targets were divided.
        weights: Weights of the sum, biases left out.
        parameters: Weights and biases.
        seconds: What the stage took; nan where nobody measured it.
    """

    stage: int
    loss: float
    rms: float
    max_error: float
    fine_rms: float
    fine_max_error: float
    dominant_frequency: float
    kappa: float
    scale: float
    weights: int
    parameters: int
    seconds: float = math.nan


def residuals(net: MultiStageNet, x: Tensor, y: Tensor) -> Tensor:
    """Return what is left before the first stage and after each, ``(stages + 1, n, outputs)``."""
    with torch.no_grad():
        return y - net.trajectory(x)


def begun(net: MultiStageNet) -> int:
    """Return how many stages have begun."""
    return int((net.scale != 0).sum())


def figures_of(
    net: MultiStageNet,
    index: int,
    x: Tensor,
    y: Tensor,
    *,
    fine: tuple[Tensor, Tensor] | None = None,
    seconds: float = math.nan,
) -> StageFigures:
    """Return the figures of the sum after one stage.

    Args:
        net: The sum.
        index: The stage, from 0.
        x: Training inputs ``(n, features)``.
        y: Training targets ``(n, outputs)``.
        fine: Inputs and targets between them.
        seconds: What the stage took.
    """
    left = residuals(net, x, y)
    after = left[index + 1]
    between = (math.nan, math.nan)
    if fine is not None:
        rest = residuals(net, *fine)[index + 1]
        between = (float(rest.square().mean().sqrt()), float(rest.abs().max()))
    waves = waves_of(net, x, left[index])
    nets = [*net.stages][: index + 1]
    parameters = [p for stage in nets for p in stage.parameters()]
    mean_square = float(after.square().mean())
    return StageFigures(
        stage=index + 1,
        loss=mean_square / 2,
        rms=math.sqrt(mean_square),
        max_error=float(after.abs().max()),
        fine_rms=between[0],
        fine_max_error=between[1],
        dominant_frequency=waves.dominant,
        kappa=float(net.kappa[index]),
        scale=float(net.scale[index]),
        weights=sum(p.numel() for p in parameters if p.ndim > 1),
        parameters=sum(p.numel() for p in parameters),
        seconds=seconds,
    )


def waves_of(net: MultiStageNet, x: Tensor, values: Tensor) -> Spectrum:
    """Return the spectrum of values ``(n, outputs)`` over the mapped inputs."""
    with torch.no_grad():
        points = net.mapped(x).double().cpu().numpy()
    return spectrum(points, values.double().cpu().numpy())


def timed(figures: StageFigures, seconds: float) -> StageFigures:
    """Return figures with the time that their stage took."""
    return replace(figures, seconds=seconds)


FLOOR = float(np.finfo(float).eps)
"""What float64 cannot tell apart at magnitude one: no residual of such data comes below it."""
