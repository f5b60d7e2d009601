"""What every scheme tells about itself, and the registry that lists them all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import torch

from playground.registry import Entry, Options, Registry

State = Any
"""A NumPy array or a torch tensor of any shape; by convention ``(batch, dim)``."""

Field = Callable[[Any, State], State]
"""A field ``f(t, y)``, which returns the velocity in the shape of ``y``."""


@dataclass(frozen=True, kw_only=True)
class Scheme(Entry):
    """An integrator.

    Attributes:
        order: Order of accuracy p: the error at a fixed time falls like h^p.
        stages: Field evaluations in a step (in an attempted one for an adaptive scheme); ``None``
            where they vary.
        kind: ``"runge_kutta"`` and ``"multistep"`` are stepped one layer at a time by ``step``;
            ``"adaptive"`` runs in a loop of its own, see ``adaptive.integrate``.
        formula: One step in LaTeX.
        differentiable: Whether gradients flow through the solver's own operations; where they do
            not, training needs the adjoint.
    """

    order: int
    stages: int | None
    kind: Literal["runge_kutta", "multistep", "adaptive"]
    formula: str
    differentiable: bool = True

    def with_options(self, options: Options) -> Scheme:
        """Return the scheme that these options describe; most schemes have none."""
        return self

    def step(
        self, f: Field, t: float, y: State, h: Any, history: tuple[Any, ...] = ()
    ) -> tuple[State, tuple[Any, ...]]:
        """Take one step with plain arithmetic, so that NumPy, torch and autograd all work.

        Args:
            f: The field of this step; all stages see it.
            t: Time at the start of the step.
            y: State at the start of the step, any shape.
            h: Step size, a float or a 0-d tensor, which may carry a gradient; negative is backward.
            history: What the former step returned, ``()`` at the start.

        Returns:
            The next state and the history for the next step.

        Raises:
            ValueError: For a scheme that chooses its own steps.
        """
        raise ValueError(
            f"scheme: {self.name!r} chooses its own steps and cannot take a single one"
        )


INTEGRATORS: Registry[Scheme] = Registry("scheme")

Terms = tuple[tuple[int, float], ...]
"""Positions and weights of the slopes that enter a sum; zero weights are left out."""


def nonzero(weights: tuple[float, ...]) -> Terms:
    """Return the terms of a sum without those that add nothing."""
    return tuple((i, weight) for i, weight in enumerate(weights) if weight != 0)


def advance(y: State, slopes: list[State], terms: Terms, h: Any) -> State:
    """Return y + h Σ weight·slope with few operations, since small nets spend their time on calls.

    With a number h each torch term is one fused multiply-add. With a tensor h the slopes are added
    first, so that its gradient is one reduction.
    """
    if isinstance(h, torch.Tensor):
        return y + h * weighted_sum(slopes, terms) if terms else y
    if isinstance(y, torch.Tensor):
        for i, weight in terms:
            y = torch.add(y, slopes[i], alpha=h * weight)
        return y
    for i, weight in terms:
        y = y + (h * weight) * slopes[i]
    return y


def weighted_sum(values: list[State], terms: Terms) -> State:
    """Return Σ weight·value over at least one term."""
    (i, weight), *rest = terms
    total = values[i] if weight == 1 else weight * values[i]
    for i, weight in rest:
        if isinstance(total, torch.Tensor):
            total = torch.add(total, values[i], alpha=weight)
        else:
            total = total + weight * values[i]
    return total
