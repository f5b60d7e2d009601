"""Attention over the positions of an image as code of an exported script."""

from __future__ import annotations

from typing import Any

from playground.experiment import Experiment
from playground.networks.attention import ADAPTIVE
from playground.networks.sequences import Sequence
from playground.training.scripting.draft import Draft, block, body
from playground.training.scripting.parts import image_shape_of


def write_classic_attention(draft: Draft, experiment: Experiment, options: Any) -> None:
    """Add attention over the positions of an image, in one layer."""
    _parts(draft, experiment, options, flows=False)
    draft.block(_CLASSIC)


def write_ode_attention(draft: Draft, experiment: Experiment, options: Any) -> None:
    """Add neural ODE attention, whose positions flow before they are attended to."""
    draft.need("from torchdiffeq import odeint")
    _parts(draft, experiment, options, flows=True)
    draft.heading("The flow")
    draft.constant("N_TIMES", options.n_times, "times that are attended to")
    draft.constant("HORIZON", options.horizon, "the last of them; the first is 0")
    draft.constant("METHOD", options.method, "of torchdiffeq, whose rk4 is the 3/8 rule")
    if options.method in ADAPTIVE:
        draft.constant("RTOL", options.tolerance, "the error of a step stays below ATOL + RTOL |h|")
        draft.expression("ATOL", "RTOL / 100")
        draft.block(_ADAPTIVE)
    else:
        draft.constant("SUBSTEPS", options.substeps, "equal steps from one time to the next")
        draft.block(_FIXED)
    draft.block(_FLOWING)


def _parts(draft: Draft, experiment: Experiment, options: Any, *, flows: bool) -> None:
    """Add the sizes, the positions, the attention and the head."""
    sequence = Sequence(image_shape_of(experiment), options.encoding, options.patch)
    draft.constant("WIDTH", options.width, "components of a position")
    draft.constant("N_VALUES", sequence.values, "values of the image at a position")
    if options.encoding == "patches":
        draft.constant("PATCH", options.patch, "pixels along each side of a patch")
    if options.encoding != "rows":
        draft.need("from torch.nn import functional as F")
    made, context = ["self.attention = Attention()"], "context"
    if options.dropout:
        draft.constant("DROPOUT", options.dropout, "share of the context that is dropped")
        made.append("self.dropout = nn.Dropout(DROPOUT)")
        context = "self.dropout(context)"
    draft.block(_POSITIONS[options.encoding])
    draft.block(_ATTENTION[options.form])
    draft.block(
        _HEAD.format(
            of_times="at each time, average over the times" if flows else "over the positions",
            mean=".mean(dim=1)" if flows else "",
            made=body(made, 2),
            context=context,
        )
    )


_POSITIONS = {
    "rows": """
class Positions(nn.Module):
    \"""Every row of every channel becomes a position, its pixels the values.\"""

    def forward(self, x):
        return x.flatten(1, 2)
""",
    "patches": """
class Positions(nn.Module):
    \"""Every square patch with all of its channels becomes a position.\"""

    def forward(self, x):
        height, width = x.shape[2:]
        x = F.pad(x, (0, -width % PATCH, 0, -height % PATCH))  # zeros fill the last patches
        return F.unfold(x, PATCH, stride=PATCH).mT
""",
    "flat": """
class Positions(nn.Module):
    \"""Every pixel becomes a position, its channels the values.\"""

    def forward(self, x):
        return F.unfold(x, 1).mT
""",
}

_ATTENTION = {
    "score": """
class Attention(nn.Module):
    \"""One score a position: a = softmax(w h + b) over the positions, the context is sum a_i h_i.\"""

    def __init__(self):
        super().__init__()
        self.score = nn.Linear(WIDTH, 1)

    def forward(self, h):
        weights = torch.softmax(self.score(h), dim=-2).mT
        return (weights @ h).squeeze(-2)
""",
    "qkv": """
class Attention(nn.Module):
    \"""A = softmax(Q K' / sqrt(width)); the context is the average of A V over the positions.\"""

    def __init__(self):
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(WIDTH, WIDTH, bias=False) for _ in range(3))

    def forward(self, h):
        scores = self.query(h) @ self.key(h).mT
        weights = torch.softmax(scores / WIDTH**0.5, dim=-1)
        mean = weights.mean(dim=-2)  # the average of A V is the average row of A times V
        return (mean.unsqueeze(-2) @ self.value(h)).squeeze(-2)
""",
}

_HEAD = block("""
    class AttentionHead(nn.Module):
        \"""Attention {of_times}, then an affine decoder.\"""

        def __init__(self):
            super().__init__()
            {made}
            self.decoder = nn.Linear(WIDTH, N_OUTPUTS)

        def forward(self, h):
            context = self.attention(h){mean}
            return self.decoder({context})
""")

_CLASSIC = """
class Net(nn.Module):
    \"""Classic attention: the positions are mapped, normalised and attended to once.\"""

    def __init__(self):
        super().__init__()
        self.lift = nn.Sequential(Positions(), nn.Linear(N_VALUES, WIDTH))
        self.norm = nn.LayerNorm(WIDTH)
        self.head = AttentionHead()

    def forward(self, x):
        return self.head(self.norm(self.lift(x)))
"""

_FIXED = """
def flow(field, h):
    \"""Return the positions at N_TIMES equidistant times, the first axis the time.\"""
    steps = (N_TIMES - 1) * SUBSTEPS
    grid = torch.linspace(0.0, HORIZON, steps + 1, dtype=h.dtype, device=h.device)
    # The solver steps on our grid; times that are its very numbers need no interpolation.
    options = {"grid_constructor": lambda _f, _h, _t: grid}
    return odeint(field, h, grid[::SUBSTEPS], method=METHOD, options=options)
"""

_ADAPTIVE = """
def flow(field, h):
    \"""Return the positions at N_TIMES equidistant times, the first axis the time.\"""
    times = torch.linspace(0.0, HORIZON, N_TIMES, dtype=h.dtype, device=h.device)
    return odeint(field, h, times, method=METHOD, rtol=RTOL, atol=ATOL)
"""

_FLOWING = """
class Field(nn.Module):
    \"""The velocity of every position: linear, LayerNorm, ReLU, linear; it does not see the time.\"""

    def __init__(self):
        super().__init__()
        first, second = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.layers = nn.Sequential(first, nn.LayerNorm(WIDTH), nn.ReLU(), second)

    def forward(self, _t, h):
        return self.layers(h)


class Net(nn.Module):
    \"""Neural ODE attention: the positions flow, and several times of the flow are attended to.\"""

    def __init__(self):
        super().__init__()
        self.lift = nn.Sequential(Positions(), nn.Linear(N_VALUES, WIDTH))
        self.field = Field()
        self.norm = nn.LayerNorm(WIDTH)
        self.head = AttentionHead()

    def forward(self, x):
        states = flow(self.field, self.lift(x))
        # (times, batch, positions, width) becomes (batch, times, positions, width).
        return self.head(self.norm(torch.stack(states.unbind(), dim=1)))
"""
