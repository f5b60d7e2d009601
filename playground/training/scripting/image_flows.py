"""The mixer and the convolutional neural ODE as code of an exported script."""

from __future__ import annotations

from typing import Any

from playground.experiment import Experiment
from playground.training.scripting.adjoint import write_adjoint
from playground.training.scripting.draft import Draft, block, body
from playground.training.scripting.parts import (
    activation,
    image_shape_of,
    stepper_of,
    write_sizes,
)
from playground.training.scripting.resting import write_flow
from playground.training.scripting.steps import Stepper, integration, write_steps


def write_mixer(draft: Draft, experiment: Experiment, options: Any) -> None:
    """Add MLP-Mixer, each of whose residual connections is one step of the scheme."""
    stepper = stepper_of(experiment)
    _, height, width = image_shape_of(experiment)
    patches = -(-height // options.patch) * -(-width // options.patch)
    draft.constant("PATCH", options.patch, "pixels along each side of a patch")
    draft.constant("N_PATCHES", patches)
    draft.constant("WIDTH", options.width, "components of the features of a patch")
    draft.constant("DEPTH", options.depth, "layers; each mixes the patches, then the components")
    draft.constant("EXPANSION", options.expansion, "hidden neurons for each input of a block")
    draft.constant("STEP", options.step, "h, the time that one residual connection covers")
    draft.need("from torch.nn import functional as F")
    write_steps(draft, stepper)
    draft.block(_PATCHES)
    draft.block(_MIXING.format(t=stepper.t))
    draft.block(_STACK.format(loop=body(_blocks(stepper), 2)))
    draft.block(_MIXER)


def _blocks(stepper: Stepper) -> list[str]:
    """Return the loop over the blocks."""
    if stepper.scheme.kind == "adaptive":
        return [
            "t = 0.0",
            "for block in self.blocks:",
            "    # The field jumps from block to block, so that the solver starts anew there.",
            "    x = flow(block, x, t, t + STEP)",
            "    t = t + STEP",
        ]
    if stepper.scheme.kind == "multistep":
        return [
            "past = []",
            "for block in self.blocks:",
            "    x, past = step(block, x, STEP, past)",
        ]
    return ["for block in self.blocks:", "    x = step(block, x, STEP)"]


_PATCHES = """
class PatchEmbedding(nn.Module):
    \"""One affine map of every patch; zeros fill the last patches.\"""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(SHAPE[0], WIDTH, PATCH, stride=PATCH)

    def forward(self, x):
        height, width = x.shape[2:]
        x = F.pad(x, (0, -width % PATCH, 0, -height % PATCH))
        return self.conv(x).flatten(2).mT  # (batch, patches, width)
"""

_MIXING = block("""
    class MixingBlock(nn.Module):
        \"""F of one connection: LayerNorm, then an MLP along the patches or the components.\"""

        def __init__(self, size, over_patches):
            super().__init__()
            hidden = max(1, round(size * EXPANSION))
            self.norm = nn.LayerNorm(WIDTH)
            self.first, self.second = nn.Linear(size, hidden), nn.Linear(hidden, size)
            self.over_patches = over_patches

        def forward(self, {t}x):
            y = self.norm(x)
            if not self.over_patches:
                return self.second(F.gelu(self.first(y)))
            return self.second(F.gelu(self.first(y.mT))).mT
""")

_STACK = block("""
    class Stack(nn.Module):
        \"""The chain of residual connections, each of which is one step.\"""

        def __init__(self):
            super().__init__()
            kinds = [(N_PATCHES, True), (WIDTH, False)] * DEPTH
            self.blocks = nn.ModuleList(MixingBlock(*kind) for kind in kinds)

        def forward(self, x):
            {loop}
            return x
""")

_MIXER = """
class MixerHead(nn.Module):
    \"""LayerNorm, average over the patches, affine map.\"""

    def __init__(self):
        super().__init__()
        self.norm, self.linear = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, N_OUTPUTS)

    def forward(self, x):
        return self.linear(self.norm(x).mean(dim=1))


class Net(nn.Module):
    \"""MLP-Mixer (Tolstikhin et al. 2021), whose residual connections are stepped by the scheme.\"""

    def __init__(self):
        super().__init__()
        self.lift = PatchEmbedding()
        self.stack = Stack()
        self.head = MixerHead()

    def forward(self, x):
        return self.head(self.stack(self.lift(x)))
"""


def write_conv_ode(draft: Draft, experiment: Experiment, options: Any) -> None:
    """Add the convolutional neural ODE: one field on an image that was given room to move in."""
    adjoint = options.gradient == "adjoint"
    stepper = stepper_of(experiment, timed=options.time_dependent, adjoint=adjoint)
    write_sizes(draft, options, "steps")
    lifted, room = _room(draft, options)
    draft.constant("FILTERS", options.filters, "channels inside the field")
    write_steps(draft, stepper)
    _field(draft, options, stepper, room)
    if stepper.scheme.kind == "adaptive":
        forward = [f"y = flow(self.field, {lifted}, 0.0, STEP * DEPTH)"]
    elif adjoint:
        write_adjoint(draft, stepper)
        forward = [f"y = Adjoint.apply(self.field, {lifted}, *self.field.parameters())"]
    else:
        forward = [f"y = {lifted}", *integration(stepper, "self.field", "STEP", "i * STEP")]
    made = ["self.field = Field()", *_head(draft, options, room)]
    summary = "A convolutional neural ODE (Dupont, Doucet and Teh 2019): one field moves the image."
    write_flow(draft, experiment, stepper, summary, made, [*forward, "return self.head(y)"])


def _room(draft: Draft, options: Any) -> tuple[str, str]:
    """Add the room for the flow; return the code of the image in it, and of its channels."""
    channels = options.augment == "channels"
    size = options.channels if channels else options.border
    if size:
        draft.need("from torch.nn import functional as F")
    if not size:
        return "x", "SHAPE[0]"
    if channels:
        draft.constant("ADDED", options.channels, "channels of zeros, room for the flow")
        return "F.pad(x, (0, 0, 0, 0, 0, ADDED))", "SHAPE[0] + ADDED"
    draft.constant("BORDER", options.border, "zeros on each side of the image, room for the flow")
    return "F.pad(x, (BORDER,) * 4)", "SHAPE[0]"


def _head(draft: Draft, options: Any, channels: str) -> list[str]:
    """Return the lines that make the head."""
    if options.head == "pool":
        draft.block(_POOLED.format(channels=channels))
        return ["self.head = PooledHead()"]
    border = options.border if options.augment == "border" else 0
    sides = (
        ["SHAPE[1] + 2 * BORDER", "SHAPE[2] + 2 * BORDER"] if border else ["SHAPE[1]", "SHAPE[2]"]
    )
    factors = [f"({f})" if "+" in f else f for f in (channels, *sides)]
    return [
        f"size = {' * '.join(factors)}",
        "self.head = nn.Sequential(nn.Flatten(), nn.Linear(size, N_OUTPUTS))",
    ]


_POOLED = block("""
    class PooledHead(nn.Module):
        \"""The average over all pixels, then an affine map to the outputs.\"""

        def __init__(self):
            super().__init__()
            self.linear = nn.Linear({channels}, N_OUTPUTS)

        def forward(self, y):
            return self.linear(y.mean(dim=(2, 3)))
""")

_FIELD = block("""
    class Field(nn.Module):
        \"""The velocity of an image{of_time}: convolutions 1x1, 3x3, 1x1.\"""

        def __init__(self):
            super().__init__()
            channels = {room}
            spans = [(channels, FILTERS, 1), (FILTERS, FILTERS, 3), (FILTERS, channels, 1)]
            self.convs = nn.ModuleList(
                nn.Conv2d(n_in{more}, n_out, size, padding=size // 2) for n_in, n_out, size in spans
            )

        def forward(self, {t}y):
            {lines}
""")


def _field(draft: Draft, options: Any, stepper: Stepper, room: str) -> None:
    seen = "y"
    lines = ["first, second, last = self.convs"]
    if options.time_dependent:
        lines += [
            "# The time is one more channel of every convolution, the same at all pixels.",
            "t = torch.as_tensor(t, dtype=y.dtype, device=y.device)",
            "time = t.expand(len(y), 1, *y.shape[2:])",
        ]
        seen = "torch.cat([y, time], dim=1)"
    for name in ("first", "second"):
        lines.append(f"y = {activation(draft, options.activation, f'{name}({seen})')}")
    lines.append(f"return last({seen})")
    draft.block(
        _FIELD.format(
            of_time=" at a time" if options.time_dependent else "",
            room=room,
            more=" + 1" if options.time_dependent else "",
            t=stepper.t,
            lines=body(lines, 2),
        )
    )
