"""Compiled forward, exact discrete adjoint and training of small flow nets.

    reason = unsupported(net)                 why not, in words; None if it can be compiled
    p = plan(net)                             Plan, or None
    outputs = forward(p, x)                   like net(x), gradients for parameters and x by autograd
    outputs = predict(p, x)                   the same without gradients, for many points
    g = input_gradient(p, x, y)               of the loss's sum, for x alone
    model = CompiledModel(p)                  what ``playground.attacks`` attacks at that speed
    states = trajectory(p, x)                 like net.trajectory(x)
    data = Data.of(p, x, y)                   once for a data set
    result = train(p, data, optimizer, order, borders, rates, loss="cross_entropy")
                                              one optimiser step a batch, all in one call:
                                              .losses, .norms, .done; see its own text
    reason = unsupported_optimizer(optimizer) why that call does not know an optimiser, or None
    ready(p), prepare(p), warm()              is it compiled; compile beside; compile here and now

The parameters are the module's own memory, and the states of the optimiser are its own, so that one
may go from these functions to torch's and back between any two steps. The kernels hold no lock of the
interpreter, start no threads of their own, and may run in several at once.

Numbers close to zero (denormals) slow a vanishing net down several times: call
``torch.set_flush_denormal(True)`` once in every thread that trains.
"""

from __future__ import annotations

from playground.fused.epochs import Data, Result, train, unsupported_optimizer
from playground.fused.outputs import (
    CompiledModel,
    forward,
    input_gradient,
    predict,
    trajectory,
)
from playground.fused.plan import Plan, plan, unsupported, unsupported_form
from playground.fused.readiness import prepare, prepare_all, ready, warm

__all__ = [
    "CompiledModel",
    "Data",
    "Plan",
    "Result",
    "forward",
    "input_gradient",
    "plan",
    "predict",
    "prepare",
    "prepare_all",
    "ready",
    "train",
    "trajectory",
    "unsupported",
    "unsupported_form",
    "unsupported_optimizer",
    "warm",
]
