"""When the weights of a training are kept, and when it is judged on the whole sets."""

from __future__ import annotations

from playground.experiment import Experiment

PICTURES = 60
"""Moments of a whole run at which its weights are kept."""
PICTURES_OF_IMAGES = 16
"""The same of a net on images, which is looked at as it is now, and costs more to keep and to judge."""


def pictures_of(experiment: Experiment) -> int:
    """Return at how many moments of a run the weights are kept."""
    return PICTURES_OF_IMAGES if experiment.network.entry.takes_images else PICTURES


def kept_steps(total: int, pictures: int) -> list[int]:
    """Return steps from 0 to ``total``, dense where a training changes fast, at its start."""
    return sorted({round(total * (i / pictures) ** 1.5) for i in range(pictures + 1)})


def closely_judged(experiment: Experiment, per_epoch: int) -> int:
    """Return the step up to which a training is judged whenever its weights are kept.

    At the start, and in short trainings, figures of whole epochs say too little. A net on images takes
    about as long to judge its sets as to train on a third of them, so that this is its first epoch.

    Args:
        experiment: The training.
        per_epoch: Its steps in an epoch.
    """
    short = experiment.epochs < PICTURES // 2 and not experiment.network.entry.takes_images
    return experiment.epochs * per_epoch if short else per_epoch
