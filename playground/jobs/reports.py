"""Robustness reports, kept with the run whose net was attacked, and gone with it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from pydantic import TypeAdapter, ValidationError

from playground.attacks import Report
from playground.jobs.admission import check_disk, in_words
from playground.jobs.queries import row_of
from playground.jobs.records import RunRecord, checked_id, versions
from playground.jobs.store import Store
from playground.training.evaluation_settings import Evaluation

KEPT = 24  # reports of one run; the oldest go


@dataclass(frozen=True)
class Made:
    """What a report was made with.

    Attributes:
        evaluation: What was set.
        step: Optimiser step of the net that was attacked.
        source_step: The same of the other net; -1 where none was given.
        seconds: How long it took.
        versions: Versions of python, torch and this package.
    """

    evaluation: Evaluation
    step: int
    source_step: int = -1
    seconds: float = 0.0
    versions: Mapping[str, str] = field(default_factory=versions)

    def to_json(self) -> str:
        """Return it as JSON."""
        return _MADE.dump_json(self).decode()


_MADE = TypeAdapter(Made)


@dataclass(frozen=True)
class Kept:
    """One report of the store.

    Attributes:
        run: Id of the run.
        created: When it was stored, in seconds since 1970.
        made: What it was made with.
        report: What was found.
    """

    run: str
    created: float
    made: Made
    report: Report

    def is_of(self, run: RunRecord) -> bool:
        """Return whether it tells of the run as it is now, and not of an earlier checkpoint."""
        return self.run == run.id and self.made.step == run.checkpoint_step

    def to_json(self) -> str:
        """Return all of it as JSON, for a file."""
        return _KEPT.dump_json(self, indent=2).decode()


_KEPT = TypeAdapter(Kept)


class Reports:
    """The reports of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def save(self, run_id: str, made: Made, report: Report) -> None:
        """Store a report: all of it or nothing. One with the same settings and step is replaced.

        Raises:
            Refused: If there is no such run any more, or the store does not take it.
        """
        row = {"run": checked_id(run_id), "key": made.evaluation.key, "step": made.step}
        row |= {"created": time.time(), "made": made.to_json(), "report": report.to_json()}
        columns, marks = ", ".join(row), ", ".join(f":{name}" for name in row)
        with in_words():
            check_disk(self._store)
            with self._store.writing() as db:
                row_of(db, run_id, "id")
                db.execute(f"INSERT OR REPLACE INTO reports ({columns}) VALUES ({marks})", row)
                db.execute(
                    "DELETE FROM reports WHERE run = :run AND rowid NOT IN (SELECT rowid FROM reports "
                    "WHERE run = :run ORDER BY created DESC, rowid DESC LIMIT :kept)",
                    {"run": run_id, "kept": KEPT},
                )

    def of(self, run_id: str) -> list[Kept]:
        """Return the reports of a run, newest first; those of another program version are left out.

        Raises:
            Refused: If there is no such run.
        """
        with self._store.reading() as db:
            row_of(db, run_id, "id")
            rows = db.execute(
                "SELECT * FROM reports WHERE run = ? ORDER BY created DESC, rowid DESC", (run_id,)
            ).fetchall()
        found = []
        for row in rows:
            with suppress(ValidationError):
                made = _MADE.validate_json(row["made"])
                report = Report.from_json(row["report"])
                found.append(Kept(row["run"], row["created"], made, report))
        return found

    def get(self, run_id: str, evaluation: Evaluation, step: int) -> Kept | None:
        """Return the report of these settings on the checkpoint of a step, ``None`` without one."""
        wanted = (evaluation, step)
        found = (
            kept for kept in self.of(run_id) if (kept.made.evaluation, kept.made.step) == wanted
        )
        return next(found, None)
