"""One student of a class: opens the first page, then the playground, sets things, trains, watches."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from benchmarks.load_tab import Getter, Tab
from playground.integrators import INTEGRATORS

PATIENCE = 30.0  # seconds after which an echo counts as lost
_FIRST = 60.0  # the same, for a page that opens
_DRAWN = 0.03  # seconds that a browser takes to draw a picture before it asks for the next
_PAUSE = {"rests": 0.3, "broken": 1.0}  # assets/canvas/feed.js
_SCHEMES = ("euler", "heun2", "kutta3", "rk4")
_DATA = ("spiral", "moons", "circle", "squares", "xor", "gauss")


@dataclass
class Log:
    """What all students lived through: seconds by kind, counts, and what went wrong."""

    paints: list[float] = field(default_factory=list)
    echoes: list[tuple[float, str, float]] = field(default_factory=list)  # at, what, seconds
    pictures: list[float] = field(default_factory=list)
    answers: int = 0
    errors: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Move:
    """Something that a student does: which control, and what the link says after it.

    Attributes:
        key: Of the control.
        field: In the link.
        values: To choose from, as the link has them.
        label: What the control calls a value.
        chance: How often it is done, beside the others.
    """

    key: str
    field: str
    values: tuple[str, ...]
    label: Callable[[str], Any]
    chance: int = 1


MOVES = (
    Move("field:network.depth", "network.depth", tuple(map(str, range(3, 31))), int, 4),
    Move("field:scheme", "scheme", _SCHEMES, lambda name: INTEGRATORS[name].label, 2),
    Move(
        "field:optimizer.learning_rate",
        "optimizer.learning_rate",
        ("0.001", "0.003", "0.01", "0.03"),
        lambda text: f"{float(text):g}",
        2,
    ),
    Move("gallery", "data", _DATA, str, 2),
    Move("field:batch_size", "batch_size", ("16", "32", "64"), float),
)
CLICKS = {"train": 5, "step": 1, "reset": 1}
"""Buttons, and how often each is pressed; where training goes on, Pause has the place of Train."""


@dataclass
class Student:
    """A student with a tab.

    Attributes:
        tab: The tab.
        log: Where to write down what happens.
        dice: What decides.
        seconds: Mean time between two actions.
        wanted: What the student has set last, by field of the link.
    """

    tab: Tab
    log: Log
    dice: random.Random
    seconds: float
    wanted: dict[str, str] = field(default_factory=dict)
    _feed: asyncio.Task | None = None
    _feed_of: str = ""

    def __post_init__(self) -> None:
        """Watch whatever run the page shows."""
        self.tab.on_feed = self._watch

    async def visit(self) -> asyncio.Task:
        """Open the first page; return the task that listens."""
        began = time.perf_counter()
        getter = Getter(self.tab.url)
        status, _, _ = await getter.get("/")
        getter.close()
        if status != 200:
            self.log.errors.append(f"the first page answered {status}")
        await self.tab.open()
        listening = asyncio.create_task(self.tab.listen())
        if await self.tab.wait(lambda: self.tab.runs > 0, _FIRST):
            self.log.paints.append(time.perf_counter() - began)
        else:
            self.log.errors.append(f"the first page was not there after {_FIRST:.0f} s")
        return listening

    async def open_playground(self) -> None:
        """Go to the playground and wait until it has a run."""
        await self.tab.go("playground")
        if not await self.tab.wait(lambda: "run" in self.tab.link, _FIRST):
            self.log.errors.append(f"the playground had no run after {_FIRST:.0f} s")

    async def work(self, until: float) -> None:
        """Set, train and watch until a moment on the clock of ``time.monotonic``."""
        while time.monotonic() < until:
            await asyncio.sleep(self.dice.uniform(0.5, 1.5) * self.seconds)
            await self.act()

    async def act(self) -> None:
        """Do one thing and wait for its echo."""
        if self.dice.random() < 0.3:
            await self.press(self.dice.choices([*CLICKS], [*CLICKS.values()])[0])
            return
        move = self.dice.choices(MOVES, [move.chance for move in MOVES])[0]
        text = self.dice.choice([v for v in move.values if v != self.tab.link.get(move.field)])
        await self.set(move, text)

    async def set(self, move: Move, text: str) -> None:
        """Move one control; the echo is a whole run of the page whose link has the new value."""
        if move.key not in self.tab.controls:
            self.log.errors.append(f"{move.key} is not on the page")
            return
        self.wanted[move.field] = text
        if move.key == "gallery":
            act = self.tab.tell("gallery", "chosen", text)
        else:
            act = self.tab.set(move.key, move.label(text))
        await self._echo(move.field, act, lambda: self.tab.link.get(move.field) == text)

    async def press(self, button: str) -> None:
        """Press a button of the strip; the echo is a whole run of the page after it."""
        if button == "train" and "train" not in self.tab.controls:
            button = "pause"
        if button not in self.tab.controls:
            self.log.errors.append(f"the button {button} is not on the page")
            return
        await self._echo(button, self.tab.click(button), lambda: True)

    async def _echo(self, what: str, act: Any, seen: Callable[[], bool]) -> None:
        runs, began = self.tab.runs, time.perf_counter()
        await act
        if await self.tab.wait(lambda: self.tab.runs > runs and seen(), PATIENCE):
            self.log.echoes.append((time.monotonic(), what, time.perf_counter() - began))
        else:
            self.log.errors.append(f"no echo of {what} in {PATIENCE:.0f} s")

    def leave(self) -> None:
        """Stop watching."""
        if self._feed is not None:
            self._feed.cancel()
            self._feed = None

    def _watch(self, address: str) -> None:
        if address == self._feed_of:
            return
        self.leave()
        self._feed_of = address
        if address:
            self._feed = asyncio.create_task(self._look(address))

    async def _look(self, address: str) -> None:
        """Ask for one picture after the other, as assets/canvas/feed.js does."""
        getter, known, rested = Getter(self.tab.url), "", False
        try:
            while True:
                try:
                    status, headers, _ = await getter.get(f"{address}?known={known}")
                except OSError as error:
                    self.log.errors.append(f"live pictures: {error}")
                    await asyncio.sleep(_PAUSE["broken"])
                    continue
                self.log.answers += 1
                if status == 200:
                    known, rested = headers.get("x-version", ""), False
                    self.log.pictures.append(time.monotonic())
                    await asyncio.sleep(_DRAWN)
                elif status == 204 and headers.get("x-run") == "rests":
                    if not rested and "flow" in self.tab.controls:
                        await self.tab.tell("flow", "rests", True)
                    rested = True
                    await asyncio.sleep(_PAUSE["rests"])
                elif status != 204:
                    if status != 404:  # the run has just given way to another
                        self.log.errors.append(f"live pictures: answer {status}")
                    await asyncio.sleep(_PAUSE["broken"])
        finally:
            with suppress(OSError):
                getter.close()
