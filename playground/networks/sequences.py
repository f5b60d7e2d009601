"""Images as sequences: rows, patches or pixels become the positions that an attention looks at."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn
from torch.nn import functional

from playground.networks.images import Shape

Encoding = Literal["rows", "patches", "flat"]


class Sequence(nn.Module):
    """Turn images into positions with values each; nothing is trained.

    ``rows``: every row of every channel is a position, its pixels are the values. ``patches``: every
    square patch with all of its channels, the image continued by zeros where patches do not fill it.
    ``flat``: every pixel, its channels the values.

    Attributes:
        positions: Number of positions.
        values: Values at each.
    """

    def __init__(self, shape: Shape, encoding: Encoding, patch: int) -> None:
        super().__init__()
        channels, height, width = shape
        self.size = {"rows": (1, width), "patches": (patch, patch), "flat": (1, 1)}[encoding]
        self.by_channel = encoding == "rows"
        rows, columns = -(-height // self.size[0]), -(-width // self.size[1])
        self.positions = rows * columns * (channels if self.by_channel else 1)
        self.values = self.size[0] * self.size[1] * (1 if self.by_channel else channels)

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(batch, positions, values)`` for images ``(batch, channels, height, width)``."""
        high, wide = self.size
        x = functional.pad(x, (0, -x.shape[3] % wide, 0, -x.shape[2] % high))
        if self.by_channel:
            return x.flatten(1, 2)
        return functional.unfold(x, self.size, stride=self.size).mT
