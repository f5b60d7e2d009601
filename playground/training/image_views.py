"""What a stored net makes of images: its predictions, confusions, and last features."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from playground.analysis.views import predict
from playground.datasets import Split, load
from playground.experiment import Experiment
from playground.networks import PointNet, build
from playground.training.precision import dtype_of
from playground.training.trainer import make_net

JUDGED, SHOWN, DRAWN, TIMED = 2000, 40, 500, 256
"""Most images that are judged, shown one by one, drawn as points, and timed."""


@dataclass(frozen=True)
class ImageViews:
    """A net on the images that judge it.

    Attributes:
        classes: Names of the classes.
        confusion: How many images of each class (rows) were taken for each (columns).
        scores: Of each class precision, recall and F1 ``(classes, 3)``.
        loss: Mean cross-entropy.
        milliseconds: Of the net for one image of a batch of at most ``TIMED``, the best of three.
        images: Some images ``(n, height, width)`` or ``(n, height, width, 3)`` in [0, 1], those that
            were taken for another class first.
        truths: Their classes.
        guesses: What they were taken for.
        sureness: The probability of that.
        points: Last features of some images in their two main directions ``(m, 2)``.
        shares: Part of the variance along each.
        labels: Classes of these images.
    """

    classes: tuple[str, ...]
    confusion: np.ndarray
    scores: np.ndarray
    loss: float
    milliseconds: float
    images: np.ndarray
    truths: np.ndarray
    guesses: np.ndarray
    sureness: np.ndarray
    points: np.ndarray
    shares: tuple[float, float]
    labels: np.ndarray

    @property
    def accuracy(self) -> float:
        """Share of right answers."""
        return float(np.trace(self.confusion) / max(self.confusion.sum(), 1))


def image_views(
    experiment: Experiment, weights: Mapping[str, Tensor], most: int = JUDGED
) -> ImageViews:
    """Return what a net makes of the validation images with some weights.

    Args:
        experiment: A classification of images.
        weights: Of its net.
        most: So many images are judged at most.

    Raises:
        ValueError: If the data cannot be had, or the weights do not fit.
    """
    net, split = judged(experiment, weights)
    dtype = dtype_of(experiment)
    x = torch.as_tensor(split.x_validation[:most]).to(dtype)
    y = torch.as_tensor(split.y_validation[:most])
    outputs = predict(net, x)
    guesses = outputs.argmax(dim=1)
    sure = outputs.softmax(dim=1).max(dim=1).values
    confusion = _confusion(y, guesses, len(split.class_names))
    points, shares = _flattened(net, x[:DRAWN])
    shown = _worth_showing(y, guesses, sure)
    shape = experiment.data.entry.shape_of(experiment.data.options)
    return ImageViews(
        classes=split.class_names,
        confusion=confusion,
        scores=_scores(confusion),
        loss=float(torch.nn.functional.cross_entropy(outputs, y)),
        milliseconds=_milliseconds(net, x[:TIMED]),
        images=_pictures(x[shown], shape),
        truths=y[shown].numpy(),
        guesses=guesses[shown].numpy(),
        sureness=sure[shown].double().numpy(),
        points=points,
        shares=shares,
        labels=y[:DRAWN].numpy(),
    )


def judged(experiment: Experiment, weights: Mapping[str, Tensor]) -> tuple[PointNet, Split]:
    """Return the net of an experiment with some weights, as it is judged, and the data.

    Raises:
        ValueError: If the data cannot be had, or the weights do not fit.
    """
    split = load(
        experiment.data.name,
        n_train=experiment.n_train,
        n_validation=experiment.n_validation,
        seed=experiment.data_seed,
        options=experiment.data.options,
    )
    net = make_net(experiment).eval().requires_grad_(False)
    try:
        net.load_state_dict(dict(weights))
    except RuntimeError as error:
        raise ValueError(f"the weights do not fit the experiment: {error}") from error
    return net, split


def _milliseconds(net: torch.nn.Module, x: Tensor) -> float:
    """Return the time of one image in a batch, the best of three; the net is warm already."""
    taken = []
    for _ in range(3):
        began = time.perf_counter()
        predict(net, x)
        taken.append(time.perf_counter() - began)
    return 1e3 * min(taken) / len(x)


def _confusion(truths: Tensor, guesses: Tensor, classes: int) -> np.ndarray:
    places = truths * classes + guesses
    return torch.bincount(places, minlength=classes**2).reshape(classes, classes).numpy()


def _scores(confusion: np.ndarray) -> np.ndarray:
    """Return precision, recall and F1 of each class; zero where a class was never met or guessed."""
    right = np.diag(confusion).astype(float)
    precision = right / np.maximum(confusion.sum(axis=0), 1)
    recall = right / np.maximum(confusion.sum(axis=1), 1)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-300)
    return np.stack([precision, recall, f1], axis=1)


def _worth_showing(truths: Tensor, guesses: Tensor, sure: Tensor) -> Tensor:
    """Return the places of the images to show: wrong ones first, the surest of them at the front."""
    wrong = (truths != guesses).to(sure.dtype)
    return torch.argsort(wrong * (1 + sure), descending=True, stable=True)[:SHOWN]


def _pictures(x: Tensor, shape: tuple[int, int, int]) -> np.ndarray:
    images = x.reshape(-1, *shape).clamp(0, 1).permute(0, 2, 3, 1).float().numpy()
    return images[..., 0] if shape[0] == 1 else images


def _flattened(net: torch.nn.Module, x: Tensor) -> tuple[np.ndarray, tuple[float, float]]:
    """Return the last features in their two main directions, and the variance along each."""
    with torch.no_grad():
        features = net.final(net.lift(net.inputs(x))).flatten(1).double()
    centred = features - features.mean(dim=0)
    _, singular, directions = torch.linalg.svd(centred, full_matrices=False)
    found = (centred @ directions[:2].T).numpy()
    if found.shape[1] < 2:
        found = np.pad(found, ((0, 0), (0, 2 - found.shape[1])))
    power = singular.square() / max(float(singular.square().sum()), 1e-300)
    shares = [*power[:2].tolist(), 0.0, 0.0]
    return found, (shares[0], shares[1])


def parameters_of(experiment: Experiment) -> int:
    """Return the trainable parameters of an experiment's net, without making its weights."""
    with torch.device("meta"):
        net = build(
            experiment.network.name,
            n_features=experiment.data.entry.shape_of(experiment.data.options),
            n_classes=experiment.n_outputs,
            scheme=experiment.scheme.name,
            scheme_options=experiment.scheme.options,
            **experiment.network.options.model_dump(),
        )
    return sum(p.numel() for p in net.parameters() if p.requires_grad)
