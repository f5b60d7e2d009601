"""What an experiment's images look like: how many of each class, their means, some of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

from playground.datasets import Split, load
from playground.datasets.images.augment import augment
from playground.datasets.images.image_table import ImageShape
from playground.experiment import Experiment

Part = Literal["training", "validation"]
PARTS: tuple[Part, Part] = ("training", "validation")


@dataclass(frozen=True)
class ImageSet:
    """The images that a net is trained on and judged by.

    Attributes:
        shape: Channels, height and width of each.
        classes: Names of the classes.
        counts: Images of each class in both parts ``(2, classes)``, in the order of ``PARTS``.
        means: Mean training image of each class ``(classes, channels, height, width)``.
        brightness: Mean of all training pixels.
        spread: Their standard deviation.
    """

    shape: ImageShape
    classes: tuple[str, ...]
    counts: np.ndarray
    means: np.ndarray
    brightness: float
    spread: float


@dataclass(frozen=True)
class Row:
    """Some images of one class.

    Attributes:
        label: Index of the class.
        images: Images ``(n, channels, height, width)`` in [0, 1].
        total: Images of this class in the part.
    """

    label: int
    images: np.ndarray
    total: int


def loaded(experiment: Experiment) -> Split:
    """Return both parts of an experiment's images, as its run draws them.

    Raises:
        TableError: If they cannot be had.
        ValueError: If the data are not images.
    """
    if experiment.data.entry.image_shape is None:
        raise ValueError(f"data = {experiment.data.name!r} is not legal: a set of images")
    return load(
        experiment.data.name,
        n_train=experiment.n_train,
        n_validation=experiment.n_validation,
        seed=experiment.data_seed,
        options=experiment.data.options,
    )


def describe(experiment: Experiment) -> ImageSet:
    """Return the counts and means of an experiment's images.

    Raises:
        TableError: If they cannot be had.
    """
    split, shape = loaded(experiment), _shape(experiment)
    classes = len(split.class_names)
    counts = np.stack(
        [np.bincount(y, minlength=classes) for y in (split.y_train, split.y_validation)]
    )
    means = np.zeros((classes, split.x_train.shape[1]))
    for label in range(classes):
        members = split.x_train[split.y_train == label]
        if len(members):
            means[label] = members.mean(axis=0, dtype=np.float64)
    return ImageSet(
        shape=shape,
        classes=split.class_names,
        counts=counts,
        means=means.reshape(classes, *shape).astype(np.float32),
        brightness=float(split.x_train.mean(dtype=np.float64)),
        spread=float(split.x_train.std(dtype=np.float64)),
    )


def rows_of(
    experiment: Experiment, part: Part, labels: tuple[int, ...], first: int, n: int
) -> tuple[Row, ...]:
    """Return images of some classes, in the order in which the split has them.

    Args:
        experiment: An experiment on images.
        part: Which part they are taken from.
        labels: Indices of the classes.
        first: So many images of each class are passed over.
        n: At most so many of each are returned.

    Raises:
        TableError: If the images cannot be had.
    """
    split = loaded(experiment)
    x, y = (
        (split.x_train, split.y_train)
        if part == "training"
        else (split.x_validation, split.y_validation)
    )
    rows = []
    for label in labels:
        places = np.flatnonzero(y == label)
        shown = x[places[first : first + n]].reshape(-1, *_shape(experiment))
        rows.append(Row(label, shown, len(places)))
    return tuple(rows)


def is_augmented(experiment: Experiment) -> bool:
    """Tell whether the images are changed at random while they are trained on."""
    flip, crop = _augmentation(experiment)
    return flip or crop > 0


def augmented(experiment: Experiment, row: Row, n: int) -> Row:
    """Return the first image of a row as it is, and behind it as training may see it.

    Args:
        experiment: Whose data options say how images are augmented.
        row: Some images of a class.
        n: Length of the row that is returned, the image itself included.
    """
    if not len(row.images):
        return row
    flip, crop = _augmentation(experiment)
    flat = torch.as_tensor(row.images[:1].reshape(1, -1)).repeat(n - 1, 1)
    generator = torch.Generator().manual_seed(experiment.weight_seed * 1000 + row.label)
    changed = augment(flat, _shape(experiment), flip=flip, crop=crop, generator=generator)
    images = np.concatenate([row.images[:1], changed.numpy().reshape(-1, *row.images.shape[1:])])
    return Row(row.label, images, row.total)


def _augmentation(experiment: Experiment) -> tuple[bool, int]:
    options = experiment.data.options
    return bool(getattr(options, "flip", False)), int(getattr(options, "crop", 0) or 0)


def _shape(experiment: Experiment) -> ImageShape:
    return experiment.data.entry.shape_of(experiment.data.options)
