"""The drop-in residual connection: x + F(x) is Euler's step, and any other scheme can take its place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from playground.integrators import INTEGRATORS, Multistep, Scheme, integrate, typed_options
from playground.networks.base import ChosenScheme

Block = Callable[..., Tensor]
"""F: features in, their change in the same shape out; without the ``x +``."""


class Residual:
    """A residual connection that steps by any registered scheme.

    A residual net adds what a block returns, ``x = x + F(x)``: one step of Euler's method with h = 1.
    This object takes the same blocks and the same weights and steps otherwise. A Runge-Kutta scheme
    evaluates the block once a stage, with the weights that the stages share; a multistep scheme
    remembers former features or changes, and its starter takes the first steps; an adaptive one is
    restarted at every block, where the field jumps.

    It holds no weights. What a scheme remembers lives in the ``Pass`` that ``begin`` returns, one for
    each forward pass, so that passes never mix. In a net of one's own::

        class MyNet(nn.Module):
            def __init__(self):
                super().__init__()
                self.stem = nn.Linear(784, 64)
                self.blocks = nn.ModuleList(MyBlock(64) for _ in range(6))
                self.down = nn.Linear(64, 32)
                self.small = nn.ModuleList(MyBlock(32) for _ in range(6))
                self.connect = Residual("taylor_multistep", step=1.0)

            def forward(self, x):
                step = self.connect.begin()      # nothing is remembered yet
                x = self.stem(x)
                for block in self.blocks:
                    x = step(block, x)           # was: x = x + block(x)
                x = step.through(x, self.down)   # was: x = self.down(x)
                for block in self.small:
                    x = step(block, x)
                return x

    ``ResidualStack`` does this for blocks that form a plain chain.

    Args:
        scheme: A name in ``INTEGRATORS``, a scheme, or a scheme with its options.
        step: The step h, by which every change is multiplied; 1 makes Euler the residual net itself.
        options: Options of a named scheme, such as the tableau of ``custom`` or tolerances.
        with_time: Whether blocks are called as F(t, x), with the time in front.

    Raises:
        ValueError: For an unknown scheme, options that are not legal, or a step that is not positive.
    """

    def __init__(
        self,
        scheme: str | Scheme | ChosenScheme = "euler",
        *,
        step: float = 1.0,
        options: Any = None,
        with_time: bool = False,
    ) -> None:
        if not 0 < step < float("inf"):
            raise ValueError(f"step: {step} is not legal; legal is any positive number")
        if isinstance(scheme, str):
            typed = typed_options(scheme, options)
            scheme = ChosenScheme(INTEGRATORS[scheme].with_options(typed), typed)
        elif isinstance(scheme, Scheme):
            scheme = ChosenScheme(scheme, typed_options(scheme.name, options))
        self.scheme, self.options = scheme.scheme, scheme.options
        self.step, self.with_time = float(step), with_time

    def begin(self) -> Pass:
        """Return the connection for one forward pass; nothing is remembered yet."""
        return Pass(self)

    def __repr__(self) -> str:
        return f"Residual({self.scheme.name!r}, step={self.step:g})"


class Pass:
    """One forward pass through residual connections: call it in place of every ``x + F(x)``.

    Attributes:
        time: Depth reached, in units of the step.
        evaluations: How often a block was evaluated.
    """

    def __init__(self, residual: Residual) -> None:
        self.time, self.evaluations = 0.0, 0
        self._residual = residual
        self._past: tuple[Any, ...] = ()

    def __call__(self, block: Block, x: Tensor) -> Tensor:
        """Return the features after one step.

        Args:
            block: F, which returns the change of the features in their own shape.
            x: The features, any shape.

        Raises:
            ValueError: If F changes the shape; such a place is for ``through``.
        """
        scheme, h, t = self._residual.scheme, self._residual.step, self.time
        field = self._field(block)
        if scheme.kind == "adaptive":
            grid = torch.tensor([t, t + h], dtype=x.dtype, device=x.device)
            x = integrate(scheme, self._residual.options, field, x, grid)[-1]
        else:
            x, self._past = scheme.step(field, t, x, h, self._past)
        self.time = t + h
        return x

    def _field(self, block: Block) -> Callable[[Any, Tensor], Tensor]:
        def field(t: Any, x: Tensor) -> Tensor:
            self.evaluations += 1
            change = block(t, x) if self._residual.with_time else block(x)
            if change.shape != x.shape:
                raise ValueError(
                    f"block: it turns shape {tuple(x.shape)} into {tuple(change.shape)}; a residual "
                    "block keeps the shape, and a map between two shapes goes through the pass"
                )
            return change

        return field

    def through(self, x: Tensor, now: Block, *past: Block) -> Tensor:
        """Carry the features into another shape, where a stage of the net ends.

        Args:
            x: The features.
            now: The map that they take.
            past: Maps of what a multistep scheme remembers, newest first. Where there is none for it,
                it is forgotten, and the starter takes the next steps again.

        Returns:
            The features in their new shape.
        """
        scheme = self._residual.scheme
        if isinstance(scheme, Multistep):
            states, slopes = any(scheme.alpha[1:]), any(scheme.beta[1:])
            self._past = tuple(
                (carry(state) if states else None, carry(slope) if slopes else None)
                for carry, (state, slope) in zip(past, self._past)
            )
        return now(x)


class ResidualStack(nn.Module):
    """A chain of residual blocks, stepped by any scheme: ``ResidualStack(blocks)(x)``.

    With the defaults it is the plain residual net, x = x + F(x) block by block::

        blocks = [nn.Sequential(nn.LayerNorm(8), nn.Linear(8, 8), nn.Tanh()) for _ in range(6)]
        stack = ResidualStack(blocks, scheme="taylor_multistep")
        y = stack(x)                               # (batch, 8), as from the residual net

    Attributes:
        evaluations: How often a block was evaluated since it was last set to zero.

    Args:
        blocks: The fields F, in order; each keeps the shape of its features.
        scheme: As for ``Residual``.
        step: The step h.
        options: Options of a named scheme.
        with_time: Whether blocks are called as F(t, x).
        transitions: ``{index: maps}``, taken before the block of that index: one map of the features,
            or a sequence of maps of them and of what is remembered, see ``Pass.through``.

    Raises:
        ValueError: As for ``Residual``, and for a transition that stands before no block.
    """

    def __init__(
        self,
        blocks: Iterable[nn.Module],
        *,
        scheme: str | Scheme | ChosenScheme = "euler",
        step: float = 1.0,
        options: Any = None,
        with_time: bool = False,
        transitions: Mapping[int, nn.Module | Sequence[nn.Module]] | None = None,
    ) -> None:
        super().__init__()
        self.connection = Residual(scheme, step=step, options=options, with_time=with_time)
        self.blocks = nn.ModuleList(blocks)
        self.evaluations = 0
        self.transitions = nn.ModuleDict()
        for index, maps in (transitions or {}).items():
            if not 0 <= index < len(self.blocks):
                raise ValueError(
                    f"transitions: {index} stands before no block; "
                    f"legal are 0 to {len(self.blocks) - 1}"
                )
            single = isinstance(maps, nn.Module) and not isinstance(maps, nn.ModuleList)
            self.transitions[str(index)] = nn.ModuleList([maps] if single else maps)

    def states(self, x: Tensor) -> list[Tensor]:
        """Return the features at the start and after every block."""
        step, states = self.connection.begin(), [x]
        for index, block in enumerate(self.blocks):
            if str(index) in self.transitions:
                x = step.through(x, *self.transitions[str(index)])
            x = step(block, x)
            states.append(x)
        self.evaluations += step.evaluations
        return states

    def forward(self, x: Tensor) -> Tensor:
        """Return the features after the last block."""
        return self.states(x)[-1]
