"""CNN, ODENet and TisODE: one net on images with three middles, whose robustness is compared."""

from __future__ import annotations

from collections import OrderedDict
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from playground.networks.base import NETWORKS, ChosenScheme, Network
from playground.networks.defences import (
    Affinity,
    Denoise,
    DenoisingBlock,
    Randomise,
    affinity_option,
    denoise_option,
    draws_of,
    randomise_option,
    room_option,
)
from playground.networks.flow_net import StepSize
from playground.networks.images import ImageNet, ImageOptions, PooledHead, Shape, image_shape
from playground.networks.neural_ode import SharedFlow, fit_solver
from playground.registry import Misfit, option

GROUPS = 32
LEAST_SIDE = 6  # pixels, of which the published stem leaves two
_TABLE = "Yan et al. (2020)"


class RobustOptions(ImageOptions):
    """Options of the three nets."""

    channels: int = option(
        64,
        label="Channels",
        help="Channels of all features; the published nets have 64.",
        ge=1,
        le=256,
    )
    stem: Literal["published", "small"] = option(
        "published",
        label="Feature extractor",
        help="The published one halves the image; the small one keeps all its pixels, for images that "
        "have few.",
        labels={"published": "published, halves", "small": "small, keeps all pixels"},
    )
    denoise: Denoise = denoise_option()
    affinity: Affinity = affinity_option()
    randomise: bool = randomise_option()
    room: int = room_option()

    def fit(self, n_features: int | tuple[int, ...], scheme: str) -> None:
        """Add to the check of the images that they are large enough for the stem."""
        super().fit(n_features, scheme)
        _, height, width = image_shape(n_features)
        if self.stem == "published" and min(height, width) < LEAST_SIDE:
            raise Misfit(
                "stem",
                f"'published' is not legal for images of {height} × {width} pixels, of which it leaves "
                f"next to nothing; legal is 'small', or images of {LEAST_SIDE} × {LEAST_SIDE} on",
                "small",
            )


class RobustFlowOptions(RobustOptions, StepSize):
    """Options of the two nets that flow."""

    horizon: float = option(
        1.0,
        label="Horizon T",
        help="Time that the features flow.",
        ge=0.01,
        le=100,
        log=True,
        when={"step_by": "horizon"},
    )
    depth: int = option(
        20,
        label="Steps",
        help="Steps of a fixed scheme over the horizon; an adaptive one chooses its own and is "
        "shown at so many times. Published: 20 of 0.05 for TisODE, 10 of 0.1 for ODENet.",
        ge=1,
        le=500,
    )
    gradient: Literal["solver", "adjoint"] = option(
        "solver",
        label="Gradient",
        help="Backpropagate through the solver's steps (exact), or integrate the adjoint backward "
        "in time (little memory, not exact).",
    )

    def fit(self, n_features: int | tuple[int, ...], scheme: str) -> None:
        """Add to the checks of the images that a gradient can be had from the solver."""
        super().fit(n_features, scheme)
        fit_solver(self.gradient, scheme)


class ODENetOptions(RobustFlowOptions):
    """Options of ODENet, which takes fewer steps."""

    depth: int = option(
        10,
        label="Steps",
        help=RobustFlowOptions.model_fields["depth"].description or "",
        ge=1,
        le=500,
    )


def groups_of(channels: int) -> int:
    """Return into how many groups channels are normalised.

    Published are 32. Where that does not divide the channels it is the greatest number up to 32 that
    does and leaves two channels or more to a group, as the published 64 have; one group for a prime.
    """
    if channels % GROUPS == 0:
        return GROUPS
    return max(n for n in range(1, min(GROUPS, max(1, channels // 2)) + 1) if channels % n == 0)


def _norms(channels: int) -> nn.ModuleList:
    """Return two normalisations, each with a trained weight and bias a channel."""
    return nn.ModuleList(nn.GroupNorm(groups_of(channels), channels) for _ in range(2))


class Stem(nn.Module):
    """Two convolutions, each with GroupNorm and ReLU behind it.

    Published: 3×3 without padding, then 4×4 with stride 2 and padding 1: 28 × 28 pixels become
    13 × 13. Small: 3×3 with padding 1 twice, which keeps the size.
    """

    def __init__(self, n_in: int, channels: int, stem: str) -> None:
        super().__init__()
        small = stem == "small"
        first = nn.Conv2d(n_in, channels, 3, padding=int(small))
        second = (
            nn.Conv2d(channels, channels, 3, padding=1)
            if small
            else nn.Conv2d(channels, channels, 4, stride=2, padding=1)
        )
        self.convs, self.norms = nn.ModuleList([first, second]), _norms(channels)

    def forward(self, x: Tensor) -> Tensor:
        """Return the features ``(batch, channels, h, w)``."""
        for conv, norm in zip(self.convs, self.norms):
            x = functional.relu(norm(conv(x)))
        return x


class ConvNormField(nn.Module):
    """f: twice a 3×3 convolution, GroupNorm and ReLU; it counts its ``calls``.

    With the time, which is one more channel before the others, the convolutions have a bias; without
    it they have none. Both as published.
    """

    def __init__(self, channels: int, time_dependent: bool) -> None:
        super().__init__()
        n_in = channels + int(time_dependent)
        self.convs = nn.ModuleList(
            nn.Conv2d(n_in, channels, 3, padding=1, bias=time_dependent) for _ in range(2)
        )
        self.norms = _norms(channels)
        self.time_dependent = time_dependent
        self.calls = 0

    def forward(self, t: Tensor | float, y: Tensor) -> Tensor:
        """Return the velocity at time ``t`` and state ``(batch, channels, h, w)``."""
        self.calls += 1
        for conv, norm in zip(self.convs, self.norms):
            if self.time_dependent:
                time = torch.as_tensor(t, dtype=y.dtype, device=y.device)
                y = torch.cat([time.expand(len(y), 1, *y.shape[2:]), y], dim=1)
            y = functional.relu(norm(conv(y)))
        return y


class RobustNet(ImageNet):
    """Feature extractor, a middle that keeps the shape, average over the pixels, affine head.

    A net with randomised inputs draws before the extractor; features are denoised behind it.
    """

    def _begin(self, shape: Shape, options: RobustOptions) -> None:
        parts: OrderedDict[str, nn.Module] = OrderedDict()
        if options.randomise:
            parts["randomise"] = Randomise(options.room)
        parts["stem"] = Stem(shape[0], options.channels, options.stem)
        if options.denoise != "none":
            parts["denoise"] = DenoisingBlock(options.channels, options.denoise, options.affinity)
        self.lift = nn.Sequential(parts)

    def reseed(self, seed: int) -> None:
        """Let a net with randomised inputs take other draws in evaluation; other nets draw nothing."""
        for part in draws_of(self):
            part.seed = seed


class CNN(RobustNet):
    """x + f(x): the residual net beside which the two flows are held."""

    is_flow = True

    def __init__(
        self, shape: Shape, n_outputs: int, options: RobustOptions, _: ChosenScheme
    ) -> None:
        super().__init__(shape)
        self._begin(shape, options)
        self.block = ConvNormField(options.channels, time_dependent=False)
        self.head = PooledHead(options.channels, n_outputs)

    def states(self, y: Tensor) -> list[Tensor]:
        """Return the features before and behind the block."""
        self.nfe += 1
        return [y, y + self.block(0.0, y)]

    def times(self) -> list[float]:
        """Return the numbers of the blocks."""
        return [0.0, 1.0]


class RobustFlow(SharedFlow, RobustNet):
    """ẏ = f(t, y) or ẏ = f(y) on [0, T] between the extractor and the head.

    Attributes:
        time_dependent: Whether the field sees the time; a net is one or the other.
    """

    time_dependent = False

    def __init__(
        self, shape: Shape, n_outputs: int, options: RobustFlowOptions, chosen: ChosenScheme
    ) -> None:
        super().__init__(shape)
        self._begin(shape, options)
        self.field = ConvNormField(options.channels, self.time_dependent)
        self.head = PooledHead(options.channels, n_outputs)
        self._flow(options, chosen)


class ODENet(RobustFlow):
    """The flow of a field that sees the time: 10 steps of Euler's method on [0, 1] as published."""

    time_dependent = True


class TisODE(RobustFlow):
    """The flow of the CNN's f, which does not see the time: 20 steps of 0.05 as published.

    A loss that keeps the state steady behind T makes it the time-invariant steady neural ODE.
    """


NETWORKS.add(
    Network(
        name="cnn",
        label="CNN",
        summary="A small residual net on images: feature extractor, one block x + f(x), average.",
        reference=_TABLE,
        options=RobustOptions,
        make=CNN,
        takes_images=True,
        formula=r"x \leftarrow x + f(x)",
    )
)
NETWORKS.add(
    Network(
        name="ode_net",
        label="ODENet",
        summary="The CNN with a flow in the place of its block; the field sees the time.",
        reference=_TABLE,
        options=ODENetOptions,
        make=ODENet,
        uses_scheme=True,
        takes_images=True,
        formula=r"\dot y = f_\theta(t, y)",
        scheme="euler",
    )
)
NETWORKS.add(
    Network(
        name="tis_ode",
        label="TisODE",
        summary="The CNN's own f as a time-invariant field, followed to T; steady where its loss keeps "
        "the state still behind T.",
        reference=_TABLE,
        options=RobustFlowOptions,
        make=TisODE,
        uses_scheme=True,
        takes_images=True,
        formula=r"\dot y = f_\theta(y)",
        scheme="euler",
    )
)
