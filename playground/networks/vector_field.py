"""A small net as the right-hand side of an ODE whose state is observed: ẏ = f_θ(y) or f_θ(t, y)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from playground.networks.activations import ACTIVATIONS


@dataclass(frozen=True)
class Scales:
    """Units in which the net sees the world, measured on the samples and kept fixed.

    Attributes:
        mean: Mean of each component ``(dim,)``.
        spread: Standard deviation of each component ``(dim,)``, positive.
        speed: Root mean square of the velocity of each component ``(dim,)``, positive.
        start: First time.
        duration: Length of the time that is trained on, positive.
    """

    mean: np.ndarray
    spread: np.ndarray
    speed: np.ndarray
    start: float
    duration: float

    @classmethod
    def unit(cls, dim: int) -> Scales:
        """Return scales that change nothing."""
        return cls(np.zeros(dim), np.ones(dim), np.ones(dim), 0.0, 1.0)


class VectorField(nn.Module):
    """An MLP that is the velocity of a state, in float64.

    With added channels the net moves ``dim + augment`` components; the added ones begin at zero and
    are never observed (Dupont, Doucet and Teh 2019).

    Attributes:
        calls: Evaluations since it was last set to zero.
        dim: Observed components.
        augment: Added ones.
    """

    def __init__(
        self,
        dim: int,
        *,
        width: int,
        depth: int,
        activation: str,
        augment: int = 0,
        with_time: bool = False,
        scales: Scales | None = None,
        seed: int = 0,
    ) -> None:
        """Draw the weights.

        Args:
            dim: Observed components.
            width: Units of each hidden layer.
            depth: Hidden layers.
            activation: A name in ``ACTIVATIONS``.
            augment: Added channels.
            with_time: Whether the net also sees the time.
            scales: Units of the samples; none by default.
            seed: Seed of the weights.
        """
        super().__init__()
        self.dim, self.augment, self.with_time = dim, augment, with_time
        self.calls = 0
        scales = Scales.unit(dim) if scales is None else scales
        # An added channel has no samples; it moves on the scale of one over the whole time.
        added = np.full(augment, 1.0)
        for name, values in (
            ("mean", np.concatenate([scales.mean, 0 * added])),
            ("spread", np.concatenate([scales.spread, added])),
            ("speed", np.concatenate([scales.speed, added / scales.duration])),
        ):
            self.register_buffer(name, torch.tensor(values, dtype=torch.float64))
        self._start, self._duration = scales.start, scales.duration
        self._activation = ACTIVATIONS[activation].function
        sizes = [dim + augment + with_time, *[width] * depth, dim + augment]
        self.layers = nn.ModuleList(
            nn.Linear(a, b, dtype=torch.float64) for a, b in pairwise(sizes)
        )
        self._draw(torch.Generator().manual_seed(seed))

    def _draw(self, generator: torch.Generator) -> None:
        """Draw uniform weights as ``nn.Linear`` does; the biases of the last layer are zero."""
        for layer in self.layers:
            bound = layer.in_features**-0.5
            nn.init.uniform_(layer.weight, -bound, bound, generator=generator)
            nn.init.uniform_(layer.bias, -bound, bound, generator=generator)
        nn.init.zeros_(self.layers[-1].bias)

    def forward(self, t: Any, y: Tensor) -> Tensor:
        """Return the velocity of states ``(…, dim + augment)`` at a time, or at times ``(…, 1)``."""
        self.calls += 1
        z = (y - self.mean) / self.spread
        if self.with_time:
            now = (torch.as_tensor(t, dtype=y.dtype) - self._start) / self._duration
            z = torch.cat([z, now.expand(*y.shape[:-1], 1)], dim=-1)
        *hidden, last = self.layers
        for layer in hidden:
            z = self._activation(layer(z))
        return self.speed * last(z)

    def lifted(self, y: Tensor) -> Tensor:
        """Return states ``(…, dim)`` with the added channels at zero."""
        return nn.functional.pad(y, (0, self.augment)) if self.augment else y

    def velocity(self, t: float, y: np.ndarray) -> np.ndarray:
        """Return the velocity of the observed components ``(…, dim)`` where the added ones are zero."""
        with torch.no_grad():
            lifted = self.lifted(torch.tensor(np.asarray(y), dtype=torch.float64))
            return self(t, lifted)[..., : self.dim].numpy()
