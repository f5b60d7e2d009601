"""Whose script runs: one at a time, what somebody waits for first.

All scripts of one server share one interpreter. Of thirty that run at the same time each one takes
thirty times as long, and all of them end late; one after the other, most end early. A page that looks
at its run by the clock lets those go first who have just clicked.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

AT_ONCE = 1  # a second one would take from the first what it gets
PATIENCE = 2.0  # seconds after which nobody waits any longer
LONG = 0.5  # seconds after which a script is one that takes its time, and gives its turn away
PERSON, CLOCK = 0, 1  # whom a script answers; the lower number goes first


class Turns:
    """Turns of threads, by what they are for and then in the order in which they came.

    Nobody waits for ever: neither for a script that hangs nor in a crowd that never ends.

    Args:
        at_once: How many have their turn at the same time.
        patience: Seconds after which one that waits goes anyway.
        long: Seconds for which a turn counts.
    """

    def __init__(
        self, at_once: int = AT_ONCE, patience: float = PATIENCE, long: float = LONG
    ) -> None:
        self._at_once, self._patience, self._long = at_once, patience, long
        self._changed = threading.Condition()
        self._waiting: list[tuple[int, int]] = []
        self._since: dict[int, float] = {}  # when each turn began
        self._numbers = itertools.count()
        self._own = threading.local()

    @contextmanager
    def turn(self, rank: int = PERSON) -> Iterator[None]:
        """Wait for a turn, and have it; a thread that has one already goes on with it."""
        if getattr(self._own, "has", False):
            yield
            return
        number = self._begin(rank)
        self._own.has = True
        try:
            yield
        finally:
            self._own.has = False
            with self._changed:
                self._since.pop(number, None)
                self._changed.notify_all()

    def _begin(self, rank: int) -> int:
        with self._changed:
            number = next(self._numbers)
            place = (rank, number)
            heapq.heappush(self._waiting, place)
            until = time.monotonic() + self._patience
            while (left := until - time.monotonic()) > 0 and not self._may_go(place):
                self._changed.wait(min(left, self._long))
            self._waiting.remove(place)
            heapq.heapify(self._waiting)
            self._since[number] = time.monotonic()
            self._changed.notify_all()
            return number

    def _may_go(self, place: tuple[int, int]) -> bool:
        now = time.monotonic()
        taken = sum(now - since < self._long for since in self._since.values())
        return taken < self._at_once and self._waiting[0] == place


_turns = Turns()


def turn(rank: int = PERSON) -> contextmanager[None]:
    """Return the turn of the script that runs in this thread, to be waited for and had."""
    return _turns.turn(rank)
