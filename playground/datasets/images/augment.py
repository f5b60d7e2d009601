"""Images changed at random while they are trained on: mirrored, and cut out after padding."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from playground.datasets.images.image_table import ImageShape


def augment(
    x: Tensor, shape: ImageShape, *, flip: bool, crop: int, generator: torch.Generator
) -> Tensor:
    """Return images of which each by itself was mirrored or not, and cut out at a random place.

    The usual augmentation of He et al. (2016, section 4.2): zeros are added on all sides, and a piece
    of the former size is taken out anywhere, the same for all channels.

    Args:
        x: Images as points ``(n, d)``, plane by plane and row by row; not changed.
        shape: Channels, height and width, with ``d`` as their product.
        flip: Whether each image is mirrored left to right with probability one half.
        crop: How many zeros are added on each side, 0 for none.
        generator: Decides everything; it must be on the device of ``x``.

    Returns:
        ``(n, d)``, of the type and on the device of ``x``.

    Raises:
        ValueError: If ``x`` does not have that shape, or ``crop`` is not from 0 to the shorter side.
    """
    channels, height, width = shape
    if x.ndim != 2 or x.shape[1] != channels * height * width:
        raise ValueError(f"x of shape {tuple(x.shape)} is not legal: (n, d) of images {shape}")
    if not 0 <= crop <= min(height, width):
        raise ValueError(f"crop = {crop} is not legal: 0 to {min(height, width)}")
    images = x.reshape(-1, channels, height, width)
    if flip:
        coins = torch.rand(len(x), generator=generator, device=x.device) < 0.5
        images = torch.where(coins[:, None, None, None], images.flip(3), images)
    if crop:
        images = _cropped(images, crop, generator)
    return images.reshape(x.shape) if flip or crop else x.clone()


def _cropped(images: Tensor, crop: int, generator: torch.Generator) -> Tensor:
    """Cut each of ``(n, c, h, w)`` out of itself, padded by ``crop`` zeros, at a place of its own."""
    n, channels, height, width = images.shape
    device = images.device
    padded = functional.pad(images, (crop, crop, crop, crop))
    top, left = torch.randint(2 * crop + 1, (2, n, 1), generator=generator, device=device)
    rows = (top + torch.arange(height, device=device))[:, None, :, None]
    columns = (left + torch.arange(width, device=device))[:, None, None, :]
    each = torch.arange(n, device=device)[:, None, None, None]
    plane = torch.arange(channels, device=device)[None, :, None, None]
    return padded[each, plane, rows, columns]
