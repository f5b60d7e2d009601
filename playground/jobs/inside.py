"""An engine inside another process: one slot, a thread, where there is no memory for workers.

A worker process needs about as much memory as the app itself, most of it for torch. Where the app
has to live with one gigabyte, its engine is a thread of it (``PLAYGROUND_LOW_MEMORY``), and so is the
one run that trains at a time. What this costs: pages wait now and then for the training, and a
training that hangs cannot be killed, only left alone. Nothing is lost with the process; the store holds
all, and the next process goes on from the last checkpoint.
"""

from __future__ import annotations

import atexit
import itertools
import logging
import os
import queue
import threading
from collections.abc import Callable

from playground.jobs.engine import LEAVE_SECONDS, Engine, serve_alone
from playground.jobs.pool import Done
from playground.jobs.settings import Settings

logger = logging.getLogger(__name__)


class ThreadPool:
    """One slot, which is a thread of this process: a ``Pool`` without Dask and without processes."""

    def __init__(self, threads: int = 1, warm_up: Callable[[], None] | None = None) -> None:
        """Set the threads that torch may use in the slot, and what is done before the first work."""
        self._threads, self._warm_up = threads, warm_up
        self._names = (f"thread-{number}" for number in itertools.count(1))
        self._slot = next(self._names)
        self._ended: queue.SimpleQueue[Done] = queue.SimpleQueue()
        self.address = f"inside process {os.getpid()}"

    def start(self) -> None:
        """Warm the process up."""
        if self._warm_up is not None:
            self._warm_up()

    def slots(self) -> list[str]:
        """Return the name of the one slot."""
        return [self._slot]

    def submit(self, slot: str, key: str, function: Callable[..., None], *args: object) -> None:
        """Run a function in a thread of its own; ``key`` names it in ``done``."""
        work = threading.Thread(
            target=self._work, args=(key, function, args), name=f"{slot} {key}", daemon=True
        )
        work.start()

    def done(self, timeout: float) -> list[Done]:
        """Return what has ended since the last call; waits up to ``timeout`` seconds for news."""
        ended: list[Done] = []
        try:
            ended.append(self._ended.get(timeout=timeout))
            while True:
                ended.append(self._ended.get_nowait())
        except queue.Empty:
            return ended

    def kill(self, slot: str) -> None:
        """Leave a slot that hangs: what it writes is refused by the store, as of any old attempt."""
        if slot == self._slot:
            self._slot = next(self._names)

    def close(self) -> None:
        """Give everything back: there is nothing to give."""

    def _work(self, key: str, function: Callable[..., None], args: tuple[object, ...]) -> None:
        import torch

        torch.set_num_threads(self._threads)  # of this thread
        try:
            function(*args)
        except BaseException as error:
            logger.exception("%s failed", key)
            self._ended.put(Done(key, f"{type(error).__name__}: {error}"))
        else:
            self._ended.put(Done(key))


class InsideEngine:
    """An engine in a thread, with what ``launch`` asks of a process that it has started."""

    def __init__(self, settings: Settings) -> None:
        self.pid = os.getpid()
        self._settings = settings
        self._engine: Engine | None = None
        self._code: int | None = None
        self._thread = threading.Thread(target=self._serve, name="engine", daemon=True)
        self._thread.start()
        atexit.register(self.leave)

    def poll(self) -> int | None:
        """Return the exit code, ``None`` as long as the engine works."""
        return None if self._thread.is_alive() else self._code

    def leave(self) -> None:
        """Let the training write its checkpoint, and end the engine."""
        if self._engine is not None:
            self._engine.leave()
        self._thread.join(2 * LEAVE_SECONDS)

    def _serve(self) -> None:
        from playground.jobs.preload import warm_up

        def begun(engine: Engine) -> None:
            self._engine = engine

        pool = ThreadPool(self._settings.threads, warm_up)
        try:
            self._code = serve_alone(self._settings, pool, begun)
        except Exception:
            logger.exception("the engine inside this process failed")
            self._code = 1
