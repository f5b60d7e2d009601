"""What attention nets make of images: their scores, where they look, and how widely."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor, nn

from playground.analysis.views import CHUNK, predict
from playground.datasets import load
from playground.experiment import Experiment
from playground.networks.attention import ADAPTIVE
from playground.networks.sequences import Sequence
from playground.training.attention_tables import FLOW
from playground.training.precision import dtype_of
from playground.training.trainer import make_net

JUDGED = 2000
"""Most images that judge a net here."""
ROOM = 200_000_000
"""Most numbers that a net may have to hold at once; four bytes each."""
_PART = 250  # images whose weights are computed at once
_KEPT, _ADAPTIVE_CALLS = 5, 60  # tensors kept of a field evaluation; evaluations of a long solve


@dataclass(frozen=True)
class Judged:
    """A net on the images that judge it.

    Precision, recall and F1 are means over the classes, each weighted by its images: so is the paper's
    table III, where recall is the accuracy in every row.

    Attributes:
        truths: Classes of the images ``(n,)``.
        guesses: What they were taken for ``(n,)``.
        sureness: The probability of that ``(n,)``.
        loss: Mean cross-entropy.
        accuracy: Share of right answers.
        precision: Weighted mean.
        recall: Weighted mean.
        f1: Weighted mean.
    """

    truths: np.ndarray
    guesses: np.ndarray
    sureness: np.ndarray
    loss: float
    accuracy: float
    precision: float
    recall: float
    f1: float


def validation_images(experiment: Experiment) -> tuple[Tensor, Tensor, tuple[str, ...]]:
    """Return the first images ``(n, inputs)`` that judge, their classes ``(n,)`` and all names.

    Raises:
        ValueError: If the data cannot be had.
    """
    key = experiment.data.model_dump_json()
    sizes = (experiment.n_train, experiment.n_validation, experiment.data_seed)
    x, y, names = _validation(key, *sizes, type(experiment.data))
    return x.to(dtype_of(experiment)), y, names


@lru_cache(maxsize=4)
def _validation(
    data: str, n_train: int, n_validation: int, seed: int, slot: type
) -> tuple[Tensor, Tensor, tuple[str, ...]]:
    made = slot.model_validate_json(data)
    split = load(
        made.name, n_train=n_train, n_validation=n_validation, seed=seed, options=made.options
    )
    x = torch.as_tensor(split.x_validation[:JUDGED]).clone()
    return x, torch.as_tensor(split.y_validation[:JUDGED]).clone(), split.class_names


def trained_net(experiment: Experiment, weights: Mapping[str, Tensor]) -> nn.Module:
    """Return the net of an experiment with these weights, as it is judged.

    Raises:
        ValueError: If they do not fit.
    """
    net = make_net(experiment).eval()
    try:
        net.load_state_dict(dict(weights))
    except RuntimeError as error:
        raise ValueError(f"the weights do not fit the experiment: {error}") from error
    return net


def judge(experiment: Experiment, weights: Mapping[str, Tensor]) -> Judged:
    """Return how a net does on the validation images with some weights.

    Raises:
        ValueError: If the data cannot be had, or the weights do not fit.
    """
    x, y, names = validation_images(experiment)
    outputs = predict(trained_net(experiment, weights), x)
    guesses = outputs.argmax(dim=1)
    precision, recall, f1 = weighted_scores(y.numpy(), guesses.numpy(), len(names))
    return Judged(
        truths=y.numpy(),
        guesses=guesses.numpy(),
        sureness=outputs.softmax(dim=1).amax(dim=1).double().numpy(),
        loss=float(nn.functional.cross_entropy(outputs, y)),
        accuracy=float((guesses == y).double().mean()),
        precision=precision,
        recall=recall,
        f1=f1,
    )


def weighted_scores(
    truths: np.ndarray, guesses: np.ndarray, classes: int
) -> tuple[float, float, float]:
    """Return precision, recall and F1, each class weighted by its images; zero where nothing was guessed.

    Args:
        truths: Classes ``(n,)``.
        guesses: What they were taken for ``(n,)``.
        classes: How many there are.
    """
    right = np.bincount(truths[truths == guesses], minlength=classes).astype(float)
    met = np.bincount(truths, minlength=classes)
    precision = right / np.maximum(np.bincount(guesses, minlength=classes), 1)
    recall = right / np.maximum(met, 1)
    f1 = 2 * precision * recall / np.where(precision + recall > 0, precision + recall, 1.0)
    shares = met / max(met.sum(), 1)
    return float(shares @ precision), float(shares @ recall), float(shares @ f1)


@dataclass(frozen=True)
class Looks:
    """Where a net looks in one image.

    Attributes:
        times: Times of the flow that are attended to; one, zero, without a flow.
        weights: Weight of each position at each time ``(positions, times)``; columns add up to one.
        pairs: Weights for each query ``(times, queries, positions)``; one query where each position is
            scored by itself.
        image: The image ``(height, width)`` or ``(height, width, 3)`` in [0, 1].
        spread: The mean over the times, at each pixel of the image ``(height, width)``.
    """

    times: tuple[float, ...]
    weights: np.ndarray
    pairs: np.ndarray
    image: np.ndarray
    spread: np.ndarray


@torch.inference_mode()
def looks(experiment: Experiment, weights: Mapping[str, Tensor], place: int) -> Looks:
    """Return where a net looks in one of the validation images.

    Args:
        experiment: Of an attention net.
        weights: Its weights.
        place: Which image, from 0.

    Raises:
        ValueError: If there is no such image, or the weights do not fit.
    """
    x, _, _ = validation_images(experiment)
    if not 0 <= place < len(x):
        raise ValueError(f"place: {place} is not legal; legal is 0 to {len(x) - 1}")
    net = trained_net(experiment, weights)
    one = x[place : place + 1]
    found = _over_times(net.maps(one))[0].double().numpy()
    pairs = net.pairs(one)[0].double().numpy()
    channels, height, width = experiment.data.entry.shape_of(experiment.data.options)
    image = one.reshape(channels, height, width).permute(1, 2, 0).clamp(0, 1).float().numpy()
    return Looks(
        times=tuple(net.times()) if net.is_flow else (0.0,),
        weights=found,
        pairs=pairs if pairs.ndim == 3 else pairs[None],
        image=image[..., 0] if channels == 1 else image,
        spread=over_image(net.sequence, found.mean(axis=1), (channels, height, width)),
    )


def over_image(sequence: Sequence, weights: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """Return weights of positions at the pixels of an image; those of channels are added up.

    Args:
        sequence: How the image became positions.
        weights: Weight of each ``(positions,)``.
        shape: Channels, height and width.

    Returns:
        ``(height, width)``.
    """
    channels, height, width = shape
    high, wide = sequence.size
    if sequence.by_channel:
        weights = weights.reshape(channels, -1).sum(axis=0)
    cells = weights.reshape(-(-height // high), -(-width // wide))
    return np.kron(cells, np.ones((high, wide)))[:height, :width]


@torch.inference_mode()
def focus(experiment: Experiment, weights: Mapping[str, Tensor]) -> np.ndarray:
    """Return among how many positions a net divides its attention in each validation image.

    That is exp(−Σ a ln a): 1 where all weight lies on one position, their number where it is even.

    Returns:
        ``(images, times)``, and one column more for the mean weights where there are several times.
    """
    x, _, _ = validation_images(experiment)
    net = trained_net(experiment, weights)
    parts = [_over_times(net.maps(part)).double() for part in x.split(_PART)]
    found = torch.cat(parts)
    if found.shape[-1] > 1:
        found = torch.cat([found, found.mean(dim=-1, keepdim=True)], dim=-1)
    return torch.special.entr(found).sum(dim=1).exp().numpy()


def _over_times(maps: Tensor) -> Tensor:
    return maps.unsqueeze(-1) if maps.ndim == 2 else maps


def positions_of(experiment: Experiment) -> int:
    """Return the number of positions that an attention net sees in an image."""
    options = experiment.network.options
    shape = experiment.data.entry.shape_of(experiment.data.options)
    return Sequence(shape, options.encoding, options.patch).positions


def numbers_at_once(experiment: Experiment) -> int:
    """Return roughly how many numbers an attention net holds at once while it trains or is judged."""
    options, positions = experiment.network.options, positions_of(experiment)
    flows = experiment.network.name == FLOW
    times = options.n_times if flows else 1
    calls = 1
    if flows and options.method in ADAPTIVE:
        calls = _ADAPTIVE_CALLS
    elif flows:
        stages = {"euler": 1, "midpoint": 2, "rk4": 4}[options.method]
        calls = stages * options.substeps * (times - 1)
    seen = times * positions * (positions if options.form == "qkv" else options.width)
    kept = positions * options.width * _KEPT * calls
    n_train, n_validation = experiment.split_sizes
    judged = min(CHUNK, max(n_train, n_validation))
    batch = min(n_train, experiment.batch_size)
    return math.ceil(max(judged * seen, batch * (kept + seen)))
