"""The ball of radius ε around an input, in the maximum norm or the Euclidean one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

import torch
from torch import Tensor

from playground.attacks.problem import Clip, Norm, check_choice, check_number


def rows_like(values: Tensor, x: Tensor) -> Tensor:
    """Return one number a row, ``(batch,)``, in a shape that multiplies ``x`` ``(batch, …)``."""
    return values.reshape(-1, *[1] * (x.ndim - 1))


def lengths(v: Tensor) -> Tensor:
    """Return the Euclidean norm of every row of ``v`` ``(batch, …)``."""
    return v.flatten(1).norm(dim=1)


def _scaled(v: Tensor) -> Tensor:
    """Return every row over its greatest magnitude, so that squares neither vanish nor overflow."""
    top = v.flatten(1).abs().amax(1) if v[:1].numel() else v.new_ones(len(v))
    return v / rows_like(torch.where(top > 0, top, 1.0), v)


def unit(v: Tensor) -> Tensor:
    """Return every row of ``v`` with Euclidean norm one; rows of zeros stay zeros."""
    v = _scaled(v)
    norms = lengths(v)
    return v / rows_like(torch.where(norms > 0, norms, 1.0), v)


def unit_in(v: Tensor, norm: Norm) -> Tensor:
    """Return every row of ``v`` with norm one; rows of zeros stay zeros."""
    return _scaled(v) if norm == "linf" else unit(v)


@dataclass(frozen=True)
class Ball:
    """All inputs at a distance of at most ``eps``, inside the clip range.

    Attributes:
        eps: Radius, in the units of the inputs.
        norm: ``"linf"`` (every value apart) or ``"l2"`` (all values of an input together).
        clip: Legal range of the values.

    Raises:
        ValueError: For a radius that is negative or no number, or an unknown norm.
    """

    eps: float
    norm: Norm
    clip: Clip

    def __post_init__(self) -> None:
        check_number("eps", self.eps, 0)
        check_choice("norm", self.norm, get_args(Norm))

    def clipped(self, x: Tensor) -> Tensor:
        """Return ``x`` with its values inside the clip range."""
        return x if self.clip is None else x.clamp(*self.clip)

    def project(self, moved: Tensor, x: Tensor) -> Tensor:
        """Return the inputs nearest to ``moved`` in the ball around ``x``, then clipped.

        Clipping brings a value nearer to that of ``x``, which is inside the range: it stays in the ball.
        """
        gap = moved - x
        if self.norm == "linf":
            gap = gap.clamp(-self.eps, self.eps)
        else:
            norms = lengths(gap)
            factor = torch.where(norms > self.eps, self.eps / norms, 1.0)
            gap = gap * rows_like(factor, gap)
        return self.clipped(x + gap)

    def steepest(self, gradient: Tensor) -> Tensor:
        """Return the direction of norm one along which a linear function grows fastest.

        Entries that are not numbers count as zero: nothing is known of them.
        """
        gradient = gradient.nan_to_num(nan=0.0)
        return gradient.sign() if self.norm == "linf" else unit(gradient)

    def random(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """Return uniform draws from the balls around ``x``, then clipped.

        The numbers are drawn on the CPU, so that a seed means the same on every device.
        """
        if self.norm == "linf":
            draws = torch.rand(x.shape, generator=generator, dtype=x.dtype) * 2 - 1
        else:
            draws = unit(torch.randn(x.shape, generator=generator, dtype=x.dtype))
            size = max(1, x[:1].numel())
            radii = torch.rand(len(x), generator=generator, dtype=x.dtype) ** (1 / size)
            draws = draws * rows_like(radii, draws)
        return self.project(x + self.eps * draws.to(x.device), x)
