"""What a stored net makes of images on its way: features at every depth, and how soon the classes part.

A net on images has features of one shape inside a stage; a net that flows has one shape at all times.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import torch
from sklearn.linear_model import RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor

from playground.experiment import Experiment
from playground.networks import PointNet
from playground.networks.images import ImageNet, PooledHead
from playground.training.image_views import judged
from playground.training.precision import dtype_of

PROBED, DRAWN = 1000, 300
"""Most images of each set that probes see, and most that are drawn as points."""
PROBES = 26
"""Most depths at which the classes are told apart."""
_HELD = 40_000_000  # numbers of features that may be in memory at once
_CHUNK = 250  # images that go through the net together

Probe = Literal["head", "average", "all"]


@dataclass(frozen=True)
class Stage:
    """Depths at which the features have one shape, in their common main directions.

    Attributes:
        shape: Of the features of one image.
        depths: Places of the depths in the net, from 0.
        points: Features of some images in the two directions ``(depths, images, 2)``.
        shares: Part of the variance over all these depths along each direction.
    """

    shape: tuple[int, ...]
    depths: tuple[int, ...]
    points: np.ndarray
    shares: tuple[float, float]


@dataclass(frozen=True)
class DepthViews:
    """A net on images, depth by depth.

    Attributes:
        names: What each depth is: behind the stem, behind a block, or a time.
        times: Number of the block, or time, of each depth.
        shapes: Of the features of one image at each depth.
        changes: ‖x_{l+1} − x_l‖/‖x_l‖ as lower quartile, median and upper quartile over the validation
            images ``(depths − 1, 3)``; nan where the shape changes.
        probes: Share of the training and of the validation images that a linear classifier of the
            features gets right ``(depths, 2)``; nan at some depths of a deep net, and where features are
            not finite.
        probed: Numbers of training and validation images of the probes.
        averaged: Whether the probes see averages over the pixels or positions, not all values.
        accuracy: Of the net itself on the same validation images.
        stages: Runs of depths with one shape, two at least.
        classes: Names of the classes.
        labels: Classes of the images that are drawn as points.
    """

    names: tuple[str, ...]
    times: tuple[float, ...]
    shapes: tuple[tuple[int, ...], ...]
    changes: np.ndarray
    probes: np.ndarray
    probed: tuple[int, int]
    averaged: bool
    accuracy: float
    stages: tuple[Stage, ...]
    classes: tuple[str, ...]
    labels: np.ndarray


def depth_views(
    experiment: Experiment, weights: Mapping[str, Tensor], probe: Probe = "head"
) -> DepthViews:
    """Return what a net makes of images at every depth.

    Args:
        experiment: A classification of images.
        weights: Of its net.
        probe: What the linear classifiers see: ``average`` over pixels or positions, ``all`` values, or
            what the net's own head sees of the last features.

    Raises:
        ValueError: If the data cannot be had, or the weights do not fit.
    """
    net, split = judged(experiment, weights)
    dtype = dtype_of(experiment)
    x, x_train = (
        torch.as_tensor(part[:PROBED]).to(dtype) for part in (split.x_validation, split.x_train)
    )
    y, y_train = split.y_validation[:PROBED], split.y_train[:PROBED]
    shapes = [tuple(state.shape[1:]) for state in states_of(net, x[:1])]
    averaged = probe == "average" or (probe == "head" and _averages(net, shapes[-1]))
    averaged &= any(len(shape) > 1 for shape in shapes)
    most = max(20, _HELD // sum(math.prod(shape) for shape in shapes))
    seen, seen_train, drawn = len(x), len(x_train), min(DRAWN, most, len(x))
    if not averaged:  # all values are kept until the classifiers have seen them
        seen, seen_train = min(seen, most), min(seen_train, most)
    chunk = min(_CHUNK, most)
    features, changes, right = _passed(net, x[:seen], y[:seen], averaged, chunk)
    features_train, _, _ = _passed(net, x_train[:seen_train], y_train[:seen_train], averaged, chunk)
    times = net.times()
    probed = {round(i) for i in np.linspace(0, len(times) - 1, min(len(times), PROBES))}
    return DepthViews(
        names=depth_names(net, times),
        times=tuple(times),
        shapes=tuple(shapes),
        changes=_quartiles(changes),
        probes=np.array(
            [
                _probed(train, y_train[:seen_train], own, y[:seen])
                if depth in probed
                else (math.nan, math.nan)
                for depth, (train, own) in enumerate(zip(features_train, features))
            ]
        ),
        probed=(seen_train, seen),
        averaged=averaged,
        accuracy=right,
        stages=_stages(net, x[:drawn], shapes),
        classes=split.class_names,
        labels=np.asarray(y[:drawn]),
    )


@torch.no_grad()
def states_of(net: PointNet, x: Tensor) -> list[Tensor]:
    """Return the features of inputs ``(batch, d)`` at every depth, each in its own shape."""
    return net.states(net.lift(net.inputs(x)))


def depth_names(net: PointNet, times: list[float]) -> tuple[str, ...]:
    """Return what each depth of a net is called."""
    if net.is_flow and hasattr(net, "horizon"):
        return tuple(f"t = {t:.4g}" for t in times)
    kind = "block" if isinstance(net, ImageNet) else "layer"
    return ("start", *(f"{kind} {i}" for i in range(1, len(times))))


def _averages(net: PointNet, shape: tuple[int, ...]) -> bool:
    """Return whether the net's own head takes averages of the last features."""
    return isinstance(net.head, PooledHead) or len(shape) == 2


def pooled(state: Tensor) -> Tensor:
    """Return features as rows ``(batch, n)``, averaged over pixels or positions; rows stay as they are.

    Args:
        state: ``(batch, c, h, w)``, ``(batch, positions, width)`` or ``(batch, width)``.
    """
    if state.ndim == 4:
        return state.mean(dim=(2, 3))
    return state.mean(dim=1) if state.ndim == 3 else state


def _passed(
    net: PointNet, x: Tensor, y: np.ndarray, averaged: bool, chunk: int
) -> tuple[list[np.ndarray], list[np.ndarray], float]:
    """Return features at every depth, relative changes between them, and the net's own accuracy."""
    parts, changes, right = [], [], 0
    for rows, labels in zip(x.split(chunk), torch.as_tensor(y).split(chunk)):
        states = states_of(net, rows)
        parts.append([(pooled(s) if averaged else s.flatten(1)).double().numpy() for s in states])
        changes.append([_relative(a, b) for a, b in pairwise(states)])
        with torch.no_grad():
            right += int((net(rows).argmax(dim=1) == labels).sum())
    features = [np.concatenate(each) for each in zip(*parts)]
    return features, [np.concatenate(each) for each in zip(*changes)], right / len(x)


def _relative(before: Tensor, after: Tensor) -> np.ndarray:
    """Return ‖after − before‖/‖before‖ for each image; nan where the shape changes."""
    if before.shape != after.shape:
        return np.full(len(before), math.nan)
    old, new = before.flatten(1).double(), after.flatten(1).double()
    length = old.norm(dim=1)
    found = (new - old).norm(dim=1) / length
    return torch.where(length > 0, found, math.nan).numpy()


def _quartiles(changes: list[np.ndarray]) -> np.ndarray:
    rows = [
        np.full(3, math.nan) if np.isnan(each).all() else np.nanquantile(each, [0.25, 0.5, 0.75])
        for each in changes
    ]
    return np.array(rows).reshape(-1, 3)


def _probed(
    train: np.ndarray, y_train: np.ndarray, own: np.ndarray, y: np.ndarray
) -> tuple[float, float]:
    """Return the share of right answers of a ridge classifier on the images it saw, and on others."""
    finite = np.isfinite(train).all() and np.isfinite(own).all()
    if not finite or len(np.unique(y_train)) < 2:
        return math.nan, math.nan
    classifier = make_pipeline(StandardScaler(), RidgeClassifier(alpha=1.0)).fit(train, y_train)
    return float(classifier.score(train, y_train)), float(classifier.score(own, y))


def _stages(net: PointNet, x: Tensor, shapes: list[tuple[int, ...]]) -> tuple[Stage, ...]:
    states = states_of(net, x)
    runs: list[list[int]] = []
    for depth, shape in enumerate(shapes):
        if runs and shapes[runs[-1][-1]] == shape:
            runs[-1].append(depth)
        else:
            runs.append([depth])
    return tuple(_directions(states, run) for run in runs if len(run) > 1)


def _directions(states: list[Tensor], depths: list[int]) -> Stage:
    """Return the features at some depths in the two main directions of all of them together."""
    shape = tuple(states[depths[0]].shape[1:])
    rows = torch.cat([states[depth].flatten(1) for depth in depths]).double()
    centred = rows - rows.mean(dim=0)
    # The smaller of the two matrices has the same eigenvalues.
    wide = centred.shape[1] > centred.shape[0]
    values, vectors = torch.linalg.eigh(centred @ centred.T if wide else centred.T @ centred)
    values, vectors = values.flip(0).clamp(min=0), vectors.flip(1)[:, :2]
    found = vectors * values[:2].sqrt() if wide else centred @ vectors
    found = torch.nn.functional.pad(found, (0, 2 - found.shape[1]))
    total = max(float(values.sum()), 1e-300)
    shares = [*(values[:2] / total).tolist(), 0.0]
    points = found.reshape(len(depths), -1, 2).numpy()
    return Stage(shape, tuple(depths), points, (shares[0], shares[1]))


@dataclass(frozen=True)
class FeatureMaps:
    """The features of one image at every depth, as pictures.

    Attributes:
        names: What each depth is.
        maps: Of each depth ``(pictures, height, width)``: a picture for each channel, or one of all
            components.
        image: The image ``(height, width)`` or ``(height, width, 3)`` in [0, 1].
        truth: Its class.
        probabilities: Of each class, by the net.
        classes: Names of the classes.
    """

    names: tuple[str, ...]
    maps: tuple[np.ndarray, ...]
    image: np.ndarray
    truth: int
    probabilities: np.ndarray
    classes: tuple[str, ...]


def feature_maps(experiment: Experiment, weights: Mapping[str, Tensor], index: int) -> FeatureMaps:
    """Return the features of one validation image at every depth.

    Args:
        experiment: A classification of images.
        weights: Of its net.
        index: Place of the image in the validation set.

    Raises:
        ValueError: If the data cannot be had, the weights do not fit, or there is no such image.
    """
    net, split = judged(experiment, weights)
    count = len(split.x_validation)
    if not 0 <= index < count:
        raise ValueError(
            f"index: {index} is not legal; the validation set has images 0 to {count - 1}"
        )
    x = torch.as_tensor(split.x_validation[index : index + 1])
    channels, height, width = experiment.data.entry.shape_of(experiment.data.options)
    image = x.reshape(channels, height, width).clamp(0, 1).permute(1, 2, 0).float().numpy()
    x = x.to(dtype_of(experiment))
    with torch.no_grad():
        probabilities = net(x)[0].double().softmax(dim=0).numpy()
    return FeatureMaps(
        names=depth_names(net, net.times()),
        maps=tuple(pictures(state[0]) for state in states_of(net, x)),
        image=image[..., 0] if channels == 1 else image,
        truth=int(split.y_validation[index]),
        probabilities=probabilities,
        classes=split.class_names,
    )


def pictures(state: Tensor) -> np.ndarray:
    """Return the features of one image as pictures ``(n, height, width)``.

    Channels ``(c, h, w)`` are pictures already. Positions ``(n, width)`` that fill a square become one
    picture for each component, others one of all; a row becomes a square if it fills one.
    """
    values = state.float().numpy()
    if values.ndim == 3:
        return values
    side = math.isqrt(values.shape[0])
    if values.ndim == 2:
        if side * side == values.shape[0] > 1:
            return values.T.reshape(-1, side, side)
        return values[None]
    return values.reshape(1, side, side) if side * side == len(values) else values.reshape(1, 1, -1)
