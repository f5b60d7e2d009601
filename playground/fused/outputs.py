"""Outputs, trajectories and gradients of a net by the kernels, and the net as attacks take it."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from playground.fused import kernels, losses
from playground.fused.plan import Plan
from playground.networks.inputs import InputFeatures, Lift


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


def _pull_back(
    plan: Plan,
    inputs: np.ndarray,
    loss: int,
    labels: np.ndarray,
    adjoints: np.ndarray,
    grad: np.ndarray,
) -> np.ndarray:
    """Return the adjoints at depth zero ``(n, n_inputs)``; see the kernel."""
    grad_inputs = np.empty_like(inputs)
    space = plan.borrow(keep=True)
    kernels.pull_back(
        plan.lanes,
        plan.tables(),
        space,
        inputs,
        np.arange(len(inputs)),
        plan.block(True),
        loss,
        labels,
        adjoints,
        grad,
        grad_inputs,
    )
    plan.give_back(space, keep=True)
    return grad_inputs


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
        given = losses.GIVEN, np.empty(0, np.int64), adjoints.contiguous().numpy()
        grad_inputs = torch.from_numpy(_pull_back(plan, inputs.numpy(), *given, grad.numpy()))
        parts = grad.split([p.numel() for p in plan.parameters])
        gradients = (part.view_as(p) for part, p in zip(parts, plan.parameters))
        return None, grad_inputs, *gradients


def forward(plan: Plan, x: Tensor) -> Tensor:
    """Return the outputs like ``net(x)``, with gradients for parameters and input."""
    y = plan.net.lift(plan.net.inputs(x))
    plan.net.nfe += plan.evaluations
    return _Fused.apply(plan, y, *plan.parameters)


_LOSSES = {"ce": losses.CROSS_ENTROPY, "margin": losses.MARGIN}


def input_gradient(plan: Plan, x: Tensor, labels: Tensor, loss: str = "ce") -> Tensor:
    """Return the gradient of a loss with respect to points, that of no weight being computed.

    One way through the layers and one back, with the adjoint at depth zero carried through the lift.

    Args:
        plan: The net.
        x: Points ``(n, n_features)``.
        labels: Classes ``(n,)``.
        loss: ``"ce"``: the cross-entropy; ``"margin"``: log p_label − max log p_other.

    Returns:
        ∂ Σ loss / ∂x, of the shape of ``x``.

    Raises:
        ValueError: For an unknown loss, labels that are no classes of the net, or a net with one output.
    """
    if loss not in _LOSSES:
        raise ValueError(f"loss: {loss!r} is not legal; legal is {' or '.join(_LOSSES)}")
    if plan.n_outputs < 2:
        raise ValueError("plan: the net has one output; legal are two or more")
    classes = labels.to(torch.int64).contiguous().numpy()
    if len(classes) != len(x) or (
        len(x) and not 0 <= classes.min() <= classes.max() < plan.n_outputs
    ):
        raise ValueError(f"labels: legal are {len(x)} classes from 0 to {plan.n_outputs - 1}")
    plan.net.nfe += plan.evaluations
    if _only_pads(plan.net):  # the adjoint begins with that of the points: no autograd is needed
        adjoint = _adjoint(plan, plan.lifted(x), _LOSSES[loss], classes)
        return adjoint[:, : x.shape[1]].to(x.dtype)
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        lifted = plan.net.lift(plan.net.inputs(x)).to(plan.dtype)
    adjoint = _adjoint(plan, lifted.detach().contiguous().numpy(), _LOSSES[loss], classes)
    return torch.autograd.grad(lifted, x, adjoint)[0]


def _only_pads(net: nn.Module) -> bool:
    """Return whether the points enter the first layer as they are, with zeros behind them at most."""
    pads = isinstance(net.lift, nn.Identity) or (
        isinstance(net.lift, Lift) and net.lift.linear is None
    )
    return pads and isinstance(net.inputs, InputFeatures) and net.inputs.are_plain


def _adjoint(plan: Plan, inputs: np.ndarray, loss: int, classes: np.ndarray) -> Tensor:
    """Return the adjoint of a loss at depth zero ``(n, n_inputs)``, no weight having one."""
    empty = np.empty((0, 0), inputs.dtype), np.empty(0, inputs.dtype)
    return torch.from_numpy(_pull_back(plan, inputs, loss, classes, *empty))


class CompiledModel:
    """A net by its kernels, as attacks take models: logits, and the gradient of a point."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    def __call__(self, x: Tensor) -> Tensor:
        """Return the logits ``(n, n_outputs)``, with gradients where they are enabled."""
        return forward(self.plan, x) if torch.is_grad_enabled() else predict(self.plan, x)

    def input_gradient(self, x: Tensor, labels: Tensor, loss: str) -> Tensor:
        """Return ∂ Σ loss / ∂x, see the function of this name."""
        return input_gradient(self.plan, x, labels, loss)
