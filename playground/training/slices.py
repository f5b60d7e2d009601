"""Work in slices: many small results that are kept, and computed a few at a time so that nobody waits."""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import torch


class Kept:
    """Results by their keys, the most recently asked for; safe to use from any thread.

    Args:
        most: So many results are kept.

    Raises:
        ValueError: If that is fewer than one.
    """

    def __init__(self, most: int) -> None:
        if most < 1:
            raise ValueError(f"most: {most} is not legal; legal is 1 or more")
        self.most, self._lock = most, threading.Lock()
        self._found: OrderedDict[Hashable, Any] = OrderedDict()

    def __len__(self) -> int:
        return len(self._found)

    def __contains__(self, key: Hashable) -> bool:
        with self._lock:
            return key in self._found

    def get(self, key: Hashable) -> Any:
        """Return a result, ``None`` where there is none."""
        with self._lock:
            if key not in self._found:
                return None
            self._found.move_to_end(key)
            return self._found[key]

    def put(self, key: Hashable, value: Any) -> None:
        """Keep a result, and forget the one that was not asked for the longest if there are too many."""
        with self._lock:
            self._found[key] = value
            self._found.move_to_end(key)
            while len(self._found) > self.most:
                self._found.popitem(last=False)


Work = Mapping[Hashable, Callable[[], Any]]
"""What is to be computed, by the keys of the results, in the order of its computation."""


@dataclass(frozen=True)
class Slice:
    """What one slice has come to.

    Attributes:
        done: Results that it has computed.
        missing: Results that are still missing.
        seconds: How long it took.
    """

    done: int
    missing: int
    seconds: float

    @property
    def left(self) -> float | None:
        """Seconds that the rest will take at this pace, ``None`` where there was none to measure."""
        return self.seconds / self.done * self.missing if self.done else None


def check_room(kept: Kept, work: Work) -> None:
    """Refuse work whose results cannot all be kept at once.

    Raises:
        ValueError: If so.
    """
    if len(work) > kept.most:
        raise ValueError(
            f"{len(work):,} results are wanted at once; legal are up to {kept.most:,}, with fewer nets, "
            "repetitions or sizes"
        )


def missing(kept: Kept, work: Work) -> list[Hashable]:
    """Return the keys of what is not kept yet."""
    return [key for key in work if key not in kept]


def advance(kept: Kept, work: Work, seconds: float, threads: int | None = None) -> Slice:
    """Compute what is missing until the time is over, at least one result.

    Args:
        kept: Where results are looked for and put.
        work: What is wanted.
        seconds: After so long nothing more is begun.
        threads: How many compute at the same time; the machine's cores without.

    Raises:
        Exception: Whatever a computation raises; what the others found is kept.
    """
    began = time.perf_counter()
    waiting = deque(missing(kept, work))
    total = len(waiting)
    workers = min(threads or os.cpu_count() or 1, total)
    if not workers:
        return Slice(0, 0, 0.0)

    def turn(_: int) -> int:
        torch.set_num_threads(1)  # of this thread: small nets lose time by sharing their steps
        torch.set_flush_denormal(True)
        count = 0
        while not count or time.perf_counter() - began < seconds:
            try:
                key = waiting.popleft()
            except IndexError:
                break
            kept.put(key, work[key]())
            count += 1
        return count

    with ThreadPoolExecutor(workers, "slice") as pool:
        done = sum(pool.map(turn, range(workers)))
    return Slice(done, total - done, time.perf_counter() - began)
