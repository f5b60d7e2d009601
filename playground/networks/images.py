"""What all nets on images share: the shape of an image, and features that may change theirs."""

from __future__ import annotations

import math
from contextlib import AbstractContextManager

import torch
from torch import Tensor, nn
from torch.nn import functional

from playground.integrators import INTEGRATORS
from playground.networks.base import PointNet
from playground.registry import Misfit, Options

Shape = tuple[int, int, int]
"""Channels, height and width of an image."""


def image_shape(n_features: int | tuple[int, ...]) -> Shape:
    """Return the shape of the images that so many inputs are.

    Args:
        n_features: ``(channels, height, width)``, or the number d of inputs: a square is one channel,
            three times a square is three.

    Raises:
        ValueError: If the inputs are no image; the message says what is legal.
    """
    if isinstance(n_features, tuple | list):
        if len(n_features) == 3 and all(isinstance(n, int) and n > 0 for n in n_features):
            return tuple(n_features)
        raise ValueError(
            f"n_features: {tuple(n_features)} is no image; legal is (channels, height, width)"
        )
    for channels in (1, 3):
        side = math.isqrt(max(n_features, 0) // channels)
        if side > 1 and channels * side * side == n_features:
            return channels, side, side
    raise ValueError(
        f"n_features: {n_features} inputs are no square image; legal is a square from 4 on, three "
        "times one, or (channels, height, width)"
    )


def count_of(n_features: int | tuple[int, ...]) -> int:
    """Return the number of inputs, given as such or as the shape of an image."""
    return math.prod(n_features) if isinstance(n_features, tuple | list) else n_features


class ImageOptions(Options):
    """Options of every net that reads images."""

    def fit(self, n_features: int | tuple[int, ...], scheme: str) -> None:
        """Say whether the data are images, and whether the scheme can step them.

        Raises:
            Misfit: If not; without a field where no option can help.
        """
        try:
            image_shape(n_features)
        except ValueError as error:
            raise Misfit("", str(error).removeprefix("n_features: ")) from None

    def fit_outputs(self, n_outputs: int) -> None:
        """Say whether these options fit a number of outputs; they fit any.

        Raises:
            Misfit: If they do not.
        """


def fit_gradient(scheme: str) -> None:
    """Say whether a gradient goes through the operations of a scheme.

    Raises:
        Misfit: Of the scheme, if none does.
    """
    if not INTEGRATORS[scheme].differentiable:
        legal = ", ".join(n for n, entry in INTEGRATORS.items() if entry.differentiable)
        raise Misfit("scheme", f"{scheme!r} passes no gradient back; legal is {legal}")


class Pixels(nn.Module):
    """Give images ``(batch, channels, height, width)``, also of rows ``(batch, c·h·w)``.

    Images of another height or width pass; a net says itself whether it can take them.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape

    def forward(self, x: Tensor) -> Tensor:
        """Return the images.

        Raises:
            ValueError: If the numbers of values or of channels differ.
        """
        if x.ndim == 4 and x.shape[1] == self.shape[0]:
            return x
        if x.ndim == 2 and x.shape[1] == math.prod(self.shape):
            return x.reshape(-1, *self.shape)
        raise ValueError(
            f"x: shape {tuple(x.shape)} is not legal; legal is (batch, {self.shape[0]}, height, "
            f"width) or (batch, {math.prod(self.shape)})"
        )


class ImageNet(PointNet):
    """A net on images, whose features may change their shape on the way.

    ``states`` returns the features at every layer as they are, ``trajectory`` as rows.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.inputs = Pixels(shape)
        self.lift = nn.Identity()

    def trajectory(self, x: Tensor) -> Tensor:
        """Return the features of every layer as rows, the shorter ones padded with zeros.

        Returns:
            ``(layers + 1, batch, most)``.
        """
        rows = [state.flatten(1) for state in self.states(self.lift(self.inputs(x)))]
        most = max(row.shape[1] for row in rows)
        return torch.stack([functional.pad(row, (0, most - row.shape[1])) for row in rows])


class BatchNorm(nn.BatchNorm2d):
    """Batch normalisation that takes the running statistics where a batch has but one value.

    PyTorch refuses to train on one value a channel, which the last and smallest batch of an epoch
    can come to on images that have shrunk to one pixel.

    Attributes:
        repeats: Whether this is a batch that was seen before, whose statistics are not counted again.
        turn: Which of several running statistics the next batch goes by; here there is one.
    """

    repeats = False
    turn = 0

    def forward(self, x: Tensor) -> Tensor:
        """Return the normalised features."""
        if self.training and x.numel() == x.shape[1]:
            return functional.batch_norm(
                x, self.running_mean, self.running_var, self.weight, self.bias, False, 0.0, self.eps
            )
        if self.training and self.repeats:
            # Copies take the update: who repeats a computation needs the same tensors to be saved.
            spare = self.running_mean.clone(), self.running_var.clone()
            return functional.batch_norm(
                x, *spare, self.weight, self.bias, True, self.momentum, self.eps
            )
        return super().forward(x)


class Repeating(AbstractContextManager):
    """Lets a batch go through a module again: the running statistics stay, and so do their turns.

    To be made before the batch goes through for the first time. It can be entered once more, as a
    second derivative does.
    """

    def __init__(self, module: nn.Module) -> None:
        self._norms = [each for each in module.modules() if isinstance(each, BatchNorm)]
        self._turns = [norm.turn for norm in self._norms]

    def __enter__(self) -> None:
        self._later = [norm.turn for norm in self._norms]
        self._set(True, self._turns)

    def __exit__(self, *_: object) -> None:
        self._set(False, self._later)

    def _set(self, repeats: bool, turns: list[int]) -> None:
        for norm, turn in zip(self._norms, turns):
            norm.repeats, norm.turn = repeats, turn


class PooledHead(nn.Module):
    """Average over all pixels, then an affine map: ``(batch, channels, h, w)`` to outputs."""

    def __init__(self, channels: int, n_outputs: int) -> None:
        super().__init__()
        self.linear = nn.Linear(channels, n_outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs ``(batch, n_outputs)``."""
        return self.linear(x.mean(dim=(2, 3)))


def conv(n_in: int, n_out: int, size: int, stride: int = 1) -> nn.Conv2d:
    """Return a convolution without bias that keeps the size of the image, but for the stride."""
    return nn.Conv2d(n_in, n_out, size, stride=stride, padding=size // 2, bias=False)
