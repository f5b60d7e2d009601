"""Defences that a net on images can be given: features that are denoised, inputs drawn at random."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from playground.registry import option

Denoise = Literal["none", "mean", "non_local"]
Affinity = Literal["softmax", "dot"]


def denoise_option() -> Denoise:
    """Declare what denoises the features."""
    return option(
        "none",
        label="Denoise features",
        help="Behind the feature extractor, adds an affine map of features that were averaged: over "
        "3×3 pixels, or over all pixels by their likeness.",
        labels={"none": "no", "mean": "mean of 3×3", "non_local": "non-local means"},
        advanced=True,
    )


def affinity_option() -> Affinity:
    """Declare how non-local means weigh two pixels."""
    return option(
        "softmax",
        label="Likeness",
        help="Weight of a pixel in the mean of another: a softmax of products of their embeddings, "
        "which are trained, or the product of the features themselves.",
        labels={"softmax": "softmax", "dot": "dot product"},
        when={"denoise": "non_local"},
        advanced=True,
    )


def randomise_option() -> bool:
    """Declare whether the input is resized and shifted at random."""
    return option(
        False,
        label="Randomise inputs",
        help="Enlarges each batch by a random number of pixels and surrounds it with zeros at random, "
        "in training and in use.",
        advanced=True,
    )


def room_option() -> int:
    """Declare by how many pixels a randomised image grows."""
    return option(
        3,
        label="Randomise by at most",
        help="So much larger is a randomised image: enlarged by a part of it, and zeros for the rest.",
        ge=1,
        le=16,
        unit="pixels",
        when={"randomise": True},
        advanced=True,
    )


class Randomise(nn.Module):
    """Resize images at random, and place them at random among zeros (Xie et al. 2018).

    An image of h × w pixels becomes one of (h + r) × (w + r) by nearest neighbours, r from 0 to
    ``room``, at a random place on (h + room) × (w + room) zeros. All images of a batch share a draw.

    In training the draws come from torch's global generator. In evaluation they are those of ``seed``,
    the same at every call, so that a net is one function: what it says of an image depends neither on
    the others of the batch nor on what was asked before. ``reseed`` draws anew.

    Args:
        room: Pixels by which the image grows.

    """

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room, self.seed = room, 0

    @property
    def seed(self) -> int:
        """What decides the draw in evaluation; it is drawn when this is set."""
        return self._seed

    @seed.setter
    def seed(self, seed: int) -> None:
        self._seed = seed
        self._fixed = self._new(torch.Generator().manual_seed(seed))

    def drawn(self) -> tuple[int, int, int]:
        """Return by how many pixels the image is enlarged, and the zeros above it and left of it."""
        return self._new(None) if self.training else self._fixed

    def _new(self, generator: torch.Generator | None) -> tuple[int, int, int]:
        def below(end: int) -> int:
            return int(torch.randint(end, (), generator=generator, device="cpu"))

        more = below(self.room + 1)
        rest = self.room - more
        return more, below(rest + 1), below(rest + 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(batch, channels, height + room, width + room)``."""
        more, top, left = self.drawn()
        height, width = x.shape[2:]
        x = functional.interpolate(x, size=(height + more, width + more), mode="nearest")
        rest = self.room - more
        return functional.pad(x, (left, rest - left, top, rest - top))


def draws_of(module: nn.Module) -> list[Randomise]:
    """Return the parts of a module that draw at random; none for a net without that defence."""
    return [part for part in module.modules() if isinstance(part, Randomise)]


class MeanFilter(nn.Module):
    """The mean of every pixel and its neighbours, of those that there are: 3 × 3 pixels."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the means in the shape of ``x``."""
        return functional.avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False)


class NonLocalMeans(nn.Module):
    """A mean of all pixels for every pixel, weighted by how alike the two are.

    Softmax: weights softmax_j(θ(x_i)·φ(x_j)/√d), which sum to one, of embeddings θ and φ by 1×1
    convolutions with half the channels; dot product: x_i·x_j/N for N pixels (Xie et al. 2019, 4.1).
    """

    def __init__(self, channels: int, affinity: Affinity) -> None:
        super().__init__()
        self.affinity, self.inner = affinity, max(1, channels // 2)
        if affinity == "softmax":
            self.embeddings = nn.ModuleList(nn.Conv2d(channels, self.inner, 1) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        """Return the means in the shape of ``x``."""
        flat = x.flatten(2)
        if self.affinity == "softmax":
            theta, phi = (embed(x).flatten(2) for embed in self.embeddings)
            weights = (theta.mT @ phi / self.inner**0.5).softmax(dim=2)
        else:
            weights = flat.mT @ flat / flat.shape[2]
        return (flat @ weights.mT).view_as(x)


class DenoisingBlock(nn.Module):
    """x + A d(x): a denoising operation d, a 1×1 convolution A, a residual connection.

    Feature denoising of Xie et al. (2019), figure 4.

    Args:
        channels: Channels of the features.
        denoise: ``"mean"`` or ``"non_local"``.
        affinity: Of the non-local means.
    """

    def __init__(self, channels: int, denoise: Denoise, affinity: Affinity) -> None:
        super().__init__()
        self.filter = MeanFilter() if denoise == "mean" else NonLocalMeans(channels, affinity)
        self.conv = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return the features in the shape of ``x``."""
        return x + self.conv(self.filter(x))
