"""Optimisers, each an entry with its own options.

Torch's own optimisers do the work. Muon takes matrices only, so that stacked layers are handed to it
one by one; L-BFGS is also had after Adam, with its loss scaled; Lookahead comes from
``pytorch_optimizer`` and wraps any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from pydantic import Field, field_validator
from torch import nn
from torch.optim import Optimizer as TorchOptimizer

from playground.optimizers.muon import LayeredMuon
from playground.optimizers.options import (
    AdadeltaOptions,
    AdamOptions,
    AdamThenLBFGSOptions,
    AdamWOptions,
    LBFGSOptions,
    MomentumOptions,
    MuonOptions,
    Rate,
    RMSpropOptions,
    SGDOptions,
)
from playground.optimizers.quasi_newton import AdamThenLBFGS
from playground.registry import Entry, Options, Registry, Slot, option

Parameters = Sequence[nn.Parameter]


@dataclass(frozen=True, kw_only=True)
class Optimizer(Entry):
    """An optimiser.

    Attributes:
        make: ``(parameters, options) -> torch optimizer``.
        adaptive: Whether every weight gets a step of its own size (Adam and its kin).
        full_batch: Whether it wants the whole training set and a closure (L-BFGS).
    """

    make: Callable[[Parameters, Any], TorchOptimizer]
    adaptive: bool = True
    full_batch: bool = False


OPTIMIZERS: Registry[Optimizer] = Registry("optimizer")


def _adam(cls: type[TorchOptimizer]) -> Callable[[Parameters, AdamOptions], TorchOptimizer]:
    def make(parameters: Parameters, o: AdamOptions) -> TorchOptimizer:
        return cls(parameters, lr=o.learning_rate, betas=(o.beta1, o.beta2), weight_decay=0.0)

    return make


def _momentum(nesterov: bool) -> Callable[[Parameters, MomentumOptions], TorchOptimizer]:
    def make(parameters: Parameters, o: MomentumOptions) -> TorchOptimizer:
        nesterov_now = nesterov and o.momentum > 0  # torch refuses Nesterov without momentum
        return torch.optim.SGD(
            parameters, lr=o.learning_rate, momentum=o.momentum, nesterov=nesterov_now
        )

    return make


class InnerSlot(Slot):
    """The optimiser inside Lookahead: any that steps on mini-batches by itself."""

    registry: ClassVar[Registry[Optimizer]] = OPTIMIZERS

    @field_validator("name")
    @classmethod
    def _wrappable(cls, name: str) -> str:
        if name == "lookahead" or OPTIMIZERS[name].full_batch:
            raise ValueError(
                f"lookahead cannot wrap {name!r}; choose one that steps on mini-batches"
            )
        return name


class LookaheadOptions(Options):
    """Options of Lookahead."""

    inner: InnerSlot = Field(
        default_factory=lambda: InnerSlot(name="adam"),
        title="Inner optimiser",
        description="The optimiser that makes the fast steps.",
    )
    k: int = option(5, label="Fast steps k", help="Fast steps between two slow ones.", ge=1, le=100)
    alpha: float = option(
        0.5,
        label="α",
        help="How far the slow weights move towards the fast ones.",
        ge=0,
        le=1,
    )


def _lookahead(parameters: Parameters, o: LookaheadOptions) -> TorchOptimizer:
    from pytorch_optimizer import Lookahead  # its import takes a second that most runs can save

    inner = OPTIMIZERS[o.inner.name].make(parameters, o.inner.options)
    return Lookahead(inner, k=o.k, alpha=o.alpha)


def _lbfgs(parameters: Parameters, o: LBFGSOptions) -> TorchOptimizer:
    return torch.optim.LBFGS(
        parameters,
        lr=o.learning_rate,
        max_iter=o.iterations,
        history_size=o.history,
        tolerance_grad=0.0,
        tolerance_change=0.0,
        line_search_fn="strong_wolfe",
    )


def _adam_lbfgs(parameters: Parameters, o: AdamThenLBFGSOptions) -> TorchOptimizer:
    return AdamThenLBFGS(
        parameters,
        lr=o.learning_rate,
        adam_steps=o.adam_steps,
        iterations=o.iterations,
        history=o.history,
        scale=o.scale,
        restart=o.restart,
    )


def _entry(name: str, label: str, summary: str, options: type[Options], **more: Any) -> None:
    OPTIMIZERS.add(Optimizer(name=name, label=label, summary=summary, options=options, **more))


_entry(
    "adam", "Adam", "Steps scaled by running means of the gradient.", AdamOptions,
    make=_adam(torch.optim.Adam), reference="Kingma and Ba (2015)",
)  # fmt: skip
_entry(
    "sgd", "SGD", "A step along the negative gradient of the batch.", SGDOptions,
    make=lambda p, o: torch.optim.SGD(p, lr=o.learning_rate), adaptive=False,
)  # fmt: skip
_entry(
    "momentum", "Momentum", "SGD that keeps part of its last step.", MomentumOptions,
    make=_momentum(nesterov=False), adaptive=False, reference="Polyak (1964)",
)  # fmt: skip
_entry(
    "nesterov", "Nesterov", "Momentum whose gradient is taken ahead.", MomentumOptions,
    make=_momentum(nesterov=True), adaptive=False, reference="Nesterov (1983)",
)  # fmt: skip
_entry(
    "adamw", "AdamW", "Adam with weight decay apart from the gradient.", AdamWOptions,
    make=lambda p, o: torch.optim.AdamW(
        p, lr=o.learning_rate, betas=(o.beta1, o.beta2), weight_decay=o.decay
    ),
    reference="Loshchilov and Hutter (2019)",
)  # fmt: skip
_entry(
    "rmsprop", "RMSprop", "Steps scaled by the running size of the gradient.", RMSpropOptions,
    make=lambda p, o: torch.optim.RMSprop(p, lr=o.learning_rate, alpha=o.smoothing),
)  # fmt: skip
_entry(
    "nadam", "NAdam", "Adam with Nesterov's look ahead.", AdamOptions,
    make=_adam(torch.optim.NAdam), reference="Dozat (2016)",
)  # fmt: skip
_entry(
    "radam", "RAdam", "Adam that waits until its scales can be trusted.", AdamOptions,
    make=_adam(torch.optim.RAdam), reference="Liu et al. (2020)",
)  # fmt: skip
_entry(
    "adagrad", "Adagrad", "Steps scaled by all gradients seen so far.", Rate,
    make=lambda p, o: torch.optim.Adagrad(p, lr=o.learning_rate),
    reference="Duchi, Hazan and Singer (2011)",
)  # fmt: skip
_entry(
    "adadelta", "Adadelta", "Steps scaled by the ratio of past steps and gradients.", AdadeltaOptions,
    make=lambda p, o: torch.optim.Adadelta(p, lr=o.learning_rate), reference="Zeiler (2012)",
)  # fmt: skip
_entry(
    "muon", "Muon", "Orthogonalised momentum for matrices, AdamW for vectors.", MuonOptions,
    make=LayeredMuon, reference="Jordan et al. (2024)",
)  # fmt: skip
_entry(
    "lbfgs", "L-BFGS", "A quasi-Newton method on the whole training set.", LBFGSOptions,
    make=_lbfgs, adaptive=False, full_batch=True, reference="Liu and Nocedal (1989)",
)  # fmt: skip
_entry(
    "adam_lbfgs", "Adam, then L-BFGS", "Adam for a start, then a quasi-Newton method, on all points.",
    AdamThenLBFGSOptions, make=_adam_lbfgs, full_batch=True, reference="Wang and Lai (2024)",
)  # fmt: skip
_entry(
    "lookahead", "Lookahead", "Slow weights that follow the fast ones of another optimiser.",
    LookaheadOptions, make=_lookahead, reference="Zhang et al. (2019)",
)  # fmt: skip


@contextmanager
def evaluated(optimizer: TorchOptimizer) -> Iterator[None]:
    """Put the weights in place that are to be judged: Lookahead's slow ones, else the present ones."""
    swaps = hasattr(optimizer, "backup_and_load_cache")
    if swaps:
        optimizer.backup_and_load_cache()
    try:
        yield
    finally:
        if swaps:
            optimizer.clear_and_load_backup()


def set_rate(optimizer: TorchOptimizer, rate: float) -> None:
    """Set the learning rate of all groups."""
    for group in optimizer.param_groups:
        group["lr"] = rate
