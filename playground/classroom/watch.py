"""What a class is told, asked once for everybody: thirty pages that follow cost what one does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, TypeVar

from playground.classroom.board import Entry, at_work, entries_of
from playground.classroom.classes import Class, classes_of, find
from playground.classroom.members import Member, class_of
from playground.jobs import Jobs, Reader, Refused

T = TypeVar("T")
SECONDS = 0.5
"""For which an answer is given again to whoever asks."""
_HELD = 2000  # answers; the oldest go


class Answers:
    """Answers that are shared for a moment. While one thread asks anew, the others wait for it."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._clock = seconds, clock
        self._held: dict[Hashable, tuple[float, Any]] = {}
        self._lock = threading.Lock()

    def of(self, key: Hashable, ask: Callable[[], T], *, anew: bool = False) -> T:
        """Return the answer to a question.

        Args:
            key: The question.
            ask: Finds the answer; what it raises is nobody's answer.
            anew: Whether an answer from before will not do.
        """
        with self._lock:
            at, value = self._held.get(key, (-1e18, None))
            if anew or self._clock() - at >= self._seconds:
                value = ask()
                self._held.pop(key, None)
                self._held[key] = (self._clock(), value)
                while len(self._held) > _HELD:
                    del self._held[next(iter(self._held))]
            return value


@dataclass(frozen=True)
class Board:
    """The board of a class as of a moment ago."""

    entries: tuple[Entry, ...]
    at_work: int


_answers = Answers(SECONDS)
_boards = Answers(2 * SECONDS)


def news(jobs: Reader, code: str, *, anew: bool = False) -> Class | None:
    """Return a class as of a moment ago: what is shown, its rules; ``None`` if there is none."""
    key = (jobs.store.home, "class", code)
    return _answers.of(key, lambda: _found(jobs, code), anew=anew)


def membership(jobs: Jobs, *, anew: bool = False) -> tuple[Class, Member] | None:
    """Return the class in which this user is, and as whom, as of a moment ago."""
    key = (jobs.store.home, "member", jobs.user)
    return _answers.of(key, lambda: class_of(jobs), anew=anew)


def taught(jobs: Jobs, *, anew: bool = False) -> list[Class]:
    """Return the open classes of which this user is the teacher, as of a moment ago."""
    key = (jobs.store.home, "teacher", jobs.user)
    found = _answers.of(key, lambda: classes_of(jobs), anew=anew)
    return [each for each in found if each.is_open]


def the_board(jobs: Reader, code: str, *, anew: bool = False) -> Board:
    """Return the board of a class as of a moment ago."""
    key = (jobs.store.home, "board", code)
    return _boards.of(key, lambda: _board(jobs, code), anew=anew)


def _found(jobs: Reader, code: str) -> Class | None:
    try:
        return find(jobs, code)
    except Refused:
        return None


def _board(jobs: Reader, code: str) -> Board:
    return Board(tuple(entries_of(jobs, code)), at_work(jobs, code))
