"""Where a training computes, and why."""

from __future__ import annotations

import torch

from playground.experiment import Experiment

LARGE = 200_000  # parameters from which a GPU's launches are outweighed by its arithmetic


def choose(experiment: Experiment, parameters: int) -> tuple[str, str]:
    """Return torch's name of the device and the reason for it, in words.

    Raises:
        ValueError: If a device is asked for that is not here, or that lacks the precision.
    """
    present = gpus()
    wanted = experiment.device
    if wanted != "auto":
        if wanted != "cpu" and wanted not in present:
            legal = ", ".join(["auto", "cpu", *present])
            raise ValueError(f"device: {wanted!r} is not present here; legal is {legal}")
        if wanted == "mps" and experiment.precision == "float64":
            raise ValueError("device: 'mps' has no float64; legal is float32, or device cpu")
        return wanted, f"{wanted.upper()}, because it was chosen"
    if not present:
        return "cpu", "CPU, because no GPU is present"
    if parameters < LARGE:
        return "cpu", f"CPU, because the net is small ({parameters:,} parameters)"
    if present[0] == "mps" and experiment.precision == "float64":
        return "cpu", "CPU, because the GPU has no float64"
    return present[0], f"{present[0].upper()}, because the net is large ({parameters:,} parameters)"


def gpus() -> list[str]:
    """Return torch's names of the kinds of GPU that are present here, the preferred one first."""
    return [name for name, there in (("cuda", _cuda()), ("mps", _mps())) if there]


def _cuda() -> bool:
    return torch.cuda.is_available()


def _mps() -> bool:
    return torch.backends.mps.is_available()
