"""What a stored net makes of images with key points: where it sees them, and how far off that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from playground.analysis.views import predict
from playground.datasets import load
from playground.datasets.images import fetch_points
from playground.datasets.images.key_points import to_pixels
from playground.experiment import Experiment
from playground.training.precision import dtype_of
from playground.training.trainer import make_net

JUDGED, SHOWN = 2000, 24
"""Most images that are judged, and shown one by one."""


@dataclass(frozen=True)
class PointViews:
    """A net on the images that judge it; all places are in pixels, x and y of each point in turn.

    Attributes:
        names: Names of the coordinates ``(2 points,)``.
        images: Some images ``(n, height, width)`` in [0, 1], those that are furthest off first.
        truths: Where their points are ``(n, points, 2)``.
        guesses: Where the net sees them ``(n, points, 2)``.
        distances: Root mean square distance of the points of each of these images ``(n,)``, in pixels.
        errors: The same of each point over all images that are judged ``(points,)``, in pixels.
        mean_errors: What it would be if the mean place of the training images were said each time.
        judged: How many images are judged.
    """

    names: tuple[str, ...]
    images: np.ndarray
    truths: np.ndarray
    guesses: np.ndarray
    distances: np.ndarray
    errors: np.ndarray
    mean_errors: np.ndarray
    judged: int


def point_views(experiment: Experiment, weights: Mapping[str, Tensor]) -> PointViews:
    """Return what a net makes of the validation images with some weights.

    Args:
        experiment: A regression on ``image_points``.
        weights: Of its net.

    Raises:
        ValueError: If the data are others or cannot be had, or the weights do not fit.
    """
    if experiment.data.name != "image_points":
        raise ValueError(f"data = {experiment.data.name!r} is not legal: image_points")
    options = experiment.data.options
    split = load(
        "image_points",
        n_train=experiment.n_train,
        n_validation=experiment.n_validation,
        seed=experiment.data_seed,
        options=options,
    )
    net = make_net(experiment).eval()
    try:
        net.load_state_dict(dict(weights))
    except RuntimeError as error:
        raise ValueError(f"the weights do not fit the experiment: {error}") from error
    table = fetch_points(options.hash)
    x = split.x_validation[:JUDGED]
    side = table.shape[2]
    outputs = predict(net, torch.as_tensor(x).to(dtype_of(experiment)))
    guesses = _points(outputs.double().numpy(), side)
    truths = _points(split.y_validation[:JUDGED], side)
    usual = _points(split.y_train, side).mean(axis=0)
    squares = ((guesses - truths) ** 2).sum(axis=2)
    distances = np.sqrt(squares.mean(axis=1))
    order = np.argsort(-np.nan_to_num(distances, nan=np.inf), kind="stable")[:SHOWN]
    return PointViews(
        names=table.names,
        images=x[order].reshape(-1, *table.shape[1:]),
        truths=truths[order],
        guesses=guesses[order],
        distances=distances[order],
        errors=np.sqrt(squares.mean(axis=0)),
        mean_errors=np.sqrt(((usual - truths) ** 2).sum(axis=2).mean(axis=0)),
        judged=len(x),
    )


def _points(places: np.ndarray, side: int) -> np.ndarray:
    """Return places ``(n, 2 points)`` from -1 to 1 as ``(n, points, 2)`` in pixels."""
    return to_pixels(np.asarray(places, float), side).reshape(len(places), -1, 2)
