"""Trainings followed to their ends: all their figures and their last weights, several at a time."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from playground.experiment import Experiment
from playground.papers.paper import Tell
from playground.training.events import Metrics

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Followed:
    """One training from its beginning to its end.

    Attributes:
        experiment: What was trained.
        metrics: All figures, in order.
        checkpoint: The last one; empty where there is none.
        status: ``finished``, ``diverged``, ``failed``, ….
        reason: Why it ended, in words.
    """

    experiment: Experiment
    metrics: tuple[Metrics, ...]
    checkpoint: bytes
    status: str
    reason: str

    @property
    def weights(self) -> Mapping[str, Tensor]:
        """The weights at the end.

        Raises:
            ValueError: If none were kept.
        """
        from playground.training.checkpoints import unpack

        return unpack(self.checkpoint)[1]

    @property
    def last(self) -> Metrics:
        """The figures at the end."""
        return self.metrics[-1]

    def told(self, row: str, column: str, repetition: int) -> dict[str, Any]:
        """Return the line of a report about this training; repetitions count from 1."""
        return {
            "row": row,
            "column": column,
            "repetition": repetition,
            "run": "",
            "epochs": self.last.epoch if self.metrics else 0.0,
            "status": self.status,
            "reason": self.reason,
        }


@dataclass(frozen=True)
class Part:
    """A part of a study's progress: shares from 0 to 1 become shares between two bounds.

    Attributes:
        tell: Who is told.
        since: The lower bound.
        until: The upper bound.
    """

    tell: Tell
    since: float = 0.0
    until: float = 1.0

    def __call__(self, what: str, share: float) -> None:
        """Tell the share of this part."""
        self.tell(what, self.since + (self.until - self.since) * min(max(share, 0.0), 1.0))


def follow(
    named: Sequence[tuple[str, Experiment]], tell: Tell, *, threads: int | None = None
) -> list[Followed]:
    """Train experiments, several at the same time, and return them in their order.

    Args:
        named: What each is called while it goes on, and the experiment.
        tell: Is told the share of all epochs that are done.
        threads: How many train at once; the cores by default.
    """
    import torch

    shares = [0.0] * len(named)

    def run(place: int) -> Followed:
        torch.set_num_threads(1)  # of this thread: small nets lose time by sharing their steps
        name, experiment = named[place]

        def heard(done: float) -> None:
            shares[place] = done
            tell(name, sum(shares) / len(shares))

        return _followed(experiment, heard)

    workers = max(1, min(threads or os.cpu_count() or 1, len(named)))
    with ThreadPoolExecutor(workers, "followed") as pool:
        return list(pool.map(run, range(len(named))))


def _followed(experiment: Experiment, heard: Callable[[float], None]) -> Followed:
    from playground.training import train
    from playground.training.events import ENDINGS, Checkpoint

    epochs = experiment.epochs * getattr(experiment.network.options, "stages", 1)
    metrics: list[Metrics] = []
    checkpoint, status, reason = b"", "failed", "the training told no ending"
    for event in train(experiment, snapshots=False):
        if isinstance(event, Metrics):
            metrics.append(event)
            heard(min(1.0, event.epoch / epochs))
        elif isinstance(event, Checkpoint):
            checkpoint = event.payload
        elif isinstance(event, ENDINGS):
            status, reason = type(event).__name__.lower(), event.reason
    heard(1.0)
    return Followed(experiment, tuple(metrics), checkpoint, status, reason)


def plain(values: Sequence[float]) -> list[float | None]:
    """Return numbers as a picture's rows take them: ``None`` for what is not finite."""
    return [float(value) if math.isfinite(value) else None for value in values]
