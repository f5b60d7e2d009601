"""Robustness evaluations in processes of their own, whose reports are stored with the run."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from playground.jobs.processes import Limits, ProgressTask, Tasks
from playground.jobs.records import checked_id
from playground.training.evaluation_settings import Evaluation

# Whoever starts one may look at another tab meanwhile: the report waits for them in the store.
LIMITS = Limits(
    most=max(2, (os.cpu_count() or 1) // 2),
    kept=32,
    abandoned=600.0,
    longest=3600.0,
    patience=0.0,
)


@dataclass(eq=False)
class EvaluationTask(ProgressTask):
    """One evaluation, as far as it has come.

    Attributes:
        step: Step of the checkpoint whose report was stored; -1 until then.
    """

    step: int = -1

    @property
    def run(self) -> str:
        """Id of the run that is evaluated."""
        return json.loads(self.settings)["run"]

    @property
    def evaluation(self) -> Evaluation:
        """What was set."""
        return Evaluation.model_validate(json.loads(self.settings)["evaluation"])

    def take(self, news: dict[str, Any]) -> None:
        """Take in one line of what the process tells."""
        self.step = news.get("step", self.step)
        super().take(news)


class Evaluations(Tasks[EvaluationTask]):
    """The evaluations of one server."""

    module = "playground.jobs.evaluation_worker"
    noun = "check"
    kind = EvaluationTask

    def __init__(self, limits: Limits = LIMITS) -> None:
        """Begin without any."""
        super().__init__(limits)

    def check(self, user: str, home: Path, run_id: str, evaluation: Evaluation) -> EvaluationTask:
        """Start an evaluation, unless one with the same settings runs: then that one is returned.

        Args:
            user: Who starts it.
            home: Folder of the store.
            run_id: The run; whoever knows its id may look at it, and may have it checked.
            evaluation: What is tried.

        Raises:
            Refused: If so many run that this server takes no more, in words.
        """
        order = {"home": str(home), "run": checked_id(run_id)}
        text = json.dumps({**order, "evaluation": evaluation.model_dump()})
        running = [task for task in self._all() if task.settings == text and task.runs]
        return next((task for task in running if not task.stopping), None) or self.start(user, text)

    def going(self, user: str, run_id: str) -> EvaluationTask | None:
        """Return the newest evaluation of a run that goes on: the user's own, else somebody's."""
        found = [task for task in self._all() if task.runs and task.run == run_id]
        own = [task for task in found if task.user == user]
        return (own or found or [None])[-1]

    def _all(self) -> list[EvaluationTask]:
        with self._lock:
            return list(self._held.values())


@cache
def evaluations() -> Evaluations:
    """Return the evaluations of this server."""
    return Evaluations()
