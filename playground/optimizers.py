"""Optimisers, each an entry with its own options.

Torch's own optimisers do the work. Muon takes matrices only, so that stacked layers are handed to it
one by one; Lookahead comes from ``pytorch_optimizer`` and wraps any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from pydantic import Field, field_validator
from torch import Tensor, nn
from torch.optim import Optimizer as TorchOptimizer

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


def _rate(default: float, top: float = 10.0) -> float:
    return option(
        default,
        label="Learning rate",
        help="Length of one step along the (scaled) gradient.",
        ge=1e-6,
        le=top,
        log=True,
    )


def _fraction(default: float, label: str, text: str) -> float:
    return option(default, label=label, help=text, ge=0, le=0.9999, advanced=True)


class Rate(Options):
    """An optimiser whose only option is its learning rate."""

    learning_rate: float = _rate(0.01)


class SGDOptions(Options):
    """Options of plain gradient descent."""

    learning_rate: float = _rate(0.1)


class AdadeltaOptions(Options):
    """Options of Adadelta, which scales its own steps: one is the rate of its paper."""

    learning_rate: float = _rate(1.0)


class MomentumOptions(SGDOptions):
    """Options of gradient descent with momentum."""

    momentum: float = _fraction(0.9, "Momentum", "Share of the last step that is kept.")


class AdamOptions(Options):
    """Options of Adam and its kin."""

    learning_rate: float = _rate(0.01)
    beta1: float = _fraction(0.9, "β₁", "Memory of the mean of the gradients.")
    beta2: float = _fraction(0.999, "β₂", "Memory of the mean of their squares.")


class AdamWOptions(AdamOptions):
    """Options of AdamW."""

    decay: float = option(
        0.01,
        label="Decoupled decay",
        help="Share of every weight that is taken off in a step, times the learning rate.",
        ge=0,
        le=10,
    )


class RMSpropOptions(Options):
    """Options of RMSprop."""

    learning_rate: float = _rate(0.01)
    smoothing: float = _fraction(0.99, "Smoothing", "Memory of the mean of the squared gradients.")


class MuonOptions(Options):
    """Options of Muon."""

    learning_rate: float = _rate(0.02)
    momentum: float = _fraction(0.95, "Momentum", "Share of the last step that is kept.")


class LBFGSOptions(Options):
    """Options of L-BFGS."""

    learning_rate: float = _rate(1.0)
    history: int = option(
        20, label="History", help="Curvature pairs that are remembered.", ge=1, le=100
    )
    iterations: int = option(
        10, label="Iterations a step", help="Inner iterations in one step.", ge=1, le=100
    )


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


class LayeredMuon(TorchOptimizer):
    """Muon for matrices, one layer of a stack at a time, and AdamW for everything else.

    ``torch.optim.Muon`` takes two-dimensional parameters only. A stack ``(layers, n, n)`` is passed as
    one view a layer that shares its memory; its gradients are views, too.
    """

    def __init__(self, parameters: Parameters, options: MuonOptions) -> None:
        parameters = list(parameters)
        super().__init__(parameters, {"lr": options.learning_rate})
        matrices = [p for p in parameters if p.ndim >= 2]
        others = [p for p in parameters if p.ndim < 2]
        self._views = [(p, self._layers(p.detach())) for p in matrices]
        layers = [view for _, views in self._views for view in views]
        self._parts: list[TorchOptimizer] = []
        if layers:
            self._parts.append(
                torch.optim.Muon(
                    layers, lr=options.learning_rate, momentum=options.momentum, weight_decay=0.0
                )
            )
        if others:
            self._parts.append(
                torch.optim.AdamW(others, lr=options.learning_rate, weight_decay=0.0)
            )

    @staticmethod
    def _layers(tensor: Tensor) -> list[Tensor]:
        return list(tensor.reshape(-1, *tensor.shape[-2:]).unbind())

    def step(self, closure: Callable[[], Tensor] | None = None) -> Tensor | None:  # type: ignore[override]
        """Step every layer with the rate of the one group that stands outside."""
        loss = closure() if closure is not None else None
        for parameter, views in self._views:
            if parameter.grad is not None:
                for view, gradient in zip(views, self._layers(parameter.grad)):
                    view.grad = gradient
        for part in self._parts:
            for group in part.param_groups:
                group["lr"] = self.param_groups[0]["lr"]
            part.step()
        return loss

    def state_dict(self) -> dict[str, Any]:
        """Return the states of both parts and of the group outside, where wrappers keep counts."""
        outer = {k: v for k, v in self.param_groups[0].items() if k != "params"}
        return {"parts": [part.state_dict() for part in self._parts], "outer": outer}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore what ``state_dict`` returned."""
        for part, state in zip(self._parts, state_dict["parts"]):
            part.load_state_dict(state)
        self.param_groups[0].update(state_dict["outer"])


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
