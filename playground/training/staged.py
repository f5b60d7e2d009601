"""Training in stages: each net learns what the sum of those before it has left.

The stages share one step count. Where a stage begins, what is left is divided by its size, κ is found
from its waves, and a fresh optimiser takes the weights of the next net; the others stay as they are.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from playground.analysis.spectrum import scale_factor
from playground.experiment import Experiment
from playground.networks.multi_stage import MultiStageNet
from playground.optimizers import evaluated
from playground.training.moments import kept_steps
from playground.training.trainer import Trainer

FIGURES = 200  # of a stage, about
LEAST = 1e-300  # what is left counts as nothing below this


def trainer_of(experiment: Experiment) -> Trainer:
    """Return what trains an experiment.

    Raises:
        ValueError: If data, net or device cannot be had.
    """
    return StagedTrainer(experiment) if experiment.network.entry.staged else Trainer(experiment)


def goes_on(before: Experiment, after: Experiment) -> bool:
    """Return whether a training can go on as another one: the same, or with more stages."""
    if before.network.name != after.network.name or not after.network.entry.staged:
        return before == after
    theirs, ours = before.network.options, after.network.options
    options = theirs.model_copy(update={"stages": ours.stages})
    network = before.network.model_copy(update={"options": options})
    return theirs.stages <= ours.stages and before.model_copy(update={"network": network}) == after


def take_weights(net: MultiStageNet, weights: Mapping[str, Tensor]) -> None:
    """Load the weights of a net with as many stages or fewer; further ones stay as they were drawn.

    Raises:
        ValueError: If they are of another net.
    """
    own = {name: value.clone() for name, value in net.state_dict().items()}
    with torch.no_grad():
        own["scale"].zero_()
        own["kappa"].fill_(1.0)
    for name, value in weights.items():
        if name in ("scale", "kappa") and len(value) <= len(own[name]):
            own[name][: len(value)] = value
        else:
            own[name] = value
    try:
        net.load_state_dict(own)
    except RuntimeError as error:
        raise ValueError(f"the weights do not fit the experiment: {error}") from error


def map_inputs(net: MultiStageNet, x: Tensor) -> None:
    """Map the least and the greatest of each input among ``x`` to -1 and 1."""
    inputs = net.inputs(x)
    low, high = inputs.amin(dim=0), inputs.amax(dim=0)
    net.centre.copy_((low + high) / 2)
    net.reach.copy_(torch.where(high > low, (high - low) / 2, torch.ones_like(high)))


def begin_stage(net: MultiStageNet, index: int, x: Tensor, y: Tensor, options: object) -> Tensor:
    """Set ε and κ of a stage by what is left, and return its targets: what is left over ε.

    Args:
        net: The sum so far; the stages from ``index`` on have not begun.
        index: The stage.
        x: Training inputs ``(n, features)``.
        y: Training targets ``(n, outputs)``.
        options: ``MultiStageOptions``, of which ``normalise``, ``kappa`` and ``kappa_value`` count.
    """
    with torch.no_grad():
        left = y - net(x)
        net.scale[index] = max(size_of(left, options.normalise), LEAST)
        if index:
            points, values = net.mapped(x).double().cpu().numpy(), left.double().cpu().numpy()
            net.kappa[index] = scale_factor(points, values, options.kappa, options.kappa_value)
        return left / net.scale[index]


def size_of(left: Tensor, rule: str) -> float:
    """Return by what a residual is divided: ``rms`` (eq. (3) of the lecture), ``max`` or ``none``."""
    if rule == "none":
        return 1.0
    return float(left.abs().max() if rule == "max" else left.square().mean().sqrt())


class StagedTrainer(Trainer):
    """A training in stages of ``epochs`` each, equal for any number of stages as far as both go."""

    net: MultiStageNet

    def __init__(self, experiment: Experiment) -> None:
        self.index = 0
        super().__init__(experiment)
        self.options = experiment.network.options
        self.per_stage = self.total_steps
        self.total_steps *= self.options.stages
        self.every = self.steps_per_epoch * math.ceil(experiment.epochs / FIGURES)
        self.truth = self.y
        if not self.y.is_floating_point():
            self.truth = functional.one_hot(self.y, experiment.n_outputs).to(self.dtype)
        with torch.no_grad():
            map_inputs(self.net, self.x)
            self.net.scale.zero_()
            self.net.kappa.fill_(1.0)
        self._begin(0)

    def _begin(self, index: int) -> None:
        """Begin a stage, with a fresh optimiser."""
        with torch.no_grad():
            self.net.scale[index:] = 0
        self.targets = begin_stage(self.net, index, self.x, self.truth, self.options)
        self._use(index)

    def _settle(self) -> None:
        """Let the net of the stage that ends keep the weights by which it is judged."""
        with evaluated(self.optimizer):
            judged = [weight.detach().clone() for weight in self.weights]
        with torch.no_grad():
            for weight, value in zip(self.weights, judged):
                weight.copy_(value)

    def _use(self, index: int) -> None:
        self.index = index
        self.weights = list(self.net.stages[index].parameters())
        self.optimizer = self.fresh_optimizer()
        self.start_loss = None
        self.mapped = self.net.mapped(self.x).detach()

    def outputs(self, x: Tensor) -> Tensor:
        """Return the outputs of the stage that is trained, for mapped inputs."""
        return self.net.stage(self.index, x)

    def batch(self, step: int) -> tuple[Tensor, Tensor]:
        """Return the mapped inputs and the targets of the stage that a step trains on."""
        if self.batch_size >= self.n:
            return self.mapped, self.targets
        epoch, position = divmod(step, self.steps_per_epoch)
        rows = self.order(epoch)[position * self.batch_size : (position + 1) * self.batch_size]
        return self.mapped[rows], self.targets[rows]

    def rate_at(self, step: int) -> float:
        """Return the rate of the step after ``step``; each stage runs through the schedule."""
        schedule = self.experiment.schedule
        share = (step % self.per_stage) / self.per_stage
        return self.base_rate * schedule.entry.factor(schedule.options, share)

    def advance(self, limit: int = 1) -> None:
        """Take optimiser steps, of one stage only."""
        index, within = divmod(self.step, self.per_stage)
        if index > self.index:
            self._settle()
            self._begin(index)
        for _ in range(min(limit, self.per_stage - within)):
            super().advance(1)
            if not math.isfinite(self.batch_loss):
                return

    def next_due(self, step: int) -> int:
        """Return the first step after ``step`` at which figures are due: some hundred of a stage."""
        start = step - step % self.per_stage
        within = (step - start) // self.every * self.every + self.every
        return start + min(within, self.per_stage)

    def to_keep(self, pictures: int) -> list[int]:
        """Return the steps whose weights are kept: as many of each stage, whatever their number."""
        of_one = kept_steps(self.per_stage, pictures // 2)
        borders = range(0, self.total_steps, self.per_stage)
        return sorted({border + step for border in borders for step in of_one})

    @property
    def all_done(self) -> str:
        """What has been done when all steps are, in words."""
        epochs, stages = self.experiment.epochs, self.options.stages
        return (
            f"all {stages} stages are done, {epochs} epochs each"
            if stages > 1
            else super().all_done
        )

    def continues(self, other: Experiment) -> bool:
        """Return whether an experiment is this one, or this one with fewer stages."""
        if other == self.experiment:
            return True
        theirs = other.network.options
        if (
            other.network.name != self.experiment.network.name
            or theirs.stages > self.options.stages
        ):
            return False
        options = theirs.model_copy(update={"stages": self.options.stages})
        network = other.network.model_copy(update={"options": options})
        return other.model_copy(update={"network": network}) == self.experiment

    def load_weights(self, weights: dict[str, Tensor], step: int) -> None:
        """Take the weights of some stages, and prepare the one in which the step is."""
        take_weights(self.net, weights)
        # The last step of a stage still belongs to it: the next stage begins with its first step.
        index = max(step - 1, 0) // self.per_stage
        with torch.no_grad():
            scale = self.net.scale.clone()
            self.net.scale[index:] = 0
            left = self.truth - self.net(self.x)
            self.net.scale.copy_(scale)
            self.targets = left / self.net.scale[index]
        self._use(index)
