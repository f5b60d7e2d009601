"""The convolutional neural ODE: one convolutional field on an image that was given room to move in."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from playground.networks.activations import ACTIVATIONS
from playground.networks.base import NETWORKS, ChosenScheme, Network
from playground.networks.flow_net import StepSize
from playground.networks.images import ImageNet, ImageOptions, PooledHead, Shape
from playground.networks.mlp import ActivationName, activation_option
from playground.networks.neural_ode import SharedFlow, fit_solver
from playground.registry import option


class ConvODEOptions(ImageOptions, StepSize):
    """Options of the convolutional neural ODE."""

    augment: Literal["channels", "border"] = option(
        "channels",
        label="Augment by",
        help="Room for the flow: channels of zeros, or zeros around the image.",
        labels={"channels": "channels", "border": "a border"},
    )
    channels: int = option(
        5,
        label="Added channels p",
        help="Channels of zeros; none is a plain neural ODE.",
        ge=0,
        le=64,
        when={"augment": "channels"},
    )
    border: int = option(
        2,
        label="Border",
        help="Zeros on each side of the image; none is a plain neural ODE.",
        ge=0,
        le=16,
        unit="pixels",
        when={"augment": "border"},
    )
    filters: int = option(32, label="Filters", help="Channels inside the field.", ge=1, le=512)
    horizon: float = option(
        1.0,
        label="Horizon T",
        help="Time that the image flows.",
        ge=0.01,
        le=100,
        log=True,
        when={"step_by": "horizon"},
    )
    depth: int = option(
        8,
        label="Steps",
        help="Steps of a fixed scheme over the horizon; an adaptive one chooses its own and is "
        "shown at so many times.",
        ge=1,
        le=500,
    )
    activation: ActivationName = activation_option("relu")
    time_dependent: bool = option(
        False,
        label="Field sees t",
        help="Give the time to every convolution of the field as one more channel.",
    )
    head: Literal["flat", "pool"] = option(
        "flat",
        label="Head",
        help="An affine map of all values of the last state, or of the averages of its channels.",
        labels={"flat": "all values", "pool": "averages"},
        advanced=True,
    )
    gradient: Literal["solver", "adjoint"] = option(
        "solver",
        label="Gradient",
        help="Backpropagate through the solver's steps (exact), or integrate the adjoint backward "
        "in time (little memory, not exact).",
    )

    def fit(self, n_features: int | tuple[int, ...], scheme: str) -> None:
        """Add to the check of the images that a gradient can be had from the solver."""
        super().fit(n_features, scheme)
        fit_solver(self.gradient, scheme)


class Augment(nn.Module):
    """Add channels of zeros, or zeros around the image; nothing is trained."""

    def __init__(self, channels: int, border: int) -> None:
        super().__init__()
        self.channels, self.border = channels, border

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(batch, c + channels, h + 2·border, w + 2·border)``."""
        return functional.pad(x, (*(self.border,) * 4, 0, self.channels))


class ConvField(nn.Module):
    """Convolutions 1×1, 3×3, 1×1 as the velocity of an image; it counts its ``calls``.

    The field of Dupont, Doucet and Teh (2019), where the time is a constant channel of each.
    """

    def __init__(self, channels: int, options: ConvODEOptions) -> None:
        super().__init__()
        time, inner = int(options.time_dependent), options.filters
        self.convs = nn.ModuleList(
            nn.Conv2d(n_in + time, n_out, size, padding=size // 2)
            for n_in, n_out, size in ((channels, inner, 1), (inner, inner, 3), (inner, channels, 1))
        )
        self.activation = ACTIVATIONS[options.activation].function
        self.time_dependent = options.time_dependent
        self.calls = 0

    def _convolved(self, index: int, t: Tensor | float, y: Tensor) -> Tensor:
        if self.time_dependent:
            time = torch.as_tensor(t, dtype=y.dtype, device=y.device)
            y = torch.cat([y, time.expand(len(y), 1, *y.shape[2:])], dim=1)
        return self.convs[index](y)

    def forward(self, t: Tensor | float, y: Tensor) -> Tensor:
        """Return the velocity at time ``t`` and state ``(batch, channels, h, w)``."""
        self.calls += 1
        for index in (0, 1):
            y = self.activation(self._convolved(index, t, y))
        return self._convolved(2, t, y)


class ConvODE(SharedFlow, ImageNet):
    """ẏ = f_θ(y) or f_θ(t, y) on [0, T] for an augmented image y (Dupont et al. 2019).

    One field moves all pixels; the scheme may be any, also one that chooses its own steps.
    """

    def __init__(
        self, shape: Shape, n_outputs: int, options: ConvODEOptions, chosen: ChosenScheme
    ) -> None:
        super().__init__(shape)
        channels, height, width = shape
        by_channels = options.augment == "channels"
        added, border = (options.channels, 0) if by_channels else (0, options.border)
        self.lift = Augment(added, border)
        self.field = ConvField(channels + added, options)
        if options.head == "pool":
            self.head = PooledHead(channels + added, n_outputs)
        else:
            size = (channels + added) * (height + 2 * border) * (width + 2 * border)
            self.head = nn.Sequential(nn.Flatten(), nn.Linear(size, n_outputs))
        self._flow(options, chosen)


NETWORKS.add(
    Network(
        name="conv_ode",
        label="Convolutional neural ODE",
        summary="One convolutional field on the image, integrated to the horizon, with channels or a "
        "border of zeros as room.",
        reference="Dupont, Doucet and Teh (2019)",
        options=ConvODEOptions,
        make=ConvODE,
        uses_scheme=True,
        takes_images=True,
        formula=r"\dot y = f_\theta(y)",
    )
)
