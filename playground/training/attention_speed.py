"""How long nets take for a batch, all of them timed in the same way."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

BATCHES = (1, 16, 128, 1024)
"""Images in a batch."""
_WARM, _LEAST, _MOST = 2, 5, 60  # calls before the clock runs, and with it


@dataclass(frozen=True)
class Timed:
    """A net on a batch.

    Attributes:
        net: Its name.
        batch: Images in the batch.
        best: Shortest time for the batch, in seconds.
        median: The middle one.
        calls: How many were timed.
    """

    net: str
    batch: int
    best: float
    median: float
    calls: int


@torch.inference_mode()
def time_nets(
    nets: Mapping[str, nn.Module],
    x: Tensor,
    batches: Sequence[int] = BATCHES,
    seconds: float = 0.2,
) -> list[Timed]:
    """Time nets by turns on the same batches, after calls that do not count.

    By turns, so that whatever else the machine does falls on all of them alike; the shortest time of
    many is the one that the rest of the machine has disturbed least. Where a batch takes a net longer
    than ``seconds``, larger ones are left out.

    Args:
        nets: By their names; they are put into evaluation.
        x: Images ``(n, inputs)``, repeated where a batch has more.
        batches: Images in a batch.
        seconds: How long each net is timed at each size, about.
    """
    found = []
    for net in nets.values():
        net.eval()
    for size in batches:
        batch = x.repeat(-(-size // len(x)), 1)[:size]
        for net in nets.values():
            for _ in range(_WARM):
                net(batch)
        spent: dict[str, list[float]] = {name: [] for name in nets}
        while _goes_on(spent, seconds):
            for name, net in nets.items():
                began = time.perf_counter()
                net(batch)
                spent[name].append(time.perf_counter() - began)
        for name, times in spent.items():
            middle = sorted(times)[len(times) // 2]
            found.append(Timed(name, size, min(times), middle, len(times)))
        if max(map(min, spent.values())) > seconds:
            break
    return found


def _goes_on(spent: Mapping[str, Sequence[float]], seconds: float) -> bool:
    calls = min(map(len, spent.values()))
    longest = max(map(sum, spent.values()))
    return calls < _LEAST or (calls < _MOST and longest < seconds)
