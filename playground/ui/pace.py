"""How fast a page may look at what moves: measured by the server on itself.

All pages of one server share one interpreter. Where it is busy, a page that looks at its run all the
time takes away what another one needs to answer a click; so all of them look less often then.
"""

from __future__ import annotations

import gc
import sys
import threading
import time
from collections import deque

from playground import memory

_WINDOW = 4.0  # seconds over which the share of the processor is taken
_SAMPLE = 0.25  # seconds between two samples, at least
_CALM, _BUSY = 0.25, 0.7  # shares of one core: below nothing is stretched, above all the way
_MOST = 8.0  # times
_SWITCH_SECONDS = 0.001


class Load:
    """The share of one core that this process has used in the last seconds; safe between threads."""

    def __init__(self) -> None:
        """Begin now."""
        self._lock = threading.Lock()
        self._samples = deque([(time.monotonic(), time.process_time())])

    def share(self, now: float | None = None, used: float | None = None) -> float:
        """Return the share, 0 in the first moments of the process.

        Args:
            now: Seconds on a clock that only runs forward; the process's when absent.
            used: Seconds of the processor that this process has used; asked for when absent.
        """
        now = time.monotonic() if now is None else now
        used = time.process_time() if used is None else used
        with self._lock:
            samples = self._samples
            while len(samples) > 1 and now - samples[1][0] >= _WINDOW:
                samples.popleft()
            since, before = samples[0]
            if now - samples[-1][0] >= _SAMPLE:
                samples.append((now, used))
        return (used - before) / (now - since) if now - since >= _SAMPLE else 0.0


_load = Load()


def stretched(seconds: float, share: float | None = None) -> float:
    """Return how long to wait between two looks, of which nothing else is to be told than the latest.

    Args:
        seconds: The time between them on a server that has nothing else to do.
        share: Of one core that this process uses; measured when absent.

    Returns:
        At least ``seconds``, and up to eight times as much.
    """
    share = _load.share() if share is None else share
    busy = min(1.0, max(0.0, (share - _CALM) / (_BUSY - _CALM)))
    return seconds * (1.0 + (_MOST - 1.0) * busy)


def answer_quickly() -> None:
    """Set this process up to answer many at once, and not to grow with what it has answered.

    Each message to a browser lets go of the interpreter, which a script that computes then holds for
    up to the switch interval: at Python's five milliseconds, a page of two hundred messages would
    wait for a second.
    """
    sys.setswitchinterval(_SWITCH_SECONDS)
    memory.give_back_soon()


_settled: set[str] = set()


def settle(page: str) -> None:
    """Take what a page has brought for good out of the garbage collector's sight, once for each page.

    A collection that walks over all of torch holds the interpreter for a sixth of a second.
    """
    if page not in _settled:
        _settled.add(page)
        gc.collect()
        gc.freeze()
