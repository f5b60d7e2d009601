"""What the writers of all nets share: activations, the stepper, sizes, and the class ``Net``."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

from playground.experiment import Experiment
from playground.integrators import resolve
from playground.networks import ACTIVATIONS
from playground.networks.images import image_shape
from playground.training.scripting.draft import Draft, block, body
from playground.training.scripting.steps import Stepper


def activation_call(name: str) -> tuple[str, str | None]:
    """Return code that applies an activation to ``{z}``, and the import that it needs.

    Raises:
        ValueError: For a function that is neither torch's nor the identity.
    """
    function = ACTIVATIONS[name].function
    if name == "linear":
        return "{z}", None
    for prefix, module in (("torch", torch), ("F", functional)):
        if getattr(module, function.__name__, None) is function:
            need = "from torch.nn import functional as F" if prefix == "F" else "import torch"
            return f"{prefix}.{function.__name__}({{z}})", need
    raise ValueError(f"activation: no script can be written for {name!r}")


def activation(draft: Draft, name: str, z: str) -> str:
    """Return code that applies an activation to the code ``z``, and add the import that it needs."""
    call, need = activation_call(name)
    if need:
        draft.need(need)
    return call.format(z=z)


def stepper_of(
    experiment: Experiment, *, timed: bool = False, learned: bool = False, adjoint: bool = False
) -> Stepper:
    """Return how the code of an experiment's scheme is called."""
    slot = experiment.scheme
    scheme = resolve(slot.name, slot.options)
    timed = timed or scheme.kind == "adaptive"
    return Stepper(scheme, slot.options, timed, learned, adjoint, slot.entry.label)


def write_sizes(draft: Draft, options: Any, depth: str) -> None:
    """Add the number of steps, named by the comment ``depth``, and the size of each."""
    draft.constant("DEPTH", options.depth, depth)
    if options.step_by == "horizon":
        draft.constant("HORIZON", options.horizon, "time that the features flow")
        draft.expression("STEP", "HORIZON / DEPTH", "h")
    else:
        draft.constant("STEP", options.step, "h, the time of one layer")


def write_module(draft: Draft, summary: str, made: list[str], forward: list[str]) -> None:
    """Add the class ``Net`` with the lines of its ``__init__`` and of its ``forward``."""
    template = block("""
        class Net(nn.Module):
            \"""{summary}\"""

            def __init__(self):
                super().__init__()
                {made}

            def forward(self, x):
                {forward}
    """)
    draft.block(template.format(summary=summary, made=body(made, 2), forward=body(forward, 2)))


def image_shape_of(experiment: Experiment) -> tuple[int, int, int]:
    """Return channels, height and width of the images that a net on images is made for."""
    shape = experiment.data.entry.shape_of(experiment.data.options)
    return shape or image_shape(experiment.n_features)
