"""Many optimiser steps in one call of a compiled kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.optim import Optimizer

from playground import fused
from playground.training.steppers import Taken, loss_limit

if TYPE_CHECKING:
    from playground.training.trainer import Trainer


def inner_of(optimizer: Optimizer) -> Optimizer:
    """Return the optimiser that makes the steps: the one inside Lookahead, or itself."""
    return optimizer.optimizer if _is_lookahead(optimizer) else optimizer


def _is_lookahead(optimizer: Optimizer) -> bool:
    return hasattr(optimizer, "backup_and_load_cache")


class KernelStepper:
    """Steps of SGD and Adam and their kin, taken inside a kernel.

    Lookahead runs its inner optimiser in the kernel and moves its slow weights itself.

    Args:
        trainer: Whose weights move.
        plan: Its net, as the kernels know it.
    """

    def __init__(self, trainer: Trainer, plan: fused.Plan) -> None:
        self._trainer = trainer
        self._plan = plan
        self._data = fused.Data.of(plan, trainer.x, trainer.y)
        self._inner = inner_of(trainer.optimizer)

    def advance(self, limit: int) -> Taken:
        """Take up to ``limit`` steps, none of them beyond the end of the epoch."""
        trainer, experiment = self._trainer, self._trainer.experiment
        epoch, position = divmod(trainer.step, trainer.steps_per_epoch)
        steps = min(limit, trainer.steps_per_epoch - position, self._until_slow())
        if trainer.start_loss is None:
            steps = 1  # the first loss is what the others are measured by
        batches = np.arange(position, position + steps + 1)
        borders = np.minimum(batches * trainer.batch_size, trainer.n)
        result = fused.train(
            self._plan,
            self._data,
            self._inner,
            trainer.order(epoch).numpy(),
            borders,
            np.array([trainer.rate_at(trainer.step + i) for i in range(steps)]),
            loss=experiment.loss.name,
            l2=experiment.l2,
            l1=experiment.l1,
            clip_norm=experiment.clip_norm,
            limit=loss_limit(trainer.start_loss),
        )
        self._follow(result.done)
        trainer.nfe = (self._plan.evaluations, self._plan.evaluations)
        samples = int(borders[result.done] - borders[0])
        first, last, norm = result.losses[0], result.losses[-1], result.norms[-1]
        return Taken(result.done, samples, float(first), float(last), float(norm))

    def _until_slow(self) -> int:
        """Return how many steps may be taken before Lookahead's slow weights move."""
        optimizer = self._trainer.optimizer
        if not _is_lookahead(optimizer):
            return self._trainer.steps_per_epoch
        return optimizer.k - optimizer.param_groups[0]["counter"]

    def _follow(self, steps: int) -> None:
        """Count steps for Lookahead, and move its slow weights if it is time."""
        optimizer = self._trainer.optimizer
        if not _is_lookahead(optimizer):
            return
        for group in optimizer.param_groups:
            group["counter"] += steps
            if group["counter"] >= optimizer.k:
                group["counter"] = 0
                with torch.no_grad():
                    for weight in group["params"]:
                        weight.grad = weight.detach()  # it moves only those that have a gradient
                    optimizer.update(group)
                    for weight in group["params"]:
                        weight.grad = None
