"""How sure a net is, how steep that is, and so how far its border may be: over a plane, and at points.

Near a point x the margin m changes by ∇m·δ at most ‖∇m‖ ‖δ‖, with the norm that is dual to that of the
change δ: the sum of the magnitudes of ∇m for changes bounded in L∞, the Euclidean length for L2. To first
order the nearest point at which m = 0 is |m|/‖∇m‖ away, which is exact for a linear net.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from playground.analysis.views import RESOLUTION, Scene
from playground.attacks.objective import Objective, margin
from playground.attacks.problem import Model, Norm, all_logits, portions

_AT_ONCE = 4096  # rows at once: few enough for the cache, enough to outweigh the calls


@dataclass(frozen=True)
class Margins:
    """The margin of a net at some inputs.

    Attributes:
        margin: log p of the label minus the greatest other one; without labels of the two largest,
            which is never negative ``(n,)``.
        slope: Dual norm of its gradient ``(n,)``.
        distance: |margin| / slope, the distance to the border to first order ``(n,)``; infinite where
            nothing changes.
        winner: The class with the largest logit ``(n,)``.
    """

    margin: np.ndarray
    slope: np.ndarray
    distance: np.ndarray
    winner: np.ndarray


def margins(
    model: Model, x: Tensor, labels: Tensor | None = None, *, norm: Norm = "linf"
) -> Margins:
    """Return margin, slope and first-order distance to the border at inputs.

    Args:
        model: A module or function that returns logits ``(n, classes)``, or a net by its kernels.
        x: Inputs ``(n, …)``.
        labels: Their classes ``(n,)``; those that win without.
        norm: How the distance is measured; the slope is in the dual norm, so that a step of length ε
            changes the margin by about ε times the slope at most.

    Raises:
        ValueError: If the model returns something else than logits of two classes or more, or does not
            depend on its inputs by a gradient.
    """
    logits = all_logits(model, x, _AT_ONCE)
    winner = logits.argmax(1)
    against = winner if labels is None else labels.to(winner)
    gradients = [
        Objective(against[rows], "margin").gradient(model, x[rows])
        for rows in portions(x, _AT_ONCE)
    ]
    gradient = torch.cat(gradients) if gradients else torch.zeros_like(x)
    slope = gradient.flatten(1).double().norm(1 if norm == "linf" else 2, dim=1)
    value = margin(logits.double(), against)
    distance = torch.where(slope > 0, value.abs() / slope, torch.inf)
    return Margins(*(part.cpu().numpy() for part in (value, slope, distance, winner)))


def over_plane(model: Model, scene: Scene, *, norm: Norm = "linf") -> Margins:
    """Return the margins of the two largest logits over the plane of a scene's two inputs.

    All parts are ``(rows, columns)``, the top row first, over ``scene.extent``; inputs that are not on
    the axes are held at their means. Data with one input have one row.
    """
    side = (RESOLUTION if len(scene.axes) == 2 else 1, RESOLUTION)
    found = margins(model, scene.cells, norm=norm)
    parts = (found.margin, found.slope, found.distance, found.winner)
    return Margins(*(part.reshape(side) for part in parts))
