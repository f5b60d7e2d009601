"""Pre-activation blocks and the maps between the stages of nets made of them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from playground.networks.images import BatchNorm, Repeating, conv


class PreActBlock(nn.Module):
    """F of a pre-activation residual block (He et al. 2016): norm, ReLU and convolution in turn.

    ``block(x)`` is the change alone; the residual connection around it adds it. A block that changes
    the shape has a 1×1 shortcut that branches off behind the first ReLU, see ``crossing``.

    Args:
        n_in: Channels that enter.
        n_out: Channels that leave.
        stride: Step of the convolution that shrinks the image.
        bottleneck: Three convolutions, the middle one with a quarter of the channels, instead of two.
        shortcut: Whether there is a 1×1 shortcut.

    Attributes:
        checkpointing: Whether nothing inside is kept for the way back; it is computed anew there, which
            saves memory and costs the time of one more way forward (Chen et al. 2016).
    """

    checkpointing = False

    def __init__(
        self,
        n_in: int,
        n_out: int,
        *,
        stride: int = 1,
        bottleneck: bool = False,
        shortcut: bool = False,
    ) -> None:
        super().__init__()
        inner = n_out // 4 if bottleneck else n_out
        sizes = [(n_in, inner, 1), (inner, inner, 3), (inner, n_out, 1)]
        if not bottleneck:
            sizes = [(n_in, n_out, 3), (n_out, n_out, 3)]
        shrinking = 1 if bottleneck else 0
        self.norms = nn.ModuleList(BatchNorm(a) for a, _, _ in sizes)
        self.convs = nn.ModuleList(
            conv(a, b, size, stride if i == shrinking else 1)
            for i, (a, b, size) in enumerate(sizes)
        )
        self.shortcut = conv(n_in, n_out, 1, stride) if shortcut else None

    def _opened(self, x: Tensor) -> Tensor:
        return functional.relu(self.norms[0](x))

    def _rest(self, y: Tensor) -> Tensor:
        y = self.convs[0](y)
        for norm, convolution in zip(self.norms[1:], self.convs[1:]):
            y = convolution(functional.relu(norm(y)))
        return y

    def forward(self, x: Tensor) -> Tensor:
        """Return F(x), in the shape of ``x`` where the block changes none."""
        return self._run(self._change, x)

    def crossing(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the features as the shortcut carries them, and their change, in the new shape."""
        return self._run(self._crossed, x)

    def _change(self, x: Tensor) -> Tensor:
        return self._rest(self._opened(x))

    def _crossed(self, x: Tensor) -> tuple[Tensor, Tensor]:
        y = self._opened(x)
        return self.shortcut(y), self._rest(y)

    def _run(self, function: Callable[[Tensor], Any], x: Tensor) -> Any:
        if not (self.checkpointing and torch.is_grad_enabled()):
            return function(x)
        return checkpoint(
            function,
            x,
            use_reentrant=False,
            preserve_rng_state=False,  # nothing in a block is random
            context_fn=lambda: (nullcontext(), Repeating(self)),
        )


class StageNorm(BatchNorm):
    """Batch normalisation in a block that a scheme evaluates several times in a step.

    The stages share weight and bias, but each has running statistics of its own. What enters differs
    from stage to stage; statistics that mix them fit none, and a net that learns well by those of its
    batches is judged by others and fails.

    Who steps the block sets ``turn`` to zero before each step, see ``begin_step``; a scheme with more
    stages than the block was trained with has the last statistics for the rest.

    Args:
        channels: Channels of the features.
        stages: Evaluations in a step.
    """

    def __init__(self, channels: int, stages: int) -> None:
        super().__init__(channels)
        self.running_mean = self.running_mean.repeat(stages, 1)
        self.running_var = self.running_var.repeat(stages, 1)
        self.stages, self.turn = stages, 0

    def forward(self, x: Tensor) -> Tensor:
        """Return the normalised features of the stage whose turn it is."""
        stage, self.turn = min(self.turn, self.stages - 1), self.turn + 1
        batch = self.training and x.numel() > x.shape[1]  # see BatchNorm
        mean, variance = self.running_mean[stage], self.running_var[stage]
        if batch and self.repeats:
            mean, variance = mean.clone(), variance.clone()
        return functional.batch_norm(
            x,
            mean,
            variance,
            self.weight,
            self.bias,
            batch,
            self.momentum if batch else 0.0,
            self.eps,
        )

    @staticmethod
    def put_into(block: PreActBlock, stages: int) -> None:
        """Give a fresh block such normalisations in the place of its own."""
        if stages > 1:
            block.norms = nn.ModuleList(StageNorm(n.num_features, stages) for n in block.norms)


def begin_step(module: nn.Module) -> None:
    """Tell the normalisations inside that the next evaluation is the first stage of a step."""
    for norm in module.modules():
        if isinstance(norm, StageNorm):
            norm.turn = 0


class Shrink(nn.Module):
    """The shortcut without parameters: every second pixel, and zeros as the added channels.

    Option A of He et al. (2016).
    """

    def __init__(self, n_in: int, n_out: int, stride: int) -> None:
        super().__init__()
        self.added, self.stride = n_out - n_in, stride

    def forward(self, x: Tensor) -> Tensor:
        """Return the features in their new shape."""
        x = x[..., :: self.stride, :: self.stride]
        return functional.pad(x, (0, 0, 0, 0, 0, self.added))
