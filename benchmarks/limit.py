"""What the processor could do at best: the measured peak of its arithmetic, of tanh, of its memory."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache

import numpy as np
from numba import njit

from playground.fused.functions import activate
from playground.fused.lanes import load, pointer, store

LANES = (None,) * 16
FLOPS_A_ROUND = 5 * 2 * len(LANES)


@njit(nogil=True)
def _multiply_and_add(lanes, numbers, rounds):  # noqa: ANN001
    """Keep five vectors in registers and the multipliers busy; five such chains hide their delay."""
    start = pointer(numbers)
    factor, a = load(lanes, start, 0), load(lanes, start, 16)
    b = c = d = e = a
    for _ in range(rounds):
        a = a * factor + factor
        b = b * factor + factor
        c = c * factor + factor
        d = d * factor + factor
        e = e * factor + factor
    store(start, 32, ((a + b) + (c + d)) + e)


@njit(nogil=True)
def _tanh(lanes, numbers, slopes, rounds):  # noqa: ANN001
    for _ in range(rounds):
        activate(lanes, 0, pointer(numbers), pointer(slopes), 512)


def _least_seconds(work: Callable[[], object], repeats: int = 9) -> float:
    work()
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)


@cache
def rates() -> dict[str, float]:
    """Return operations a second of one core: ``flop`` and ``tanh`` in float32, ``byte`` copied."""
    numbers = np.full(512, 0.3, np.float32)
    slopes, rounds = np.empty_like(numbers), 200_000
    flop = _least_seconds(lambda: _multiply_and_add(LANES, numbers, rounds))
    tanh = _least_seconds(lambda: _tanh(LANES, numbers, slopes, 200))
    source = np.ones(64_000, np.float32)
    target = np.empty_like(source)
    copy = _least_seconds(lambda: np.copyto(target, source), 99)
    return {
        "flop": FLOPS_A_ROUND * rounds / flop,
        "tanh": 512 * 200 / tanh,
        "byte": 2 * source.nbytes / copy,
    }


def least_step(flop: float, tanh: float, bytes_moved: float) -> float:
    """Return the seconds that a step needs at least if nothing else but its arithmetic took time."""
    speed = rates()
    return flop / speed["flop"] + tanh / speed["tanh"] + bytes_moved / speed["byte"]
