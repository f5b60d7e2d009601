"""What a training will need, and whether that is too much."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, replace
from functools import lru_cache

import torch
from torch import nn

from playground import fused, memory
from playground.analysis.views import IMAGE_CHUNK
from playground.experiment import Experiment
from playground.regularizers import onward
from playground.training.augmenting import augments
from playground.training.counting import Counted, Work, count
from playground.training.devices import choose
from playground.training.kernel_stepper import inner_of
from playground.training.moments import closely_judged, kept_steps, pictures_of
from playground.training.trainer import make_net

# Measured orders of magnitude on one core: what torch needs to launch an operator, forward and back,
# and the arithmetic that it then reaches. An estimate is good to a factor of about three.
SECONDS_PER_OPERATOR = 2.2e-5
FLOPS_PER_SECOND = 8e9
OPERATORS_PER_EVALUATION = 4
# The same of the compiled kernels: a step, the update of one parameter in it, and the arithmetic.
FUSED_SECONDS_PER_STEP = 2e-6
FUSED_SECONDS_PER_PARAMETER = 2e-9
FUSED_FLOPS_PER_SECOND = 2e10
DOUBLE_FLOPS_PER_SECOND = 2.5e9  # float64, of which the kernels take one number at a time
# Of a step whose optimiser runs in torch, around kernels that give it the gradient.
OPTIMIZER_SECONDS_PER_STEP = 4e-4
# The same of nets on images: a step beside its operators, an operator, a number that one writes, and
# the arithmetic of convolutions; and what the optimiser does with a weight.
IMAGE_SECONDS_PER_STEP = 1e-3
IMAGE_SECONDS_PER_WEIGHT = 3e-9
IMAGE_SECONDS_OF_WORK = Work(flops=1 / 4e10, operators=6e-5, values=2.2e-9)
# On a GPU, from data sheets and not measured: arithmetic, launches and bandwidth.
GPU_SECONDS_OF_WORK = Work(flops=1 / 5e12, operators=1e-5, values=1e-11)
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
    memory_bytes: int = (
        int(os.environ.get("PLAYGROUND_MAX_MEMORY_MB", memory.for_one_run() >> 20)) * 2**20
    )
    seconds: float = float(os.environ.get("PLAYGROUND_MAX_SECONDS", 6 * 3600))


def estimate(experiment: Experiment) -> Estimate:
    """Estimate what an experiment needs without making its net.

    Raises:
        ValueError: If the choices do not fit together.
    """
    if experiment.data.entry.rows:  # read from files, which may come and go
        return _estimate(experiment)
    alike = experiment.model_copy(update={"data_seed": 1, "weight_seed": 1})
    return _remembered(alike.model_dump_json())


@lru_cache(maxsize=2048)
def _remembered(experiment: str) -> Estimate:
    """Estimate an experiment in JSON whose seeds are set alike: its repetitions all need the same.

    Its text is held in place of the experiment itself, which takes ten times as much memory.
    """
    return _estimate(Experiment.model_validate_json(experiment))


def _estimate(experiment: Experiment) -> Estimate:
    if experiment.network.entry.takes_images:
        return _of_images(experiment)
    net = _outline(experiment)
    parameters = _size_of(net)
    evaluations = _evaluations(experiment) + _beyond(experiment)
    size = 8 if experiment.precision == "float64" else 4
    widest = max((max(p.shape) for p in net.parameters()), default=1)
    batch = n_train = experiment.split_sizes[0]
    if not experiment.optimizer.entry.full_batch:
        batch = min(experiment.batch_size, n_train)
    judged = max(experiment.split_sizes)
    memory = size * (4 * parameters + 3 * evaluations * batch * widest + judged * widest * 4)
    stages = experiment.network.options.stages if experiment.network.entry.staged else 1
    per_evaluation = max(parameters / stages / max(_layers(experiment), 1), widest)
    flops = 6 * batch * per_evaluation * evaluations
    once = _seconds_of_a_pass(experiment, net, flops)
    steps = experiment.epochs * math.ceil(n_train / batch)
    return Estimate(parameters, memory, stages * _gradients(experiment, steps) * once)


def _outline(experiment: Experiment) -> nn.Module:
    """Return a net that has shapes and no weights."""
    with torch.device("meta"):
        return make_net(experiment)


def _size_of(net: nn.Module) -> int:
    return sum(p.numel() for p in net.parameters() if p.requires_grad)


@lru_cache(maxsize=64)
def _counted(experiment: str, batch: int) -> tuple[int, Counted]:
    """Return parameters and work of the net of an experiment in JSON, as many studies ask for it."""
    made = Experiment.model_validate_json(experiment)
    net = _outline(made)
    return _size_of(net), count(net, batch, _evaluations(made) + _beyond(made))


def _of_images(experiment: Experiment) -> Estimate:
    """Estimate a net on images by what it computes and keeps for one batch."""
    n_train, n_validation = experiment.split_sizes
    full = experiment.optimizer.entry.full_batch
    batch = n_train if full else min(experiment.batch_size, n_train)
    alike = {"weight_seed": 1, "data_seed": 1, "epochs": 1}  # whose nets are of one size
    parameters, counted = _counted(experiment.model_copy(update=alike).model_dump_json(), batch)
    size = 8 if experiment.precision == "float64" else 4
    data = (n_train + n_validation) * experiment.n_features
    together = min(IMAGE_CHUNK, max(n_train, n_validation))
    judged = (counted.states + 3 * counted.largest) * together / batch
    memory = size * (4 * parameters + data + max(counted.kept + 3 * counted.largest, judged))
    per_epoch = math.ceil(n_train / batch)
    steps = experiment.epochs * per_epoch
    pace = GPU_SECONDS_OF_WORK if _has_gpu(experiment, parameters) else IMAGE_SECONDS_OF_WORK
    a_step = (
        counted.both.cost(pace) + IMAGE_SECONDS_PER_STEP + parameters * IMAGE_SECONDS_PER_WEIGHT
    )
    rows = n_train + n_validation
    chunks = math.ceil(rows / IMAGE_CHUNK)
    judging = replace(
        counted.forward * (rows / batch), operators=counted.forward.operators * chunks
    )
    seconds = _gradients(experiment, steps) * a_step
    seconds += measurements(experiment, per_epoch) * judging.cost(pace)
    return Estimate(parameters, round(memory), seconds * (size / 4))


def _has_gpu(experiment: Experiment, parameters: int) -> bool:
    """Return whether a training would compute on a GPU, as far as this process sees."""
    try:
        return choose(experiment, parameters)[0] != "cpu"
    except ValueError:  # said where it is started
        return False


def measurements(experiment: Experiment, per_epoch: int) -> int:
    """Return how often a watched training is judged: at the ends of epochs, and closely at first.

    Args:
        experiment: The training.
        per_epoch: Its steps in an epoch.
    """
    steps = experiment.epochs * per_epoch
    closely = closely_judged(experiment, per_epoch)
    kept = {step for step in kept_steps(steps, pictures_of(experiment)) if step <= closely}
    return len(kept | set(range(0, steps + 1, per_epoch)))


def _gradients(experiment: Experiment, steps: int) -> float:
    """Return how many gradients so many steps take; some optimisers take several in one, and an attack
    takes its own before each step."""
    passes = getattr(experiment.optimizer.options, "passes", None)
    slot = experiment.hardening
    return (passes(steps) if passes else steps) + steps * slot.entry.gradients(slot.options)


def _seconds_of_a_pass(experiment: Experiment, net: nn.Module, flops: float) -> float:
    """Return how long it takes to get a gradient and to use it, on the path that the net takes."""
    robust = experiment.hardening.entry.words or experiment.regularizer.entry.words
    by_torch = experiment.path == "torch" or augments(experiment) or robust
    if by_torch or fused.unsupported_form(net):
        evaluations = _evaluations(experiment) + _beyond(experiment)
        operators = 3 * OPERATORS_PER_EVALUATION * evaluations
        return operators * SECONDS_PER_OPERATOR + flops / FLOPS_PER_SECOND
    double = experiment.precision == "float64"
    arithmetic = flops / (DOUBLE_FLOPS_PER_SECOND if double else FUSED_FLOPS_PER_SECOND)
    optimizer = experiment.optimizer.entry.make(net.parameters(), experiment.optimizer.options)
    if fused.unsupported_optimizer(inner_of(optimizer)):
        return arithmetic + OPTIMIZER_SECONDS_PER_STEP
    update = sum(p.numel() for p in net.parameters()) * FUSED_SECONDS_PER_PARAMETER
    return arithmetic + update + FUSED_SECONDS_PER_STEP


def _layers(experiment: Experiment) -> int:
    return getattr(experiment.network.options, "depth", 1) or 1


def _evaluations(experiment: Experiment) -> int:
    """Return the field evaluations of one forward pass, roughly for an adaptive scheme."""
    layers = _layers(experiment)
    if experiment.network.name == "ode_attention":
        return experiment.network.options.evaluations(ADAPTIVE_STEPS)
    if not experiment.network.entry.uses_scheme:
        return layers
    scheme = experiment.scheme.chosen
    if scheme.kind != "adaptive":
        return layers * (scheme.stages or 1)
    per_step = (scheme.stages or 6) * ADAPTIVE_STEPS
    # A layered field makes the solver start anew at each border; a shared one is integrated once.
    return per_step * (layers if experiment.network.name == "rk_net" else 1)


def _beyond(experiment: Experiment) -> int:
    """Return the field evaluations that a regulariser takes beside those of the net."""
    slot = experiment.regularizer
    stages = onward(experiment.scheme.chosen).stages or 1
    return slot.entry.evaluations(slot.options, _layers(experiment), stages)


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
