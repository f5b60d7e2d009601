"""Short fits in processes of their own.

They have no place in the store: nobody comes back to them tomorrow, and what they yield is drawn at
once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from playground.jobs.processes import Limits, Task, Tasks

PICTURES = 40  # moments of one fit that are remembered
LIMITS = Limits(most=2, kept=16, abandoned=60.0, longest=900.0, patience=5.0)


@dataclass(eq=False)
class Fit(Task):
    """One fit, as far as it has come; its settings are ``Dynamics`` as JSON.

    Attributes:
        began: What was said at the beginning; empty until then.
        rows: Iteration, loss, evaluations forward and backward, seconds; grows.
        pictures: Iteration and drawing of some moments, the newest last.
    """

    began: dict[str, int] = field(default_factory=dict)
    rows: list[list[float]] = field(default_factory=list)
    pictures: list[tuple[int, dict[str, Any]]] = field(default_factory=list)

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
        super().take(news)


class Fits(Tasks[Fit]):
    """The fits of one server."""

    module = "playground.jobs.fit_worker"
    noun = "fit"
    kind = Fit

    def __init__(self, limits: Limits = LIMITS) -> None:
        """Begin without any."""
        super().__init__(limits)


@cache
def fits() -> Fits:
    """Return the fits of this server."""
    return Fits()
