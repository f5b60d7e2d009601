"""What the outside may ask of a running training: pause, stop, step, change, look.

``train`` polls its control between stretches of optimiser steps, of 30 ms at most; a control answers
quickly and never blocks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol


@dataclass(frozen=True)
class View:
    """What the views should show: the two inputs on the axes (``None``: the first two)."""

    features: tuple[int, int] | None = None

    @property
    def usual(self) -> bool:
        """Whether it shows the first two inputs."""
        return self.features in (None, (0, 1))


@dataclass(frozen=True)
class Orders:
    """The answer to one poll.

    Attributes:
        halt: ``pause`` or ``stop`` to end after the present step; ``None`` to go on.
        reason: Why it halts, in words; becomes the reason of the ending.
        until_step: Pause when this many optimiser steps are done; ``None`` for no such limit.
        changes: Live changes not yet taken, ``{"learning_rate": 0.01}``; each poll hands them out once.
        watched: Whether somebody is looking, so that live frames are worth their time.
        view: What to show.
    """

    halt: Literal["pause", "stop"] | None = None
    reason: str = ""
    until_step: int | None = None
    changes: Mapping[str, float] = field(default_factory=dict)
    watched: bool = False
    view: View = View()


class Control(Protocol):
    """Anything that answers ``poll``."""

    def poll(self) -> Orders:
        """Return what is asked now; called between stretches of optimiser steps."""
        ...


class Unattended:
    """The control of a training that nobody steers."""

    def poll(self) -> Orders:
        """Ask for nothing."""
        return Orders()
