"""The loss of a net as a landscape over a plane through its weights.

The plane goes through the mean of some recorded weights along their first two principal directions, as
in Li et al., *Visualizing the loss landscape of neural nets* (2018), section 7.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

CHUNK = 64  # nets that are evaluated at once: their features stay in the cache

Loss = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Plane:
    """A plane through the space of weights.

    Attributes:
        origin: A point of it ``(P,)``.
        axes: Two directions of length one at right angles ``(2, P)``.
        explained: Shares of the variance of the recorded weights along each, in [0, 1].
    """

    origin: np.ndarray
    axes: np.ndarray
    explained: tuple[float, float]

    def coordinates(self, weights: np.ndarray) -> np.ndarray:
        """Return the places ``(n, 2)`` of the feet of weights ``(n, P)`` in the plane."""
        return (weights - self.origin) @ self.axes.T

    def points(self, places: np.ndarray) -> np.ndarray:
        """Return the weights ``(n, P)`` at places ``(n, 2)`` of the plane."""
        return self.origin + places @ self.axes


def plane_through(weights: np.ndarray) -> Plane:
    """Return the plane that keeps as much of the variance of weights ``(n, P)`` as a plane can.

    Raises:
        ValueError: If the weights do not move, or are not finite.
    """
    weights = np.asarray(weights, dtype=float)
    if not np.isfinite(weights).all():
        raise ValueError("the weights are not finite")
    origin = weights.mean(axis=0)
    _, lengths, axes = np.linalg.svd(weights - origin, full_matrices=False)
    total = float((lengths**2).sum())
    if total <= 0 or len(lengths) < 2:
        raise ValueError("the weights do not move, so that there is no plane through them")
    # Signs are arbitrary; with the largest component positive the same runs give the same picture.
    signs = np.sign(axes[np.arange(2), np.abs(axes[:2]).argmax(axis=1)])
    first, second = (float(length**2) / total for length in lengths[:2])
    return Plane(origin, axes[:2] * signs[:, None], (first, second))


def flat_weights(net: nn.Module) -> np.ndarray:
    """Return the trained weights of a net in a row ``(P,)``."""
    parts = [p.detach().reshape(-1) for p in net.parameters() if p.requires_grad]
    return torch.cat(parts).double().cpu().numpy()


@torch.no_grad()
def losses_at(net: nn.Module, loss: Loss, x: Tensor, y: Tensor, weights: np.ndarray) -> np.ndarray:
    """Return the loss of a net with other weights ``(n, P)`` on points ``(batch, d)``: ``(n,)``.

    Args:
        net: The net; it is left as it is.
        loss: Takes its outputs and the targets.
        x: Inputs.
        y: Targets.
        weights: Rows as ``flat_weights`` gives them.
    """
    named = {name: p for name, p in net.named_parameters() if p.requires_grad}
    sizes = [p.numel() for p in named.values()]

    def one(row: Tensor) -> Tensor:
        parts = {
            name: part.reshape(p.shape) for (name, p), part in zip(named.items(), row.split(sizes))
        }
        return loss(functional_call(net, parts, (x,)), y)

    rows = torch.as_tensor(np.asarray(weights), dtype=x.dtype, device=x.device)
    return torch.cat([vmap(one)(part) for part in rows.split(CHUNK)]).double().cpu().numpy()


def loss_over(
    net: nn.Module,
    loss: Loss,
    x: Tensor,
    y: Tensor,
    plane: Plane,
    across: np.ndarray,
    up: np.ndarray,
) -> np.ndarray:
    """Return the loss on a grid over a plane: ``(m, n)`` for n places across and m up."""
    grid = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)
    return losses_at(net, loss, x, y, plane.points(grid)).reshape(len(up), len(across))
