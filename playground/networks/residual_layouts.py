"""How many blocks of which width a residual net has: as published, and small ones for a CPU."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from operator import mul
from typing import Literal

import torch

from playground.networks.blocks import PreActBlock
from playground.networks.images import ImageOptions
from playground.registry import option


@dataclass(frozen=True)
class Layout:
    """Stages of equal width.

    Attributes:
        blocks: Blocks of each stage.
        base: Channels behind the stem; each stage has twice those of the one before.
        bottleneck: Whether the blocks are bottlenecks, which leave four times the channels.
    """

    blocks: tuple[int, ...]
    base: int
    bottleneck: bool = False

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels that leave the blocks of each stage."""
        grown = 4 if self.bottleneck else 1
        return tuple(grown * self.base * 2**i for i in range(len(self.blocks)))


PREACT: Mapping[int, tuple[tuple[int, ...], bool]] = {
    18: ((2, 2, 2, 2), False),
    34: ((3, 4, 6, 3), False),
    50: ((3, 4, 6, 3), True),
    101: ((3, 4, 23, 3), True),
    152: ((3, 8, 36, 3), True),
}
"""Blocks of each stage, and whether they are bottlenecks: He et al. (2016)."""

TAYLOR: Mapping[int, tuple[tuple[int, ...], bool]] = {
    22: ((2, 3, 4, 1), False),
    36: ((2, 5, 8, 2), False),
    44: ((2, 6, 4, 2), True),
    86: ((2, 6, 17, 3), True),
    137: ((2, 10, 30, 3), True),
}
"""The only layout found that has all parameter counts of the paper and its depths."""

MOST_BLOCKS = 9


@cache
def small_taylor(blocks: int) -> tuple[int, int, int]:
    """Return the blocks of a small Taylor multistep net with the weights of a small PreActResNet.

    Of layouts that come equally near, the deepest is taken. Weights are counted in units of the
    squared base width: 18, 72 and 288 for a block of the three stages, 56 and 224 for the two first
    blocks that project, and 3·(2 + 8) for the transitions.
    """
    wanted = 18 * blocks + 56 + 72 * (blocks - 1) + 224 + 288 * (blocks - 1)

    def distance(stages: tuple[int, int, int]) -> tuple[int, int]:
        a, b, c = stages
        return abs(18 * a + 72 * b + 288 * c + 30 - wanted), -(a + b + c)

    return min(
        product(range(2, blocks + 4), range(1, 4 * blocks), range(1, blocks + 1)), key=distance
    )


ALIKE = 0.02
"""Numbers of weights that differ by no more than this share count as equal."""
_FEWER, _MORE = 2, 4  # blocks that a stage may lose and win


@cache
def without_shortcuts(layout: Layout) -> Layout:
    """Return the layout with which blocks of equal width have the weights of a PreActResNet.

    Where stages begin a PreActResNet has a smaller block and a shortcut with weights; a net of equal
    blocks with a shortcut that has none comes to up to an eighth more. Of layouts that differ by at
    most ``ALIKE`` the one is taken whose stages are most like those of the PreActResNet, and of those
    the nearest; where none is so near, the nearest.

    Args:
        layout: Of the PreActResNet.
    """
    costs = [_weights(n, n, layout.bottleneck) for n in layout.widths]
    before = (layout.base, *layout.widths)
    wanted = sum(
        _weights(n_in, n, layout.bottleneck) + (count - 1) * cost
        for n_in, n, count, cost in zip(before, layout.widths, layout.blocks, costs)
    )

    def rank(blocks: tuple[int, ...]) -> tuple[float, float]:
        excess = abs(sum(map(mul, blocks, costs)) / wanted - 1)
        changes = sum(abs(a - b) for a, b in zip(blocks, layout.blocks))
        return (changes, excess) if excess <= ALIKE else (math.inf, excess)

    ranges = (range(max(1, count - _FEWER), count + _MORE + 1) for count in layout.blocks)
    return replace(layout, blocks=min(product(*ranges), key=rank))


def _weights(n_in: int, n_out: int, bottleneck: bool) -> int:
    """Return the weights of a block, with its shortcut where it changes the channels."""
    with torch.device("meta"):
        block = PreActBlock(n_in, n_out, bottleneck=bottleneck, shortcut=n_in != n_out)
    return sum(p.numel() for p in block.parameters())


class StagedOptions(ImageOptions):
    """Size of a residual net on images."""

    size: Literal["published", "small"] = option(
        "published",
        label="Size",
        help="The published layouts have 11 to 58 million weights; a small one has three stages and "
        "trains on a CPU.",
    )
    width: int = option(
        16,
        label="Channels",
        help="Channels behind the stem of a small net; the next stages have two and four times those.",
        ge=4,
        le=64,
        when={"size": "small"},
    )
    blocks: int = option(
        3,
        label="Blocks a stage",
        help="Residual blocks in each of the three stages of a small net; three make a ResNet-20. A "
        "Taylor multistep net has as many as give it the same number of weights.",
        ge=2,
        le=MOST_BLOCKS,
        when={"size": "small"},
    )
    checkpointing: bool = option(
        False,
        label="Compute blocks anew",
        help="Keep nothing inside the blocks for the way back, and compute it anew there: less memory, "
        "about a third more time, the same gradient.",
        advanced=True,
    )

    def small(self) -> Layout:
        """Return the layout of a small net: three stages of equally many blocks."""
        return Layout((self.blocks,) * 3, self.width)


class PreActOptions(StagedOptions):
    """Options of nets with the layouts of PreActResNet."""

    depth: Literal[18, 34, 50, 101, 152] = option(
        18,
        label="Depth",
        help="Layers with weights: basic blocks for 18 and 34, bottlenecks for the deeper ones.",
        when={"size": "published"},
    )

    @property
    def layout(self) -> Layout:
        """The stages."""
        if self.size == "small":
            return self.small()
        blocks, bottleneck = PREACT[self.depth]
        return Layout(blocks, 64, bottleneck)


class TaylorOptions(StagedOptions):
    """Options of TM-ResNet."""

    depth: Literal[22, 36, 44, 86, 137] = option(
        22,
        label="Depth",
        help="The published depths; each has about as many weights as a PreActResNet of 18, 34, 50, "
        "101 and 152 layers.",
        when={"size": "published"},
    )

    @property
    def layout(self) -> Layout:
        """The stages."""
        if self.size == "small":
            return Layout(small_taylor(self.blocks), self.width)
        blocks, bottleneck = TAYLOR[self.depth]
        return Layout(blocks, 64, bottleneck)
