"""The history of runs: one line for each, found by one query, for lists of thousands.

A line holds what a list shows and what a search asks for: the run, its newest figures, its settings as
the flat texts of a link, what its owner says of it. Views, notices and files stay where they are.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from playground.jobs.reader import Reader
from playground.jobs.records import Status
from playground.query import flatten

MOST = 20_000  # lines of one list
FIGURES = (
    "train_loss",
    "validation_loss",
    "train_accuracy",
    "validation_accuracy",
    "nfe_forward",
    "nfe_backward",
    "seconds",
)
_COLUMNS = (
    *("id", "user", "kind", "name", "status", "reason", "created", "started", "ended", "step"),
    *("epoch", "device", "path", "parameters", "starred", "note", "removed", "checkpoint_step"),
)
_BETWEEN = "\x1f"  # of tags, in which it is not legal
_REMEMBERED = 8192  # settings of so many runs; a text of one takes some two kilobytes

# The newest metrics of a run are one step down its own tree, whatever the number of steps.
_QUERY = f"""
SELECT {", ".join(f"runs.{name}" for name in _COLUMNS)}, runs.experiment,
    {", ".join(f"newest.{name}" for name in FIGURES)},
    (SELECT group_concat(tag, char(31)) FROM tags WHERE run = runs.id) AS tags
FROM runs LEFT JOIN metrics AS newest ON newest.run = runs.id
    AND newest.step = (SELECT MAX(step) FROM metrics WHERE run = runs.id)
"""


@dataclass(frozen=True, slots=True)
class Line:
    """One run in the history; fields not listed are as in ``RunRecord``.

    Attributes:
        user: Id of the owner; never show it to others.
        starred: Whether its owner has marked it.
        tags: Words of its owner, in their alphabetical order.
        train_loss: Of the newest metrics, as are the other figures; ``None`` before the first, where the
            figure was not finite, and where there is none of its kind.
        nfe_forward: Evaluations of the field in one forward pass.
        nfe_backward: The same in one backward pass.
        seconds: Time spent training, pauses left out.
        settings: The experiment as flat text by dotted names, as a link has it.
    """

    id: str
    user: str
    kind: str
    name: str
    status: Status
    reason: str
    created: float
    started: float | None
    ended: float | None
    step: int
    epoch: float
    device: str
    path: str
    parameters: int
    starred: bool
    note: str
    removed: float | None
    checkpoint_step: int
    tags: tuple[str, ...]
    train_loss: float | None
    validation_loss: float | None
    train_accuracy: float | None
    validation_accuracy: float | None
    nfe_forward: int | None
    nfe_backward: int | None
    seconds: float | None
    settings: Mapping[str, str]

    def number(self, name: str) -> float | None:
        """Return a setting as a number; ``None`` where the run has none of this dotted name."""
        try:
            return float(self.settings[name])
        except (KeyError, ValueError):
            return None

    @property
    def data(self) -> str:
        """Name of the data set."""
        return self.settings.get("data", "")

    @property
    def network(self) -> str:
        """Name of the network."""
        return self.settings.get("network", "")

    @property
    def scheme(self) -> str:
        """Name of the integrator, which a network without steps leaves alone."""
        return self.settings.get("scheme", "")

    @property
    def optimizer(self) -> str:
        """Name of the optimiser."""
        return self.settings.get("optimizer", "")

    @property
    def width(self) -> float | None:
        """Width of the network."""
        return self.number("network.width")

    @property
    def depth(self) -> float | None:
        """Depth of the network, in layers or steps."""
        return self.number("network.depth")

    @property
    def learning_rate(self) -> float | None:
        """Learning rate; of the optimiser inside where Lookahead is around one."""
        inner = self.number("optimizer.inner.learning_rate")
        return self.number("optimizer.learning_rate") if inner is None else inner

    @property
    def repetition(self) -> tuple[str, str]:
        """Seeds of the data and of the weights."""
        return self.settings.get("data_seed", ""), self.settings.get("weight_seed", "")


def overview(
    jobs: Reader,
    user: str | None = None,
    *,
    kind: str | None = None,
    ids: Sequence[str] | None = None,
    limit: int = MOST,
) -> list[Line]:
    """Return the runs of one user, or of all, newest first; what is in the trash is left out.

    Args:
        jobs: The store.
        user: Whose; everybody's by default, which only the operator of a server should see, because
            whoever knows a run's id may look at the run.
        kind: ``training``, ``study``, or both by default.
        ids: Only these, in this order; those that are gone are left out.
        limit: How many at most.
    """
    wanted = {"user": user, "kind": kind}
    wanted = {name: value for name, value in wanted.items() if value is not None}
    conditions = ["runs.removed IS NULL", *(f"runs.{name} = :{name}" for name in wanted)]
    if ids is not None:
        conditions.append("runs.id IN (SELECT value FROM json_each(:ids))")
        wanted["ids"] = json.dumps(list(ids))
    lines = _lines(jobs, " AND ".join(conditions), {**wanted, "limit": limit})
    if ids is None:
        return lines
    held = {line.id: line for line in lines}
    return [held[run_id] for run_id in dict.fromkeys(ids) if run_id in held]


def thrown_away(jobs: Reader, user: str | None) -> list[Line]:
    """Return what a user, or anybody, has thrown away and can still have back, the latest first."""
    condition = "runs.removed IS NOT NULL AND (:user IS NULL OR runs.user = :user)"
    lines = _lines(jobs, condition, {"user": user, "limit": MOST})
    return sorted(lines, key=lambda line: -(line.removed or 0.0))


def tags_of(jobs: Reader, run_id: str) -> tuple[str, ...]:
    """Return the tags of a run, in alphabetical order."""
    with jobs.store.reading() as db:
        rows = db.execute("SELECT tag FROM tags WHERE run = ? ORDER BY tag", (run_id,)).fetchall()
    return tuple(row["tag"] for row in rows)


def differences(lines: Sequence[Line]) -> dict[str, list[str | None]]:
    """Return the settings in which runs differ: for each dotted name the texts, ``None`` for none.

    What stands in the network, the data and so on comes right after its choice, as in a link.
    """
    names = dict.fromkeys(name for line in lines for name in line.settings)
    found = {name: [line.settings.get(name) for line in lines] for name in names}
    return {name: texts for name, texts in sorted(found.items()) if len(set(texts)) > 1}


def _lines(jobs: Reader, condition: str, values: Mapping[str, Any]) -> list[Line]:
    """Return lines; the condition is this program's, what a user wrote is among the values."""
    query = f"{_QUERY} WHERE {condition} ORDER BY runs.created DESC, runs.id LIMIT :limit"
    with jobs.store.reading() as db:
        return [_line(row) for row in db.execute(query, dict(values))]


def _line(row: sqlite3.Row) -> Line:
    values = dict(zip(row.keys(), tuple(row)))
    tags = values.pop("tags")
    return Line(
        settings=_settings(values.pop("experiment")),
        tags=tuple(sorted(tags.split(_BETWEEN))) if tags else (),
        starred=bool(values.pop("starred")),
        **values,
    )


@lru_cache(maxsize=_REMEMBERED)
def _settings(experiment: str) -> dict[str, str]:
    """Return a stored experiment as flat text, without asking whether this version would train it."""
    try:
        tree = json.loads(experiment)
    except ValueError:
        return {}
    return flatten(tree) if isinstance(tree, dict) else {}
