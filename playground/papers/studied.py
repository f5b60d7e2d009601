"""What studies came to, kept in the store: the newest for each way of computing it."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from typing import Any

from playground.jobs.admission import check_disk, in_words
from playground.jobs.store import Store
from playground.papers.found import Found
from playground.papers.paper import PAPERS, Order, Study
from playground.papers.reports import Report, study_report


def words_of(order: Order) -> str:
    """Return the one text for an order."""
    return json.dumps(asdict(order), sort_keys=True)


class Studied:
    """The results of studies in one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def save(self, study: Study, order: Order, found: Found, seconds: float) -> None:
        """Keep what came out, in the place of what came out before.

        Raises:
            Refused: If the store does not take it.
            ValueError: If there is a figure in it that is not finite.
        """
        text = json.dumps(found.to_dict(), allow_nan=False)
        row = (study.name, words_of(order), time.time(), seconds, text)
        with in_words():
            check_disk(self._store)
            with self._store.writing() as db:
                db.execute("INSERT OR REPLACE INTO studied VALUES (?, ?, ?, ?, ?)", row)

    def get(self, study: Study, order: Order) -> Report | None:
        """Return what came out, ``None`` where it was never computed, or by another program version."""
        with self._store.reading() as db:
            row = db.execute(
                "SELECT * FROM studied WHERE paper = ? AND settings = ?",
                (study.name, words_of(order)),
            ).fetchone()
        return None if row is None else _report(study, order, row)

    def all(self) -> list[Report]:
        """Return everything that is kept of studies that the program knows, newest first."""
        with self._store.reading() as db:
            rows = db.execute("SELECT * FROM studied ORDER BY created DESC").fetchall()
        known = [(PAPERS.get(row["paper"]), row) for row in rows]
        reports = [
            _report(study, Order(**json.loads(row["settings"])), row)
            for study, row in known
            if isinstance(study, Study)
        ]
        return [each for each in reports if each is not None]


def _report(study: Study, order: Order, row: Any) -> Report | None:
    try:
        found = Found.from_dict(json.loads(row["found"]))
        return study_report(study, order, found, row["seconds"], row["created"])
    except (KeyError, TypeError, ValueError):
        return None
