"""Outputs, trajectories and gradients of a net by the kernels."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from playground.fused import kernels
from playground.fused.plan import Plan


def _evaluate(plan: Plan, inputs: np.ndarray, states: np.ndarray) -> np.ndarray:
    outputs = np.empty((len(inputs), plan.n_outputs), inputs.dtype)
    space = plan.borrow(keep=False)
    rows = np.arange(len(inputs))
    kernels.evaluate(
        plan.lanes, plan.tables(), space, inputs, rows, plan.block(False), outputs, states
    )
    plan.give_back(space, keep=False)
    return outputs


def predict(plan: Plan, x: Tensor) -> Tensor:
    """Return the outputs ``(n, n_outputs)`` for points ``(n, n_features)``, without a gradient."""
    inputs = plan.lifted(x)
    return torch.from_numpy(_evaluate(plan, inputs, np.empty((0, 0, 0), inputs.dtype)))


def trajectory(plan: Plan, x: Tensor) -> Tensor:
    """Return the features at every layer ``(depth + 1, n, width)``, narrower ones padded with zeros."""
    inputs = plan.lifted(x)
    states = np.zeros((plan.depth + 1, len(inputs), plan.width), inputs.dtype)
    _evaluate(plan, inputs, states)
    return torch.from_numpy(states)


class _Fused(torch.autograd.Function):
    """Features at depth zero to outputs; the way back computes the way forward anew."""

    @staticmethod
    def forward(ctx: Any, plan: Plan, y: Tensor, *parameters: Tensor) -> Tensor:
        inputs = y.detach().contiguous()
        ctx.plan = plan
        ctx.save_for_backward(inputs, *parameters)
        empty = np.empty((0, 0, 0), inputs.numpy().dtype)
        return torch.from_numpy(_evaluate(plan, inputs.numpy(), empty))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, adjoints: Tensor) -> tuple[Tensor | None, ...]:
        plan, inputs = ctx.plan, ctx.saved_tensors[0]
        grad = torch.zeros(plan.size, dtype=plan.dtype)
        grad_inputs = torch.empty_like(inputs)
        space = plan.borrow(keep=True)
        kernels.pull_back(
            plan.lanes,
            plan.tables(),
            space,
            inputs.numpy(),
            np.arange(len(inputs)),
            plan.block(True),
            adjoints.contiguous().numpy(),
            grad.numpy(),
            grad_inputs.numpy(),
        )
        plan.give_back(space, keep=True)
        parts = grad.split([p.numel() for p in plan.parameters])
        gradients = (part.view_as(p) for part, p in zip(parts, plan.parameters))
        return None, grad_inputs, *gradients


def forward(plan: Plan, x: Tensor) -> Tensor:
    """Return the outputs like ``net(x)``, with gradients for parameters and input."""
    y = plan.net.lift(plan.net.inputs(x))
    plan.net.nfe += plan.evaluations
    return _Fused.apply(plan, y, *plan.parameters)
