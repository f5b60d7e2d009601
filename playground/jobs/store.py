"""The store: one SQLite file and a folder for each run; all that the processes share."""

from __future__ import annotations

import errno
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from playground.jobs import rescue
from playground.jobs.rescue import FILE, DamagedError
from playground.jobs.schema import MIGRATIONS, VERSION
from playground.jobs.settings import Settings

BUSY_SECONDS = 20.0
NOTE_SECONDS = 0.2
"""For so long what may stay unwritten waits for a store that somebody else has locked."""
# The disk is full, somebody else writes for long, or there is another database now: it passes.
_PASSING = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
)


def passes(error: BaseException) -> bool:
    """Return whether a trouble of the store is one after which trying again is right."""
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(error, DamagedError) or (code is not None and code & 0xFF in _PASSING)


def is_full(error: BaseException) -> bool:
    """Return whether the trouble is that the disk is full."""
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL


class Connection(sqlite3.Connection):
    """A connection that knows which file it was opened on."""

    file: tuple[int, int] | None = None


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
        self._path = str(self.home / FILE)
        self._idle: list[Connection] = []
        self._lock = threading.Lock()
        self._pid = os.getpid()
        try:
            self._create()
        except DamagedError:  # there is another one in its place now; the pages tell
            self._create()

    @property
    def runs_folder(self) -> Path:
        """Where the folders of the runs are."""
        return self.home / "runs"

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection on which each statement stands for itself.

        Raises:
            DamagedError: If the database is found damaged; then another one is in its place.
        """
        with self.repairing():
            connection = self._take()
            try:
                yield connection
            except BaseException:
                connection.close()
                raise
            self._give(connection)

    @contextmanager
    def repairing(self) -> Iterator[None]:
        """Set the database aside if the block finds it damaged. Raises DamagedError then."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            if isinstance(error, DamagedError) or not rescue.is_damage(error):
                raise
            self._repair(error)
            raise

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

    @contextmanager
    def noting(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection for what may as well stay unwritten, such as that somebody looks.

        It waits for a moment only, for whoever looks must not wait for whoever writes. A store that is
        locked or full is no error: the block ends there.
        """
        with self.reading() as connection:
            _wait_at_most(connection, NOTE_SECONDS)
            with suppress(sqlite3.OperationalError):
                yield connection
            _wait_at_most(connection, BUSY_SECONDS)

    def connect(self) -> Connection:
        """Open a connection of the caller's own, on a file that is there."""
        file = self._file()
        connection = sqlite3.connect(
            f"{self.home.as_uri()}/{FILE}?mode=rw",
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
            factory=Connection,
        )
        connection.file = file
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    def moved(self, connection: Connection) -> bool:
        """Return whether another file has taken the place of the one that a connection has open."""
        return connection.file != self._file()

    def check(self, connection: sqlite3.Connection) -> None:
        """Read the whole database, and raise an error of SQLite's own kind if a page is wrong."""
        (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            error = sqlite3.DatabaseError(found)
            error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
            raise error

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

    def _file(self) -> tuple[int, int] | None:
        """Return what tells the database's file from any other that takes its place."""
        try:
            found = os.stat(self._path)
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def _take(self) -> Connection:
        now = self._file()
        with self._lock:
            if self._pid != os.getpid():  # a fork must not use its parent's connections
                self._idle, self._pid = [], os.getpid()
            while self._idle:
                connection = self._idle.pop()
                if connection.file == now:
                    return connection
                connection.close()  # another process has set its file aside
        return self.connect()

    def _give(self, connection: Connection) -> None:
        with self._lock:
            self._idle.append(connection)

    def _repair(self, error: sqlite3.DatabaseError) -> None:
        """Have a damaged database replaced; return only if it is sound after all."""
        before = self._file()
        self.close()
        try:
            done = rescue.rescue(self.home)
        except OSError as trouble:  # it is tried again by whoever asks next
            raise DamagedError(
                f"The database of the runs is damaged ({error}), and the disk does not take another "
                f"one in its place ({trouble.strerror or trouble})"
            ) from error
        if done is None and self._file() == before:
            return
        self._create()
        done = done or rescue.last(self.home)
        raise DamagedError(done.words if done else str(error)) from error

    def _make(self) -> None:
        """Write an empty store unless somebody else was faster."""
        with rescue.alone(self.home):
            if self._file() is None:
                rescue.leftovers_aside(self.home)
                rescue.create(self.home / FILE, rescue.schema())

    def _create(self) -> None:
        if self._file() is None:
            self._make()
        with self.reading() as db:
            if _version(db) == 0:  # no store is without tables
                raise rescue.no_tables()
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


def _wait_at_most(db: sqlite3.Connection, seconds: float) -> None:
    db.execute(f"PRAGMA busy_timeout = {max(0, round(1000 * seconds))}")


def _version(db: sqlite3.Connection) -> int:
    return db.execute("PRAGMA user_version").fetchone()[0]


def _steps_from(version: int) -> list[str]:
    """Return the statements that make a store of this version one of the present version."""
    return [statement for old in range(version, VERSION) for statement in MIGRATIONS[old]]
