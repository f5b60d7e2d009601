"""Attention over the positions of an image: the classic one, and one that flows by an ODE first."""

from __future__ import annotations

from typing import Literal

import torch
import torchdiffeq
from torch import Tensor, nn

from playground.networks.base import NETWORKS, ChosenScheme, Network
from playground.networks.images import ImageNet, ImageOptions, Shape
from playground.networks.sequences import Sequence
from playground.registry import option

ADAPTIVE = ("dopri5", "dopri8", "bosh3", "adaptive_heun")
STAGES = {
    "euler": 1,
    "midpoint": 2,
    "rk4": 4,
    "dopri5": 6,
    "dopri8": 13,
    "bosh3": 3,
    "adaptive_heun": 1,
}
"""New evaluations of the field in a step of each method."""


class AttentionOptions(ImageOptions):
    """Options of both attention nets."""

    encoding: Literal["rows", "patches", "flat"] = option(
        "rows",
        label="Positions",
        help="What the attention looks at: rows of the image, square patches, or single pixels.",
        labels={"rows": "rows", "patches": "patches", "flat": "pixels"},
    )
    patch: int = option(
        4,
        label="Patch",
        help="Pixels along each side of a patch.",
        ge=1,
        le=32,
        unit="pixels",
        when={"encoding": "patches"},
    )
    form: Literal["score", "qkv"] = option(
        "score",
        label="Attention",
        help="One score a position, which the paper's parameter counts imply, or queries, keys and "
        "values, which its equations (7) to (11) describe.",
        labels={"score": "as counted", "qkv": "as written (QKV)"},
    )
    width: int = option(128, label="Width", help="Components of a position.", ge=1, le=1024)
    dropout: float = option(
        0.1,
        label="Dropout",
        help="Share of the components of the context that are dropped while training.",
        ge=0,
        le=0.9,
    )


class ODEAttentionOptions(AttentionOptions):
    """Options of the neural ODE attention."""

    width: int = option(32, label="Width", help="Components of a position.", ge=1, le=1024)
    n_times: int = option(
        4,
        label="Times",
        help="Times from 0 to T at which the flowing positions are attended to; the contexts are "
        "averaged.",
        ge=2,
        le=50,
    )
    horizon: float = option(
        1.0, label="Horizon T", help="Time that the positions flow.", ge=0.01, le=100, log=True
    )
    method: Literal["euler", "midpoint", "rk4", "dopri5", "dopri8", "bosh3", "adaptive_heun"] = (
        option(
            "rk4",
            label="Method",
            help="torchdiffeq's solver between the times; its rk4 is the 3/8 rule.",
            labels={"rk4": "rk4 (3/8 rule)"},
        )
    )
    substeps: int = option(
        1,
        label="Steps between times",
        help="Equal steps of a fixed method from one time to the next.",
        ge=1,
        le=100,
        when={"method": ["euler", "midpoint", "rk4"]},
        advanced=True,
    )
    tolerance: float = option(
        1e-4,
        label="Tolerance",
        help="Relative error of a step of an adaptive method; the absolute one is a hundredth of it.",
        ge=1e-9,
        le=0.1,
        log=True,
        when={"method": list(ADAPTIVE)},
        advanced=True,
    )

    def evaluations(self, adaptive_steps: int) -> int:
        """Return how often the field is asked in a pass, given the steps of an adaptive method."""
        stages = STAGES[self.method]
        if self.method in ADAPTIVE:
            return adaptive_steps * stages
        return (self.n_times - 1) * self.substeps * stages


class ScoreAttention(nn.Module):
    """One score a position: a = softmax(w·h + b) over the positions, the context is Σ a_i h_i."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.score = nn.Linear(width, 1)

    def pairs(self, h: Tensor) -> Tensor:
        """Return the weights ``(…, 1, positions)``: all contexts look alike."""
        return torch.softmax(self.score(h), dim=-2).mT

    def forward(self, h: Tensor) -> tuple[Tensor, Tensor]:
        """Return the context ``(…, width)`` of ``h (…, positions, width)`` and the weights."""
        weights = self.pairs(h)
        return (weights @ h).squeeze(-2), weights.squeeze(-2)


class QKVAttention(nn.Module):
    """A = softmax(QKᵀ/√d_k) with Q = h W_q, K = h W_k; C = A V with V = h W_v, averaged over rows.

    The paper's equation (10) multiplies by V, and (11) does so again; once is meant.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(width, width, bias=False) for _ in range(3))

    def pairs(self, h: Tensor) -> Tensor:
        """Return A ``(…, positions, positions)``: the weights of all positions for each."""
        scores = self.query(h) @ self.key(h).mT
        return torch.softmax(scores / h.shape[-1] ** 0.5, dim=-1)

    def forward(self, h: Tensor) -> tuple[Tensor, Tensor]:
        """Return the context ``(…, width)`` and the weight of each position in it."""
        weights = self.pairs(h).mean(dim=-2)  # the mean of A V is the mean row of A times V
        return (weights.unsqueeze(-2) @ self.value(h)).squeeze(-2), weights


class AttentionHead(nn.Module):
    """Attention, average over the times if there are some, dropout, affine decoder."""

    def __init__(self, options: AttentionOptions, n_outputs: int) -> None:
        super().__init__()
        kinds = {"score": ScoreAttention, "qkv": QKVAttention}
        self.attention = kinds[options.form](options.width)
        self.dropout = nn.Dropout(options.dropout)
        self.decoder = nn.Linear(options.width, n_outputs)

    def context(self, h: Tensor) -> Tensor:
        """Return the context ``(batch, width)`` of ``(batch, [times,] positions, width)``."""
        context, _ = self.attention(h)
        return context.mean(dim=1) if h.ndim == 4 else context

    def forward(self, h: Tensor) -> Tensor:
        """Return the outputs ``(batch, n_outputs)``."""
        return self.decoder(self.dropout(self.context(h)))


class ClassicAttention(ImageNet):
    """Linear, LayerNorm, attention over the positions, dropout, decoder."""

    def __init__(self, shape: Shape, n_outputs: int, options: AttentionOptions) -> None:
        super().__init__(shape)
        self.sequence = Sequence(shape, options.encoding, options.patch)
        self.lift = nn.Sequential(self.sequence, nn.Linear(self.sequence.values, options.width))
        self.norm = nn.LayerNorm(options.width)
        self.head = AttentionHead(options, n_outputs)

    def states(self, y: Tensor) -> list[Tensor]:
        """Return the encoded positions ``(batch, positions, width)`` before and after the norm."""
        return [y, self.norm(y)]

    def times(self) -> list[float]:
        """Return the layer numbers."""
        return [0.0, 1.0]

    def attended(self, x: Tensor) -> Tensor:
        """Return what the attention sees of images: ``(batch, positions, width)``."""
        return self.final(self.lift(self.inputs(x)))

    def maps(self, x: Tensor) -> Tensor:
        """Return the weight of every position in the context, ``(batch, positions)``, sums one."""
        return self.head.attention(self.attended(x))[1]

    def pairs(self, x: Tensor) -> Tensor:
        """Return all weights, a row for each query: ``(batch, queries, positions)``."""
        return self.head.attention.pairs(self.attended(x))


class AttentionField(nn.Module):
    """Linear, LayerNorm, ReLU, Linear: the velocity of every position; it counts its ``calls``."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(width, width), nn.LayerNorm(width), nn.ReLU(), nn.Linear(width, width)
        )
        self.calls = 0

    def forward(self, _t: Tensor, y: Tensor) -> Tensor:
        """Return the velocity, in the shape of ``y``; it does not depend on the time."""
        self.calls += 1
        return self.layers(y)


class ODEAttention(ImageNet):
    """Neural ODE attention: positions flow by an ODE, and several times of it are attended to.

    Linear, the flow by torchdiffeq, LayerNorm, attention at each time, average over the times,
    dropout, decoder.
    """

    is_flow = True

    def __init__(self, shape: Shape, n_outputs: int, options: ODEAttentionOptions) -> None:
        super().__init__(shape)
        self.sequence = Sequence(shape, options.encoding, options.patch)
        self.lift = nn.Sequential(self.sequence, nn.Linear(self.sequence.values, options.width))
        self.field = AttentionField(options.width)
        self.norm = nn.LayerNorm(options.width)
        self.head = AttentionHead(options, n_outputs)
        self.method, self.tolerance = options.method, options.tolerance
        self.n_times, self.horizon, self.substeps = (
            options.n_times,
            options.horizon,
            options.substeps,
        )

    def times(self) -> list[float]:
        """Return the times that are attended to, from 0 to T."""
        return [self.horizon * i / (self.n_times - 1) for i in range(self.n_times)]

    def solved(self, y: Tensor) -> Tensor:
        """Return the positions at all times, ``(times, batch, positions, width)``."""
        if y.dtype in (
            torch.float16,
            torch.bfloat16,
        ):  # mixed precision: the state is summed in full
            y = y.float()
        fixed = self.method not in ADAPTIVE
        steps = (self.n_times - 1) * (self.substeps if fixed else 1)
        grid = torch.linspace(0.0, self.horizon, steps + 1, dtype=y.dtype, device=y.device)
        if not fixed:
            tolerances = {"rtol": self.tolerance, "atol": self.tolerance / 100}
            return torchdiffeq.odeint(self.field, y, grid, method=self.method, **tolerances)
        # Times that are the very numbers of the grid need no interpolation.
        options = {"grid_constructor": lambda _f, _y, _t: grid}
        times = grid[:: self.substeps]
        return torchdiffeq.odeint(self.field, y, times, method=self.method, options=options)

    def states(self, y: Tensor) -> list[Tensor]:
        """Return the positions ``(batch, positions, width)`` at every time, before the norm."""
        before = self.field.calls
        states = self.solved(y)
        self.nfe += self.field.calls - before
        return list(states)

    def attended(self, x: Tensor) -> Tensor:
        """Return what the attention sees of images: ``(batch, times, positions, width)``."""
        return self.norm(torch.stack(self.states(self.lift(self.inputs(x))), dim=1))

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs ``(batch, n_outputs)``."""
        return self.head(self.attended(x))

    def maps(self, x: Tensor) -> Tensor:
        """Return the weight of every position at every time, ``(batch, positions, times)``.

        At each time they add up to one; the context is the mean over the times.
        """
        return self.head.attention(self.attended(x))[1].mT

    def pairs(self, x: Tensor) -> Tensor:
        """Return all weights, a row for each query: ``(batch, times, queries, positions)``."""
        return self.head.attention.pairs(self.attended(x))


def _classic(shape: Shape, n_outputs: int, options: AttentionOptions, _: ChosenScheme) -> nn.Module:
    return ClassicAttention(shape, n_outputs, options)


def _flowing(
    shape: Shape, n_outputs: int, options: ODEAttentionOptions, _: ChosenScheme
) -> nn.Module:
    return ODEAttention(shape, n_outputs, options)


NETWORKS.add(
    Network(
        name="classic_attention",
        label="Classic attention",
        summary="Attention over the rows, patches or pixels of an image, in one layer.",
        reference="the baseline of neural ODE attention, tables III and IV",
        options=AttentionOptions,
        make=_classic,
        takes_images=True,
        formula=r"a = \mathrm{softmax}(w^\top h),\quad c = \textstyle\sum_i a_i h_i",
    )
)
NETWORKS.add(
    Network(
        name="ode_attention",
        label="Neural ODE attention",
        summary="The positions of an image flow by an ODE, and attention looks at them at several "
        "times.",
        reference="enhanced neural ODE attention, tables III and IV",
        options=ODEAttentionOptions,
        make=_flowing,
        takes_images=True,
        formula=r"\dot h = f_\theta(h),\quad c = \tfrac1n \textstyle\sum_t a(t)^\top h(t)",
    )
)
