"""Attacks on a net that draws at random: through the mean over its draws."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from playground.attacks.problem import check_count
from playground.networks.defences import draws_of


class OverDraws(nn.Module):
    """A net with randomised inputs, its logits averaged over draws (Athalye et al. 2018).

    A net that is randomised is judged by a draw that the attacker does not know. Whoever follows the
    gradient of one draw fits the attack to that draw, and the defence looks stronger than it is; the
    mean of the gradients over many draws, which is the gradient of this mean, aims at all of them. So
    attack this, and judge the net itself: ``transfer(net, x, y, eps=…, source=OverDraws(net, 16))``.

    A pass costs as many passes of the net, which draws as it did before when it is done.

    Args:
        model: In evaluation mode when it is asked, as attacks hold it.
        n: Draws in the mean.
        first: Seed of the first draw; the others follow. A fresh net is judged by draw 0.

    Raises:
        ValueError: For a model that draws nothing, or no draws.
    """

    def __init__(self, model: nn.Module, n: int = 16, *, first: int = 1) -> None:
        super().__init__()
        check_count("n", n)
        check_count("first", first, 0)
        if not draws_of(model):
            raise ValueError(
                f"model: {type(model).__name__} draws nothing; legal are nets with randomised inputs"
            )
        self.model, self.seeds = model, range(first, first + n)

    def forward(self, x: Tensor) -> Tensor:
        """Return the mean logits ``(batch, classes)``."""
        drawing = draws_of(self.model)
        before = [part.seed for part in drawing]
        try:
            return torch.stack([self._drawn(x, seed) for seed in self.seeds]).mean(0)
        finally:
            for part, seed in zip(drawing, before):
                part.seed = seed

    def _drawn(self, x: Tensor, seed: int) -> Tensor:
        for part in draws_of(self.model):
            part.seed = seed
        return self.model(x)


def is_randomised(model: object) -> bool:
    """Return whether a model draws at random on its way, so that it is to be attacked over its draws."""
    return isinstance(model, nn.Module) and bool(draws_of(model))
