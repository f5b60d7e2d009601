"""The store: one SQLite file and a folder for each run; all that the processes share."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playground.jobs.schema import MIGRATIONS, SCHEMA, VERSION
from playground.jobs.settings import Settings

BUSY_SECONDS = 20.0
FILE = "store.sqlite"


class Store:
    """Connections to one store, shared by the threads of one process.

    A connection serves one block at a time and is kept for the next one, so that threads may come
    and go.
    """

    def __init__(self, settings: Settings) -> None:
        """Open the store, and make it when there is none.

        Raises:
            ValueError: If a newer version of this package wrote the store.
            OSError: If the folder cannot be made.
        """
        self.settings = settings
        self.home = settings.home
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.runs_folder.mkdir(mode=0o700, exist_ok=True)
        self._idle: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        self._pid = os.getpid()
        self._create()

    @property
    def runs_folder(self) -> Path:
        """Where the folders of the runs are."""
        return self.home / "runs"

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection on which each statement stands for itself."""
        connection = self._take()
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        self._give(connection)

    @contextmanager
    def writing(self, *, durable: bool = False) -> Iterator[sqlite3.Connection]:
        """Lend a connection inside one write transaction: all of the block or nothing of it.

        Args:
            durable: Also wait until the disk has it, so that a power cut cannot undo it.
        """
        with self.reading() as connection:
            if durable:
                connection.execute("PRAGMA synchronous = FULL")
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            if durable:
                connection.execute("PRAGMA synchronous = NORMAL")

    def connect(self) -> sqlite3.Connection:
        """Open a connection of the caller's own."""
        connection = sqlite3.connect(
            self.home / FILE,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    def size(self) -> int:
        """Return the bytes that the store takes, from its own books, not by a walk.

        What deleted runs leave free inside the database does not count: new ones will fill it.
        """
        with self.reading() as db:
            (pages,) = db.execute("PRAGMA page_count").fetchone()
            (free,) = db.execute("PRAGMA freelist_count").fetchone()
            (page,) = db.execute("PRAGMA page_size").fetchone()
            (kept,) = db.execute("SELECT COALESCE(SUM(size), 0) FROM snapshots").fetchone()
            (rest,) = db.execute(
                "SELECT COALESCE(SUM(checkpoint_size + recording_size), 0) FROM runs"
            ).fetchone()
        return (pages - free) * page + kept + rest

    def close(self) -> None:
        """Close the connections that nobody uses now."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _take(self) -> sqlite3.Connection:
        with self._lock:
            if self._pid != os.getpid():  # a fork must not use its parent's connections
                self._idle, self._pid = [], os.getpid()
            if self._idle:
                return self._idle.pop()
        return self.connect()

    def _give(self, connection: sqlite3.Connection) -> None:
        with self._lock:
            self._idle.append(connection)

    def _create(self) -> None:
        with self.reading() as db:
            _set_journal(db, self.settings.journal)
            version = _version(db)
            if version < VERSION:
                db.execute("BEGIN IMMEDIATE")
                for statement in _steps_from(_version(db)):  # somebody else may have been faster
                    db.execute(statement)
                db.execute(f"PRAGMA user_version = {max(VERSION, _version(db))}")
                db.execute("COMMIT")
                version = _version(db)
        if version > VERSION:
            raise ValueError(
                f"the store in {self.home} has version {version}, this program knows {VERSION}: "
                "update the program or choose another PLAYGROUND_HOME"
            )


_stores: dict[Settings, Store] = {}
_stores_lock = threading.Lock()


def open_store(settings: Settings) -> Store:
    """Return this process's store for these settings, so that all its users share connections.

    Raises:
        ValueError: If a newer version of this package wrote the store.
        OSError: If the folder cannot be made.
    """
    with _stores_lock:
        store = _stores.get(settings)
        if store is None or not (store.home / FILE).exists():
            store = _stores[settings] = Store(settings)
        return store


def _set_journal(db: sqlite3.Connection, journal: str) -> None:
    """Set the journal, which the file keeps; SQLite does not wait for others here, so this does."""
    deadline = time.monotonic() + BUSY_SECONDS
    while db.execute("PRAGMA journal_mode").fetchone()[0] != journal:
        try:
            db.execute(f"PRAGMA journal_mode = {journal}")
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _version(db: sqlite3.Connection) -> int:
    return db.execute("PRAGMA user_version").fetchone()[0]


def _steps_from(version: int) -> list[str]:
    """Return the statements that make a store of this version one of the present version."""
    if version == 0:
        return [statement for statement in SCHEMA.split(";\n") if statement.strip()]
    return [statement for old in range(version, VERSION) for statement in MIGRATIONS[old]]
