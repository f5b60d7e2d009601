"""Short fits in processes of their own: a few at once, told line by line, forgotten when they are old.

They have no place in the store: nobody comes back to them tomorrow, and what they yield is drawn at
once. A process of its own keeps the server's pages answering and can be ended at any moment. Each
takes one fit and ends; the next is started ahead, because importing torch takes seconds.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from playground.jobs.records import Refused

logger = logging.getLogger(__name__)

MOST = 2  # fits that run at once on one server
KEPT = 16  # fits whose results are remembered, of all users
PICTURES = 40  # moments of one fit that are remembered
ABANDONED_SECONDS = 60.0  # after which a fit that nobody looks at is stopped
LONGEST_SECONDS = 900.0  # that a fit may take
_PATIENCE = 5.0  # seconds after which a process that does not stop is killed
Status = Literal["running", "finished", "stopped", "diverged", "failed"]


@dataclass(eq=False)
class Fit:
    """One fit, as far as it has come.

    Attributes:
        user: Id of the browser that started it.
        settings: What is fitted, as JSON.
        status: ``running`` or how it ended.
        reason: Why it ended, in words.
        began: What was said at the beginning; empty until then.
        rows: Iteration, loss, evaluations forward and backward, seconds; grows.
        pictures: Iteration and drawing of some moments, the newest last.
    """

    user: str
    settings: str
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    status: Status = "running"
    reason: str = ""
    began: dict[str, int] = field(default_factory=dict)
    rows: list[list[float]] = field(default_factory=list)
    pictures: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    created: float = field(default_factory=time.monotonic)
    seen: float = field(default_factory=time.monotonic)
    stopping: bool = False
    process: subprocess.Popen[str] | None = field(default=None, repr=False)

    @property
    def runs(self) -> bool:
        """Whether it still goes on."""
        return self.status == "running"

    def look(self) -> None:
        """Note that somebody looks at it."""
        self.seen = time.monotonic()

    def take(self, news: dict[str, Any]) -> None:
        """Take in one line of what the process tells."""
        if "began" in news:
            self.began = news["began"]
        if "rows" in news:
            self.rows.extend(news["rows"])
        if "picture" in news:
            self.pictures.append((news["iteration"], news["picture"]))
            if len(self.pictures) > PICTURES:  # every second one goes, the ends stay
                self.pictures = [*self.pictures[:-1:2], self.pictures[-1]]
        if "status" in news:
            self.status, self.reason = news["status"], news["reason"]


class Fits:
    """The fits of one server."""

    def __init__(self, most: int = MOST) -> None:
        """Begin without any.

        Args:
            most: Fits that may run at once.
        """
        self._most = most
        self._lock = threading.Lock()
        self._held: OrderedDict[str, Fit] = OrderedDict()
        self._spare: subprocess.Popen[str] | None = None

    def prepare(self) -> None:
        """Start the process for the next fit, unless one waits or a fit needs the processor."""
        with self._lock:
            if any(fit.runs for fit in self._held.values()):
                return
            if self._spare is None or self._spare.poll() is not None:
                self._spare = _spawn()

    def start(self, user: str, settings: str) -> Fit:
        """Start a fit.

        Args:
            user: Who starts it.
            settings: ``Dynamics`` as JSON.

        Raises:
            Refused: If so many run that this server takes no more, in words.
        """
        with self._lock:
            running = [fit for fit in self._held.values() if fit.runs and not fit.stopping]
            if len(running) >= self._most:
                own = sum(fit.user == user for fit in running)
                whose = f", {own} of them yours in another tab" if own else ""
                raise Refused(
                    f"{len(running)} fits are running on this server{whose}, and it takes "
                    f"{self._most} at once; try again when one has ended"
                )
            process, self._spare = self._spare, None
            if process is None or process.poll() is not None:
                process = _spawn()
            fit = Fit(user, settings, process=process)
            self._held[fit.id] = fit
            self._forget()
        try:
            process.stdin.write(json.dumps({"settings": settings}) + "\n")
            process.stdin.flush()
        except OSError:
            fit.status, fit.reason = "failed", "its process ended before it began; try again"
            return fit
        threading.Thread(target=self._listen, args=(fit,), daemon=True).start()
        return fit

    def get(self, fit_id: str | None) -> Fit | None:
        """Return a fit by its id, which nobody can guess; ``None`` where it is forgotten."""
        with self._lock:
            return self._held.get(fit_id or "")

    def find(self, user: str, settings: str) -> Fit | None:
        """Return the newest fit of a user with these very settings."""
        with self._lock:
            held = list(self._held.values())
        alike = (fit for fit in reversed(held) if fit.user == user and fit.settings == settings)
        return next(alike, None)

    def stop(self, fit: Fit, reason: str) -> None:
        """Ask a fit to end; its process is killed where it does not."""
        if not fit.runs or fit.stopping:
            return
        fit.stopping = True
        try:
            fit.process.stdin.write(json.dumps({"stop": reason}) + "\n")
            fit.process.stdin.flush()
        except OSError:
            return  # it has ended by itself
        killer = threading.Timer(_PATIENCE, _kill, (fit, reason))
        killer.daemon = True
        killer.start()

    def close(self) -> None:
        """End all processes."""
        with self._lock:
            processes = [fit.process for fit in self._held.values()]
            processes.append(self._spare)
            self._spare = None
        for process in processes:
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()

    def _forget(self) -> None:
        """Forget the oldest fits that have ended, beyond those that are kept."""
        for fit_id in [key for key, fit in self._held.items() if not fit.runs]:
            if len(self._held) <= KEPT:
                return
            del self._held[fit_id]

    def _listen(self, fit: Fit) -> None:
        """Take in what the process tells until it ends."""
        for line in fit.process.stdout:
            try:
                fit.take(json.loads(line))
            except ValueError:
                logger.warning("a fit said something strange: %.200s", line)
                continue
            now = time.monotonic()
            if now - fit.seen > ABANDONED_SECONDS:
                self.stop(fit, "Stopped, because nobody was looking.")
            if now - fit.created > LONGEST_SECONDS:
                minutes = LONGEST_SECONDS / 60
                self.stop(fit, f"Stopped after {minutes:g} minutes, the most that a fit may take.")
        code = fit.process.wait()
        if fit.runs:
            fit.status, fit.reason = (
                "failed",
                f"Its process ended without a word (exit code {code}).",
            )


def _kill(fit: Fit, reason: str) -> None:
    if fit.runs:
        fit.status, fit.reason = "stopped", reason
        fit.process.kill()


def _spawn() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "playground.jobs.fit_worker"],
        cwd=Path(__file__).resolve().parents[2],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


@cache
def fits() -> Fits:
    """Return the fits of this server."""
    return Fits()
