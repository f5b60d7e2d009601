"""CNN, ODENet and TisODE as code of an exported script, with their defences."""

from __future__ import annotations

from typing import Any

from playground.experiment import Experiment
from playground.networks.robust import groups_of
from playground.training.scripting.adjoint import write_adjoint
from playground.training.scripting.draft import Draft, block, body
from playground.training.scripting.parts import stepper_of, write_module, write_sizes
from playground.training.scripting.steps import integration, write_steps


def write_cnn(draft: Draft, experiment: Experiment, options: Any) -> None:
    """Add the CNN, a residual net of one block."""
    lift = _parts(draft, options)
    _field(draft, "The change f(x) that the block adds.", "", timed=False)
    write_module(
        draft,
        "A CNN with one residual block, beside which ODENet and TisODE are held (Yan et al. 2020).",
        [*lift, "self.block = Field()", "self.head = PooledHead()"],
        ["y = self.lift(x)", "return self.head(y + self.block(y))"],
    )


def write_ode_net(draft: Draft, experiment: Experiment, options: Any) -> None:
    """Add ODENet, whose field sees the time."""
    summary = "ODENet: the CNN with a flow in the place of its block (Yan et al. 2020)."
    _flow(draft, experiment, options, summary, timed=True)


def write_tis_ode(draft: Draft, experiment: Experiment, options: Any) -> None:
    """Add TisODE, whose field does not see the time."""
    summary = (
        "TisODE: the CNN with a time-invariant flow in the place of its block (Yan et al. 2020)."
    )
    _flow(draft, experiment, options, summary, timed=False)


def _flow(draft: Draft, experiment: Experiment, options: Any, summary: str, *, timed: bool) -> None:
    adjoint = options.gradient == "adjoint"
    stepper = stepper_of(experiment, timed=timed, adjoint=adjoint)
    write_sizes(draft, options, "steps")
    lift = _parts(draft, options)
    write_steps(draft, stepper)
    about = f"The velocity of the features{' at a time' if timed else ''}."
    _field(draft, about, stepper.t, timed=timed)
    lifted = "self.lift(x)"
    if stepper.scheme.kind == "adaptive":
        forward = [f"y = flow(self.field, {lifted}, 0.0, STEP * DEPTH)"]
    elif adjoint:
        write_adjoint(draft, stepper)
        forward = [f"y = Adjoint.apply(self.field, {lifted}, *self.field.parameters())"]
    else:
        forward = [f"y = {lifted}", *integration(stepper, "self.field", "STEP", "i * STEP")]
    made = [*lift, "self.field = Field()", "self.head = PooledHead()"]
    write_module(draft, summary, made, [*forward, "return self.head(y)"])


def _parts(draft: Draft, options: Any) -> list[str]:
    """Add what surrounds the middle, and return the lines that make what leads to it."""
    draft.constant("CHANNELS", options.channels, "of all features")
    draft.constant(
        "GROUPS", groups_of(options.channels), "of channels that are normalised together"
    )
    draft.need("from torch.nn import functional as F", "from collections import OrderedDict")
    parts = ["stem=Stem()"]
    if options.randomise:
        draft.constant("ROOM", options.room, "pixels by which a randomised image grows")
        draft.block(_RANDOMISE)
        parts.insert(0, "randomise=Randomise()")
    draft.block(_STEM.format(second=_SECOND[options.stem], first=_FIRST[options.stem]))
    if options.denoise != "none":
        _denoise(draft, options)
        parts.append("denoise=Denoise()")
    draft.block(_POOLED)
    return [f"parts = OrderedDict({', '.join(parts)})", "self.lift = nn.Sequential(parts)"]


def _denoise(draft: Draft, options: Any) -> None:
    """Add the block that denoises the features."""
    made, means = [], "F.avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False)"
    if options.denoise == "non_local":
        draft.block(_NON_LOCAL[options.affinity])
        made, means = ["self.filter = NonLocalMeans()"], "self.filter(x)"
    made.append("self.conv = nn.Conv2d(CHANNELS, CHANNELS, 1)")
    draft.block(_DENOISE.format(made=body(made, 2), means=means))


def _field(draft: Draft, about: str, t: str, *, timed: bool) -> None:
    """Add f: twice a convolution, GroupNorm and ReLU."""
    lines = ["for conv, norm in zip(self.convs, self.norms):"]
    if timed:
        lines = [
            "# The time is one more channel of each convolution, the same at all pixels.",
            "t = torch.as_tensor(t, dtype=y.dtype, device=y.device)",
            *lines,
            "    y = torch.cat([t.expand(len(y), 1, *y.shape[2:]), y], dim=1)",
        ]
    lines += ["    y = F.relu(norm(conv(y)))", "return y"]
    bias = "" if timed else ", bias=False"
    span = "CHANNELS + 1, CHANNELS" if timed else "CHANNELS, CHANNELS"
    draft.block(
        _FIELD.format(
            about=about, conv=f"nn.Conv2d({span}, 3, padding=1{bias})", t=t, lines=body(lines, 2)
        )
    )


_FIRST = {
    "published": "nn.Conv2d(SHAPE[0], CHANNELS, 3)",
    "small": "nn.Conv2d(SHAPE[0], CHANNELS, 3, padding=1)",
}
_SECOND = {
    "published": "nn.Conv2d(CHANNELS, CHANNELS, 4, stride=2, padding=1)",
    "small": "nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1)",
}

_STEM = block("""
    class Stem(nn.Module):
        \"""The feature extractor: twice a convolution, GroupNorm and ReLU.\"""

        def __init__(self):
            super().__init__()
            first = {first}
            second = {second}
            self.convs = nn.ModuleList([first, second])
            self.norms = nn.ModuleList(nn.GroupNorm(GROUPS, CHANNELS) for _ in range(2))

        def forward(self, x):
            for conv, norm in zip(self.convs, self.norms):
                x = F.relu(norm(conv(x)))
            return x
""")

_FIELD = block("""
    class Field(nn.Module):
        \"""{about}\"""

        def __init__(self):
            super().__init__()
            self.convs = nn.ModuleList(
                {conv} for _ in range(2)
            )
            self.norms = nn.ModuleList(nn.GroupNorm(GROUPS, CHANNELS) for _ in range(2))

        def forward(self, {t}y):
            {lines}
""")

_POOLED = """
class PooledHead(nn.Module):
    \"""The average over all pixels, then an affine map to the outputs.\"""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(CHANNELS, N_OUTPUTS)

    def forward(self, y):
        return self.linear(y.mean(dim=(2, 3)))
"""

_RANDOMISE = """
class Randomise(nn.Module):
    \"""Enlarge images at random, and place them at random among zeros (Xie et al. 2018).

    All images of a batch share a draw; in use it is the same at every call.
    \"""

    def forward(self, x):
        generator = None if self.training else torch.Generator().manual_seed(0)
        more = torch.randint(ROOM + 1, (), generator=generator).item()
        rest = ROOM - more
        top, left = (torch.randint(rest + 1, (), generator=generator).item() for _ in range(2))
        height, width = x.shape[2:]
        x = F.interpolate(x, size=(height + more, width + more), mode="nearest")
        return F.pad(x, (left, rest - left, top, rest - top))
"""

_NON_LOCAL = {
    "softmax": """
class NonLocalMeans(nn.Module):
    \"""A mean of all pixels for every pixel, by how alike their embeddings are.\"""

    def __init__(self):
        super().__init__()
        self.inner = max(1, CHANNELS // 2)
        self.embeddings = nn.ModuleList(nn.Conv2d(CHANNELS, self.inner, 1) for _ in range(2))

    def forward(self, x):
        flat = x.flatten(2)
        theta, phi = (embed(x).flatten(2) for embed in self.embeddings)
        weights = (theta.mT @ phi / self.inner**0.5).softmax(dim=2)
        return (flat @ weights.mT).view_as(x)
""",
    "dot": """
class NonLocalMeans(nn.Module):
    \"""A mean of all pixels for every pixel, by the product of their features.\"""

    def forward(self, x):
        flat = x.flatten(2)
        weights = flat.mT @ flat / flat.shape[2]
        return (flat @ weights.mT).view_as(x)
""",
}

_DENOISE = block("""
    class Denoise(nn.Module):
        \"""Feature denoising: means, a 1x1 convolution, a residual connection (Xie et al. 2019).\"""

        def __init__(self):
            super().__init__()
            {made}

        def forward(self, x):
            return x + self.conv({means})
""")
