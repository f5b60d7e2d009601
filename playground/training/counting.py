"""What one step of a net on images has to compute and to keep, counted without computing it.

The net goes once forward and back on torch's meta device, where tensors have shapes and no values; each
operator is counted as it is called. A net whose solver looks at values to choose its steps cannot be run
so: its field is counted by itself, and taken as often as its solver is likely to ask for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry

from playground.networks.attention import ODEAttention
from playground.networks.residual import Residual

ADAPTIVE_STATES = 10  # stages and states that an adaptive solver holds at once, about


@dataclass(frozen=True)
class Work:
    """What there is to do.

    Attributes:
        flops: Multiplications and additions of convolutions and products of matrices.
        operators: Operators called, views left out.
        values: Numbers that they write.
    """

    flops: float = 0
    operators: float = 0
    values: float = 0

    def __add__(self, other: Work) -> Work:
        return Work(
            self.flops + other.flops,
            self.operators + other.operators,
            self.values + other.values,
        )

    def __mul__(self, times: float) -> Work:
        return Work(self.flops * times, self.operators * times, self.values * times)

    def cost(self, each: Work) -> float:
        """Return the sum of all work, weighted by what one of each costs."""
        return self.flops * each.flops + self.operators * each.operators + self.values * each.values


@dataclass(frozen=True)
class Counted:
    """One batch on its way through a net.

    Attributes:
        forward: Work of the way forward.
        backward: Work of the way back.
        kept: Numbers that are kept for the way back, weights left out.
        states: Numbers of the features at all layers, which are there at the same time.
        largest: Most numbers that an operator writes on the way forward.
    """

    forward: Work
    backward: Work
    kept: float
    states: float
    largest: float

    @property
    def both(self) -> Work:
        """Work of the way forward and back."""
        return self.forward + self.backward


class _Meter(TorchDispatchMode):
    """Adds up the work of all operators that are called inside."""

    def __init__(self) -> None:
        super().__init__()
        self.work, self.largest = Work(), 0

    def __torch_dispatch__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Call an operator and count it."""
        kwargs = kwargs or {}
        out = func(*args, **kwargs)
        if not func.is_view:
            formula = flop_registry.get(func.overloadpacket)
            flops = formula(*args, **kwargs, out_val=out) if formula else 0
            values = sum(leaf.numel() for leaf in tree_leaves(out) if isinstance(leaf, Tensor))
            self.work = self.work + Work(flops, 1, values)
            self.largest = max(self.largest, values)
        return out


def _passed(function: Callable[[Tensor], Tensor], x: Tensor, weights: list[Tensor]) -> Counted:
    """Count a pass of ``x`` through a function and back."""
    own = {StorageWeakRef(weight.untyped_storage()) for weight in [*weights, x]}
    kept: dict[StorageWeakRef, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = StorageWeakRef(tensor.untyped_storage())
        if storage not in own:
            kept[storage] = tensor.untyped_storage().nbytes() // tensor.element_size()
        return tensor

    meter = _Meter()
    with meter, saved_tensors_hooks(pack, lambda tensor: tensor):
        outputs = function(x).sum()
    forward, largest = meter.work, meter.largest
    with meter:
        outputs.backward()
    backward = meter.work + forward * -1
    return Counted(forward, backward, sum(kept.values()), 0, largest)


def count(net: nn.Module, batch: int, evaluations: int) -> Counted:
    """Count one batch through a net on images, forward and back.

    Args:
        net: On the meta device, in training; it is of no use afterwards.
        batch: Images.
        evaluations: How often a solver is likely to ask a field, or each field of a chain, where the net
            does not tell by itself.
    """
    weight = next(net.parameters())
    inputs = math.prod(net.inputs.shape)
    x = torch.empty(batch, inputs, dtype=weight.dtype, device="meta")
    weights = list(net.parameters())
    repeated, done, adjoint = _flow(net)
    counted = _passed(net, x, weights)
    with torch.no_grad():
        start = net.lift(net.inputs(x))
        states = sum(state.numel() for state in net.states(start))
    if repeated is None:
        return replace(counted, states=states)
    more = max(evaluations - done, 0)
    once = _passed(repeated, start.detach().requires_grad_(), weights)
    # The adjoint keeps nothing, and goes through the field again on its way back.
    back = once.both if adjoint else once.backward
    return Counted(
        counted.forward + once.forward * more,
        counted.backward + back * more,
        counted.kept + (0 if adjoint else once.kept * more),
        states,
        max(counted.largest, once.largest),
    )


def _flow(net: nn.Module) -> tuple[Callable[[Tensor], Tensor] | None, int, bool]:
    """Make a net pass without looking at values, if it does.

    Returns:
        What is to be repeated, how often a pass of the net does it now, and whether the gradient comes
        by the adjoint; nothing to repeat where a pass is the whole.
    """
    field, stack = getattr(net, "field", None), getattr(net, "stack", None)
    if field is not None:

        def moved(y: Tensor) -> Tensor:
            return y + field(0.0, y)

        times = getattr(net, "n_times", 2)

        def solved(y: Tensor) -> Tensor:
            states = [y]
            for _ in range(times - 1):
                states.append(moved(states[-1]))
            return torch.stack(states)

        if isinstance(net, ODEAttention):
            net.solved = solved
        else:
            shown = ADAPTIVE_STATES if net.scheme.kind == "adaptive" else net.n_steps + 1
            net.final, net.states = moved, lambda y: [y] * shown
        return moved, times - 1, getattr(net, "adjoint", False)
    if stack is not None and stack.connection.scheme.kind == "adaptive":
        stack.connection = Residual("euler")
        return net.final, 1, False
    return None, 0, False
