"""A trained neural ODE attention solved otherwise: what it costs, and what becomes of its answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from playground.experiment import Experiment
from playground.networks.attention import ADAPTIVE
from playground.training.attention_views import positions_of, trained_net, validation_images

IMAGES, POSITIONS = 200, 6000
"""Most images, and most positions of all of them together, on which solvers are compared."""
FIXED = ("euler", "midpoint", "rk4")
STEPS = (1, 2, 4, 8, 16)
"""Steps from one time to the next."""
TOLERANCES = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
# With so many steps a fixed method is exact enough and its cost is known; an adaptive one at a small
# tolerance is lost in the corners of the field, each of which it has to find.
_REFERENCE = ("rk4", 64, 0.0)


@dataclass(frozen=True)
class Solved:
    """A stored net whose flow is solved in one way.

    Attributes:
        method: torchdiffeq's name of the solver.
        steps: Steps from one time to the next; 0 where the solver chooses them.
        tolerance: Relative tolerance; 0 where the steps are fixed.
        nfe: Evaluations of the field in one forward pass.
        accuracy: Share of right answers.
        error: Greatest difference of a probability from the reference, rk4 with 64 steps from one time
            to the next.
        as_trained: Whether this is how the net was trained.
    """

    method: str
    steps: int
    tolerance: float
    nfe: int
    accuracy: float
    error: float
    as_trained: bool


def images_compared(experiment: Experiment) -> int:
    """Return on how many of the validation images solvers are compared: fewer of many positions."""
    judged = len(validation_images(experiment)[0])
    return min(IMAGES, judged, max(20, POSITIONS // positions_of(experiment)))


def solve_otherwise(experiment: Experiment, weights: Mapping[str, Tensor]) -> list[Solved]:
    """Return what becomes of a trained net under every solver, in double precision.

    Args:
        experiment: Of a neural ODE attention.
        weights: Its weights.

    Raises:
        ValueError: If the data cannot be had, or the weights do not fit.
    """
    net = trained_net(experiment, weights).double()
    images = images_compared(experiment)
    x, y, _ = validation_images(experiment)
    x, y = x[:images].double(), y[:images]
    own = _own(experiment)
    ways = [(method, steps, 0.0) for method in FIXED for steps in STEPS]
    ways += [(method, 0, tolerance) for method in ADAPTIVE[:1] for tolerance in TOLERANCES]
    ways += [] if own in ways else [own]
    exact, _ = _answers(net, x, *_REFERENCE)
    found = []
    for way in ways:
        outputs, nfe = _answers(net, x, *way)
        right = float((outputs.argmax(dim=1) == y).double().mean())
        error = float((outputs - exact).abs().max())
        found.append(Solved(*way, nfe, right, error, way == own))
    return found


def _own(experiment: Experiment) -> tuple[str, int, float]:
    options = experiment.network.options
    if options.method in ADAPTIVE:
        return options.method, 0, options.tolerance
    return options.method, options.substeps, 0.0


@torch.inference_mode()
def _answers(
    net: nn.Module, x: Tensor, method: str, steps: int, tolerance: float
) -> tuple[Tensor, int]:
    """Return the probabilities ``(n, classes)`` and the evaluations of the field."""
    net.method = method
    if steps:
        net.substeps = steps
    if tolerance:
        net.tolerance = tolerance
    net.nfe = 0
    outputs = net(x).softmax(dim=1)
    return outputs, net.nfe


def evaluations_over_training(
    experiment: Experiment, kept: Iterable[tuple[float, Mapping[str, Tensor]]], tolerance: float
) -> list[tuple[float, int]]:
    """Return how many evaluations an adaptive solver needs for the flow at moments of a training.

    The solver is Dormand and Prince's, whatever the net was trained with, on the same images at each
    moment, in double precision.

    Args:
        experiment: Of a neural ODE attention.
        kept: Epoch and weights of each moment.
        tolerance: Relative; the absolute one is a hundredth of it.

    Returns:
        Epoch and evaluations of each moment.
    """
    x = validation_images(experiment)[0][: images_compared(experiment)].double()
    found = []
    for epoch, weights in kept:
        net = trained_net(experiment, weights).double()
        found.append((epoch, _answers(net, x, "dopri5", 1, tolerance)[1]))
    return found
