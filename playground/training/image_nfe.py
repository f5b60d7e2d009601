"""Augmented neural ODEs on images: how the work of the solver grows while they learn.

Dupont, Doucet and Teh (2019): without added channels the flow that separates the classes becomes more and
more complicated, and an adaptive solver needs more and more evaluations of the field (NFE) for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from playground.training.events import Metrics


@dataclass(frozen=True)
class Spike:
    """An epoch after which the loss stood far above the least it had been.

    Attributes:
        epoch: The epoch.
        loss: The loss.
        times: The loss over the least loss of all epochs before.
        nfe: Evaluations in a forward pass.
        usual_nfe: Their median over all epochs before.
        gradient_norm: Norm of the last batch's gradient.
        usual_norm: Its median over all epochs before.
    """

    epoch: float
    loss: float
    times: float
    nfe: int
    usual_nfe: float
    gradient_norm: float
    usual_norm: float


def spikes(metrics: Sequence[Metrics], factor: float) -> list[Spike]:
    """Return the epochs with a training loss of more than so many times the running minimum.

    Args:
        metrics: Of one training, in order.
        factor: How many times.

    Raises:
        ValueError: For a factor that is not above 1.
    """
    if not factor > 1:
        raise ValueError(f"factor: {factor} is not legal; legal is any number above 1")
    found = []
    for i, each in enumerate(metrics):
        before = [
            m for m in metrics[:i] if m.step > 0
        ]  # nothing was evaluated before the first step
        if not before:
            continue
        least = min(m.train_loss for m in before)
        if each.train_loss > factor * least:
            found.append(
                Spike(
                    epoch=each.epoch,
                    loss=each.train_loss,
                    times=each.train_loss / least if least > 0 else float("inf"),
                    nfe=each.nfe_forward,
                    usual_nfe=float(np.median([m.nfe_forward for m in before])),
                    gradient_norm=each.gradient_norm,
                    usual_norm=float(np.median([m.gradient_norm for m in before])),
                )
            )
    return found


def epoch_course(
    runs: Sequence[Sequence[Metrics]], quantity: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return epochs, mean and standard deviation of a quantity over trainings ``(n,)`` each.

    Args:
        runs: Metrics of each; only epochs that all of them have are returned, and none before the first
            step, where no batch has gone through the net.
        quantity: A field of ``Metrics``.
    """
    held = [{m.epoch: getattr(m, quantity) for m in metrics if m.step > 0} for metrics in runs]
    common = sorted(set.intersection(*map(set, held))) if held else []
    if not common:
        return np.zeros(0), np.zeros(0), np.zeros(0)
    table = np.array([[each[epoch] for epoch in common] for each in held], dtype=float)
    spread = table.std(axis=0, ddof=1) if len(held) > 1 else np.zeros(len(common))
    return np.array(common), table.mean(axis=0), spread
