"""The optimiser, its rate and the loss of an exported script."""

from __future__ import annotations

import inspect
import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from playground.experiment import Experiment
from playground.optimizers import OPTIMIZERS
from playground.optimizers.quasi_newton import AdamThenLBFGS
from playground.training.events import Amendment
from playground.training.scripting.draft import Draft, block, body, literal, wrapped_call


def write_optimizer(draft: Draft, experiment: Experiment) -> None:
    """Add the constant ``LEARNING_RATE`` and the function ``make_optimizer``.

    Raises:
        ValueError: For an optimiser that is neither torch's own nor known here.
    """
    slot = experiment.optimizer
    lookahead = slot.name == "lookahead"
    name, options = slot.name, slot.options
    if lookahead:
        name, options = options.inner.name, options.inner.options
    draft.heading("The optimiser")
    draft.constant("LEARNING_RATE", options.learning_rate)
    call = _constructor(draft, name, options)
    if lookahead:
        draft.need("from pytorch_optimizer import Lookahead")
        draft.constant("SLOW_EVERY", slot.options.k, "fast steps between two slow ones")
        draft.constant("SLOW_SHARE", slot.options.alpha, "of the way, for the slow weights")
        lines = [
            *wrapped_call("fast = ", *call),
            "return Lookahead(fast, k=SLOW_EVERY, alpha=SLOW_SHARE)",
        ]
    else:
        lines = wrapped_call("return ", *call)
    template = block("""
        def make_optimizer(weights):
            \"""Return the optimiser of the trained weights.\"""
            {lines}
    """)
    draft.block(template.format(lines=body(lines, 1)))


def _constructor(draft: Draft, name: str, options: Any) -> tuple[str, list[str]]:
    """Return the name of an optimiser's class and every argument that is not torch's default.

    What was chosen is read from the optimiser that the playground itself makes, so that a new one of
    torch's needs no code here.
    """
    if name == "muon":
        draft.block(_MUON)
        return "LayeredMuon", ["weights", "lr=LEARNING_RATE", f"momentum={options.momentum!r}"]
    if name == "adam_lbfgs":
        return _adam_then_lbfgs(draft, options)
    optimizer = OPTIMIZERS[name].make([nn.Parameter(torch.zeros(1))], options)
    kind = type(optimizer)
    if getattr(torch.optim, kind.__name__, None) is not kind:
        raise ValueError(f"optimizer: no script can be written for {name!r}")
    usual = inspect.signature(kind).parameters
    chosen = [
        f"{key}={literal(value)}"
        for key, value in optimizer.defaults.items()
        if key in usual and key != "lr" and value != usual[key].default
    ]
    return f"torch.optim.{kind.__name__}", ["weights", "lr=LEARNING_RATE", *chosen]


def _adam_then_lbfgs(draft: Draft, options: Any) -> tuple[str, list[str]]:
    draft.need("from collections.abc import Callable, Iterable", "from typing import Any")
    draft.need("from torch import Tensor")
    draft.block(inspect.getsource(AdamThenLBFGS))
    chosen = options.model_dump(exclude={"learning_rate"})
    arguments = [f"{key}={literal(value)}" for key, value in chosen.items()]
    return "AdamThenLBFGS", ["weights", "lr=LEARNING_RATE", *arguments]


_MUON = """
class LayeredMuon(torch.optim.Optimizer):
    \"""Muon for matrices, each layer of a stack by itself; AdamW for vectors.\"""

    def __init__(self, weights, lr, momentum):
        weights = list(weights)
        super().__init__(weights, {"lr": lr})
        self.stacks = [(w, self.layers(w.detach())) for w in weights if w.ndim >= 2]
        layers = [layer for _, stack in self.stacks for layer in stack]
        vectors = [w for w in weights if w.ndim < 2]
        self.parts = [
            torch.optim.Muon(layers, lr=lr, momentum=momentum, weight_decay=0.0),
            torch.optim.AdamW(vectors, lr=lr, weight_decay=0.0),
        ]

    @staticmethod
    def layers(stack):
        \"""Return the matrices of a stack as views that share its memory.\"""
        return stack.reshape(-1, *stack.shape[-2:]).unbind()

    def step(self, closure=None):
        for weight, layers in self.stacks:
            for layer, gradient in zip(layers, self.layers(weight.grad)):
                layer.grad = gradient
        for part in self.parts:
            part.param_groups[0]["lr"] = self.param_groups[0]["lr"]
            part.step()
"""


def write_rate(
    draft: Draft, experiment: Experiment, amendments: Sequence[Amendment], *, n_train: int
) -> bool:
    """Add the function ``learning_rate(step)`` where the rate changes, and return whether it does.

    Raises:
        ValueError: For a schedule that no code is known for, or an amendment that is not legal.
    """
    changes = _changes(amendments)
    schedule = experiment.schedule
    if schedule.name not in _FACTORS:
        raise ValueError(f"schedule: no script can be written for {schedule.name!r}")
    constants, factor = _FACTORS[schedule.name]
    if not factor and not changes:
        return False
    lines = ["rate = LEARNING_RATE"]
    if changes:
        draft.constant(
            "CHANGES", changes, "{steps done: rate}, as changed by hand while it trained"
        )
        lines = [
            "changed = [done for done in CHANGES if done <= step]",
            "rate = CHANGES[max(changed)] if changed else LEARNING_RATE",
        ]
    if factor:
        for name, value in constants.items():
            draft.constant(name, getattr(schedule.options, value))
        draft.need("import math")
        if not draft.has("N_TRAIN"):
            draft.constant("N_TRAIN", n_train)
        draft.expression("TOTAL_STEPS", "EPOCHS * math.ceil(N_TRAIN / BATCH_SIZE)")
        step = "(step % TOTAL_STEPS)" if experiment.network.entry.staged else "step"
        lines += [f"progress = {step} / TOTAL_STEPS", f"return rate * ({factor})"]
    else:
        lines.append("return rate")
    code = "\n    ".join(lines)
    draft.block(
        f'def learning_rate(step):\n    """Return the rate after so many steps."""\n    {code}'
    )
    return True


_FACTORS: dict[str, tuple[dict[str, str], str]] = {
    "constant": ({}, ""),
    "cosine": (
        {"FLOOR": "floor"},
        "FLOOR + (1 - FLOOR) * 0.5 * (1 + math.cos(math.pi * min(progress, 1.0)))",
    ),
    "step": (
        {"DROPS": "drops", "FACTOR": "factor"},
        "FACTOR ** math.floor(min(progress, 1.0 - 1e-12) * (DROPS + 1))",
    ),
    "multi_step": (
        {"DROPS": "drops", "FACTOR": "factor"},
        "FACTOR ** sum(min(progress, 1.0 - 1e-12) >= drop for drop in DROPS)",
    ),
}
"""Of each schedule: constants with the options that they hold, and the factor of the rate."""


def _changes(amendments: Sequence[Amendment]) -> dict[int, float]:
    rates: dict[int, float] = {}
    for amendment in amendments:
        for name, value in amendment.changes.items():
            if name == "path":  # compiled kernels take the same steps, but for rounding
                continue
            if name != "learning_rate" or not 0 < value < math.inf:
                raise ValueError(
                    f"amendments: {name} = {value!r} is not legal; a positive learning_rate is"
                )
            rates[int(amendment.step)] = float(value)
    return dict(sorted(rates.items()))


_LOSSES = {
    ("cross_entropy", "classification"): "F.cross_entropy(outputs, targets)",
    ("mean_square", "regression"): "F.mse_loss(outputs, targets)",
    ("mean_square", "classification"): "F.mse_loss(outputs, "
    "F.one_hot(targets, N_OUTPUTS).to(outputs.dtype))",
}


def write_loss(draft: Draft, experiment: Experiment) -> None:
    """Add the function ``loss_function``.

    Raises:
        ValueError: For a loss that no code is known for.
    """
    code = _LOSSES.get((experiment.loss.name, experiment.task))
    if code is None:
        raise ValueError(f"loss: no script can be written for {experiment.loss.name!r}")
    draft.need("from torch.nn import functional as F")
    without = ", penalties left out" if penalties(experiment) else ""
    template = block("""
        def loss_function(outputs, targets):
            \"""Return what the training makes small{without}.\"""
            {lines}
    """)
    lines = [f"return {code}"]
    if experiment.network.entry.staged and experiment.task == "classification":
        lines = [
            "if targets.is_floating_point():  # what is left of one-hot targets",
            "    return F.mse_loss(outputs, targets)",
            *lines,
        ]
    draft.block(template.format(without=without, lines=body(lines, 1)))


def penalties(experiment: Experiment) -> list[str]:
    """Return the code of each penalty on ``weights``, in the order in which they are added."""
    code = []
    if experiment.l2:
        code.append("L2 / 2 * sum(w.square().sum() for w in weights)")
    if experiment.l1:
        code.append("L1 * sum(w.abs().sum() for w in weights)")
    return code
