"""Whether a new run is let in, and how it takes the place of another one."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from playground.jobs import trash
from playground.jobs.queries import MARKED, set_columns
from playground.jobs.records import STUDY, TRAINING, Refused
from playground.jobs.store import DamagedError, is_full

if TYPE_CHECKING:
    from playground.jobs.settings import Settings
    from playground.jobs.store import Store

# One that is being stopped is gone in a moment; one that only shows its initial weights takes as long.
_ACTIVE = (
    "SELECT COUNT(*) FROM runs WHERE status IN ('queued', 'running') AND command IS NOT 'stop' "
    "AND kind = ?"
)
_TRAINING = f"{_ACTIVE} AND until_step IS NOT 0"


@contextmanager
def in_words() -> Iterator[None]:
    """Turn the troubles of a disk or of a busy store into Refused, for whoever clicked."""
    try:
        yield
    except DamagedError as error:
        raise Refused(f"the store did not take it: {str(error).rstrip('.')}") from error
    except (OSError, sqlite3.OperationalError) as error:
        full = is_full(error)
        why = "its disk is full" if full else "it is busy or out of reach; try again in a moment"
        raise Refused(f"the store did not take it: {why}") from error


def check_disk(store: Store) -> None:
    """Raise Refused if the store has reached its limit; before, the trash makes room."""
    limit, used = store.settings.max_disk_mb, store.size() / 1e6
    if used > limit and trash.empty(store, time.time(), kept_seconds=0.0):
        used = store.size() / 1e6
    if used > limit:
        raise Refused(
            f"the store is full: it takes {used:.0f} MB, and this server allows {limit} MB "
            "(PLAYGROUND_MAX_DISK_MB); delete runs first"
        )


def check_caps(
    db: sqlite3.Connection, settings: Settings, user: str, *, preview: bool = False
) -> None:
    """Raise Refused if one more run would be too many.

    Args:
        db: A connection inside the transaction that lets the run in.
        settings: The caps.
        user: Whose run it is.
        preview: Whether it only shows its initial weights, which the cap of a user lets pass.
    """
    (own,) = db.execute(f"{_TRAINING} AND user = ?", (TRAINING, user)).fetchone()
    if own >= settings.max_runs_per_user and not preview:
        raise Refused(
            f"you have {own} runs training or waiting, and this server allows one user "
            f"{settings.max_runs_per_user} (PLAYGROUND_MAX_RUNS_PER_USER); stop or pause one"
        )
    (everybody,) = db.execute(_ACTIVE, (TRAINING,)).fetchone()
    if everybody >= settings.max_runs:
        raise Refused(
            f"{everybody} runs are training or waiting, and this server allows "
            f"{settings.max_runs} in all (PLAYGROUND_MAX_RUNS); try again when some have ended"
        )


def check_study_caps(db: sqlite3.Connection, settings: Settings, user: str, more: int) -> None:
    """Raise Refused if so many more runs of studies would be too many.

    Args:
        db: A connection inside the transaction that lets the runs in.
        settings: The caps.
        user: Whose runs they are.
        more: How many.
    """
    (own,) = db.execute(f"{_ACTIVE} AND user = ?", (STUDY, user)).fetchone()
    if own + more > settings.max_study_runs_per_user:
        raise Refused(
            f"{more} more nets beside the {own} that train or wait are too many: this server allows "
            f"one user {settings.max_study_runs_per_user} at once (PLAYGROUND_MAX_STUDY_RUNS_PER_USER)"
        )
    (everybody,) = db.execute(_ACTIVE, (STUDY,)).fetchone()
    if everybody + more > settings.max_study_runs:
        raise Refused(
            f"{everybody} nets of studies train or wait, and this server allows "
            f"{settings.max_study_runs} in all (PLAYGROUND_MAX_STUDY_RUNS); try again later"
        )


def give_way(db: sqlite3.Connection, run_id: str | None, user: str) -> bool:
    """End a run of the user for another one that takes its place.

    One that never trained, and of which nothing was said, is deleted, for nobody will look for it
    again; any other is stopped and kept. A run that is gone, or somebody else's, is left alone.

    Returns:
        Whether it was deleted, so that its files have to go too.
    """
    row = db.execute(
        f"SELECT *, {MARKED} AS marked FROM runs WHERE id = ? AND user = ? AND removed IS NULL",
        (run_id, user),
    ).fetchone()
    if row is None:
        return False
    if row["step"] == 0 and row["checkpoint_step"] <= 0 and not row["marked"]:
        db.execute("DELETE FROM runs WHERE id = ?", (run_id,))
        return True
    stop(db, row)
    return False


def stop(db: sqlite3.Connection, row: sqlite3.Row) -> None:
    """End a run now, or tell its worker to; one that has ended stays as it is."""
    now = time.time()
    if row["status"] in ("queued", "paused"):
        values = {"status": "stopped", "reason": "stopped by hand", "ended": now}
        set_columns(db, row["id"], **values)
    elif row["status"] == "running" and row["command"] != "stop":
        set_columns(db, row["id"], command="stop", commanded=now)
