"""Numbers next to zero: the processor treats them as zeros while a net is stepped.

The features of a vanishing net become so small that every operation on them takes the processor many
times longer. What they are worth to a training is nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def flushed() -> Iterator[None]:
    """Flush denormal numbers to zero in this thread, and leave the thread as it was."""
    before = sys.float_info.min * 0.5 == 0.0
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(before)
