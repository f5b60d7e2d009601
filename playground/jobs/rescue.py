"""A damaged database is set aside under a name with the date; its backup, or a new one, takes its place.

Nothing is deleted: what was damaged stays in the folder ``set-aside``, with the files of runs that the
database in its place does not know. Whoever meets the damage first does it, whichever process that is;
all others notice that the file is another one (``playground.jobs.store``).
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import shutil
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from playground.jobs.schema import SCHEMA, VERSION

FILE = "store.sqlite"
BACKUPS = ("store-1.sqlite", "store-2.sqlite")
"""Names below ``backup``, the newest first."""
MORE_ATTEMPTS = 1000
_NOTE = "set-aside.json"
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_TABLES = tuple(re.findall(r"CREATE TABLE (\w+)", SCHEMA))
_CHECKPOINT = re.compile(r"checkpoint-(\d+)-(\d+)\.safetensors")


class DamagedError(sqlite3.OperationalError):
    """The database was damaged and has been replaced; the message says by what. Trying again helps."""


@dataclass(frozen=True)
class SetAside:
    """What became of a damaged database.

    Attributes:
        at: When it was found, in seconds since 1970.
        why: What was wrong with it, in words.
        name: The folder in the store that has it now.
        backup: When the backup in its place was made, in seconds since 1970; ``None`` for an empty one.
        runs: How many runs the backup brought back.
    """

    at: float
    why: str
    name: str
    backup: float | None
    runs: int

    @property
    def words(self) -> str:
        """What a person is told."""
        if self.backup is None:
            came = "There was no backup, so the list of runs begins anew"
        else:
            made = time.strftime("%Y-%m-%d %H:%M", time.localtime(self.backup))
            came = f"Its backup of {made} is in its place, with {self.runs} runs"
        return (
            f"The database of the runs was damaged ({self.why}) and has been set aside as {self.name}; "
            f"nothing was deleted. {came}."
        )


def is_damage(error: BaseException) -> bool:
    """Return whether SQLite says that the file itself is wrong, not that it is busy or the disk full."""
    code = getattr(error, "sqlite_errorcode", None)
    missing = isinstance(error, sqlite3.OperationalError) and "no such table" in str(error)
    return missing or (code is not None and code & 0xFF in _DAMAGE)


def damage(file: Path, *, thorough: bool = True) -> str:
    """Return what is wrong with a database, in words; empty if nothing is, or if it cannot be told now.

    Args:
        file: The database; it is not changed.
        thorough: Read every page of it; otherwise only the tables' names.
    """
    try:
        if file.stat().st_size == 0:
            return "the file is empty"
        with contextlib.closing(_opened(file)) as db:
            names = {row[0] for row in db.execute("SELECT name FROM sqlite_master")}
            (version,) = db.execute("PRAGMA user_version").fetchone()
            missing = [name for name in _TABLES if name not in names]
            if version in (0, VERSION) and missing:
                return f"it has no table {missing[0]}"
            (found,) = db.execute("PRAGMA quick_check(1)").fetchone() if thorough else ("ok",)
    except FileNotFoundError:
        return ""
    except sqlite3.DatabaseError as error:
        return str(error) if is_damage(error) else ""
    return "" if found == "ok" else found.splitlines()[-1][:200]


def rescue(home: Path) -> SetAside | None:
    """Set the database of a store aside if it is damaged.

    Returns:
        What was done; ``None`` if the file is sound, for instance because another process was faster.

    Raises:
        OSError: If the disk does not take the new file; then the damaged one is still in its place.
    """
    with alone(home):
        why = damage(home / FILE)
        if not why:
            return None
        now = time.time()
        aside = _folder(home, now)
        fresh = home / f"{FILE}.new"
        try:
            backup, runs = _best_backup(home, fresh)
        except (OSError, sqlite3.Error) as error:
            fresh.unlink(missing_ok=True)
            aside.rmdir()
            raise OSError(getattr(error, "errno", None), str(error)) from error
        # The new file is complete before the old one goes. In between there is none, and nobody but
        # this function may make one: connections do not create files.
        _move(home, aside, "", "-wal", "-shm")
        fresh.replace(home / FILE)
        _set_unknown_runs_aside(home, aside)
        done = SetAside(now, why, f"set-aside/{aside.name}", backup, runs)
        note = home / f"{_NOTE}.new"
        note.write_text(json.dumps(asdict(done)), encoding="utf-8")
        note.replace(home / _NOTE)
        return done


def leftovers_aside(home: Path) -> None:
    """Set aside the journal of a database that is gone: SQLite would play it into the next one."""
    if any((home / f"{FILE}{suffix}").exists() for suffix in ("-wal", "-shm")):
        _move(home, _folder(home, time.time()), "-wal", "-shm")


def no_tables() -> sqlite3.DatabaseError:
    """Return the error of a file that is a database, and no store."""
    error = sqlite3.DatabaseError("the file has no tables")
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return error


def last(home: Path) -> SetAside | None:
    """Return what became of the last damaged database of a store, ``None`` if there never was one."""
    try:
        return SetAside(**json.loads((home / _NOTE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def create(file: Path, statements: Iterator[str] | list[str]) -> None:
    """Write a new database; it is whole before anybody else can open it."""
    fresh = file.with_name(f"{file.name}.new{os.getpid()}")
    fresh.unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(fresh, isolation_level=None)) as db:
        db.execute("BEGIN")
        for statement in statements:
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {VERSION}")
        db.execute("COMMIT")
    fresh.replace(file)


def schema() -> list[str]:
    """Return the statements that make the tables of a new store."""
    return [statement for statement in SCHEMA.split(";\n") if statement.strip()]


@contextlib.contextmanager
def alone(home: Path) -> Iterator[None]:
    """Be the only one of all processes that makes, replaces or backs up the database of a store."""
    with (home / "store.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _opened(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True, timeout=5.0)


def _move(home: Path, aside: Path, *suffixes: str) -> None:
    for suffix in suffixes:
        with contextlib.suppress(FileNotFoundError):
            (home / f"{FILE}{suffix}").rename(aside / f"{FILE}{suffix}")


def _folder(home: Path, now: float) -> Path:
    """Make the folder for what is set aside now; two in one second get two."""
    name = time.strftime("%Y-%m-%d_%H-%M-%S", time.localtime(now))
    for more in ("", *(f"_{count}" for count in range(2, 100))):
        folder = home / "set-aside" / f"{name}{more}"
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700, parents=True)
            return folder
    raise FileExistsError(f"{home / 'set-aside' / name} and 98 more are taken")


def _best_backup(home: Path, fresh: Path) -> tuple[float | None, int]:
    """Write the newest sound backup to ``fresh``, or an empty store; return its time and its runs."""
    for name in BACKUPS:
        file = home / "backup" / name
        if not file.exists() or damage(file):
            continue
        made = file.stat().st_mtime
        shutil.copyfile(file, fresh)
        with contextlib.closing(sqlite3.connect(fresh, isolation_level=None)) as db:
            if db.execute("PRAGMA user_version").fetchone()[0] > VERSION:
                continue
            return made, _bring_up_to_date(db, home)
    fresh.unlink(missing_ok=True)
    create(fresh, schema())
    return None, 0


def _bring_up_to_date(db: sqlite3.Connection, home: Path) -> int:
    """Fit the rows of a backup to the files, which have gone on since; return how many runs there are.

    A worker that still trains must not take the row for its own, so attempts begin far beyond its own;
    the engine then takes up what was running, from the newest checkpoint that is there.
    """
    db.row_factory = sqlite3.Row
    db.execute("BEGIN")
    rows = db.execute("SELECT id, checkpoint FROM runs").fetchall()
    for row in rows:
        folder = home / "runs" / row["id"]
        (folder / "snapshots").mkdir(mode=0o700, parents=True, exist_ok=True)
        if row["checkpoint"] is None or not (folder / row["checkpoint"]).exists():
            _take_checkpoint(db, row["id"], _newest_checkpoint(folder))
    db.execute("UPDATE runs SET attempt = attempt + ?, tries = 0, worker = NULL", (MORE_ATTEMPTS,))
    db.execute("COMMIT")
    return len(rows)


def _newest_checkpoint(folder: Path) -> tuple[int, Path] | None:
    found = [(m, file) for file in folder.iterdir() if (m := _CHECKPOINT.fullmatch(file.name))]
    if not found:
        return None
    match, file = max(found, key=lambda each: (int(each[0][1]), int(each[0][2])))
    return int(match[2]), file


def _take_checkpoint(db: sqlite3.Connection, run_id: str, found: tuple[int, Path] | None) -> None:
    """Name the checkpoint that there is; a run without one begins anew."""
    if found is None:
        values = (None, -1, 0, 0, run_id)
    else:
        step, file = found
        values = (file.name, step, file.stat().st_size, step, run_id)
    db.execute(
        "UPDATE runs SET checkpoint = ?, checkpoint_step = ?, checkpoint_size = ?, step = ? "
        "WHERE id = ?",
        values,
    )


def _set_unknown_runs_aside(home: Path, aside: Path) -> None:
    """Move the folders of runs that the new database does not know out of the way of clearing up."""
    with contextlib.closing(_opened(home / FILE)) as db:
        known = {row[0] for row in db.execute("SELECT id FROM runs")}
    folders = [path for path in (home / "runs").iterdir() if path.name not in known]
    if folders:
        (aside / "runs").mkdir(mode=0o700)
    for path in folders:
        with contextlib.suppress(OSError):
            path.rename(aside / "runs" / path.name)
