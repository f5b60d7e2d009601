"""The steady-state loss of an exported script: what a flow still moves beyond its horizon."""

from __future__ import annotations

from collections.abc import Sequence

from playground.experiment import Experiment
from playground.integrators import INTEGRATORS
from playground.regularizers import ONWARD
from playground.training.scripting.draft import Draft, block, body
from playground.training.scripting.parts import write_module
from playground.training.scripting.steps import Stepper, write_steps

RESTING = ("rk_net", "neural_ode", "conv_ode", "ode_net", "tis_ode")
"""Networks whose writers end with ``write_flow``."""


def rests(experiment: Experiment) -> bool:
    """Return whether a flow is asked to be at rest beyond its horizon."""
    return experiment.regularizer.name == "steady_state"


def write_flow(
    draft: Draft,
    experiment: Experiment,
    stepper: Stepper,
    summary: str,
    made: list[str],
    forward: Sequence[str],
    *,
    layered: bool = False,
) -> None:
    """Add the class ``Net`` of a flow, and the function ``rest`` where it is asked to be at rest.

    Args:
        draft: The script.
        experiment: The run.
        stepper: How its scheme is called.
        summary: Of the class.
        made: Lines of its ``__init__``.
        forward: Lines of its ``forward``: the last returns the outputs of the state ``y``.
        layered: Whether each step has a ``weight`` and a ``bias`` of its own, else one ``field`` is all.
    """
    if not rests(experiment):
        write_module(draft, summary, made, list(forward))
        return
    along = experiment.regularizer.options.interval == "authors"
    *moved, last = forward
    if along:
        loop = next(i for i, line in enumerate(moved) if line.startswith("for "))
        moved = [*moved[:loop], "states = [y]", *moved[loop:], "    states.append(y)"]
    name, result, given = (
        ("states", "states", "self.states(x)[-1]") if along else ("state", "y", "self.state(x)")
    )
    draft.block(
        _FLOW.format(
            summary=summary,
            made=body(made, 2),
            name=name,
            of="at every step" if along else "at the horizon",
            moved=body([*moved, f"return {result}"], 2),
            last=body([last], 2),
            given=given,
        )
    )
    _rest(draft, experiment, stepper, layered, along)


def regularized(experiment: Experiment, inputs: str) -> list[str]:
    """Return the lines that compute ``outputs`` and ``term``, what is added to the loss."""
    options = experiment.regularizer.options
    if options.interval == "authors":
        lines = [f"states = net.states({inputs})", "outputs = net.outputs(states[-1])"]
        term = "rest(net, states[REST_FROM])"
    else:
        lines = [f"state = net.state({inputs})", "outputs = net.outputs(state)"]
        term = "rest(net, state)"
    later = " if epoch >= REST_EPOCH else torch.zeros(())" if options.from_epoch else ""
    return [*lines, f"term = {term}{later}"]


def _rest(
    draft: Draft, experiment: Experiment, stepper: Stepper, layered: bool, along: bool
) -> None:
    options = experiment.regularizer.options
    first, count = options.span(experiment.network.options.depth)
    draft.heading("The steady state")
    draft.constant("REST_WEIGHT", options.weight, "of the steady-state loss")
    draft.constant("REST_FROM", first, "steps before the interval that should be at rest")
    draft.constant("REST_STEPS", count, "steps in it")
    if options.from_epoch:
        draft.constant("REST_EPOCH", options.from_epoch, "epochs without it")
    step, scheme = "step", stepper.scheme
    if stepper.learned or scheme.kind == "adaptive":
        scheme = INTEGRATORS[ONWARD] if scheme.kind == "adaptive" else scheme
        spare = Draft()
        label = scheme.label if stepper.scheme.kind == "adaptive" else stepper.label
        write_steps(spare, Stepper(scheme, None, stepper.timed, False, False, label))
        draft.block(spare.blocks[-1].replace("def step(", "def onward(", 1))
        step = "onward"
    lines = []
    if layered:
        draft.need("from functools import partial")
        lines.append("layer = min(i, DEPTH - 1)  # the last layer's field goes on")
    field = "partial(field, net.weight[layer], net.bias[layer])" if layered else "net.field"
    if along:
        draft.need("from functools import partial")
        draft.block(_WITH_LENGTH.format(t=stepper.t))
        if layered:
            lines.append(f"f = {field}")
            field = "f"
        field = f"partial(with_length, {field})"
    time = "i * STEP, " if stepper.timed else ""
    past = scheme.kind == "multistep"
    call = f"{step}({field}, {time}y, STEP{', past' if past else ''})"
    lines.append(f"y, past = {call}" if past else f"y = {call}")
    code = _REST.format(
        what="how long the way of the features is" if along else "how far the features get",
        start="y = torch.stack([start, torch.zeros_like(start)])" if along else "y = start",
        past="\n    past = []" if past else "",
        lines=body(lines, 2),
        moved="y[1]" if along else "(y - start)",
        index="i" if layered or stepper.timed else "_",
    )
    draft.block(code)


_FLOW = block("""
    class Net(nn.Module):
        \"""{summary}\"""

        def __init__(self):
            super().__init__()
            {made}

        def {name}(self, x):
            \"""Return the features {of}.\"""
            {moved}

        def outputs(self, y):
            \"""Return the outputs for the features at the horizon.\"""
            {last}

        def forward(self, x):
            return self.outputs({given})
""")

_WITH_LENGTH = block("""
    def with_length(f, {t}pair):
        \"""Return the velocity of the features and of the length of each component's way.\"""
        velocity = f({t}pair[0])
        return torch.stack([velocity, velocity.abs()])
""")

_REST = block("""
    def rest(net, start):
        \"""Return {what} where they should be at rest.\"""
        {start}{past}
        for {index} in range(REST_FROM, REST_FROM + REST_STEPS):
            {lines}
        return REST_WEIGHT * {moved}.abs().mean()
""")
