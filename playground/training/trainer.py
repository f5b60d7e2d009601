"""One training as an object: data, net, optimiser, and a step that can be taken, saved, restored."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from playground.analysis.views import predict
from playground.datasets import load
from playground.experiment import Experiment
from playground.networks import build
from playground.optimizers import evaluated, set_rate
from playground.training import checkpoints
from playground.training.augmenting import Augmentation
from playground.training.denormals import flushed
from playground.training.devices import choose
from playground.training.events import Changes, Metrics
from playground.training.hardening import hardener_of
from playground.training.moments import kept_steps
from playground.training.paths import TORCH, Paths
from playground.training.precision import Precision, dtype_of
from playground.training.steppers import Taken, loss_limit


def make_net(experiment: Experiment) -> nn.Module:
    """Build the net of an experiment with its initial weights, on the CPU, in its precision."""
    shape = experiment.data.entry.shape_of(experiment.data.options)
    on_images = experiment.network.entry.takes_images and shape is not None
    net = build(
        experiment.network.name,
        n_features=shape if on_images else experiment.n_features,
        n_classes=experiment.n_outputs,
        scheme=experiment.scheme.name,
        scheme_options=experiment.scheme.options,
        seed=experiment.weight_seed,
        **experiment.network.options.model_dump(),
    )
    return net.to(dtype_of(experiment))


class Trainer:
    """The state of a training and what can be done with it.

    The order of the batches is a function of the weight seed and the epoch alone, and what is done to
    their inputs one of the seed and the step, so that a run which goes on from a checkpoint meets the
    batches that the uninterrupted one would have met. The sets that judge are never changed.

    Raises:
        ValueError: If data, net or device cannot be had.
    """

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment
        self.split = load(
            experiment.data.name,
            n_train=experiment.n_train,
            n_validation=experiment.n_validation,
            seed=experiment.data_seed,
            options=experiment.data.options,
        )
        net = make_net(experiment)
        self.parameters = sum(p.numel() for p in net.parameters() if p.requires_grad)
        self.device, self.device_reason = choose(experiment, self.parameters)
        self.dtype = dtype_of(experiment)
        self.precision = Precision(experiment, self.device)
        if self.precision.words:
            self.device_reason += f", {self.precision.words}"
        self.net = net.to(self.device)
        self.weights = [p for p in self.net.parameters() if p.requires_grad]
        entry = experiment.optimizer.entry
        self.optimizer = self.fresh_optimizer()
        self.base_rate: float = self.optimizer.param_groups[0]["lr"]
        self.loss = experiment.loss.entry.function
        self.augmentation = Augmentation.of(experiment)
        self.hardener = hardener_of(experiment)
        self.x, self.y = self._tensors(self.split.x_train, self.split.y_train)
        self.x_validation, self.y_validation = self._tensors(
            self.split.x_validation, self.split.y_validation
        )
        self.n = len(self.x)
        self.batch_size = self.n if entry.full_batch else min(experiment.batch_size, self.n)
        self.steps_per_epoch = math.ceil(self.n / self.batch_size)
        self.total_steps = self.steps_per_epoch * experiment.epochs
        self.step = 0
        self.seconds = 0.0
        self.history: list[float] = []  # validation loss of every epoch
        self.start_loss: float | None = None
        self.figures: dict[str, float | None] = {}  # of the last metrics
        self.measured_at = -1
        self.batch_loss = math.nan
        self.gradient_norm = 0.0
        self.nfe = (0, 0)
        self.basis: np.ndarray | None = (
            None  # axes of the last picture, whose signs the next follow
        )
        self._order: tuple[int, Tensor] | None = None
        self._seen = 0  # training samples since the last metrics
        self._window = 0.0  # seconds at the last metrics
        self.paths = Paths(self)
        self._pace = 0.0  # seconds of one step, as of the last stretch

    def _tensors(self, x: Any, y: Any) -> tuple[Tensor, Tensor]:
        targets = torch.as_tensor(y, device=self.device)
        if targets.is_floating_point():
            targets = targets.to(self.dtype)
        return torch.as_tensor(x, dtype=self.dtype, device=self.device), targets

    def fresh_optimizer(self) -> Optimizer:
        """Return an optimiser of the weights that are trained now, which has not taken a step."""
        slot = self.experiment.optimizer
        return slot.entry.make(self.weights, slot.options)

    def outputs(self, x: Tensor) -> Tensor:
        """Return what the loss is taken of, for a batch of inputs."""
        return self.net(x)

    @property
    def regularizing(self) -> bool:
        """Whether the regulariser, if there is one, adds to the loss of the next step."""
        slot = self.experiment.regularizer
        return slot.entry.passed is not None and self.epoch >= slot.options.from_epoch

    def regularized(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return what ``outputs`` does, and what the regulariser adds to the loss."""
        slot = self.experiment.regularizer
        return slot.entry.passed(slot.options, self.net, x)

    @property
    def epoch(self) -> float:
        """Epochs done."""
        return self.step / self.steps_per_epoch

    def next_due(self, step: int) -> int:
        """Return the first step after ``step`` at which figures of the whole sets are due."""
        return step - step % self.steps_per_epoch + self.steps_per_epoch

    def is_due(self, step: int) -> bool:
        """Return whether figures of the whole sets are due after so many steps."""
        return self.next_due(step - 1) == step

    def to_keep(self, pictures: int) -> list[int]:
        """Return the steps whose weights are kept."""
        return kept_steps(self.total_steps, pictures)

    @property
    def all_done(self) -> str:
        """What has been done when all steps are, in words."""
        return f"all {self.experiment.epochs} epochs are done"

    @property
    def rate(self) -> float:
        """The learning rate of the next step."""
        return self.rate_at(self.step)

    def change(self, changes: Changes) -> None:
        """Take a change of the learning rate, or of the path.

        Raises:
            ValueError: If the field cannot be changed while it trains.
        """
        for name, value in changes.items():
            if name == "path":
                self.paths.take(str(value))
            elif name != "learning_rate" or not 0 < float(value) < math.inf:
                raise ValueError(
                    f"{name}: {value} is not legal; while it trains, a positive learning_rate is"
                )
            else:
                self.base_rate = float(value)

    def batch(self, step: int) -> tuple[Tensor, Tensor]:
        """Return the inputs and targets that a step trains on.

        An attack on them looks at the weights as they are now.
        """
        epoch, position = divmod(step, self.steps_per_epoch)
        rows = self.order(epoch)[position * self.batch_size : (position + 1) * self.batch_size]
        x, y = self.x[rows], self.y[rows]
        if self.augmentation is not None:
            x = self.augmentation(x, step)
        return x if self.hardener is None else self.hardener(self.net, x, y, step), y

    def order(self, epoch: int) -> Tensor:
        """Return the order of the training points in an epoch."""
        if self._order is None or self._order[0] != epoch:
            # A multiplier keeps neighbouring seeds from sharing the orders of neighbouring epochs.
            seed = self.experiment.weight_seed * 1_000_003 + epoch
            order = torch.randperm(self.n, generator=torch.Generator().manual_seed(seed))
            self._order = (epoch, order.to(self.device))
        return self._order[1]

    def rate_at(self, step: int) -> float:
        """Return the learning rate of the step after ``step``."""
        schedule = self.experiment.schedule
        return self.base_rate * schedule.entry.factor(schedule.options, step / self.total_steps)

    def set_rate(self) -> None:
        """Tell the optimiser the rate of the next step."""
        set_rate(self.optimizer, self.rate)

    def advance(self, limit: int = 1) -> None:
        """Take optimiser steps on the next batches.

        Args:
            limit: How many at most; the steps end early where the loss leaves its bounds.
        """
        began = time.perf_counter()
        with flushed():
            taken = self.paths.stepper.advance(limit)
        spent = time.perf_counter() - began
        self._pace, self.seconds = spent / taken.steps, self.seconds + spent
        self.took(taken)

    def steps_within(self, seconds: float) -> int:
        """Return how many steps fit into a time, going by the last ones; at least one."""
        return max(1, int(seconds / self._pace)) if self._pace else 1

    def took(self, taken: Taken) -> None:
        """Note what some steps came to."""
        self.batch_loss, self.gradient_norm = taken.loss, taken.gradient_norm
        self.start_loss = taken.first_loss if self.start_loss is None else self.start_loss
        self.step += taken.steps
        self._seen += taken.samples

    def trouble(self) -> str | None:
        """Return what is wrong with the last step in words, ``None`` if nothing."""
        where = f"in epoch {math.ceil(self.epoch)} (step {self.step})"
        advice = f"try a learning rate below {self.rate:.3g}, a smaller step size h, or clip the gradient"
        limit = loss_limit(self.start_loss)
        measured = self.figures.get("train_loss") if self.measured_at == self.step else None
        for loss in (self.batch_loss, measured):
            if loss is not None and not math.isfinite(loss):
                return f"the loss became {loss} {where}; {advice}"
            if loss is not None and loss > limit:
                return f"the loss grew to {loss:.3g} {where}; {advice}"
        return None

    def evaluate(self) -> Metrics:
        """Return losses and accuracies on the whole sets with the weights that are to be judged."""
        began = time.perf_counter()
        with evaluated(self.optimizer):
            self.figures = self.judged()
        spent = self.seconds - self._window
        samples, self._seen = self._seen, 0
        self.seconds += time.perf_counter() - began
        self._window = self.seconds
        self.measured_at = self.step
        return Metrics(
            step=self.step,
            epoch=self.epoch,
            **self.figures,
            nfe_forward=self.nfe[0],
            nfe_backward=self.nfe[1],
            learning_rate=self.rate,
            gradient_norm=self.gradient_norm,
            seconds=self.seconds,
            samples_per_second=samples / spent if spent > 0 else 0.0,
        )

    def judged(self) -> dict[str, float | None]:
        """Return losses and accuracies on the whole sets with the weights as they are."""
        training = self.net.training
        self.net.eval()  # no dropout, and the running statistics of normalisations
        try:
            with flushed():
                train_loss, train_accuracy = self._judge(self.x, self.y)
                loss, accuracy = self._judge(self.x_validation, self.y_validation)
        finally:
            self.net.train(training)
        return {
            "train_loss": train_loss,
            "validation_loss": loss,
            "train_accuracy": train_accuracy,
            "validation_accuracy": accuracy,
        }

    def weights_now(self) -> bytes:
        """Return the weights that are to be judged, for a snapshot."""
        with evaluated(self.optimizer):
            return checkpoints.pack_weights(self.net.state_dict())

    def _judge(self, x: Tensor, y: Tensor) -> tuple[float, float | None]:
        outputs = predict(self.paths.reader, x)
        loss = float(self.loss(outputs, y))
        if y.is_floating_point():
            return loss, None
        return loss, int((outputs.argmax(dim=-1) == y).sum()) / len(y)

    def save(self) -> bytes:
        """Return a checkpoint."""
        tree = {
            "experiment": self.experiment.model_dump_json(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "path": self.paths.name,
            "sampler": list(divmod(self.step, self.steps_per_epoch)),
            "base_rate": self.base_rate,
            "seconds": self.seconds,
            "history": self.history,
            "start_loss": self.start_loss,
            "figures": self.figures,
            "basis": None if self.basis is None else torch.from_numpy(self.basis.copy()),
            "generator": torch.get_rng_state(),
            **self.precision.state(),
        }
        with evaluated(self.optimizer):
            judged = {name: tensor.clone() for name, tensor in self.net.state_dict().items()}
        tree["fast"] = dict(self.net.state_dict().items())
        return checkpoints.pack(tree, judged)

    def continues(self, other: Experiment) -> bool:
        """Return whether this training can go on from a checkpoint of another experiment."""
        return other == self.experiment

    def load_weights(self, weights: dict[str, Tensor], step: int) -> None:
        """Take the weights that were there after so many steps."""
        self.net.load_state_dict(weights)

    def restore(self, payload: bytes) -> None:
        """Go back to a checkpoint of the same experiment.

        Raises:
            ValueError: If it is damaged or of another experiment.
        """
        tree, _ = checkpoints.unpack(payload)
        if not self.continues(Experiment.model_validate_json(tree["experiment"])):
            raise ValueError("the checkpoint belongs to another experiment")
        self.load_weights(tree["fast"], tree["step"])
        self.optimizer.load_state_dict(tree["optimizer"])
        self.precision.restore(tree)
        torch.set_rng_state(tree["generator"])
        self.paths.take(tree.get("path", TORCH))  # checkpoints of the first version have none
        self.step = tree["step"]
        self.base_rate = tree["base_rate"]
        self.seconds = tree["seconds"]
        self.history = list(tree["history"])
        self.start_loss = tree["start_loss"]
        self.figures = dict(tree["figures"])
        basis = tree.get("basis")  # checkpoints of the first version have none
        self.basis = None if basis is None else basis.numpy()
        self._seen, self._window = 0, self.seconds
