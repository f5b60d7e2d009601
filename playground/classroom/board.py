"""The board of a class: what its members have trained, and in what each run differs, in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from playground.analysis.differences import NOT_THERE, differences
from playground.experiment import Experiment
from playground.jobs import Reader, Refused
from playground.jobs.admission import in_words
from playground.jobs.records import IMPORTED, TRAINING
from playground.sweeping.results import pareto

MOST = 600
"""Runs on one board; the latest."""
_WORDS = 3  # differences that are named; of more the number
_NEWEST = "(SELECT MAX(step) FROM metrics WHERE run = runs.id)"

# Whoever leaves and comes back has two stays, which no run is in at once. What came from a file was
# not trained in the class.
_QUERY = f"""
SELECT runs.id, runs.user, members.nickname, runs.name, runs.status, runs.created, runs.ended,
    runs.parameters, runs.experiment, newest.epoch, newest.seconds, newest.nfe_forward,
    newest.validation_accuracy, newest.validation_loss
FROM members JOIN classes ON classes.code = members.class
JOIN runs ON runs.user = members.user AND runs.created >= members.joined
    AND runs.created < COALESCE(members.gone, classes.closed, 1e18)
    AND runs.created < COALESCE(classes.closed, 1e18)
LEFT JOIN metrics AS newest ON newest.run = runs.id AND newest.step = {_NEWEST}
WHERE classes.code = :code AND runs.kind = '{TRAINING}' AND runs.removed IS NULL AND runs.step > 0
    AND runs.status IN ('finished', 'stopped', 'diverged')
    AND json_extract(runs.versions, '$.{IMPORTED}') IS NULL
    AND runs.id NOT IN (SELECT run FROM off_board WHERE class = :code)
ORDER BY runs.ended DESC, runs.id LIMIT {MOST}
"""
_AT_WORK = """
SELECT COUNT(*) FROM members JOIN runs ON runs.user = members.user AND runs.created >= members.joined
WHERE members.class = ? AND members.gone IS NULL AND runs.status IN ('queued', 'running')
    AND runs.until_step IS NULL AND runs.kind = 'training' AND runs.removed IS NULL
"""


@dataclass(frozen=True)
class Entry:
    """One run on the board.

    Attributes:
        run: Its id.
        user: Id of its owner; never show it to others.
        who: Nickname of its owner.
        name: What its owner calls it.
        status: ``finished``, ``stopped`` or ``diverged``.
        ended: When it ended, in seconds since 1970.
        experiment: Its settings as JSON.
        epoch: How far it was trained.
        seconds: Time spent training, pauses left out; ``None`` where it is not known, like the next.
        parameters: Number of trainable parameters.
        nfe_forward: Evaluations of the field in one forward pass; ``None`` for a net without a field.
        accuracy: Share of the validation points that it gets right; ``None`` for a regression.
        loss: On the validation points; ``None`` where it was not finite.
    """

    run: str
    user: str
    who: str
    name: str
    status: str
    ended: float
    experiment: str
    epoch: float
    seconds: float | None
    parameters: int
    nfe_forward: int | None
    accuracy: float | None
    loss: float | None

    def cost(self, name: str) -> float:
        """Return what it cost in ``seconds``, ``parameters`` or ``nfe_forward``; ``nan`` if unknown."""
        value = getattr(self, name)
        return math.nan if value is None else float(value)


def entries_of(jobs: Reader, code: str) -> list[Entry]:
    """Return the runs of a class that have ended, the latest first.

    A run counts if its owner was in the class when it was handed in. Runs in the trash, those that came
    from a file and those that the teacher has taken off are left out.
    """
    with in_words(), jobs.store.reading() as db:
        rows = db.execute(_QUERY, {"code": code}).fetchall()
    return [
        Entry(
            run=row["id"],
            user=row["user"],
            who=row["nickname"],
            name=row["name"],
            status=row["status"],
            ended=row["ended"] or row["created"],
            experiment=row["experiment"],
            epoch=row["epoch"] or 0.0,
            seconds=row["seconds"],
            parameters=row["parameters"],
            nfe_forward=row["nfe_forward"] or None,
            accuracy=row["validation_accuracy"],
            loss=row["validation_loss"],
        )
        for row in rows
    ]


def at_work(jobs: Reader, code: str) -> int:
    """Return how many runs of a class's members train or wait now."""
    with in_words(), jobs.store.reading() as db:
        (count,) = db.execute(_AT_WORK, (code,)).fetchone()
    return count


def baseline(jobs: Reader, shown: str) -> tuple[str, str]:
    """Return the experiment that a board compares with, as JSON, and what it is called.

    It is that of the run which the teacher shows, or else the one with which everybody begins.
    """
    if shown:
        try:
            return jobs.get(shown).experiment_json, "what the teacher shows"
        except Refused:
            pass
    return Experiment().model_dump_json(), "the default settings"


@lru_cache(maxsize=4096)
def in_what(base: str, other: str) -> str:
    """Return in words how one stored experiment differs from another: the field and the new value.

    Args:
        base: What it is compared with, as JSON.
        other: The run's experiment, as JSON.
    """
    pair = [Experiment.from_stored(text)[0] for text in (base, other)]
    found = [d for d in differences(pair) if d.values[1] != NOT_THERE]
    words = [f"{_short(d.label)} {d.values[1]}" for d in found[:_WORDS]]
    more = len(found) - len(words)
    if not words:
        return "the same settings"
    return " · ".join(words) + (f" · and {more} more" if more else "")


def front(entries: Sequence[Entry], cost: str, score: str) -> set[str]:
    """Return the runs that no other one beats in accuracy (or loss) at no more cost.

    Args:
        entries: The board.
        cost: ``seconds``, ``parameters`` or ``nfe_forward``.
        score: ``accuracy`` or ``loss``.
    """
    sign = -1.0 if score == "loss" else 1.0
    values = [getattr(entry, score) for entry in entries]
    scores = [math.nan if value is None else sign * value for value in values]
    return {entries[i].run for i in pareto([entry.cost(cost) for entry in entries], scores)}


def _short(label: str) -> str:
    return label.rpartition(" · ")[2]
