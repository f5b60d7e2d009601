"""Looks at a net that was stored: its weights are put into a fresh module, and nothing is trained."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from playground.analysis.trained import Swap, residual_eigenvalues, swap
from playground.datasets import load
from playground.experiment import Experiment
from playground.networks import PointNet
from playground.training.checkpoints import unpack
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
    dtype = getattr(torch, experiment.precision)
    x = torch.as_tensor(split.x_validation[:most]).to(dtype)
    return x, torch.as_tensor(split.y_validation[:most])


def layer_eigenvalues(experiment: Experiment, checkpoint: bytes, most: int = 40) -> np.ndarray:
    """Return the eigenvalues of h ∂f/∂y ``(layers, points, width)`` at some validation points.

    Raises:
        ValueError: If the net is no flow, or the checkpoint none of this experiment.
    """
    points, _ = validation_points(experiment, most)
    return residual_eigenvalues(stored_net(experiment, checkpoint), points).numpy()


def swapped(
    experiment: Experiment, checkpoint: bytes, schemes: Sequence[str], substeps: Sequence[int]
) -> list[Swap]:
    """Classify the validation set with other schemes and finer steps in the place of the net's own.

    Raises:
        ValueError: If the net is no flow, a scheme chooses its own steps, or the checkpoint is none of
            this experiment.
    """
    net = stored_net(experiment, checkpoint)
    points, labels = validation_points(experiment, experiment.n_validation)
    return [
        swap(net, points, labels, name, substeps=substep)
        for name in schemes
        for substep in substeps
    ]
