"""What a training will need, and whether that is too much."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass

import torch

from playground.experiment import Experiment
from playground.training.trainer import make_net

# Measured orders of magnitude on one core: what torch needs to launch an operator, forward and back,
# and the arithmetic that it then reaches. An estimate is good to a factor of about three.
SECONDS_PER_OPERATOR = 2.2e-5
FLOPS_PER_SECOND = 8e9
OPERATORS_PER_EVALUATION = 4
ADAPTIVE_STEPS = 8  # typical number of accepted steps of an adaptive solver


@dataclass(frozen=True)
class Estimate:
    """What a run needs: trainable parameters, bytes of memory at its peak, seconds on one core."""

    parameters: int
    memory_bytes: int
    seconds: float


@dataclass(frozen=True)
class Limits:
    """The largest run that is taken; set on the server."""

    parameters: int = int(os.environ.get("PLAYGROUND_MAX_PARAMETERS", 20_000_000))
    memory_bytes: int = int(os.environ.get("PLAYGROUND_MAX_MEMORY_MB", 4096)) * 2**20
    seconds: float = float(os.environ.get("PLAYGROUND_MAX_SECONDS", 6 * 3600))


def estimate(experiment: Experiment) -> Estimate:
    """Estimate what an experiment needs without making its net.

    Raises:
        ValueError: If the choices do not fit together.
    """
    with torch.device("meta"):
        net = make_net(experiment)
    parameters = sum(p.numel() for p in net.parameters() if p.requires_grad)
    evaluations = _evaluations(experiment)
    size = 4 if experiment.precision == "float32" else 8
    widest = max((max(p.shape) for p in net.parameters()), default=1)
    batch = n_train = experiment.split_sizes[0]
    if not experiment.optimizer.entry.full_batch:
        batch = min(experiment.batch_size, n_train)
    judged = max(experiment.split_sizes)
    memory = size * (4 * parameters + 3 * evaluations * batch * widest + judged * widest * 4)
    per_evaluation = max(parameters / max(_layers(experiment), 1), widest)
    flops = 6 * batch * per_evaluation * evaluations
    step = 3 * OPERATORS_PER_EVALUATION * evaluations * SECONDS_PER_OPERATOR
    steps = experiment.epochs * math.ceil(n_train / batch)
    return Estimate(parameters, memory, steps * (step + flops / FLOPS_PER_SECOND))


def _layers(experiment: Experiment) -> int:
    return getattr(experiment.network.options, "depth", 1) or 1


def _evaluations(experiment: Experiment) -> int:
    """Return the field evaluations of one forward pass, roughly for an adaptive scheme."""
    layers = _layers(experiment)
    if not experiment.network.entry.uses_scheme:
        return layers
    scheme = experiment.scheme.chosen
    if scheme.kind != "adaptive":
        return layers * (scheme.stages or 1)
    per_step = (scheme.stages or 6) * ADAPTIVE_STEPS
    # A layered field makes the solver start anew at each border; a shared one is integrated once.
    return per_step * (layers if experiment.network.name == "rk_net" else 1)


def refusal(experiment: Experiment, limits: Limits | None = None) -> str | None:
    """Return why an experiment is not started, with the estimate, or ``None`` if it may be."""
    limits = limits or Limits()
    try:
        need = estimate(experiment)
    except ValueError as error:
        return str(error)
    for name, value, limit, text in (
        ("parameters", need.parameters, limits.parameters, "{:,.0f}"),
        ("memory", need.memory_bytes / 2**20, limits.memory_bytes / 2**20, "{:,.0f} MB"),
        ("time", need.seconds / 60, limits.seconds / 60, "{:,.0f} minutes"),
    ):
        if value > limit:
            return (
                f"{name}: this net would need about {text.format(value)}; "
                f"legal is up to {text.format(limit)} on this server. "
                "Make width, depth, epochs or the number of points smaller"
            )
    return None
