"""Repetitions: one experiment with several seeds at once, and what their results amount to.

On the CPU every repetition trains in a thread of its own, since compiled kernels leave the interpreter
to the others. On a GPU small nets are bound by the launches of kernels, which cost the same for one net
and for hundreds, so that all repetitions are stepped as one stacked net.
"""

from __future__ import annotations

import math
import os
import statistics
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import torch

from playground.experiment import Experiment
from playground.training import events as e
from playground.training.batched import batchable, train_batched
from playground.training.control import Control
from playground.training.estimates import estimate
from playground.training.loop import train
from playground.training.trainer import Trainer

MAX_REPETITIONS = 1000


@dataclass(frozen=True)
class Outcome:
    """How one repetition ended.

    Attributes:
        experiment: The repetition itself, with its own seeds.
        status: ``finished``, ``stopped``, ``diverged`` or ``failed``.
        reason: Why, in words.
        metrics: The last figures, ``None`` if there were none.
    """

    experiment: Experiment
    status: str
    reason: str
    metrics: e.Metrics | None


@dataclass(frozen=True)
class Summary:
    """One quantity over the repetitions; ``std`` is that of a sample, ``None`` for a single value."""

    mean: float
    std: float | None
    least: float
    greatest: float
    count: int


@dataclass(frozen=True)
class Repetitions:
    """All repetitions of one experiment."""

    outcomes: Sequence[Outcome]

    def summary(self, quantity: str) -> Summary | None:
        """Return mean, standard deviation and spread of a field of the last metrics.

        Args:
            quantity: A field of ``Metrics``, such as ``validation_accuracy``.

        Returns:
            ``None`` if no repetition has the quantity. Repetitions that diverged count with what they
            had reached; a quantity that is not finite is left out, which ``count`` shows.
        """
        found = [getattr(o.metrics, quantity) for o in self.outcomes if o.metrics is not None]
        values = [float(v) for v in found if v is not None and math.isfinite(v)]
        if not values:
            return None
        std = statistics.stdev(values) if len(values) > 1 else None
        return Summary(statistics.fmean(values), std, min(values), max(values), len(values))


def seeded(experiment: Experiment, repetitions: int) -> list[Experiment]:
    """Return the experiment with so many pairs of data and weight seeds, its own the first.

    Raises:
        ValueError: If the number is out of bounds.
    """
    if not 1 <= repetitions <= MAX_REPETITIONS:
        raise ValueError(
            f"repetitions: {repetitions} is not legal; legal is 1 to {MAX_REPETITIONS}"
        )
    top = 2**31  # seeds wrap around at their upper bound
    return [
        experiment.model_copy(
            update={
                "data_seed": (experiment.data_seed + i) % top,
                "weight_seed": (experiment.weight_seed + i) % top,
            }
        )
        for i in range(repetitions)
    ]


def repeat(
    experiment: Experiment,
    repetitions: int,
    *,
    threads: int | None = None,
    control: Control | None = None,
    told: Callable[[int, e.Event], None] | None = None,
) -> Repetitions:
    """Train one experiment with several seeds at once.

    Args:
        experiment: What to train; each repetition draws new data and new weights.
        repetitions: How many, 1 to ``MAX_REPETITIONS``.
        threads: How many train at the same time on a CPU; its cores by default.
        control: What may be asked meanwhile, of all of them; must be safe to ask from any thread.
        told: Is handed ``(repetition, event)`` for every event, from any thread.

    Returns:
        The outcomes, in the order of the seeds.

    Raises:
        ValueError: If the number of repetitions or of threads is not legal.
    """
    experiments = seeded(experiment, repetitions)
    if Trainer(experiment).device != "cpu" and batchable(experiment):
        streams = train_batched(experiments, control)
        return Repetitions(_sorted_out(experiments, streams, told))
    return Repetitions(train_many(experiments, threads=threads, control=control, told=told))


def train_many(
    experiments: Sequence[Experiment],
    *,
    threads: int | None = None,
    control: Control | None = None,
    told: Callable[[int, e.Event], None] | None = None,
) -> list[Outcome]:
    """Train any experiments, several at the same time, without views; see ``repeat``."""
    workers = min(threads or os.cpu_count() or 1, len(experiments))
    if workers < 1:
        raise ValueError(f"threads: {threads} is not legal; at least 1 is")

    def run(index: int) -> Outcome:
        torch.set_num_threads(1)  # of this thread: small nets lose time by sharing their steps
        events = train(experiments[index], control=control, snapshots=False)
        return _sorted_out([experiments[index]], ((index, x) for x in events), told, index)[0]

    with ThreadPoolExecutor(workers, "repetition") as pool:
        return list(pool.map(run, range(len(experiments))))


def train_all(
    experiments: Sequence[Experiment], progress: Callable[[int, int], None] | None = None
) -> list[Outcome]:
    """Train any experiments in threads of this process, and return the outcomes in their order.

    Args:
        experiments: What to train. The longest begin first, so that no thread begins one of them when
            the others are done.
        progress: Told how many have ended and of how many, from any thread.
    """
    lock, ended = threading.Lock(), 0

    def told(_: int, event: e.Event) -> None:
        nonlocal ended
        if isinstance(event, e.ENDINGS):
            with lock:
                ended += 1
                if progress is not None:
                    progress(ended, len(experiments))

    order = sorted(range(len(experiments)), key=lambda i: -estimate(experiments[i]).seconds)
    found = train_many([experiments[i] for i in order], told=told)
    outcomes = dict(zip(order, found))
    return [outcomes[i] for i in range(len(experiments))]


def _sorted_out(
    experiments: Sequence[Experiment],
    stream: Iterator[tuple[int, e.Event]],
    told: Callable[[int, e.Event], None] | None,
    first: int = 0,
) -> list[Outcome]:
    """Return the outcomes of experiments from their events, numbered from ``first`` on."""
    metrics: dict[int, e.Metrics] = {}
    endings: dict[int, e.Event] = {}
    for index, event in stream:
        if told is not None:
            told(index, event)
        if isinstance(event, e.Metrics):
            metrics[index] = event
        elif isinstance(event, e.ENDINGS):
            endings[index] = event
    return [
        Outcome(each, _status(endings[i]), endings[i].reason, metrics.get(i))
        for i, each in enumerate(experiments, start=first)
    ]


def _status(ending: e.Event) -> str:
    return "stopped" if isinstance(ending, e.Paused) else type(ending).__name__.lower()
