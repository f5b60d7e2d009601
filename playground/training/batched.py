"""Many nets of one shape as one stacked net: a launch of a kernel then serves all of them.

``torch.func.vmap`` runs the net over a leading axis of weights. Optimisers that treat every weight by
itself step the stack as they would step each net alone.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from playground.experiment import Experiment
from playground.optimizers import set_rate
from playground.training import events as e
from playground.training.control import Control, Unattended
from playground.training.denormals import flushed
from playground.training.loop import reached
from playground.training.steppers import Taken
from playground.training.trainer import Trainer

ELEMENTWISE = (
    "sgd", "momentum", "nesterov", "adam", "adamw", "rmsprop", "nadam", "radam", "adagrad", "adadelta",
)  # fmt: skip
"""Optimisers that know nothing of a net but one weight at a time."""


def batchable(experiment: Experiment) -> bool:
    """Return whether repetitions of an experiment can be stepped as one stacked net.

    An adaptive solver would choose its steps for all nets together, and an optimiser that looks at
    whole matrices or at the norm of the gradient would mix them; stages begin anew on the way. Nets on
    images normalise by the batch or drop features at random, which a stack cannot do for each alone,
    and mixed precision leaves out a step of one net and not of another. An attack and a regulariser ask
    for more of each net than its outputs, and noise goes the same way.
    """
    scheme = experiment.scheme.chosen
    fixed = not experiment.network.entry.uses_scheme or scheme.kind in ("runge_kutta", "multistep")
    adjoint = getattr(experiment.network.options, "gradient", "direct") == "adjoint"
    clipped, mixed = experiment.clip_norm > 0, experiment.precision == "mixed"
    entry = experiment.network.entry
    whole = not (adjoint or clipped or mixed or entry.staged or entry.takes_images)
    robust = experiment.hardening.entry.words or experiment.regularizer.entry.words
    return fixed and whole and not robust and experiment.optimizer.name in ELEMENTWISE


class Stack:
    """The weights of several trainers in one set of tensors with a leading axis ``(nets, …)``.

    The nets of the trainers look into the same memory, so that each can be judged by itself.
    """

    def __init__(self, trainers: Sequence[Trainer]) -> None:
        self.trainers = trainers
        first = trainers[0]
        named = [dict(trainer.net.named_parameters()) for trainer in trainers]
        self.weights = {
            name: nn.Parameter(torch.stack([own[name].detach() for own in named]))
            for name, weight in named[0].items()
            if weight.requires_grad
        }
        self.rest = {
            name: torch.stack([dict(_rest(trainer.net))[name] for trainer in trainers])
            for name, _ in _rest(first.net)
        }
        for index, own in enumerate(named):
            for name, stacked in self.weights.items():
                own[name].data = stacked.data[index]
        options = first.experiment.optimizer.options
        self.optimizer = first.experiment.optimizer.entry.make(list(self.weights.values()), options)
        self._outputs = vmap(self._one)

    def _one(self, weights: dict[str, Tensor], rest: dict[str, Tensor], x: Tensor) -> Tensor:
        return functional_call(self.trainers[0].net, {**weights, **rest}, (x,))

    def advance(self) -> None:
        """Take one step of every net on its own next batch; its time counts for each of them."""
        began = time.perf_counter()
        first = self.trainers[0]
        experiment = first.experiment
        batches = [trainer.batch(trainer.step) for trainer in self.trainers]
        x = torch.stack([inputs for inputs, _ in batches])
        set_rate(self.optimizer, first.rate)
        self.optimizer.zero_grad(set_to_none=True)
        first.net.nfe = 0
        outputs = self._outputs(self.weights, self.rest, x)
        nfe = first.net.nfe
        losses = torch.stack([first.loss(o, y) for o, (_, y) in zip(outputs, batches)])
        objective = losses.sum()  # each net's weights feel their own loss alone
        for weight in self.weights.values():
            if experiment.l2:
                objective = objective + experiment.l2 / 2 * weight.square().sum()
            if experiment.l1:
                objective = objective + experiment.l1 * weight.abs().sum()
        objective.backward()
        squares = sum(w.grad.flatten(1).square().sum(1) for w in self.weights.values())
        norms = squares.sqrt()
        self.optimizer.step()
        for trainer, loss, norm in zip(self.trainers, losses.tolist(), norms.tolist()):
            trainer.took(Taken(1, x.shape[1], loss, loss, norm))
            trainer.nfe = (nfe, nfe)
            trainer.seconds += time.perf_counter() - began


def _rest(net: nn.Module) -> list[tuple[str, Tensor]]:
    """Return what a net holds beside its trained weights, by name."""
    frozen = [(name, p.detach()) for name, p in net.named_parameters() if not p.requires_grad]
    return [*frozen, *net.named_buffers()]


def train_batched(
    experiments: Sequence[Experiment], control: Control | None = None
) -> Iterator[tuple[int, e.Event]]:
    """Train experiments that differ in their seeds only, as one stacked net.

    Args:
        experiments: Equal but for their seeds, and ``batchable``.
        control: What may be asked of all of them; only to halt.

    Yields:
        ``(index, event)``: ``Started``, metrics at the ends of the epochs, and an ending for each. A
        net that has ended goes on beside the others, unseen, since a stack cannot shrink.
    """
    control = control or Unattended()
    trainers = [Trainer(experiment) for experiment in experiments]
    stack = Stack(trainers)
    running = dict(enumerate(trainers))
    for index, trainer in running.items():
        why = f"{trainer.device_reason}; all repetitions as one stacked net"
        yield index, e.Started(trainer.device, why, "batched", trainer.parameters)
        yield index, trainer.evaluate()
    while running:
        halt = control.poll()
        for index, trainer in list(running.items()):
            ending = e.Stopped(trainer.step, halt.reason or "stopped") if halt.halt else None
            ending = ending or reached(trainer)
            if ending is not None:
                del running[index]
                yield index, ending
        if not running:
            return
        with flushed():
            stack.advance()
        for index, trainer in list(running.items()):
            if trainer.trouble() is None and trainer.step % trainer.steps_per_epoch == 0:
                metrics = trainer.evaluate()
                trainer.history.append(metrics.validation_loss)
                yield index, metrics
            trouble = trainer.trouble()
            if trouble is not None:
                del running[index]
                yield index, e.Diverged(trainer.step, trouble)
