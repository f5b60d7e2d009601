"""The net of an exported script: one plain module, named and drawn as the playground's own.

Modules and parameters are made in the playground's order, so that a seed gives the same weights, and
carry its names, so that the weights of either load into the other.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playground.experiment import Experiment
from playground.training.scripting.adjoint import write_adjoint
from playground.training.scripting.attention import write_classic_attention, write_ode_attention
from playground.training.scripting.draft import Draft, block, body
from playground.training.scripting.image_flows import write_conv_ode, write_mixer
from playground.training.scripting.parts import activation, stepper_of, write_module, write_sizes
from playground.training.scripting.residual import (
    write_ho_resnet,
    write_lm_resnet,
    write_preact_resnet,
    write_tm_resnet,
)
from playground.training.scripting.robust import write_cnn, write_ode_net, write_tis_ode
from playground.training.scripting.staged import write_staged_net
from playground.training.scripting.steps import Stepper, integration, write_steps


def write_net(draft: Draft, experiment: Experiment) -> None:
    """Add the constants of the net, its integrator and the class ``Net``.

    Raises:
        KeyError: For a network that no code is known for.
        ValueError: For such a scheme or activation.
    """
    draft.need("import torch", "from torch import nn")
    draft.heading("The net")
    classifies = experiment.task == "classification"
    draft.expression("N_OUTPUTS", "len(CLASSES)" if classifies else str(experiment.n_outputs))
    WRITERS[experiment.network.name](draft, experiment, experiment.network.options)


def _term(term: str) -> str:
    """Return the code of an input feature such as ``x1^2``; the data's columns count from 0."""
    columns = [f"x[:, {int(index) - 1}]" for index in re.findall(r"x(\d+)", term)]
    if term.startswith("sin"):
        return f"torch.sin({columns[0]})"
    if "^" in term:
        return f"{columns[0]} * {columns[0]}"
    return " * ".join(columns)


def _inputs(draft: Draft, experiment: Experiment) -> str:
    """Add the function that makes the input features, if any, and return how ``x`` enters the net."""
    terms = experiment.network.options.inputs
    if not terms:
        of = "math.prod(SHAPE)" if experiment.data.entry.image_shape else "len(FEATURES)"
        draft.expression("N_INPUTS", of)
        return "x"
    draft.constant("N_INPUTS", len(terms), "input features made of the data's")
    template = block("""
        def features(x):
            \"""Return the terms of the points that the net sees.\"""
            terms = [
                {terms}
            ]
            return torch.stack(terms, dim=-1)
    """)
    draft.block(template.format(terms=body((f"{_term(term)}," for term in terms), 2)))
    return "features(x)"


def _lift(draft: Draft, experiment: Experiment, x: str) -> tuple[list[str], str]:
    """Return the lines that make the lift, and the code of the lifted inputs."""
    options = experiment.network.options
    added = options.width - (len(options.inputs) or experiment.n_features)
    if options.lift == "random":
        draft.need("from collections import OrderedDict")
        lines = [
            "# A random map to the width that is never trained.",
            "linear = nn.Linear(N_INPUTS, WIDTH).requires_grad_(False)",
            "self.lift = nn.Sequential(OrderedDict(linear=linear))",
        ]
        return lines, f"self.lift({x})"
    if added:
        draft.need("from torch.nn import functional as F")
        return [], f"F.pad({x}, (0, WIDTH - N_INPUTS))"
    return [], x


def _mlp(draft: Draft, experiment: Experiment, options: Any) -> None:
    x = _inputs(draft, experiment)
    draft.constant("WIDTH", options.width)
    draft.constant("DEPTH", options.depth, "hidden layers")
    draft.need("from itertools import pairwise")
    made = [
        "widths = [N_INPUTS] + [WIDTH] * DEPTH",
        "self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))",
        "self.head = nn.Linear(widths[-1], N_OUTPUTS)",
    ]
    forward = [
        f"y = {x}",
        "for layer in self.layers:",
        f"    y = {activation(draft, options.activation, 'layer(y)')}",
        "return self.head(y)",
    ]
    write_module(draft, "A multilayer perceptron.", made, forward)


_STACKS = [
    "# One matrix and one vector a layer, stacked.",
    "layers = [nn.Linear(WIDTH, WIDTH) for _ in range(DEPTH)]",
    "self.weight = nn.Parameter(torch.stack([layer.weight.detach() for layer in layers]))",
    "self.bias = nn.Parameter(torch.stack([layer.bias.detach() for layer in layers]))",
    "self.head = nn.Linear(WIDTH, N_OUTPUTS)",
]


def _standard(draft: Draft, experiment: Experiment, options: Any) -> None:
    x = _inputs(draft, experiment)
    draft.constant("WIDTH", options.width)
    draft.constant("DEPTH", options.depth, "layers")
    draft.need("from torch.nn import functional as F")
    lift, lifted = _lift(draft, experiment, x)
    forward = [
        f"y = {lifted}",
        "for weight, bias in zip(self.weight.unbind(), self.bias.unbind()):",
        f"    y = {activation(draft, options.activation, 'F.linear(y, weight, bias)')}",
        "return self.head(y)",
    ]
    write_module(
        draft, "A net of constant width without residual connections.", lift + _STACKS, forward
    )


def _flow_net(draft: Draft, experiment: Experiment, options: Any) -> None:
    learned = options.learned_steps != "no"
    stepper = stepper_of(experiment, learned=learned)
    x = _inputs(draft, experiment)
    draft.constant("WIDTH", options.width, "inputs and augmented dimensions")
    write_sizes(draft, options, "layers")
    draft.need("from torch.nn import functional as F", "from functools import partial")
    lift, lifted = _lift(draft, experiment, x)
    write_steps(draft, stepper)
    time = "t, " if stepper.timed else ""
    draft.block(f"""
        def field(weight, bias, {time}y):
            \"""Return the velocity of the features inside a layer.\"""
            return {activation(draft, options.activation, "F.linear(y, weight, bias)")}
    """)
    made, steps = [*lift, *_STACKS], None
    if learned:
        start = {"free": "torch.full((DEPTH,), STEP)", "simplex": "torch.zeros(DEPTH)"}
        made.append(
            f'self.learned = nn.ParameterDict({{"raw": nn.Parameter({start[options.learned_steps]})}})'
        )
        steps = {
            "free": 'self.learned["raw"]',
            "simplex": 'STEP * DEPTH * torch.softmax(self.learned["raw"], 0)  # shares of the horizon',
        }[options.learned_steps]
    forward = [f"y = {lifted}", *_layers(stepper, steps), "return self.head(y)"]
    write_module(draft, "A residual net as an integrator: one field a layer.", made, forward)


def _layers(stepper: Stepper, steps: str | None) -> list[str]:
    """Return the loop over the layers; ``steps`` is the code of learned step sizes."""
    stacks = "self.weight.unbind(), self.bias.unbind()"
    loop = f"for weight, bias in zip({stacks}):"
    field = "partial(field, weight, bias)"
    if stepper.scheme.kind == "adaptive":
        return [
            "t = 0.0",
            loop,
            "    # The field jumps at each layer border, so that the solver starts anew there.",
            f"    y = flow({field}, y, t, t + STEP)",
            "    t = t + STEP",
        ]
    if stepper.scheme.kind == "multistep":
        return ["past = []", loop, f"    y, past = step({field}, y, STEP, past)"]
    if steps is None:
        return [loop, f"    y = step({field}, y, STEP)"]
    return [
        f"steps = {steps}",
        f"for weight, bias, h in zip({stacks}, steps.unbind()):",
        f"    y = step({field}, y, h)",
    ]


def _neural_ode(draft: Draft, experiment: Experiment, options: Any) -> None:
    adjoint = options.gradient == "adjoint"
    stepper = stepper_of(experiment, timed=options.time_dependent, adjoint=adjoint)
    x = _inputs(draft, experiment)
    draft.constant("WIDTH", options.width, "inputs and augmented dimensions")
    write_sizes(draft, options, "steps")
    draft.constant("HIDDEN", options.hidden, "neurons in each hidden layer of the field")
    draft.constant("HIDDEN_LAYERS", options.hidden_layers)
    lift, lifted = _lift(draft, experiment, x)
    write_steps(draft, stepper)
    _field(draft, options, stepper)
    if stepper.scheme.kind == "adaptive":
        forward = [f"y = flow(self.field, {lifted}, 0.0, STEP * DEPTH)"]
    elif adjoint:
        write_adjoint(draft, stepper)
        call = f"Adjoint.apply(self.field, {lifted}, *self.field.parameters())"
        forward = [f"y = {call}"]
    else:
        forward = [f"y = {lifted}", *integration(stepper, "self.field", "STEP", "i * STEP")]
    made = [*lift, "self.field = Field()"]
    if options.head == "affine":
        made.append("self.head = nn.Linear(WIDTH, N_OUTPUTS)")
        forward.append("return self.head(y)")
    else:
        forward.append("return y[:, :N_OUTPUTS]")
    write_module(draft, "A neural ODE: one field shared by all depths.", made, forward)


def _field(draft: Draft, options: Any, stepper: Stepper) -> None:
    draft.need("from itertools import pairwise")
    template = block("""
        class Field(nn.Module):
            \"""The velocity of a state{of_time}.\"""

            def __init__(self):
                super().__init__()
                widths = [{first}] + [HIDDEN] * HIDDEN_LAYERS + [WIDTH]
                self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))

            def forward(self, {t}y):
                {lines}
    """)
    seen = [
        "time = torch.as_tensor(t, dtype=y.dtype, device=y.device)",
        "y = torch.cat([y, time.expand(len(y), 1)], dim=-1)",
    ]
    lines = seen if options.time_dependent else []
    lines = [
        *lines,
        "for layer in self.layers[:-1]:",
        f"    y = {activation(draft, options.activation, 'layer(y)')}",
        "return self.layers[-1](y)",
    ]
    draft.block(
        template.format(
            of_time=" at a time" if options.time_dependent else "",
            first="WIDTH + 1" if options.time_dependent else "WIDTH",
            t=stepper.t,
            lines=body(lines, 2),
        )
    )


WRITERS: dict[str, Callable[[Draft, Experiment, Any], None]] = {
    "mlp": _mlp,
    "standard_net": _standard,
    "rk_net": _flow_net,
    "neural_ode": _neural_ode,
    "multi_stage": lambda draft, experiment, options: write_staged_net(
        draft, options, _inputs(draft, experiment)
    ),
    "preact_resnet": write_preact_resnet,
    "tm_resnet": write_tm_resnet,
    "ho_resnet": write_ho_resnet,
    "lm_resnet": write_lm_resnet,
    "mixer": write_mixer,
    "conv_ode": write_conv_ode,
    "classic_attention": write_classic_attention,
    "ode_attention": write_ode_attention,
    "cnn": write_cnn,
    "ode_net": write_ode_net,
    "tis_ode": write_tis_ode,
}
