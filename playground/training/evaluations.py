"""A robustness evaluation of a net with its sanity checks: what it finds, and how long that takes."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from playground.attacks import (
    Report,
    checklist,
    is_adaptive,
    suggested_epsilons,
    with_fixed_steps,
)
from playground.attacks.objective import objective_for
from playground.attacks.problem import Model, Norm, all_logits
from playground.attacks.registry import NORM_LABELS
from playground.experiment import Experiment
from playground.training.attacked import Subject, attackable
from playground.training.evaluation_settings import ChecklistOptions, Evaluation

_TIMED = 32  # samples on which a model's pace is measured


def alike(one: Experiment, other: Experiment) -> bool:
    """Return whether what fools a net of one experiment can be shown to one of the other."""
    return (
        attackable(one)
        and attackable(other)
        and one.data.name == other.data.name
        and _shape(one) == _shape(other)
        and one.n_outputs == other.n_outputs
    )


def _shape(experiment: Experiment) -> Any:
    shape = experiment.data.entry.shape_of(experiment.data.options)
    return experiment.n_features if shape is None else tuple(shape)


def fixed_twin(subject: Subject) -> Model | None:
    """Return an adaptive net with fixed steps, ``None`` where there is no such thing."""
    if not is_adaptive(subject.net):
        return None
    try:
        return with_fixed_steps(subject.net)
    except ValueError:  # its layers have a solver each
        return None


def epsilons_of(subject: Subject, options: ChecklistOptions) -> tuple[float, ...]:
    """Return the sizes of the perturbation, rising from 0.

    Raises:
        ValueError: If all samples are one point, and no greatest size is given.
    """
    if options.greatest is None:
        return suggested_epsilons(subject.x, options.norm, subject.clip, options.count)
    last = options.count - 1
    return tuple(options.greatest * i / last for i in range(options.count))


def evaluate(
    subject: Subject,
    evaluation: Evaluation,
    source: Subject | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> Report:
    """Attack a net in all ways, and check the attacks against each other.

    Args:
        subject: The net and the samples.
        evaluation: What is tried.
        source: Another net on the same kind of data, for the check of transfer.
        progress: Told what is being computed, and the share that is done.

    Raises:
        ValueError: If the other net takes other inputs, or a setting does not fit the samples.
    """
    if source is not None and not alike(subject.experiment, source.experiment):
        raise ValueError(
            f"source: a net on {source.experiment.data.name!r} is not legal; legal is one that tells the "
            f"same classes of the same inputs, {subject.experiment.data.name!r}"
        )
    return checklist(
        subject.model,
        subject.x,
        subject.y,
        epsilons_of(subject, evaluation),
        attack=evaluation.attack,
        clip=subject.clip,
        source=None if source is None else _in_precision(source, subject.x.dtype),
        fixed=fixed_twin(subject),
        effort=evaluation.effort,
        seed=evaluation.seed,
        progress=progress,
    )


def _in_precision(source: Subject, dtype: torch.dtype) -> Model:
    """Return a net that takes inputs of another precision than its own."""
    if source.x.dtype == dtype:
        return source.model
    return lambda x: source.net(x.to(source.x.dtype)).to(dtype)


@dataclass(frozen=True)
class Load:
    """What an evaluation asks of models: samples with a gradient, and without."""

    gradients: int
    logits: int


def load_of(options: ChecklistOptions, samples: int, others: int = 0) -> Load:
    """Return how often samples pass through the model at most, if none is wrong from the start.

    Args:
        options: What is tried.
        samples: How many there are.
        others: Other models whose examples are tried: of a transfer, of fixed steps.
    """
    sharp, attack = 2, options.attack  # the expensive checks are made at two ε
    some = min(samples, options.spsa_samples)
    retries = max(options.retries, 2 * attack.restarts)
    tries = options.count * (1 + others) * attack.restarts + 2 * sharp * attack.restarts
    gradients = samples * (attack.steps * (tries + sharp * retries) + options.count)
    # In SPSA each direction is looked at from both ends.
    spsa = sharp * some * options.spsa_steps * 2 * options.spsa_directions
    scored = options.count * (1 + others) + sharp  # after the attack, every start is judged
    scored = (scored * attack.restarts if attack.restarts > 1 else 0) + sharp * retries
    judged = options.count * (3 + others) + 2 * sharp
    clean = 3 + others + sharp + 1 + 1
    return Load(gradients, samples * (scored + judged + clean) + some * (sharp + 1) + spsa)


@dataclass(frozen=True)
class Facts:
    """What is known of a subject before it is attacked.

    Attributes:
        samples: How many there are.
        greatest: For each norm the ε that leaves no hope.
        gradient: Seconds that a gradient takes for one sample.
        logits: Seconds that the logits of one sample take.
        others: One where the net is attacked through fixed steps too.
    """

    samples: int
    greatest: dict[str, float]
    gradient: float
    logits: float
    others: int

    def seconds(self, options: ChecklistOptions, source: Facts | None = None) -> float:
        """Return about how long an evaluation takes, on one core that has nothing else to do."""
        load = load_of(options, self.samples, self.others)
        taken = load.gradients * self.gradient + load.logits * self.logits
        if source is not None:
            more = load_of(options, self.samples, self.others + 1)
            taken += (more.gradients - load.gradients) * source.gradient
            taken += (more.logits - load.logits) * source.logits
        return taken


def facts_of(subject: Subject) -> Facts:
    """Return what is known of a subject; its pace is measured."""
    x, y = subject.x[:_TIMED], subject.y[:_TIMED]
    climbed = objective_for(subject.model, x, y, "ce", None, None)
    return Facts(
        samples=len(subject.x),
        greatest={norm: _greatest(subject, norm) for norm in NORM_LABELS},
        gradient=_best(lambda: climbed.gradient(subject.model, x)) / len(x),
        logits=_best(lambda: all_logits(subject.model, x)) / len(x),
        others=int(fixed_twin(subject) is not None),
    )


def _greatest(subject: Subject, norm: Norm) -> float:
    try:
        return suggested_epsilons(subject.x, norm, subject.clip, 2)[-1]
    except ValueError:  # all samples are one point
        return math.nan


def _best(act: Callable[[], Tensor]) -> float:
    """Return the seconds of the fastest of three calls, after one that loads what is needed."""
    act()
    taken = []
    for _ in range(3):
        began = time.perf_counter()
        act()
        taken.append(time.perf_counter() - began)
    return min(taken)
