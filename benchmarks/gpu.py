"""What a GPU is good for: image widths, and hundreds of small nets as one stack."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

from playground.experiment import Experiment
from playground.training.batched import Stack
from playground.training.repetitions import seeded
from playground.training.trainer import Trainer

WIDTHS = (16, 64, 256, 784)
NETS = (1, 16, 64, 256, 512)
SECONDS = 2.0  # of each measurement, after a warm-up


def gpu() -> dict[str, object]:
    """Print steps per second of torch's path on CPU and GPU over widths, and of stacks of nets.

    Returns:
        The figures; ``{"present": False}`` without a GPU.
    """
    if not torch.cuda.is_available():
        print("gpu: no CUDA device is present, nothing was measured")
        return {"present": False}
    card = torch.cuda.get_device_name(0)
    print(f"gpu: {card}, torch {torch.__version__}; RK4, 20 layers, batch 64")
    widths = {}
    for width in WIDTHS:
        cpu, cuda = (_pace(_trainer(width, device).advance) for device in ("cpu", "cuda"))
        widths[width] = {"cpu": cpu, "cuda": cuda, "ratio": cuda / cpu}
        print(
            f"  width {width:4d}   CPU {cpu:9.1f} steps/s   GPU {cuda:9.1f}   {cuda / cpu:6.2f} ×"
        )
    stacks = {}
    for count in NETS:
        made = _experiment(16, "cuda")
        stack = Stack([Trainer(each) for each in seeded(made, count)])
        pace = _pace(stack.advance)
        stacks[count] = {"steps": pace, "net_steps": pace * count}
        print(f"  {count:4d} nets of width 16 at once   {pace * count:11.1f} net steps/s")
    return {"present": True, "card": card, "widths": widths, "stacks": stacks}


def _experiment(width: int, device: str) -> Experiment:
    options = {"width": width, "depth": 20}
    return Experiment.model_validate(
        {
            "network": {"name": "rk_net", "options": options},
            "batch_size": 64,
            "device": device,
            "path": "torch",
        }
    )


def _trainer(width: int, device: str) -> Trainer:
    return Trainer(_experiment(width, device))


def _pace(step: Callable[[], object]) -> float:
    """Return how often a step can be taken in a second."""
    for _ in range(3):
        step()
    torch.cuda.synchronize()
    began, count = time.perf_counter(), 0
    while time.perf_counter() - began < SECONDS:
        step()
        count += 1
    torch.cuda.synchronize()
    return count / (time.perf_counter() - began)
