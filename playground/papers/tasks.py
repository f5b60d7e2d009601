"""Studies of papers in processes of their own, whose results are kept in the store."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path

from playground.jobs.processes import Limits, ProgressTask, Tasks
from playground.papers.paper import Order, Study
from playground.papers.studied import words_of

# Whoever starts one may close the page: the result waits for them in the store.
LIMITS = Limits(
    most=max(1, (os.cpu_count() or 1) // 2),
    kept=32,
    abandoned=float("inf"),
    longest=4 * 3600.0,
    patience=0.0,
)


class StudyTasks(Tasks[ProgressTask]):
    """The studies of one server."""

    module = "playground.papers.worker"
    noun = "study"
    kind = ProgressTask

    def __init__(self, limits: Limits = LIMITS) -> None:
        """Begin without any."""
        super().__init__(limits)

    def compute(self, user: str, home: Path, study: Study, order: Order) -> ProgressTask:
        """Start a study, unless the same one goes on: then that one is returned.

        Args:
            user: Who starts it.
            home: Folder of the store.
            study: What is computed.
            order: How.

        Raises:
            Refused: If so many go on that this server takes no more, in words.
        """
        text = _order(home, study, order)
        return self._going(text) or self.start(user, text)

    def going(self, home: Path, study: Study, order: Order) -> ProgressTask | None:
        """Return the task that computes this now, anybody's; ``None`` if there is none."""
        return self._going(_order(home, study, order))

    def _going(self, text: str) -> ProgressTask | None:
        with self._lock:
            held = list(self._held.values())
        alike = (task for task in held if task.settings == text and task.runs)
        return next((task for task in alike if not task.stopping), None)


def _order(home: Path, study: Study, order: Order) -> str:
    return json.dumps({"home": str(home), "paper": study.name, "order": words_of(order)})


@cache
def study_tasks() -> StudyTasks:
    """Return the studies of this server."""
    return StudyTasks()
