"""Residual nets on images that differ only in how they step: Euler, Taylor, two-step, Runge-Kutta."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from playground.integrators import INTEGRATORS
from playground.networks.base import NETWORKS, ChosenScheme, Network
from playground.networks.blocks import PreActBlock, Shrink, StageNorm, begin_step
from playground.networks.images import BatchNorm, ImageNet, PooledHead, Shape, conv
from playground.networks.residual import Residual, ResidualStack
from playground.networks.residual_layouts import (
    Layout,
    PreActOptions,
    StagedOptions,
    TaylorOptions,
    without_shortcuts,
)
from playground.registry import Misfit, option


def _spans(layout: Layout) -> list[tuple[int, int, int]]:
    """Return channels in and out and the stride of every block, where stages begin by themselves."""
    spans, n_in = [], layout.base
    for stage, (count, n_out) in enumerate(zip(layout.blocks, layout.widths)):
        for index in range(count):
            spans.append((n_in, n_out, 2 if stage > 0 and index == 0 else 1))
            n_in = n_out
    return spans


def _equal_blocks(layout: Layout) -> tuple[list[PreActBlock], dict[int, tuple[int, int, int]]]:
    """Return blocks that keep their shape, and the maps due before some: channels and stride."""
    blocks, maps = [], {}
    for n_in, n_out, stride in _spans(layout):
        if (n_in, stride) != (n_out, 1):
            maps[len(blocks)] = (n_in, n_out, stride)
        blocks.append(PreActBlock(n_out, n_out, bottleneck=layout.bottleneck))
    return blocks, maps


class ResidualNet(ImageNet):
    """Stem, residual blocks, average over the pixels, affine head; the CIFAR layout.

    The stem is a 3×3 convolution, and neither it nor the end has a normalisation of its own.
    """

    is_flow = True

    def __init__(self, shape: Shape, n_outputs: int, layout: Layout) -> None:
        super().__init__(shape)
        self.lift = conv(shape[0], layout.base, 3)
        self.head = PooledHead(layout.widths[-1], n_outputs)
        self.depth = sum(layout.blocks)

    def times(self) -> list[float]:
        """Return the numbers of the blocks."""
        return [float(i) for i in range(self.depth + 1)]


class PreActResNet(ResidualNet):
    """x ← x + F(x) with pre-activation blocks (He et al. 2016): Euler's method with h = 1.

    The first block of a stage changes the shape: x ← S(x) + F(x) with a 1×1 shortcut S.
    """

    def __init__(self, shape: Shape, n_outputs: int, layout: Layout) -> None:
        super().__init__(shape, n_outputs, layout)
        self.blocks = nn.ModuleList(
            PreActBlock(
                n_in,
                n_out,
                stride=stride,
                bottleneck=layout.bottleneck,
                shortcut=(n_in, stride) != (n_out, 1),
            )
            for n_in, n_out, stride in _spans(layout)
        )
        self.connection = Residual("euler")

    def states(self, y: Tensor) -> list[Tensor]:
        """Return the features behind the stem and behind every block."""
        step, states = self.connection.begin(), [y]
        for block in self.blocks:
            if block.shortcut is None:
                y = step(block, y)
            else:
                carried, change = block.crossing(y)
                y = carried + change
            states.append(y)
        self.nfe += len(self.blocks)
        return states


class StackedNet(ResidualNet):
    """A residual net whose blocks keep their shape and are stepped by a ``ResidualStack``."""

    stack: ResidualStack

    def states(self, y: Tensor) -> list[Tensor]:
        """Return the features behind the stem and behind every block."""
        before = self.stack.evaluations
        states = self.stack.states(y)
        self.nfe += self.stack.evaluations - before
        return states


class TaylorResNet(StackedNet):
    """TM-ResNet: x_{l+1} = 3/2 x_l − x_{l−1} + ½ x_{l−2} + F(x_l), started by two Euler steps.

    At the end of a stage one 1×1 convolution each carries x_l, x_{l−1} and x_{l−2} on, so that the
    history goes through the whole net. The layout is the only one found that has the published
    numbers of weights and depths; bottleneck nets widen the stem's channels by one more 1×1 map.
    """

    def __init__(self, shape: Shape, n_outputs: int, layout: Layout) -> None:
        super().__init__(shape, n_outputs, layout)
        blocks, maps = _equal_blocks(layout)
        carried = {
            index: [conv(n_in, n_out, 1, stride) for _ in range(3 if index else 1)]
            for index, (n_in, n_out, stride) in maps.items()
        }
        self.stack = ResidualStack(blocks, scheme="taylor_multistep", transitions=carried)


class HigherOrderOptions(PreActOptions):
    """Options of HO-ResNet."""

    step: float = option(
        1.0, label="Step h", help="Time that one block covers.", ge=0.01, le=10, log=True
    )
    matched: bool = option(
        False,
        label="Weights of a PreActResNet",
        help="Gives the stages as many blocks as make the number of weights that of a PreActResNet of "
        "the same size, whose shortcuts have weights and whose blocks that begin a stage have fewer.",
        advanced=True,
    )

    @property
    def layout(self) -> Layout:
        """The stages."""
        return without_shortcuts(super().layout) if self.matched else super().layout

    def fit(self, n_features: int | tuple[int, ...], scheme: str) -> None:
        """Add to the check of the images that the scheme has a tableau."""
        super().fit(n_features, scheme)
        if INTEGRATORS[scheme].kind != "runge_kutta":
            legal = ", ".join(n for n, e in INTEGRATORS.items() if e.kind == "runge_kutta")
            raise Misfit("scheme", f"{scheme!r} has no explicit tableau; legal is {legal}")


class HigherOrderResNet(StackedNet):
    """HO-ResNet: every block is stepped by a Runge-Kutta scheme, whose stages share its weights.

    Only the running statistics of the normalisations are each stage's own. Where the shape changes the
    shortcut has no parameters: every second pixel, zeros as added channels.
    """

    def __init__(
        self, shape: Shape, n_outputs: int, layout: Layout, step: float, chosen: ChosenScheme
    ) -> None:
        super().__init__(shape, n_outputs, layout)
        blocks, maps = _equal_blocks(layout)
        for block in blocks:
            StageNorm.put_into(block, chosen.scheme.stages)
        shrinks = {index: Shrink(*sizes) for index, sizes in maps.items()}
        self.stack = ResidualStack(blocks, scheme=chosen, step=step, transitions=shrinks)
        self.step = step

    def states(self, y: Tensor) -> list[Tensor]:
        """Return the features behind the stem and behind every block."""
        begin_step(self)  # every block is met in one step of a pass
        return super().states(y)

    def times(self) -> list[float]:
        """Return the times of the block borders."""
        return [i * self.step for i in range(self.depth + 1)]


class NormalisedShortcut(nn.Module):
    """Norm, ReLU and a 1×1 convolution, which carry the features into the next stage."""

    def __init__(self, n_in: int, n_out: int, stride: int) -> None:
        super().__init__()
        self.norm = BatchNorm(n_in)
        self.conv = conv(n_in, n_out, 1, stride)

    def forward(self, x: Tensor) -> Tensor:
        """Return the features in their new shape."""
        return self.conv(functional.relu(self.norm(x)))


class TwoStepResNet(ResidualNet):
    """LM-ResNet: x_{n+1} = k_n x_n + (1 − k_n) x_{n−1} + f(x_n), k_n trained (Lu et al. 2018).

    The k_n are drawn from U(1, 1.1). The first block of the net and those that change the shape take
    Euler's step; what the shortcut of a changing block returns stands for x_{n−1} in the new shape.

    Attributes:
        k: The weights k_n of all blocks that look back ``(blocks,)``.
    """

    def __init__(self, shape: Shape, n_outputs: int, layout: Layout) -> None:
        super().__init__(shape, n_outputs, layout)
        self.blocks, self.shortcuts = nn.ModuleList(), nn.ModuleDict()
        for index, (n_in, n_out, stride) in enumerate(_spans(layout)):
            self.blocks.append(
                PreActBlock(n_in, n_out, stride=stride, bottleneck=layout.bottleneck)
            )
            if (n_in, stride) != (n_out, 1):
                self.shortcuts[str(index)] = NormalisedShortcut(n_in, n_out, stride)
        back = [i for i in range(1, self.depth) if str(i) not in self.shortcuts]
        self._position = {index: position for position, index in enumerate(back)}
        self.k = nn.Parameter(torch.empty(len(back)).uniform_(1.0, 1.1))

    def states(self, y: Tensor) -> list[Tensor]:
        """Return the features behind the stem and behind every block."""
        states, before = [y], y
        for index, block in enumerate(self.blocks):
            change = block(y)
            if index in self._position:
                k = self.k[self._position[index]]
                y, before = k * y + (1 - k) * before + change, y
            else:
                before = self.shortcuts[str(index)](y) if str(index) in self.shortcuts else y
                y = before + change
            states.append(y)
        self.nfe += len(self.blocks)
        return states


def _sparing(net: ResidualNet, options: StagedOptions) -> nn.Module:
    """Return a net whose blocks are computed anew on the way back, if that was chosen."""
    for module in net.modules():
        if isinstance(module, PreActBlock):
            module.checkpointing = options.checkpointing
    return net


def _preact(shape: Shape, n_outputs: int, options: PreActOptions, _: ChosenScheme) -> nn.Module:
    return _sparing(PreActResNet(shape, n_outputs, options.layout), options)


def _taylor(shape: Shape, n_outputs: int, options: TaylorOptions, _: ChosenScheme) -> nn.Module:
    return _sparing(TaylorResNet(shape, n_outputs, options.layout), options)


def _higher(
    shape: Shape, n_outputs: int, options: HigherOrderOptions, chosen: ChosenScheme
) -> nn.Module:
    return _sparing(
        HigherOrderResNet(shape, n_outputs, options.layout, options.step, chosen), options
    )


def _two_step(shape: Shape, n_outputs: int, options: PreActOptions, _: ChosenScheme) -> nn.Module:
    return _sparing(TwoStepResNet(shape, n_outputs, options.layout), options)


NETWORKS.add(
    Network(
        name="preact_resnet",
        label="PreActResNet",
        summary="A pre-activation residual net on images; each block is one Euler step.",
        reference="He et al. (2016)",
        options=PreActOptions,
        make=_preact,
        takes_images=True,
        formula=r"x_{l+1} = x_l + F_l(x_l)",
    )
)
NETWORKS.add(
    Network(
        name="tm_resnet",
        label="TM-ResNet",
        summary="A residual net whose blocks are stepped by the Taylor multistep scheme, the history "
        "carried through all stages.",
        reference="Wang et al. (2024), table 1",
        options=TaylorOptions,
        make=_taylor,
        takes_images=True,
        formula=r"x_{l+1} = \tfrac32 x_l - x_{l-1} + \tfrac12 x_{l-2} + F_l(x_l)",
    )
)
NETWORKS.add(
    Network(
        name="ho_resnet",
        label="HO-ResNet",
        summary="A residual net whose blocks are each stepped by a Runge-Kutta scheme, with weights "
        "that the stages share.",
        reference="Luo et al. (2022)",
        options=HigherOrderOptions,
        make=_higher,
        uses_scheme=True,
        takes_images=True,
        formula=r"\dot x = F_l(x)",
    )
)
NETWORKS.add(
    Network(
        name="lm_resnet",
        label="LM-ResNet",
        summary="A residual net of two-step blocks with a trained weight between the last features "
        "and those before.",
        reference="Lu et al. (2018)",
        options=PreActOptions,
        make=_two_step,
        takes_images=True,
        formula=r"x_{n+1} = k_n x_n + (1 - k_n)\, x_{n-1} + F_n(x_n)",
    )
)
