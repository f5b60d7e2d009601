"""Looks at a net that was stored: its weights are put into a fresh module, and nothing is trained."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from playground.analysis.trained import Swap, log_determinants, residual_eigenvalues, swap
from playground.datasets import load
from playground.experiment import Experiment
from playground.networks import PointNet
from playground.training.checkpoints import unpack
from playground.training.precision import dtype_of
from playground.training.trainer import make_net

FLOWS = ("rk_net", "neural_ode")
"""Networks whose features flow."""


def stored_net(experiment: Experiment, checkpoint: bytes) -> PointNet:
    """Return the net of a checkpoint, with the weights by which it is judged.

    Raises:
        ValueError: If the bytes are no checkpoint of this experiment.
    """
    _, weights = unpack(checkpoint)
    net = make_net(experiment)
    try:
        net.load_state_dict(weights)
    except RuntimeError as error:
        raise ValueError(f"the weights do not fit the experiment: {error}") from error
    return net.eval().requires_grad_(False)


def validation_points(experiment: Experiment, most: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return points ``(n, d)`` and classes ``(n,)`` of the validation set, as many as there may be."""
    split = load(
        experiment.data.name,
        n_train=experiment.n_train,
        n_validation=experiment.n_validation,
        seed=experiment.data_seed,
        options=experiment.data.options,
    )
    dtype = dtype_of(experiment)
    x = torch.as_tensor(split.x_validation[:most]).to(dtype)
    return x, torch.as_tensor(split.y_validation[:most])


def layer_eigenvalues(experiment: Experiment, checkpoint: bytes, most: int = 40) -> np.ndarray:
    """Return the eigenvalues of h ∂f/∂y ``(layers, points, width)`` at some validation points.

    Raises:
        ValueError: If the net is no flow, or the checkpoint none of this experiment.
    """
    points, _ = validation_points(experiment, most)
    return residual_eigenvalues(stored_net(experiment, checkpoint), points).numpy()


def step_choices(experiment: Experiment) -> tuple[int, ...]:
    """Return into how many steps a layer, or the whole depth of a shared field, can be divided."""
    if experiment.network.name == "rk_net":
        return 1, 2, 4, 8
    return 1, 2, 4, 8, 16, 32, 64


def swapped(experiment: Experiment, checkpoint: bytes, schemes: Sequence[str]) -> list[Swap]:
    """Classify the validation set with other schemes and other steps in the place of the net's own.

    A layered net has weights for each layer, so its layers are divided; a shared field is stepped as
    often as one likes.

    Raises:
        ValueError: If the net is no flow, a scheme chooses its own steps, or the checkpoint is none of
            this experiment.
    """
    net = stored_net(experiment, checkpoint)
    points, labels = validation_points(experiment, experiment.n_validation)
    layered = experiment.network.name == "rk_net"
    found = []
    for name in schemes:
        for steps in step_choices(experiment):
            chosen = {"substeps": steps} if layered else {"n_steps": steps}
            found.append(swap(net, points, labels, name, **chosen))
    return found


@dataclass(frozen=True)
class Folds:
    """What a flow map does to the space of its features.

    Attributes:
        places: Inputs of the grid along each side: one array ``(n,)`` for a line, two for a plane.
        determinants: Signed determinant of the map at the lifted grid, ``(n,)`` or ``(m, n)``.
        paths: Features over depth ``(layers + 1, points, width)`` of some validation points.
        classes: Classes or targets of these points ``(points,)``.
        accuracy: Share of the validation points that are classified rightly; nan for regression.
        error: Mean square error of a regression; nan for classification.
    """

    places: tuple[np.ndarray, ...]
    determinants: np.ndarray
    paths: np.ndarray
    classes: np.ndarray
    accuracy: float
    error: float


def folds(experiment: Experiment, checkpoint: bytes, n: int = 61, most: int = 60) -> Folds:
    """Look for folds of the flow map over the inputs, at the lifted points of a grid.

    Where the determinant is negative the steps of the net turn the space over, which the flow of a
    differential equation cannot do.

    Args:
        experiment: Of a flow net or neural ODE on one or two inputs, with a fixed step.
        checkpoint: Its weights.
        n: Places along each side of the grid.
        most: Points whose paths are kept.

    Raises:
        ValueError: If the net is no such flow, or the checkpoint none of this experiment.
    """
    net = stored_net(experiment, checkpoint)
    points, targets = validation_points(experiment, experiment.n_validation)
    dim = points.shape[1]
    if dim > 2:
        raise ValueError(f"data: {dim} inputs; a map of folds is drawn over one or two")
    low, high = points.amin(dim=0), points.amax(dim=0)
    margin = 0.1 * (high - low)
    sides = [torch.linspace(float(a), float(b), n) for a, b in zip(low - margin, high + margin)]
    grid = torch.stack(torch.meshgrid(*sides, indexing="xy"), dim=-1).reshape(-1, dim)
    sign, logarithm = log_determinants(net, grid.to(points.dtype))
    with torch.no_grad():
        outputs = net(points)
        paths = net.trajectory(points[:most])
    regression = targets.is_floating_point()
    right = math.nan if regression else float((outputs.argmax(dim=1) == targets).double().mean())
    error = float(((outputs - targets) ** 2).mean()) if regression else math.nan
    return Folds(
        tuple(side.numpy() for side in sides),
        (sign * logarithm.exp()).reshape((n,) * dim).numpy(),
        paths.numpy(),
        targets[:most].reshape(min(most, len(targets)), -1)[:, 0].numpy(),
        right,
        error,
    )
