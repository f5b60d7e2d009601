"""Nets that are trained for figures, and what the figures show of them.

nets = train_nets(experiments, tell)          trained, with their curves
seen_by(net.states(x))                        one basis for all layers, in which they are drawn
spread(net.states(x))                         how far the points lie apart at each layer
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from playground.experiment import Experiment
from playground.papers.paper import Tell
from playground.training.events import ENDINGS, Checkpoint, Event, Metrics

if TYPE_CHECKING:
    from playground.datasets import Split
    from playground.networks import PointNet


@dataclass(frozen=True)
class TrainedNet:
    """A net at the end of its training.

    Attributes:
        experiment: What was trained.
        net: The net as it is judged.
        split: Its data.
        history: Figures at the start and after each epoch.
        status: ``finished``, ``stopped`` or ``diverged``.
        reason: Why, in words.
    """

    experiment: Experiment
    net: PointNet
    split: Split
    history: tuple[Metrics, ...]
    status: str
    reason: str

    def last(self, quantity: str) -> float | None:
        """Return a field of the last figures, ``None`` where it is not finite."""
        value = getattr(self.history[-1], quantity)
        return float(value) if value is not None and np.isfinite(value) else None

    def fresh(self) -> TrainedNet:
        """Return the same net with the weights that it began with."""
        from playground.training.trainer import make_net

        return replace(self, net=make_net(self.experiment).eval().requires_grad_(False))

    def states(self, x: np.ndarray) -> np.ndarray:
        """Return the features of inputs ``(n, features)`` at every layer ``(layers + 1, n, width)``."""
        import torch

        with torch.no_grad():
            return self.net.trajectory(self._tensor(x)).double().numpy()

    def final(self, x: np.ndarray) -> np.ndarray:
        """Return the features of inputs at the last layer ``(n, width)``, a chunk at a time."""
        import torch

        with torch.no_grad():
            parts = self._tensor(x).split(256)
            last = [self.net.final(self.net.lift(self.net.inputs(part))) for part in parts]
            return torch.cat(last).double().numpy()

    def probabilities(self, x: np.ndarray) -> np.ndarray:
        """Return the probabilities of the classes for inputs ``(n, features)``."""
        import torch

        from playground.analysis.views import predict

        outputs = predict(self.net, self._tensor(x))
        return torch.softmax(outputs.double(), dim=-1).numpy()

    def classified(self, y: np.ndarray) -> np.ndarray:
        """Return the probabilities of the classes for features ``(n, width)`` of the last layer."""
        import torch

        with torch.no_grad():
            return torch.softmax(self.net.head(self._tensor(y)).double(), dim=-1).numpy()

    def _tensor(self, values: np.ndarray) -> Any:
        import torch

        weight = next(self.net.parameters())
        return torch.as_tensor(np.asarray(values), dtype=weight.dtype)


@dataclass
class _Kept:
    """What is kept of a training while it goes on."""

    history: list[Metrics] = field(default_factory=list)
    payload: bytes = b""
    done: float = 0.0  # share of its epochs


def train_nets(
    experiments: Sequence[Experiment], tell: Tell, *, upto: float = 0.95, threads: int | None = None
) -> list[TrainedNet]:
    """Train several nets at the same time.

    Args:
        experiments: What to train.
        tell: Told how far it is.
        upto: The share of all work that the trainings are.
        threads: How many train at once; the cores of the machine when absent.

    Raises:
        ValueError: If one of them cannot be trained, such as for want of its data.
    """
    from playground.training import estimate
    from playground.training.repetitions import train_many

    costs = [estimate(each).seconds for each in experiments]
    # The longest first, so that no thread begins one of them when the others are done.
    order = sorted(range(len(experiments)), key=lambda i: -costs[i])
    kept, lock = [_Kept() for _ in experiments], threading.Lock()

    def told(place: int, event: Event) -> None:
        index = order[place]
        own = kept[index]
        if isinstance(event, Checkpoint):
            own.payload = event.payload
        elif isinstance(event, Metrics):
            own.history.append(event)
            own.done = event.epoch / experiments[index].epochs
        elif isinstance(event, ENDINGS):
            own.done = 1.0
        with lock:
            share = sum(c * k.done for c, k in zip(costs, kept)) / sum(costs)
            ended = sum(k.done == 1.0 for k in kept)
            tell(f"{ended} of {len(kept)} trainings have ended", upto * share)

    outcomes = train_many([experiments[i] for i in order], told=told, threads=threads)
    found = {i: _trained(outcome, kept[i]) for i, outcome in zip(order, outcomes)}
    return [found[i] for i in range(len(experiments))]


def _trained(outcome: Any, kept: _Kept) -> TrainedNet:
    from playground.training.checkpoints import unpack
    from playground.training.image_views import judged

    if outcome.status == "failed":
        raise ValueError(outcome.reason)
    _, weights = unpack(kept.payload)
    net, split = judged(outcome.experiment, weights)
    return TrainedNet(
        outcome.experiment, net, split, tuple(kept.history), outcome.status, outcome.reason
    )


@dataclass(frozen=True)
class Seen:
    """A basis in which features of any layer are drawn: fitted once to all layers, so nothing flips.

    Attributes:
        centre: Mean of the features ``(width,)``.
        axes: Main directions ``(width, at most 3)``.
        shares: Part of the variance along each.
    """

    centre: np.ndarray
    axes: np.ndarray
    shares: tuple[float, ...]

    def of(self, states: np.ndarray) -> np.ndarray:
        """Return features ``(…, width)`` in this basis ``(…, 3)``, with zeros where it has fewer axes."""
        drawn = (states - self.centre) @ self.axes
        missing = 3 - drawn.shape[-1]
        return np.pad(drawn, [(0, 0)] * (drawn.ndim - 1) + [(0, missing)]) if missing else drawn

    def back(self, places: np.ndarray) -> np.ndarray:
        """Return the features ``(n, width)`` at places ``(n, 2)`` of the plane of the first two axes."""
        return self.centre + places @ self.axes[:, :2].T


def seen_by(states: np.ndarray) -> Seen:
    """Return the basis of features ``(layers, points, width)``; the plane itself for a width of two."""
    from playground.analysis.views import principal_axes

    width = states.shape[-1]
    if width <= 2:
        return Seen(np.zeros(width), np.eye(width), ())
    centre, axes, shares = principal_axes(states, None)
    return Seen(centre, axes, tuple(float(share) for share in shares))


def spread(states: np.ndarray) -> np.ndarray:
    """Return at each layer how far the points lie from their mean, root mean square ``(layers,)``."""
    centred = states - states.mean(axis=1, keepdims=True)
    return np.sqrt((centred**2).sum(axis=-1).mean(axis=1))


def first_below(values: np.ndarray, share: float) -> int | None:
    """Return the first place at which a value is below a share of the first one, ``None`` if none is."""
    below = np.flatnonzero(values < share * values[0])
    return int(below[0]) if len(below) else None


def runs_of(cells: Sequence[tuple[str, str, int]], nets: Sequence[TrainedNet]) -> tuple[dict, ...]:
    """Return of each training its row, column, repetition, epochs, ending and reason.

    Args:
        cells: Row, column and number of the repetition, from 0 on, of each net.
        nets: The nets.
    """
    return tuple(
        {
            "row": row,
            "column": column,
            "repetition": repetition + 1,
            "epochs": net.history[-1].epoch,
            "status": net.status,
            "reason": net.reason,
        }
        for (row, column, repetition), net in zip(cells, nets, strict=True)
    )
