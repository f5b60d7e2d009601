"""Tasks in processes of their own: a few at once, told line by line, forgotten when they are old.

A process of its own keeps the server's pages answering and can be ended at any moment. Each takes one
order, a line of JSON, tells what happens line by line, and ends.
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
import weakref
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Generic, Literal, TypeVar

from playground.jobs.records import Refused
from playground.jobs.settings import read_settings

logger = logging.getLogger(__name__)

Status = Literal["running", "finished", "stopped", "diverged", "failed"]


@dataclass(eq=False)
class Task:
    """One task, as far as it has come.

    Attributes:
        user: Id of the browser that started it.
        settings: What is computed, as JSON.
        status: ``running`` or how it ended.
        reason: Why it ended, in words.
    """

    user: str
    settings: str
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    status: Status = "running"
    reason: str = ""
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
        if "status" in news:
            self.status, self.reason = news["status"], news["reason"]


@dataclass(eq=False)
class ProgressTask(Task):
    """A task whose process tells how far it is.

    Attributes:
        what: What is being computed, in words; empty until it has begun.
        share: The share that is done.
        seconds: How long it goes on since it began.
    """

    what: str = ""
    share: float = 0.0
    seconds: float = 0.0

    def take(self, news: dict[str, Any]) -> None:
        """Take in one line of what the process tells."""
        self.what = news.get("what", self.what)
        self.share = news.get("share", self.share)
        self.seconds = news.get("seconds", self.seconds)
        super().take(news)


@dataclass(frozen=True)
class Limits:
    """How much of the server the tasks of one kind may take.

    Attributes:
        most: Tasks that run at once.
        kept: Tasks that are remembered, of all users.
        abandoned: Seconds after which a task that nobody looks at is stopped.
        longest: Seconds that a task may take.
        patience: Seconds after which a process that was asked to stop is killed; 0: at once.
    """

    most: int
    kept: int
    abandoned: float
    longest: float
    patience: float


T = TypeVar("T", bound=Task)
_kinds: weakref.WeakSet[Tasks[Any]] = weakref.WeakSet()


def _low_memory() -> bool:
    return read_settings().low_memory


class Tasks(Generic[T]):
    """The tasks of one kind on one server.

    Subclasses name the ``module`` that a process runs, the ``kind`` of task that is made, and the
    ``noun`` by which one is called in messages.
    """

    module: ClassVar[str]
    noun: ClassVar[str]
    kind: type[T]

    def __init__(self, limits: Limits) -> None:
        """Begin without any."""
        self._limits = limits
        self._lock = threading.Lock()
        self._held: OrderedDict[str, T] = OrderedDict()
        self._spare: subprocess.Popen[str] | None = None
        _kinds.add(self)

    def prepare(self) -> None:
        """Start the process for the next task, unless one waits or a task needs the processor.

        Importing torch takes seconds, which nobody waits for then.
        """
        if _low_memory():
            return
        with self._lock:
            if any(task.runs for task in self._held.values()):
                return
            if self._spare is None or self._spare.poll() is not None:
                self._spare = self.spawn()

    def start(self, user: str, settings: str) -> T:
        """Start a task.

        Args:
            user: Who starts it.
            settings: What is computed, as JSON.

        Raises:
            Refused: If so many run that this server takes no more, in words.
        """
        with self._lock:
            self._check_room(user)
            process, self._spare = self._spare, None
            if process is None or process.poll() is not None:
                process = self.spawn()
            task = self.kind(user, settings, process=process)
            self._held[task.id] = task
            self._forget()
        try:
            process.stdin.write(json.dumps({"settings": settings}) + "\n")
            process.stdin.flush()
        except OSError:
            task.status, task.reason = "failed", "its process ended before it began; try again"
            return task
        threading.Thread(target=self._listen, args=(task,), daemon=True).start()
        return task

    def get(self, task_id: str | None) -> T | None:
        """Return a task by its id, which nobody can guess; ``None`` where it is forgotten."""
        with self._lock:
            return self._held.get(task_id or "")

    def find(self, user: str, settings: str) -> T | None:
        """Return the newest task of a user with these very settings."""
        with self._lock:
            held = list(self._held.values())
        alike = (task for task in reversed(held) if task.user == user and task.settings == settings)
        return next(alike, None)

    def stop(self, task: T, reason: str) -> None:
        """Ask a task to end; its process is killed where it does not."""
        if not task.runs or task.stopping:
            return
        task.stopping = True
        if not self._limits.patience:
            _kill(task, reason)
            return
        try:
            task.process.stdin.write(json.dumps({"stop": reason}) + "\n")
            task.process.stdin.flush()
        except OSError:
            return  # it has ended by itself
        killer = threading.Timer(self._limits.patience, _kill, (task, reason))
        killer.daemon = True
        killer.start()

    def close(self) -> None:
        """End all processes."""
        with self._lock:
            processes = [task.process for task in self._held.values()]
            processes.append(self._spare)
            self._spare = None
        for process in processes:
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()

    def spawn(self) -> subprocess.Popen[str]:
        """Start a process that waits for an order."""
        return subprocess.Popen(
            [sys.executable, "-m", self.module],
            cwd=Path(__file__).resolve().parents[2],
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def _at_work(self) -> list[T]:
        return [task for task in list(self._held.values()) if task.runs and not task.stopping]

    def _check_room(self, user: str) -> None:
        others = [kind.noun for kind in _kinds if kind is not self and kind._at_work()]
        if others and _low_memory():
            raise Refused(
                f"a {others[0]} is running, and this server has memory for one such process at a "
                "time; try again when it has ended"
            )
        running = self._at_work()
        most = 1 if _low_memory() else self._limits.most
        if len(running) >= most:
            own = sum(task.user == user for task in running)
            whose = f", {own} of them yours in another tab" if own else ""
            raise Refused(
                f"{len(running)} {self.noun}s are running on this server{whose}, and it takes "
                f"{most} at once; try again when one has ended"
            )

    def _forget(self) -> None:
        """Forget the oldest tasks that have ended, beyond those that are kept."""
        for task_id in [key for key, task in self._held.items() if not task.runs]:
            if len(self._held) <= self._limits.kept:
                return
            del self._held[task_id]

    def _listen(self, task: T) -> None:
        """Take in what the process tells until it ends."""
        for line in task.process.stdout:
            if not task.runs:  # killed, with words left in the pipe
                continue
            try:
                task.take(json.loads(line))
            except ValueError:
                logger.warning("a %s said something strange: %.200s", self.noun, line)
                continue
            now = time.monotonic()
            if now - task.seen > self._limits.abandoned:
                self.stop(task, "Stopped, because nobody was looking.")
            if now - task.created > self._limits.longest:
                minutes = self._limits.longest / 60
                self.stop(
                    task,
                    f"Stopped after {minutes:g} minutes, the most that {self._a_noun} may take.",
                )
        code = task.process.wait()
        if task.runs:
            task.status, task.reason = (
                "failed",
                f"Its process ended without a word (exit code {code}).",
            )

    @property
    def _a_noun(self) -> str:
        return f"{'an' if self.noun[0] in 'aeiou' else 'a'} {self.noun}"


def _kill(task: Task, reason: str) -> None:
    if task.runs:
        task.status, task.reason = "stopped", reason
        task.process.kill()
