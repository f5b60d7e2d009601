"""Residual nets on images as code of an exported script."""

from __future__ import annotations

from typing import Any

from playground.experiment import Experiment
from playground.integrators import INTEGRATORS
from playground.networks.residual_layouts import Layout
from playground.registry import Options
from playground.training.scripting.draft import Draft, block
from playground.training.scripting.parts import image_shape_of, stepper_of
from playground.training.scripting.steps import Stepper, write_steps


def write_preact_resnet(draft: Draft, experiment: Experiment, options: Any) -> None:
    """Add PreActResNet, whose blocks add what they compute to what they were given."""
    _layout(draft, experiment, options.layout)
    draft.block(_CONNECTED.format(**_block_parts(experiment, options.layout)))
    draft.block(_PREACT)


def write_tm_resnet(draft: Draft, experiment: Experiment, options: Any) -> None:
    """Add TM-ResNet: the Taylor multistep scheme, its history carried from stage to stage."""
    _layout(draft, experiment, options.layout)
    scheme = INTEGRATORS["taylor_multistep"]
    write_steps(draft, Stepper(scheme, Options(), False, False, False, scheme.label))
    _plain_block(draft, experiment, options.layout)
    draft.block(_CARRYING)
    _stepped(draft, "TM-ResNet: each block is one step of the Taylor multistep scheme, h = 1.")


def write_ho_resnet(draft: Draft, experiment: Experiment, options: Any) -> None:
    """Add HO-ResNet: a Runge-Kutta scheme, whose stages share the weights of a block."""
    _layout(draft, experiment, options.layout)
    draft.constant("STEP", options.step, "h, the time that one block covers")
    write_steps(draft, stepper_of(experiment))
    several = _has_stages(experiment)
    if several:
        draft.constant("STAGES", experiment.scheme.chosen.stages, "of the scheme")
        draft.block(_STAGE_NORM)
    _plain_block(draft, experiment, options.layout, "StageNorm" if several else None)
    draft.block(_SHRINKING)
    _stepped(
        draft, "HO-ResNet: each block is stepped by the scheme, whose stages share its weights."
    )


def write_lm_resnet(draft: Draft, experiment: Experiment, options: Any) -> None:
    """Add LM-ResNet, the two-step method with trained weights."""
    _layout(draft, experiment, options.layout)
    _plain_block(draft, experiment, options.layout)
    draft.block(_TWO_STEP.replace("nn.BatchNorm2d", _norm(experiment, options.layout)))


def _layout(draft: Draft, experiment: Experiment, layout: Layout) -> None:
    """Add the constants of a layout, and what all residual nets are made of."""
    draft.constant("STEM", layout.base, "channels behind the first convolution")
    draft.constant("BLOCKS", layout.blocks, "of each stage")
    draft.constant("CHANNELS", layout.widths, "that leave the blocks of each stage")
    draft.need("from torch.nn import functional as F")
    draft.block("""
        def conv(n_in, n_out, size, stride=1):
            \"""Return a convolution without bias; the stride alone makes the image smaller.\"""
            return nn.Conv2d(n_in, n_out, size, stride=stride, padding=size // 2, bias=False)
    """)
    draft.block("""
        def spans():
            \"""Yield channels in, channels out and stride of every block.\"""
            n_in = STEM
            for stage, (count, n_out) in enumerate(zip(BLOCKS, CHANNELS)):
                for index in range(count):
                    # The first block of every later stage halves height and width.
                    yield n_in, n_out, 2 if stage > 0 and index == 0 else 1
                    n_in = n_out
    """)
    if _norm(experiment, layout) == "BatchNorm" and not _has_stages(experiment):
        draft.block(_BATCH_NORM)
    draft.block("""
        class PooledHead(nn.Module):
            \"""The average over all pixels, then an affine map to the outputs.\"""

            def __init__(self):
                super().__init__()
                self.linear = nn.Linear(CHANNELS[-1], N_OUTPUTS)

            def forward(self, x):
                return self.linear(x.mean(dim=(2, 3)))
    """)


def _has_stages(experiment: Experiment) -> bool:
    """Return whether every block is evaluated several times in a step, each with its statistics."""
    return experiment.network.name == "ho_resnet" and experiment.scheme.chosen.stages > 1


def _norm(experiment: Experiment, layout: Layout) -> str:
    """Return the class of the normalisations; a batch of one pixel needs one of its own."""
    shrunk = 2 ** (len(layout.blocks) - 1)
    _, height, width = image_shape_of(experiment)
    n = experiment.split_sizes[0]
    batch = n if experiment.optimizer.entry.full_batch else min(experiment.batch_size, n)
    one_pixel = max(height, width) <= shrunk
    return "BatchNorm" if one_pixel and (batch == 1 or n % batch == 1) else "nn.BatchNorm2d"


def _block_parts(experiment: Experiment, layout: Layout, norm: str | None = None) -> dict[str, str]:
    """Return what differs between blocks of two convolutions and bottlenecks of three."""
    norm = norm or _norm(experiment, layout)
    if not layout.bottleneck:
        return {
            "count": "twice",
            "inner": "",
            "norms": f"self.norms = nn.ModuleList([{norm}(n_in), {norm}(n_out)])",
            "convs": "convs = [conv(n_in, n_out, 3, stride), conv(n_out, n_out, 3)]",
        }
    return {
        "count": "three times",
        "inner": "inner = n_out // 4  # the bottleneck: the 3x3 convolution has so few channels\n"
        "        ",
        "norms": f"self.norms = nn.ModuleList({norm}(n) for n in (n_in, inner, inner))",
        "convs": "convs = [conv(n_in, inner, 1), conv(inner, inner, 3, stride), "
        "conv(inner, n_out, 1)]",
    }


def _plain_block(
    draft: Draft, experiment: Experiment, layout: Layout, norm: str | None = None
) -> None:
    draft.block(_BLOCK.format(**_block_parts(experiment, layout, norm)))


def _stepped(draft: Draft, summary: str) -> None:
    draft.block(_STEPPED.format(summary=summary))


_BATCH_NORM = """
class BatchNorm(nn.BatchNorm2d):
    \"""Batch normalisation that takes the running statistics where a batch has but one value.

    PyTorch refuses to train on that: here the last batch of an epoch is one image, and the last
    stage has shrunk it to one pixel.
    \"""

    def forward(self, x):
        if self.training and x.numel() == x.shape[1]:
            running = self.running_mean, self.running_var
            return F.batch_norm(x, *running, self.weight, self.bias, False, 0.0, self.eps)
        return super().forward(x)
"""

_STAGE_NORM = """
class StageNorm(nn.BatchNorm2d):
    \"""Batch normalisation whose weights the stages share; each has running statistics of its own.

    What enters differs from stage to stage, so that mixed statistics would fit none of them.
    \"""

    def __init__(self, channels):
        super().__init__(channels)
        self.running_mean = self.running_mean.repeat(STAGES, 1)
        self.running_var = self.running_var.repeat(STAGES, 1)
        self.turn = 0

    def forward(self, x):
        stage, self.turn = self.turn, (self.turn + 1) % STAGES
        running = self.running_mean[stage], self.running_var[stage]
        batch = self.training and x.numel() > x.shape[1]  # one value a channel has no spread
        rate = self.momentum if batch else 0.0
        return F.batch_norm(x, *running, self.weight, self.bias, batch, rate, self.eps)
"""

_BLOCK = block("""
    class PreActBlock(nn.Module):
        \"""The change F(x) in a pre-activation block: norm, ReLU and convolution, {count}.\"""

        def __init__(self, n_in, n_out, stride=1):
            super().__init__()
            {inner}{norms}
            {convs}
            self.convs = nn.ModuleList(convs)

        def forward(self, x):
            for norm, convolve in zip(self.norms, self.convs):
                x = convolve(F.relu(norm(x)))
            return x
""")

_CONNECTED = block("""
    class PreActBlock(nn.Module):
        \"""x + F(x), where F is norm, ReLU and convolution, {count} (He et al. 2016).\"""

        def __init__(self, n_in, n_out, stride):
            super().__init__()
            {inner}{norms}
            {convs}
            self.convs = nn.ModuleList(convs)
            # A block that changes the shape carries x over by a 1x1 convolution.
            changes = (n_in, stride) != (n_out, 1)
            self.shortcut = conv(n_in, n_out, 1, stride) if changes else None

        def forward(self, x):
            y = F.relu(self.norms[0](x))
            carried = x if self.shortcut is None else self.shortcut(y)  # behind the first ReLU
            y = self.convs[0](y)
            for norm, convolve in zip(self.norms[1:], self.convs[1:]):
                y = convolve(F.relu(norm(y)))
            return carried + y
""")

_PREACT = """
class Net(nn.Module):
    \"""PreActResNet: x = x + F(x) block by block, which is Euler's method with h = 1.\"""

    def __init__(self):
        super().__init__()
        self.lift = conv(SHAPE[0], STEM, 3)
        self.head = PooledHead()
        self.blocks = nn.ModuleList(PreActBlock(*span) for span in spans())

    def forward(self, x):
        x = self.lift(x)
        for block in self.blocks:
            x = block(x)
        return self.head(x)
"""

_STEPPED = block("""
    class Net(nn.Module):
        \"""{summary}\"""

        def __init__(self):
            super().__init__()
            self.lift = conv(SHAPE[0], STEM, 3)
            self.head = PooledHead()
            self.stack = Stack()

        def forward(self, x):
            return self.head(self.stack(self.lift(x)))
""")

_CARRYING = """
class Stack(nn.Module):
    \"""The blocks, which keep the shape, and 1x1 convolutions that lead from stage to stage.\"""

    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList(PreActBlock(n_out, n_out) for _, n_out, _ in spans())
        self.transitions = nn.ModuleDict()
        for index, (n_in, n_out, stride) in enumerate(spans()):
            if (n_in, stride) != (n_out, 1):
                # One each for x and the two features before it; at the start there is only x.
                maps = [conv(n_in, n_out, 1, stride) for _ in range(3 if index else 1)]
                self.transitions[str(index)] = nn.ModuleList(maps)

    def forward(self, x):
        past = []
        for index, block in enumerate(self.blocks):
            if str(index) in self.transitions:
                now, *before = self.transitions[str(index)]
                # The history goes through all stages; the scheme looks at no former slope.
                past = [(carry(state), None) for carry, (state, _) in zip(before, past)]
                x = now(x)
            x, past = step(block, x, 1.0, past)
        return x
"""

_SHRINKING = """
def shrink(x, n_out, stride):
    \"""Return every second pixel, zeros as the added channels: a shortcut that nothing trains.\"""
    return F.pad(x[..., ::stride, ::stride], (0, 0, 0, 0, 0, n_out - x.shape[1]))


class Stack(nn.Module):
    \"""The blocks, which keep the shape; between the stages the image shrinks.\"""

    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList(PreActBlock(n_out, n_out) for _, n_out, _ in spans())

    def forward(self, x):
        for block, (n_in, n_out, stride) in zip(self.blocks, spans()):
            if (n_in, stride) != (n_out, 1):
                x = shrink(x, n_out, stride)
            x = step(block, x, STEP)
        return x
"""

_TWO_STEP = """
class Shortcut(nn.Module):
    \"""Norm, ReLU and a 1x1 convolution, which carry the features into the next stage.\"""

    def __init__(self, n_in, n_out, stride):
        super().__init__()
        self.norm = nn.BatchNorm2d(n_in)
        self.conv = conv(n_in, n_out, 1, stride)

    def forward(self, x):
        return self.conv(F.relu(self.norm(x)))


class Net(nn.Module):
    \"""LM-ResNet: x_(n+1) = k_n x_n + (1 - k_n) x_(n-1) + F(x_n) with trained k_n (Lu et al. 2018).

    The first block, and each that changes the shape, takes Euler's step.
    \"""

    def __init__(self):
        super().__init__()
        self.lift = conv(SHAPE[0], STEM, 3)
        self.head = PooledHead()
        self.blocks, self.shortcuts = nn.ModuleList(), nn.ModuleDict()
        self.position = {}  # in k, of each block that looks back
        for index, (n_in, n_out, stride) in enumerate(spans()):
            self.blocks.append(PreActBlock(n_in, n_out, stride))
            if (n_in, stride) != (n_out, 1):
                self.shortcuts[str(index)] = Shortcut(n_in, n_out, stride)
            elif index > 0:
                self.position[index] = len(self.position)
        self.k = nn.Parameter(torch.empty(len(self.position)).uniform_(1.0, 1.1))

    def forward(self, x):
        x = before = self.lift(x)
        for index, block in enumerate(self.blocks):
            change = block(x)
            if index in self.position:
                k = self.k[self.position[index]]
                x, before = k * x + (1 - k) * before + change, x
            else:
                # In a new shape, what the shortcut returns stands for the features before.
                before = self.shortcuts[str(index)](x) if str(index) in self.shortcuts else x
                x = before + change
        return self.head(x)
"""
