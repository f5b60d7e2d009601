"""Copies of the database that the engine makes now and then, from which runs come back after damage.

The copy is taken within one read transaction, which holds nobody up: with the journal ``wal`` writers
write on beside it. A damaged database is not copied over a sound backup.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import sqlite3
import time
from pathlib import Path

from playground.jobs import rescue
from playground.jobs.store import Store

logger = logging.getLogger(__name__)

EVERY_SECONDS = 300.0
SHARE = 0.02  # of the time; the backup of a large store is made less often
LONGEST_SECONDS = 60.0
ROOM = 3  # so many times the size has to be free on the disk
_PAGES = 500  # copied between two looks at the clock


def back_up(store: Store) -> Path | None:
    """Copy the database beside the last copy, which becomes the second.

    Returns:
        The copy; ``None`` if there is no room for it, or it would take too long.

    Raises:
        playground.jobs.rescue.DamagedError: If the database is damaged; it has been set aside then.
        sqlite3.Error, OSError: If the store is out of reach.
    """
    folder = store.home / "backup"
    folder.mkdir(mode=0o700, exist_ok=True)
    size = (store.home / rescue.FILE).stat().st_size
    if shutil.disk_usage(folder).free < ROOM * size:
        logger.warning("no backup of the store: the disk has no room for it")
        return None
    newest, before = (folder / name for name in rescue.BACKUPS)
    part = folder / f"{newest.name}.part"
    try:
        with store.reading() as db:
            store.check(db)
            _copy(db, part)
        if why := rescue.damage(part):
            raise OSError(f"the backup came out damaged: {why}")
        if newest.exists():
            newest.replace(before)
        part.replace(newest)
    except TimeoutError as error:
        logger.warning("no backup of the store: %s", error)
        return None
    finally:
        part.unlink(missing_ok=True)
    return newest


def _copy(db: sqlite3.Connection, part: Path) -> None:
    """Copy a database within one transaction, so that nobody's writing makes it begin anew."""
    until = time.monotonic() + LONGEST_SECONDS

    def look(*_: int) -> None:
        if time.monotonic() > until:
            raise TimeoutError(f"it would take more than {LONGEST_SECONDS:.0f} s")

    part.unlink(missing_ok=True)
    db.execute("BEGIN")
    try:
        db.execute("SELECT 1 FROM runs LIMIT 1").fetchone()
        with contextlib.closing(sqlite3.connect(part)) as copy:
            db.backup(copy, pages=_PAGES, progress=look, sleep=0.001)
            # On its own it needs no journal beside it.
            copy.execute("PRAGMA journal_mode = delete")
    finally:
        db.execute("ROLLBACK")
    file = os.open(part, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


class Backups:
    """When the next backup is due."""

    def __init__(self, store: Store) -> None:
        """Begin; the first is due soon, since nobody knows when the last engine made one."""
        self._store = store
        self._due = time.monotonic() + min(EVERY_SECONDS, 30.0)

    def look(self) -> None:
        """Make a backup if one is due; what goes wrong is written in the log, and tried again later.

        Raises:
            Nothing that the store or the disk may raise.
        """
        began = time.monotonic()
        if began < self._due:
            return
        try:
            back_up(self._store)
        except (sqlite3.Error, OSError):
            logger.exception("no backup of the store")
        took = time.monotonic() - began
        self._due = time.monotonic() + max(EVERY_SECONDS, took / SHARE)
