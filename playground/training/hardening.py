"""Batches made harder: the same noise and the same starts of attacks at the same step, always."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from playground.attacks import pgd
from playground.attacks.problem import Clip
from playground.experiment import Experiment
from playground.hardening import AdversarialOptions, NoiseOptions
from playground.training.augmenting import seed_of

STREAM = 0x85EBCA6B  # keeps these draws apart from those of the order, of dropout and of images

Hardener = Callable[[nn.Module, Tensor, Tensor, int], Tensor]
"""``(net, x, y, step) -> x``: the inputs ``(batch, d)`` of a step as they are trained on."""


def hardener_of(experiment: Experiment) -> Hardener | None:
    """Return what hardens the batches of an experiment, ``None`` where nothing does."""
    slot = experiment.hardening
    clip = clip_of(experiment)
    if isinstance(slot.options, NoiseOptions):
        return Noise(slot.options, clip, experiment.weight_seed)
    if isinstance(slot.options, AdversarialOptions):
        return Adversary(slot.options, clip, experiment.weight_seed)
    return None


def clip_of(experiment: Experiment) -> Clip:
    """Return the legal range of the inputs: images have one, points have none."""
    return None if experiment.data.entry.image_shape is None else (0.0, 1.0)


@dataclass(frozen=True)
class Noise:
    """Normal noise on some samples of each batch, at a level that each of them draws.

    The draws are a function of the weight seed and the step alone, made on the CPU, so that a run
    which goes on from a checkpoint meets the same ones on any device.

    Attributes:
        options: Share and levels.
        clip: Legal range of the inputs.
        weight_seed: Seed of the run.
    """

    options: NoiseOptions
    clip: Clip
    weight_seed: int

    def __call__(self, net: nn.Module, x: Tensor, y: Tensor, step: int) -> Tensor:
        """Return the inputs of a step; ``x`` stays, and nothing is asked of the net."""
        generator = torch.Generator().manual_seed(seed_of(self.weight_seed, step, STREAM))
        levels = torch.tensor(self.options.levels, dtype=x.dtype)
        chosen = torch.rand(len(x), generator=generator) < self.options.share
        places = torch.randint(len(levels), (len(x),), generator=generator)
        noise = torch.randn(x.shape, generator=generator, dtype=x.dtype)
        size = torch.where(chosen, levels[places], 0.0)[:, None]
        x = x + (size * noise).to(x.device)
        return x if self.clip is None else x.clamp(*self.clip)


@dataclass(frozen=True)
class Adversary:
    """The first samples of each batch, which is in random order, moved to where the net errs most.

    The net is held in evaluation mode, so that no running statistics and no dropout hear of it; it is
    asked by torch, as it is at this step.

    Attributes:
        options: Of the attack.
        clip: Legal range of the inputs.
        weight_seed: Seed of the run, and so of the random starts.
    """

    options: AdversarialOptions
    clip: Clip
    weight_seed: int

    def __call__(self, net: nn.Module, x: Tensor, y: Tensor, step: int) -> Tensor:
        """Return the inputs of a step; ``x``, the gradients of the net and its counts stay."""
        options, count = self.options, round(self.options.share * len(x))
        if count == 0:
            return x
        counted = net.nfe
        moved = pgd(
            net,
            x[:count],
            y[:count],
            eps=options.eps,
            alpha=options.step_size,
            steps=options.steps,
            random_start=options.random_start,
            norm=options.norm,
            clip=self.clip,
            seed=seed_of(self.weight_seed, step, STREAM),
            batch_size=count,
        )
        net.nfe = counted
        return torch.cat([moved, x[count:]])
