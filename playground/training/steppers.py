"""What takes the optimiser steps of a training: torch, one at a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn

from playground.experiment import Experiment

if TYPE_CHECKING:
    from playground.training.trainer import Trainer

EXPLOSION = 1e4  # growth of the loss, against its start, that counts as divergence

Forward = Callable[[Tensor], Tensor]


class Taken(NamedTuple):
    """What some optimiser steps in a row came to.

    Attributes:
        steps: How many were taken.
        samples: Training points in their batches.
        first_loss: Loss of the first batch.
        loss: Loss of the last one, penalties and regulariser left out.
        gradient_norm: Norm of the last gradient before clipping.
    """

    steps: int
    samples: int
    first_loss: float
    loss: float
    gradient_norm: float


def loss_limit(start: float | None) -> float:
    """Return the loss of a batch from which on a training counts as diverged."""
    return math.inf if start is None else EXPLOSION * max(1.0, start)


def penalty(experiment: Experiment, weights: list[Tensor]) -> Tensor | float:
    """Return what is added to the loss: λ/2·Σw² and λ·Σ|w|."""
    total: Tensor | float = 0.0
    if experiment.l2:
        total = total + experiment.l2 / 2 * sum(w.square().sum() for w in weights)
    if experiment.l1:
        total = total + experiment.l1 * sum(w.abs().sum() for w in weights)
    return total


@contextmanager
def dropout_of(trainer: Trainer) -> Iterator[None]:
    """Let dropout, which only nets on images have, drop what it always drops at this step.

    It draws from torch's global generator, which knows neither the run's seed nor where it resumes.
    """
    if not trainer.experiment.network.entry.takes_images:
        yield
        return
    devices = [torch.cuda.current_device()] if trainer.device == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(trainer.experiment.weight_seed * 1_000_003 + trainer.step)
        yield


class TorchStepper:
    """One step at a time by torch's autograd and torch's optimiser.

    Args:
        trainer: Whose weights move.
        forward: What computes the outputs; the trainer's own by default.
    """

    def __init__(self, trainer: Trainer, forward: Forward | None = None) -> None:
        self._trainer = trainer
        self._forward = forward or trainer.outputs

    def advance(self, limit: int) -> Taken:
        """Take one step, whatever the limit."""
        trainer = self._trainer
        experiment, optimizer = trainer.experiment, trainer.optimizer
        x, y = trainer.batch(trainer.step)
        trainer.set_rate()
        resting = trainer.regularizing
        first: list[Tensor] = []

        def closure() -> Tensor:
            optimizer.zero_grad(set_to_none=True)
            trainer.net.nfe = 0
            with dropout_of(trainer), trainer.precision.halved():
                outputs, term = trainer.regularized(x) if resting else (self._forward(x), None)
            loss = trainer.loss(outputs.to(trainer.dtype), y)
            forward = trainer.net.nfe
            objective = loss + penalty(experiment, trainer.weights)
            if term is not None:
                objective = objective + term.to(trainer.dtype)
            trainer.precision.backward(objective, optimizer)
            # Without an adjoint nothing is evaluated anew: each evaluation is pulled back once.
            trainer.nfe = (forward, trainer.net.nfe - forward or forward)
            norm = nn.utils.get_total_norm([w.grad for w in trainer.weights])
            if experiment.clip_norm:
                nn.utils.clip_grads_with_norm_(trainer.weights, experiment.clip_norm, norm)
            if not first:
                first.extend([loss.detach(), norm.detach()])
            return objective

        if experiment.optimizer.entry.full_batch:
            optimizer.step(closure)
        else:
            closure()
            trainer.precision.step(optimizer)
        loss, norm = (float(value) for value in first)
        return Taken(1, len(x), loss, loss, norm)
