"""The continuous adjoint of a fixed-step scheme: optimise, then discretise.

The state is not kept on the way forward but recomputed backward in time together with the adjoint
a = ∂loss/∂y, which obeys ȧ = −aᵀ ∂f/∂y (Chen et al. 2018, algorithm 1). Little memory is needed,
but the gradient is not the one of the discrete net: the two differ by the scheme's own error.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from playground.integrators.base import Field, Scheme


def solve_adjoint(
    field: nn.Module, y0: Tensor, t0: float, t1: float, n_steps: int, scheme: Scheme
) -> Tensor:
    """Integrate ẏ = field(t, y) from t0 to t1 and return the state at t1.

    Gradients with respect to ``y0`` and the parameters of ``field`` come from the adjoint, which
    the same scheme integrates backward in as many steps; second derivatives do not exist.

    Args:
        field: Module that is called with a time and a state.
        y0: Initial state, any shape.
        t0: Time at the start.
        t1: Time at the end.
        n_steps: Number of equal steps.
        scheme: A Runge-Kutta or multistep scheme.

    Returns:
        The state at t1, of the shape of ``y0``.

    Raises:
        ValueError: For an adaptive scheme (see ``adaptive.integrate``) or ``n_steps`` below 1.
    """
    if scheme.kind == "adaptive":
        raise ValueError(f"scheme: {scheme.name!r} brings its own adjoint, see integrate")
    if n_steps < 1:
        raise ValueError(f"n_steps: {n_steps} is below 1")
    parameters = [p for p in field.parameters() if p.requires_grad]
    return _Adjoint.apply(field, t0, t1, n_steps, scheme, y0, *parameters)


def _run(f: Field, y: Tensor, t0: float, t1: float, n_steps: int, scheme: Scheme) -> Tensor:
    h, history = (t1 - t0) / n_steps, ()
    for i in range(n_steps):
        y, history = scheme.step(f, t0 + i * h, y, h, history)
    return y


class _Adjoint(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        field: nn.Module,
        t0: float,
        t1: float,
        n_steps: int,
        scheme: Scheme,
        y0: Tensor,
        *parameters: Tensor,
    ) -> Tensor:
        ctx.settings = field, t0, t1, n_steps, scheme
        y1 = _run(field, y0, t0, t1, n_steps, scheme)
        ctx.save_for_backward(y1, *parameters)
        return y1

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, a: Tensor) -> tuple[Tensor | None, ...]:
        field, t0, t1, n_steps, scheme = ctx.settings
        y1, *parameters = ctx.saved_tensors
        shapes = [y1.shape, a.shape, *(p.shape for p in parameters)]
        start = _join([y1, a, *(torch.zeros_like(p) for p in parameters)])

        def augmented(t: float, joined: Tensor) -> Tensor:
            y, a, *_ = _split(joined, shapes)
            return _join(_velocity_and_pullback(field, t, y, a, parameters))

        end = _run(augmented, start, t1, t0, n_steps, scheme)
        _, a0, *gradients = _split(end, shapes)
        return (None, None, None, None, None, a0, *gradients)


def _velocity_and_pullback(
    field: nn.Module, t: float, y: Tensor, a: Tensor, parameters: list[Tensor]
) -> list[Tensor]:
    """Return f(t, y), −aᵀ ∂f/∂y and −aᵀ ∂f/∂θ for each parameter."""
    with torch.enable_grad():
        y = y.detach().requires_grad_()
        velocity = field(t, y)
        inputs = (y, *parameters)
        if velocity.requires_grad:
            gradients = torch.autograd.grad(velocity, inputs, -a, allow_unused=True)
        else:  # a field that depends on nothing
            gradients = (None,) * len(inputs)
    filled = [torch.zeros_like(x) if g is None else g for x, g in zip(inputs, gradients)]
    return [velocity.detach(), *filled]


def _join(tensors: list[Tensor]) -> Tensor:
    return torch.cat([tensor.reshape(-1) for tensor in tensors])


def _split(joined: Tensor, shapes: list[torch.Size]) -> list[Tensor]:
    parts = joined.split([shape.numel() for shape in shapes])
    return [part.view(shape) for part, shape in zip(parts, shapes)]
