"""What every point net can do, and the registry that lists them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from playground.integrators import Scheme
from playground.registry import Entry, Options, Registry


@dataclass(frozen=True)
class ChosenScheme:
    """A scheme together with the options that were chosen for it."""

    scheme: Scheme
    options: Options


Maker = Callable[[Any, int, Any, ChosenScheme], nn.Module]


@dataclass(frozen=True, kw_only=True)
class Network(Entry):
    """A family of nets.

    Attributes:
        make: ``(n_features, n_outputs, options, scheme) -> module``; the features of a net on images
            are ``(channels, height, width)``.
        uses_scheme: Whether an integrator steps the features; otherwise the scheme is ignored.
        formula: One layer in LaTeX; ``{step}`` marks the place of the scheme's own formula.
        staged: Whether it is trained in stages, each on what the ones before it have left; that takes
            the mean square as its loss.
        takes_images: Whether it reads images instead of points.
        scheme: What ``build`` steps it with where no scheme is named.
    """

    make: Maker
    uses_scheme: bool = False
    formula: str = ""
    staged: bool = False
    takes_images: bool = False
    scheme: str = "rk4"


NETWORKS: Registry[Network] = Registry("network")


class PointNet(nn.Module):
    """A net on points ``(batch, n_features)`` whose features can be watched layer by layer.

    Subclasses set ``inputs``, ``lift`` and ``head`` and implement ``states``.

    Attributes:
        nfe: Field evaluations since it was last set to zero, in either direction.
        is_flow: Whether the features move by an integrator, so that lines between layers mean time.
    """

    inputs: nn.Module
    lift: nn.Module
    head: nn.Module
    is_flow = False

    def __init__(self) -> None:
        super().__init__()
        self.nfe = 0

    def states(self, y: Tensor) -> list[Tensor]:
        """Return the features at every layer, ``y`` itself first, each ``(batch, width)``."""
        raise NotImplementedError

    def final(self, y: Tensor) -> Tensor:
        """Return the features at the last layer."""
        return self.states(y)[-1]

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs ``(batch, n_outputs)``: logits, or values for regression."""
        return self.head(self.final(self.lift(self.inputs(x))))

    def trajectory(self, x: Tensor) -> Tensor:
        """Return the features at every layer, ``(layers + 1, batch, width)``."""
        return torch.stack(self.states(self.lift(self.inputs(x))))

    def times(self) -> list[float]:
        """Return the depth of each entry of the trajectory: time for a flow, else layer numbers."""
        raise NotImplementedError


def stacked_linear(layers: int, width: int) -> tuple[nn.Parameter, nn.Parameter]:
    """Return ``layers`` square affine maps as two stacked parameters, PyTorch's default init.

    The matrices are ``(layers, width, width)`` and the vectors ``(layers, width)``, uniform in
    ±1/√width; the draws are those of ``layers`` modules ``nn.Linear(width, width)`` made in a row.
    """
    singles = [nn.Linear(width, width) for _ in range(layers)]
    weight = torch.stack([single.weight.detach() for single in singles])
    bias = torch.stack([single.bias.detach() for single in singles])
    return nn.Parameter(weight), nn.Parameter(bias)
