"""Training on many batches in one call, optimiser included."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.optim import Optimizer

from playground.fused import kernels, losses, update
from playground.fused.plan import Plan


def unsupported_optimizer(optimizer: Optimizer) -> str | None:
    """Return why an optimiser cannot run inside the kernel, in words; ``None`` if it can."""
    if type(optimizer) not in (torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW):
        return f"{type(optimizer).__name__} has no compiled form"
    if len(optimizer.param_groups) != 1:
        return "it has several groups of parameters"
    group = optimizer.param_groups[0]
    for name in ("amsgrad", "maximize", "dampening", "differentiable", "capturable"):
        if group.get(name):
            return f"its option {name} has no compiled form"
    if isinstance(group["lr"], Tensor):
        return "its rate is a tensor"
    return None


@dataclass(frozen=True)
class Data:
    """Points as the kernels read them; make it once for many calls.

    Attributes:
        inputs: Features at depth zero ``(n, n_inputs)``.
        labels: Classes ``(n,)``, empty for regression.
        values: Targets ``(n, n_outputs)``, empty for classification.
    """

    inputs: np.ndarray
    labels: np.ndarray
    values: np.ndarray

    @classmethod
    def of(cls, plan: Plan, x: Tensor, y: Tensor) -> Data:
        """Prepare points ``(n, n_features)`` and classes ``(n,)`` or targets ``(n, n_outputs)``.

        Raises:
            ValueError: If a class or the shape of the targets does not fit the net's outputs.
        """
        inputs = plan.lifted(x)
        if y.is_floating_point():
            if tuple(y.shape) != (len(x), plan.n_outputs):
                raise ValueError(
                    f"y: shape {tuple(y.shape)} is not legal; {(len(x), plan.n_outputs)} is"
                )
            values = y.to(plan.dtype).contiguous().numpy()
            return cls(inputs, np.empty(0, np.int64), values)
        labels = y.to(torch.int64).contiguous().numpy()
        if len(labels) and not 0 <= labels.min() <= labels.max() < plan.n_outputs:
            raise ValueError(f"y: a class is not in 0 to {plan.n_outputs - 1}, the net's outputs")
        return cls(inputs, labels, np.empty((0, 0), inputs.dtype))

    def kind(self, loss: str) -> int:
        """Return the code of a loss for these targets.

        Raises:
            ValueError: If it has no compiled form, or does not fit the targets.
        """
        classes = self.values.size == 0
        if loss == "cross_entropy" and classes:
            return losses.CROSS_ENTROPY
        if loss == "mean_square":
            return losses.SQUARE_OF_CLASSES if classes else losses.SQUARE_OF_VALUES
        raise ValueError(
            f"loss: {loss!r} is not legal for these targets; "
            f"{'cross_entropy and ' * classes}mean_square"
        )


@dataclass(frozen=True)
class Result:
    """What a call of ``train`` did.

    Attributes:
        losses: Loss of every batch before its step, without penalties, ``(done,)`` in float64.
        norms: Norm of every batch's gradient, with penalties and before clipping, ``(done,)``.
    """

    losses: np.ndarray
    norms: np.ndarray

    @property
    def done(self) -> int:
        """Number of steps that were taken."""
        return len(self.losses)


def train(
    plan: Plan,
    data: Data,
    optimizer: Optimizer,
    order: np.ndarray,
    borders: np.ndarray,
    rates: np.ndarray,
    *,
    loss: str,
    l2: float = 0.0,
    l1: float = 0.0,
    clip_norm: float = 0.0,
    limit: float = math.inf,
) -> Result:
    """Take one step of an optimiser on each of several batches, without the interpreter.

    The weights and the states of ``optimizer`` are changed in place, as its own ``step`` would have
    changed them. Where a range of batches is cut into calls makes no difference, not in the last bit.

    Args:
        plan: The net.
        data: All points.
        optimizer: An optimiser of the plan's parameters that ``unsupported_optimizer`` accepts; its
            own rate is ignored.
        order: Rows of the data, in the order of training.
        borders: Where batches begin and end in ``order``: batch i is ``borders[i]`` up to
            ``borders[i + 1]``; one number more than batches.
        rates: Learning rate of every batch.
        loss: ``"cross_entropy"`` or ``"mean_square"``.
        l2: Adds l2/2 times the sum of all squared parameters to the loss.
        l1: Adds l1 times the sum of their absolute values.
        clip_norm: Largest norm of a gradient; 0 leaves them as they are.
        limit: A loss above it, or one that is not finite, ends the call after its step.

    Returns:
        Losses and norms of the batches that were taken.

    Raises:
        ValueError: If the arrays do not fit each other, or the optimiser or the loss is not
            supported.
    """
    reason = unsupported_optimizer(optimizer)
    if reason:
        raise ValueError(f"optimizer: {reason}")
    # Copies, because a view or an array that is read-only would be compiled for anew.
    order, borders = np.array(order, np.int64), np.array(borders, np.int64)
    rates = np.array(rates, np.float64)
    _check_batches(len(data.inputs), order, borders, rates)
    rule, steps = _rule(plan, optimizer, l2, l1, clip_norm)
    batches = len(rates)
    loss_array, norms = np.empty(batches), np.empty(batches)
    grad = np.zeros(plan.size, data.inputs.dtype)
    space = plan.borrow(keep=True)
    done = kernels.train(
        plan.lanes,
        plan.tables(),
        space,
        rule,
        data.kind(loss),
        data.inputs,
        data.labels,
        data.values,
        order,
        borders,
        plan.block(True),
        rates,
        steps,
        limit,
        grad,
        loss_array,
        norms,
    )
    plan.give_back(space, keep=True)
    for parameter in plan.parameters:
        if "step" in optimizer.state[parameter]:
            optimizer.state[parameter]["step"] += done
    return Result(loss_array[:done], norms[:done])


def _check_batches(n: int, order: np.ndarray, borders: np.ndarray, rates: np.ndarray) -> None:
    if len(borders) != len(rates) + 1:
        raise ValueError(
            f"borders: {len(borders)} numbers for {len(rates)} rates; one more is legal"
        )
    if borders[0] < 0 or borders[-1] > len(order) or bool((np.diff(borders) < 1).any()):
        raise ValueError(f"borders: they have to rise from at least 0 to at most {len(order)}")
    if len(order) and not 0 <= order.min() <= order.max() < n:
        raise ValueError(f"order: a row is not in 0 to {n - 1}")


def _rule(
    plan: Plan, optimizer: Optimizer, l2: float, l1: float, clip_norm: float
) -> tuple[update.Rule, int]:
    """Return the optimiser as the kernel knows it, and the number of steps that it has taken."""
    group = optimizer.param_groups[0]
    if {id(p) for p in group["params"]} != {id(p) for p in plan.parameters}:
        raise ValueError("optimizer: its parameters are not those of the net")
    adam = isinstance(optimizer, torch.optim.Adam)
    momentum = not adam and group["momentum"] != 0
    names = ("exp_avg", "exp_avg_sq") if adam else ("momentum_buffer",) if momentum else ()
    rows = []
    for parameter, place in zip(plan.parameters, plan.places):
        state = optimizer.state[parameter]
        for name in names:
            if state.get(name) is None:
                state[name] = torch.zeros_like(parameter, memory_format=torch.preserve_format)
        if adam and "step" not in state:
            state["step"] = torch.tensor(0.0)
        addresses = [state[name].data_ptr() for name in names] + [0, 0]
        rows.append([parameter.data_ptr(), place, parameter.numel(), *addresses[:2]])
    steps = int(optimizer.state[plan.parameters[0]]["step"]) if adam else 0
    decay = group["weight_decay"]
    apart = adam and group.get("decoupled_weight_decay", type(optimizer) is torch.optim.AdamW)
    own = (*group["betas"], group["eps"]) if adam else (group["momentum"], group["nesterov"], 0.0)
    numbers = [*own, 0.0 if apart else decay, decay if apart else 0.0, l2, l1, clip_norm]
    kind = update.ADAM if adam else update.SGD
    tables = np.array(rows, np.int64), np.array(numbers, np.float64)
    return update.Rule(kind, *tables, len(rows)), steps
