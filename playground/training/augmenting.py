"""Images changed at random in the batches of a training: the same ones at the same step, always."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from playground.datasets.images.augment import augment
from playground.datasets.images.image_table import ImageShape
from playground.experiment import Experiment

STREAM = 0x9E3779B9  # keeps these draws apart from those of the order and of dropout


def augments(experiment: Experiment) -> bool:
    """Return whether the batches of an experiment are images changed at random."""
    options = experiment.data.options
    return bool(getattr(options, "flip", False) or getattr(options, "crop", 0))


def seed_of(weight_seed: int, step: int, stream: int = STREAM) -> int:
    """Return what the generator of a step is seeded with, of 32 bits as torch takes them."""
    return (weight_seed * 1_000_003 + step) % 2**32 ^ stream


@dataclass(frozen=True)
class Augmentation:
    """What is done to the images of each batch.

    The draws are a function of the weight seed and the step alone, so that a run which goes on from a
    checkpoint meets the images that the uninterrupted one would have met.

    Attributes:
        shape: Channels, height and width.
        flip: Whether they are mirrored at random.
        crop: By how many pixels at most they are shifted.
        weight_seed: Seed of the run.
    """

    shape: ImageShape
    flip: bool
    crop: int
    weight_seed: int

    @classmethod
    def of(cls, experiment: Experiment) -> Augmentation | None:
        """Return the augmentation of an experiment, ``None`` where it has none."""
        if not augments(experiment):
            return None
        options = experiment.data.options
        shape = experiment.data.entry.shape_of(options)
        return cls(shape, options.flip, options.crop, experiment.weight_seed)

    def __call__(self, x: Tensor, step: int) -> Tensor:
        """Return the images ``(batch, d)`` of a step as they are trained on; ``x`` stays."""
        generator = torch.Generator(device=x.device).manual_seed(seed_of(self.weight_seed, step))
        return augment(x, self.shape, flip=self.flip, crop=self.crop, generator=generator)
