"""Tabs of people on real servers, for tests of faults: what they heard, and how they can be lost."""

from __future__ import annotations

import asyncio
import random
import time
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlencode

from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect

from benchmarks.load_student import Log, Student
from benchmarks.load_tab import Tab
from playground.experiment import Experiment
from playground.jobs import Jobs

PATIENCE = 180.0  # seconds, on a machine on which others work as well
SMALL = {"n_train": "60", "n_validation": "60", "network.width": "4"}

STEPS = 2  # of the optimiser in an epoch of such an experiment


def link_of(**values: str) -> str:
    """Return what stands in an address for a small experiment with some settings of one's own."""
    return urlencode(Experiment().amended({**SMALL, **values}).to_query())


@dataclass
class HeardTab(Tab):
    """A tab that keeps all that the server said, and can come back to its session as a browser does."""

    heard: list[bytes] = field(default_factory=list)
    session: str = ""
    on_lost: Callable[[], None] = lambda: None

    async def open(self) -> None:
        """Connect, to the session from before if there was one, and ask for the page."""
        words = ["streamlit", "no-token", self.session] if self.session else ["streamlit"]
        self._socket = await connect(
            self.url.replace("http", "ws", 1) + "/_stcore/stream",
            origin=self.url,
            subprotocols=words,
            max_size=None,
            open_timeout=PATIENCE,
        )
        await self.ask()

    def vanish(self) -> None:
        """Be gone without a word, as a browser is whose process was killed."""
        self._lose()
        self._socket.transport.abort()

    def fall_asleep(self) -> None:
        """Ask and answer nothing any more, as a laptop that is closed; the connection stays."""
        self._lose()
        self._socket.transport.pause_reading()

    async def close(self) -> None:
        """Close the tab; of one that is lost only this side knows."""
        if self._closing:
            self._socket.transport.abort()
        else:
            await super().close()

    def _lose(self) -> None:
        self._closing = True
        self._stop_clocks()
        self.on_lost()

    def shows(self, *keys: str) -> bool:
        """Return whether all these controls stand on the page."""
        return set(keys) <= set(self.controls)

    async def _take(self, message: ForwardMsg) -> None:
        self.heard.append(message.SerializeToString())
        if message.WhichOneof("type") == "new_session":
            self.session = message.new_session.initialize.session_id
        await super()._take(message)


@asynccontextmanager
async def at(url: str, user: str, path: str, query: str = "") -> AsyncIterator[HeardTab]:
    """Lend a tab in which somebody has opened a page, and which fetches its live pictures."""
    tab = HeardTab(url, user, path, query)
    student = Student(tab, Log(), random.Random(0), 1.0)
    tab.on_lost = student.leave
    await tab.open()
    listening = asyncio.create_task(tab.listen())
    try:
        assert await tab.wait(lambda: bool(tab.link), PATIENCE), tab.errors
        yield tab
    finally:
        student.leave()
        with suppress(OSError):
            await tab.close()
        await listening


async def until(condition: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Wait until something holds that no tab tells."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


def whole(jobs: Jobs, run: str, epochs: int) -> bool:
    """Return whether the figures of a small run are there, those of each epoch up to its last."""
    steps = [metrics.step for metrics in jobs.metrics(run)]
    assert steps == sorted(set(steps))
    return steps[-1] == STEPS * epochs and set(range(0, steps[-1] + 1, STEPS)) <= set(steps)


def figures(url: str) -> dict[str, float]:
    """Return what the server tells of its sessions: how many there are, and what has happened."""
    address = f"{url}/_stcore/metrics?families=active_sessions&families=session_events"
    with urllib.request.urlopen(address, timeout=PATIENCE) as answer:
        lines = answer.read().decode().splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))
    return {name: float(value) for name, value in pairs}
