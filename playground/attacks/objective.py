"""What an attack climbs: a number for every input that grows as the model errs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import torch
from torch import Tensor
from torch.nn import functional

from playground.attacks.problem import (
    LossName,
    Model,
    all_logits,
    check_choice,
    check_loss,
    logits_of,
)

Target = Literal["next", "least_likely"] | int | Tensor | None
"""What a targeted attack wants: the next class, the least likely one, one class, or a class each."""


@runtime_checkable
class WithInputGradient(Protocol):
    """A model that has its gradient with respect to the input without autograd."""

    def input_gradient(self, x: Tensor, labels: Tensor, loss: LossName) -> Tensor:
        """Return ∂ Σ loss / ∂x: the cross-entropy of the labels, or their margin."""


def margin(logits: Tensor, labels: Tensor) -> Tensor:
    """Return log p_label − max log p_other ``(batch,)``, negative where another class wins.

    The logarithms share their normalisation, so that the logits themselves can be compared; nothing
    saturates.
    """
    own = logits.gather(1, labels[:, None])[:, 0]
    others = logits.scatter(1, labels[:, None], -torch.inf)
    return own - others.amax(1)


@dataclass(frozen=True)
class Objective:
    """What is climbed: away from the labels, or towards them.

    Attributes:
        labels: True classes ``(batch,)``, or those that a targeted attack wants.
        loss: ``"ce"`` (cross-entropy) or ``"margin"``.
        targeted: Whether the labels are wanted instead of shunned.
    """

    labels: Tensor
    loss: LossName
    targeted: bool = False

    def rows(self, rows: slice) -> Objective:
        """Return the same of some of the inputs."""
        return Objective(self.labels[rows], self.loss, self.targeted)

    def of(self, logits: Tensor) -> Tensor:
        """Return the number of every input ``(batch,)``; the attack wants it large."""
        labels = self.labels.repeat(len(logits) // max(1, len(self.labels)))
        if self.loss == "ce":
            value = functional.cross_entropy(logits, labels, reduction="none")
        else:
            value = -margin(logits, labels)
        return -value if self.targeted else value

    def reached(self, logits: Tensor) -> Tensor:
        """Return where the attack has what it wants, ``(batch,)`` of bool."""
        hit = logits.argmax(1) == self.labels
        return hit if self.targeted else ~hit

    def gradient(self, model: Model, x: Tensor) -> Tensor:
        """Return the gradient with respect to ``x``; that of no parameter is touched."""
        if isinstance(model, WithInputGradient):
            gradient = model.input_gradient(x, self.labels, self.loss)
            return -gradient if self.targeted != (self.loss == "margin") else gradient
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            total = self.of(logits_of(model, x, self.labels)).sum()
            if not total.requires_grad:
                raise ValueError("model: its logits do not depend on x by a gradient; use spsa")
            return torch.autograd.grad(total, x)[0]


def objective_for(
    model: Model, x: Tensor, y: Tensor, loss: LossName, target: Target, batch_size: int | None
) -> Objective:
    """Return what an attack with these settings climbs.

    Raises:
        ValueError: For an unknown loss, or a target that is no class.
    """
    check_loss(loss)
    if target is None:
        return Objective(y, loss)
    return Objective(targets(model, x, y, target, batch_size), loss, targeted=True)


def targets(
    model: Model, x: Tensor, y: Tensor, target: Target, batch_size: int | None = None
) -> Tensor:
    """Return the class that a targeted attack wants of each input, ``(batch,)``.

    Args:
        model: The model.
        x: Inputs.
        y: True classes; ``"least_likely"`` never wants them.
        target: See ``Target``.
        batch_size: Inputs at once.

    Raises:
        ValueError: For a target that is no class of the model.
    """
    logits = all_logits(model, x, batch_size)
    n_classes = logits.shape[1]
    if isinstance(target, str):
        check_choice("target", target, ("next", "least_likely"))
        if target == "next":
            return (y + 1) % n_classes
        return logits.scatter(1, y[:, None], torch.inf).argmin(1)
    wanted = torch.as_tensor(target, device=y.device)
    if wanted.is_floating_point() or tuple(wanted.shape) not in ((), (len(y),)):
        raise ValueError(
            f"target: {target!r} is not legal; legal is a class, or one for each input"
        )
    wanted = wanted.to(torch.int64).expand(len(y))
    if len(y) and not 0 <= int(wanted.min()) <= int(wanted.max()) < n_classes:
        raise ValueError(f"target: a class is not legal; legal are 0 to {n_classes - 1}")
    return wanted
