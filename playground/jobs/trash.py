"""Runs that were thrown away go for good: after a while, or when their room is needed."""

from __future__ import annotations

from playground.jobs.artifacts import Folder
from playground.jobs.store import Store

KEPT_SECONDS = 900.0
"""For so long a run that was thrown away can come back."""
_DAY = 86400.0


def empty(store: Store, now: float, kept_seconds: float = KEPT_SECONDS) -> list[str]:
    """Delete what was thrown away long enough ago, with its files; return the ids.

    Args:
        store: The store.
        now: The time in seconds since 1970.
        kept_seconds: How long a run stays in the trash; zero for one that has to be emptied.

    Raises:
        sqlite3.Error: If the store is out of reach.
    """
    with store.writing() as db:
        # What was thrown away more than a day from now was so before the clock was set back.
        rows = db.execute(
            "DELETE FROM runs WHERE removed <= :before OR removed > :never RETURNING id",
            {"before": now - kept_seconds, "never": now + _DAY},
        ).fetchall()
    gone = [row["id"] for row in rows]
    for run_id in gone:
        Folder(store.runs_folder, run_id).remove()
    return gone
