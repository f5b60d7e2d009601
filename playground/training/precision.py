"""The types that a training computes in: one for all, or half of it beside weights in float32."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor
from torch.optim import Optimizer

from playground.experiment import Experiment

HALVING = ("cuda",)  # devices on which half precision pays; a CPU seldom has instructions for it


def dtype_of(experiment: Experiment) -> torch.dtype:
    """Return the type of weights and data; that of mixed precision is float32."""
    return torch.float64 if experiment.precision == "float64" else torch.float32


def half_of(device: str) -> torch.dtype:
    """Return the half precision that a device computes in: bfloat16, or float16 on older GPUs."""
    if device == "cuda" and not torch.cuda.is_bf16_supported(including_emulation=False):
        return torch.float16
    return torch.bfloat16


def kept_whole(experiment: Experiment) -> str | None:
    """Return why an experiment computes in float32 on any device, in words, ``None`` if it need not."""
    options = experiment.network.options
    solver = experiment.scheme.entry if experiment.network.entry.uses_scheme else None
    if experiment.optimizer.entry.full_batch:
        return "the optimiser looks along lines, on which rounding would mislead it"
    if getattr(options, "gradient", "solver") == "adjoint":
        return "the adjoint goes through the field again and must meet the same numbers"
    adaptive = solver is not None and solver.kind == "adaptive"
    if adaptive or getattr(options, "method", "") in ("dopri5", "dopri8", "bosh3", "adaptive_heun"):
        return "the solver's tolerance is finer than half precision"
    return None


class Precision:
    """How the steps of a training compute.

    In mixed precision convolutions and products of matrices are of half the size, weights, sums and
    normalisations stay float32 (Micikevicius et al. 2018). Float16, which ends at 65504 and below at
    6e-8, needs a scaled loss; a step whose gradient overflows is left out and the scale made smaller.

    Attributes:
        half: The half precision that is used, ``None`` for none.
        words: What should be said about it; empty where nothing was asked for.

    Args:
        experiment: The training.
        device: torch's name of the device.
    """

    def __init__(self, experiment: Experiment, device: str) -> None:
        self._device = device
        self.half: torch.dtype | None = None
        self._scaler: torch.amp.GradScaler | None = None
        self.words = ""
        if experiment.precision != "mixed":
            return
        why = kept_whole(experiment)
        if device not in HALVING:
            self.words = "in float32, because mixed precision pays on CUDA only"
        elif why:
            self.words = f"in float32, because {why}"
        else:
            self.half = half_of(device)
            self.words = f"in {str(self.half).removeprefix('torch.')}, with weights in float32"
        if self.half == torch.float16:
            self._scaler = torch.amp.GradScaler(device)

    def halved(self) -> AbstractContextManager:
        """Return the context in which a net computes its outputs."""
        if self.half is None:
            return nullcontext()
        return torch.autocast(self._device, self.half)

    def backward(self, objective: Tensor, optimizer: Optimizer) -> None:
        """Give the weights of an optimiser their gradients, at their true scale."""
        if self._scaler is None:
            objective.backward()
        else:
            self._scaler.scale(objective).backward()
            self._scaler.unscale_(optimizer)

    def step(self, optimizer: Optimizer) -> None:
        """Let an optimiser take its step, unless its gradients have overflowed."""
        if self._scaler is None:
            optimizer.step()
        else:
            self._scaler.step(optimizer)
            self._scaler.update()

    def state(self) -> dict[str, dict[str, float]]:
        """Return what a checkpoint has to hold: the scale of the loss, where there is one."""
        return {} if self._scaler is None else {"scaler": self._scaler.state_dict()}

    def restore(self, tree: dict[str, dict[str, float]]) -> None:
        """Take what a checkpoint holds; one of another device may lack it."""
        if self._scaler is not None and "scaler" in tree:
            self._scaler.load_state_dict(tree["scaler"])
