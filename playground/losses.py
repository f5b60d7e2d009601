"""Losses on outputs ``(batch, n_outputs)``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional

from playground.registry import Entry, Registry


@dataclass(frozen=True, kw_only=True)
class Loss(Entry):
    """A loss: ``function(outputs, targets)``; targets are classes (int64) or values (float)."""

    function: Callable[[Tensor, Tensor], Tensor]
    tasks: tuple[str, ...]


LOSSES: Registry[Loss] = Registry("loss")


def mean_square(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return the mean square of outputs less targets; classes count as one-hot vectors."""
    if not targets.is_floating_point():
        targets = functional.one_hot(targets, outputs.shape[-1]).to(outputs.dtype)
    return functional.mse_loss(outputs, targets)


LOSSES.add(
    Loss(
        name="cross_entropy",
        label="cross-entropy",
        summary="Negative logarithm of the probability given to the right class.",
        function=functional.cross_entropy,
        tasks=("classification",),
    )
)
LOSSES.add(
    Loss(
        name="mean_square",
        label="mean square",
        summary="Mean squared distance to the target; classes are one-hot targets.",
        function=mean_square,
        tasks=("classification", "regression"),
    )
)
