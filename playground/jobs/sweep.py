"""Clearing up: what nobody will look for again leaves the store, so that it never fills for good.

Gone are, in this order: what was thrown away; runs that never trained; the oldest unmarked runs of a
user who has more than the cap; while the store is nearly full the rest of the trash and the oldest
unmarked runs of all users; folders without a run. What trains or waits, is marked by a name, a star,
a tag or a note, is being drawn, or was looked at in the last minutes stays.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from playground.jobs import trash
from playground.jobs.artifacts import Folder
from playground.jobs.queries import MARKED
from playground.jobs.reader import DAY
from playground.jobs.records import ID, STUDY
from playground.jobs.store import Store

ORPHAN_SECONDS = 600.0  # a folder is made a moment before its run
FULL = 0.9  # share of the store's limit
SET_SECONDS = 60.0  # by so much a clock is not slewed, but set
BATCH = 50  # runs that go for want of space in one sweep

_RESTED = "COALESCE(ended, queued_since)"
# What was watched more than a day from now was so before the clock was set back.
_FREE = (
    f"removed IS NULL AND NOT {MARKED} AND status NOT IN ('queued', 'running') "
    "AND NOT (view_version > view_drawn AND checkpoint IS NOT NULL) "
    f"AND {_RESTED} < :since AND (watched_until < :since OR watched_until > :since + {2 * DAY})"
)
_NEVER_TRAINED = f"SELECT id FROM runs WHERE {_FREE} AND step = 0 AND checkpoint_step <= 0"
_BEYOND_THE_CAP = (
    "SELECT id FROM (SELECT *, ROW_NUMBER() OVER "
    f"(PARTITION BY user, kind ORDER BY {_RESTED} DESC, id) AS place FROM runs "
    f"WHERE removed IS NULL AND NOT {MARKED} AND status NOT IN ('queued', 'running')) "
    f"WHERE place > CASE kind WHEN '{STUDY}' THEN :kept_of_studies ELSE :kept END AND {_FREE}"
)
_OLDEST = f"SELECT id FROM runs WHERE {_FREE} ORDER BY {_RESTED} LIMIT {BATCH}"


def sweep(store: Store, now: float | None = None) -> list[str]:
    """Delete what may go; return the ids of the runs that went.

    Args:
        store: The store; its settings say how much is kept.
        now: The time in seconds since 1970; the clock's when absent.

    Raises:
        sqlite3.Error, OSError: If the store is out of reach; what was deleted stays deleted.
    """
    now = time.time() if now is None else now
    values = {
        "since": now - 60 * store.settings.preview_minutes,
        "kept": store.settings.kept_runs_per_user,
        "kept_of_studies": store.settings.kept_study_runs_per_user,
    }
    gone = trash.empty(store, now)
    gone += [
        run_id
        for query in (_NEVER_TRAINED, _BEYOND_THE_CAP)
        for run_id in _ids(store, query, values)
        if _delete(store, run_id, values)
    ]
    limit = FULL * 1e6 * store.settings.max_disk_mb
    if store.size() > limit:
        gone += trash.empty(store, now, kept_seconds=0.0)
    if store.size() > limit:
        for run_id in _ids(store, _OLDEST, values):
            if _delete(store, run_id, values):
                gone.append(run_id)
            if store.size() <= limit:
                break
    _orphans(store, now)
    return gone


class Sweeps:
    """Sweeps that a clock that is set does not mislead.

    When it is, all times in the store lie elsewhere; then nothing is cleared away for as long as
    anything is kept for a while, so that a clock that is put right takes nobody's run away.
    """

    def __init__(
        self,
        store: Store,
        clock: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin; both clocks tell seconds, and only ``clock`` can be set."""
        self._store, self._clock, self._steady = store, clock, steady
        self._apart = clock() - steady()
        self._rests_until = steady()

    def look(self) -> list[str]:
        """Sweep, unless the clock was set a while ago; return the ids of the runs that went.

        Raises:
            sqlite3.Error, OSError: As ``sweep``.
        """
        now, steady = self._clock(), self._steady()
        if abs(now - steady - self._apart) > SET_SECONDS:
            kept = max(60 * self._store.settings.preview_minutes, trash.KEPT_SECONDS)
            self._rests_until = steady + kept
        self._apart = now - steady
        return sweep(self._store, now) if steady >= self._rests_until else []


def _ids(store: Store, query: str, values: dict[str, float]) -> list[str]:
    with store.reading() as db:
        return [row["id"] for row in db.execute(query, values)]


def _delete(store: Store, run_id: str, values: dict[str, float]) -> bool:
    """Delete a run with its files, unless somebody has taken it up since."""
    with store.writing() as db:
        query = f"DELETE FROM runs WHERE id = :id AND {_FREE}"
        deleted = db.execute(query, {"id": run_id, **values}).rowcount
    if deleted:
        Folder(store.runs_folder, run_id).remove()
    return bool(deleted)


def _orphans(store: Store, now: float) -> None:
    """Remove the folders of runs that are gone: a process was killed between row and folder."""
    old = [path for path in store.runs_folder.iterdir() if _is_old(path, now)]
    if not old:
        return
    with store.reading() as db:
        known = {row["id"] for row in db.execute("SELECT id FROM runs")}
    for path in old:
        if path.name not in known:
            Folder(store.runs_folder, path.name).remove()


def _is_old(path: Path, now: float) -> bool:
    """Return whether this is the folder of a run, and untouched for long."""
    try:
        return bool(ID.fullmatch(path.name)) and now - path.stat().st_mtime > ORPHAN_SECONDS
    except FileNotFoundError:
        return False
