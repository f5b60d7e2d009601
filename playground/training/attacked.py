"""A trained net as attacks need it: logits with gradients for inputs, data that judge, their range."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from playground import fused
from playground.attacks.problem import Clip, Model
from playground.experiment import Experiment
from playground.training.checkpoints import unpack
from playground.training.image_views import judged
from playground.training.precision import dtype_of
from playground.training.trainer import make_net


@dataclass(frozen=True)
class Subject:
    """A net and the samples on which it is attacked.

    Attributes:
        experiment: What was trained.
        net: The net as it is judged, on the CPU, its weights held still.
        model: What attacks ask: compiled kernels where the net has some that are ready, else the net.
        x: Samples of the validation set ``(n, …)`` as the net takes them.
        y: Their classes ``(n,)``.
        clip: Legal range of the values: images have one, points have none.
        classes: Names of the classes.
    """

    experiment: Experiment
    net: nn.Module
    model: Model
    x: Tensor
    y: Tensor
    clip: Clip
    classes: tuple[str, ...]

    @property
    def on_images(self) -> bool:
        """Whether the samples are images."""
        return self.clip is not None

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one sample as a person sees it: ``(channels, height, width)`` or ``(features,)``."""
        shape = self.experiment.data.entry.shape_of(self.experiment.data.options)
        return tuple(shape) if shape is not None else (self.experiment.n_features,)


def attackable(experiment: Experiment) -> bool:
    """Return whether attacks have something to do: a net that tells classes."""
    return experiment.task == "classification" and experiment.n_outputs >= 2


def subject(experiment: Experiment, checkpoint: bytes, most: int) -> Subject:
    """Return the net of a checkpoint and samples of its validation set.

    Args:
        experiment: A classification.
        checkpoint: Of a training of it.
        most: So many samples at most.

    Raises:
        ValueError: For a regression, data that cannot be had, or bytes that are no such checkpoint.
    """
    return subject_of(experiment, unpack(checkpoint)[1], most)


def subject_of(experiment: Experiment, weights: Mapping[str, Tensor], most: int) -> Subject:
    """Return a net with some weights and samples of its validation set; see ``subject``."""
    if not attackable(experiment):
        raise ValueError(f"data: {experiment.data.name!r} has no classes to tell apart")
    net, split = judged(experiment, weights)
    return Subject(
        experiment,
        net,
        _fastest(experiment, net),
        torch.as_tensor(split.x_validation[:most]).to(dtype_of(experiment)),
        torch.as_tensor(split.y_validation[:most]),
        None if experiment.data.entry.image_shape is None else (0.0, 1.0),
        split.class_names,
    )


def _fastest(experiment: Experiment, net: nn.Module) -> Model:
    """Return what gives a net's logits and their gradients soonest, without waiting for a compiler."""
    twin = make_net(experiment).eval()  # the kernels know no weights that are held still
    twin.load_state_dict(net.state_dict())
    plan = fused.plan(twin)
    return fused.CompiledModel(plan) if plan is not None and fused.ready(plan) else net
