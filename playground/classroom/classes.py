"""Classes as their teachers have them: opened, shown a run, closed, deleted."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playground.classroom.codes import checked_code, checked_name, new_code
from playground.classroom.rules import Rules, rules_of
from playground.jobs import Jobs, Reader, Refused
from playground.jobs.admission import in_words
from playground.jobs.queries import row_of

_DAY = 86400.0
_TRIES = 20  # codes that are thrown before one is free; of eight million nearly every one is


@dataclass(frozen=True)
class Class:
    """One class.

    Attributes:
        code: Five letters by which people join it.
        teacher: Id of the user who opened it; never show it to others.
        name: What its teacher calls it.
        created: When it was opened, in seconds since 1970; ``closed`` likewise.
        closed: When it was closed, after which nobody joins and no new run counts; ``None`` before.
        shown: Id of the run that the teacher shows to everybody; empty for none.
        shown_since: When the teacher began to show it.
        rules: Which controls the members do not see, or cannot move.
    """

    code: str
    teacher: str
    name: str
    created: float
    closed: float | None
    shown: str
    shown_since: float | None
    rules: Rules

    @property
    def is_open(self) -> bool:
        """Whether it goes on."""
        return self.closed is None


def may_open(jobs: Jobs) -> bool:
    """Return whether this user may open a class: anybody, or whoever holds the key if there is one."""
    return jobs.is_teacher or not jobs.settings.teacher_key


def open_class(jobs: Jobs, name: str) -> Class:
    """Open a class, whose teacher is this user.

    Raises:
        Refused: If the user may not, the name is not legal, or a cap is hit; the message says which.
    """
    if not may_open(jobs):
        raise Refused(
            "on this server only whoever holds the teacher's key opens a class; "
            "type it on the page Class"
        )
    name, now = checked_name(name), time.time()
    with in_words(), jobs.store.writing() as db:
        _clear_up(db, now - _DAY * jobs.settings.class_days)
        _check_caps(db, jobs)
        code = _free_code(db)
        db.execute(
            "INSERT INTO classes (code, teacher, name, created) VALUES (?, ?, ?, ?)",
            (code, jobs.user, name, now),
        )
    return find(jobs, code)


def find(jobs: Reader, code: str) -> Class:
    """Return a class by its code, however that was typed.

    Raises:
        Refused: If there is none.
    """
    with in_words(), jobs.store.reading() as db:
        return class_in(db, code)


def classes_of(jobs: Jobs) -> list[Class]:
    """Return the classes that this user has opened, the latest first."""
    with in_words(), jobs.store.reading() as db:
        rows = db.execute(
            "SELECT * FROM classes WHERE teacher = ? ORDER BY created DESC", (jobs.user,)
        ).fetchall()
    return [_class(row) for row in rows]


def show(jobs: Jobs, code: str, run_id: str) -> None:
    """Show a run to a class: all who follow see it, live if it trains.

    Raises:
        Refused: If the class is not this user's or is closed, or there is no such run.
    """
    with _teaching(jobs, code) as (db, found):
        _check_open(found)
        row_of(db, run_id, "id")
        db.execute(
            "UPDATE classes SET shown = ?, shown_since = ? WHERE code = ?",
            (run_id, time.time(), found.code),
        )


def stop_showing(jobs: Jobs, code: str) -> None:
    """Show nothing any more. Raises Refused if the class is not this user's."""
    with _teaching(jobs, code) as (db, found):
        _hide(db, found.code)


def set_rules(jobs: Jobs, code: str, rules: Rules) -> None:
    """Hide and lock controls for all members. Raises Refused as ``show`` does."""
    with _teaching(jobs, code) as (db, found):
        _check_open(found)
        text = json.dumps(rules.to_tree())
        db.execute("UPDATE classes SET rules = ? WHERE code = ?", (text, found.code))


def close(jobs: Jobs, code: str) -> None:
    """End a class: its board stays, nobody joins, its rules end, and runs begun later do not count.

    Raises:
        Refused: If the class is not this user's.
    """
    with _teaching(jobs, code) as (db, found):
        if found.is_open:
            db.execute("UPDATE classes SET closed = ? WHERE code = ?", (time.time(), found.code))
        _hide(db, found.code)


def delete(jobs: Jobs, code: str) -> None:
    """Take a class away with its board and its list of members; the runs stay their owners'.

    Raises:
        Refused: If the class is not this user's.
    """
    with _teaching(jobs, code) as (db, found):
        db.execute("DELETE FROM classes WHERE code = ?", (found.code,))


def take_off(jobs: Jobs, code: str, run_id: str, off: bool = True) -> None:
    """Take a run off the board, or put it back. Raises Refused if the class is not this user's."""
    statement = "INSERT OR IGNORE INTO off_board (class, run) VALUES (?, ?)"
    if not off:
        statement = "DELETE FROM off_board WHERE class = ? AND run = ?"
    with _teaching(jobs, code) as (db, found):
        row_of(db, run_id, "id")
        db.execute(statement, (found.code, run_id))


def taken_off(jobs: Reader, code: str) -> list[str]:
    """Return the runs that were taken off the board of a class."""
    with in_words(), jobs.store.reading() as db:
        rows = db.execute(
            "SELECT run FROM off_board WHERE class = ? AND run IN (SELECT id FROM runs)", (code,)
        ).fetchall()
    return [row["run"] for row in rows]


def class_in(db: sqlite3.Connection, code: str) -> Class:
    """Return a class by its code, inside a transaction. Raises Refused if there is none."""
    code = checked_code(code)
    row = db.execute("SELECT * FROM classes WHERE code = ?", (code,)).fetchone()
    if row is None:
        raise Refused(f"there is no class {code}; it may have been deleted")
    return _class(row)


def _class(row: sqlite3.Row) -> Class:
    values = dict(zip(row.keys(), tuple(row)))
    return Class(**{**values, "rules": rules_of(values["rules"])})


@contextmanager
def _teaching(jobs: Jobs, code: str) -> Iterator[tuple[sqlite3.Connection, Class]]:
    """Lend a class of this user inside one transaction; the server's teacher has all of them."""
    with in_words(), jobs.store.writing() as db:
        found = class_in(db, code)
        if found.teacher != jobs.user and not jobs.is_teacher:
            raise Refused(f"the class {found.code} is somebody else's: only its teacher does that")
        yield db, found


def _check_open(found: Class) -> None:
    if not found.is_open:
        raise Refused(f"the class {found.code} is closed")


def _hide(db: sqlite3.Connection, code: str) -> None:
    db.execute("UPDATE classes SET shown = '', shown_since = NULL WHERE code = ?", (code,))


def _clear_up(db: sqlite3.Connection, until: float) -> None:
    db.execute("DELETE FROM classes WHERE created < ?", (until,))


def _check_caps(db: sqlite3.Connection, jobs: Jobs) -> None:
    settings = jobs.settings
    (own,) = db.execute(
        "SELECT COUNT(*) FROM classes WHERE teacher = ? AND closed IS NULL", (jobs.user,)
    ).fetchone()
    if own >= settings.max_classes_per_user:
        raise Refused(
            f"you have {own} classes open, and this server allows one user "
            f"{settings.max_classes_per_user} (PLAYGROUND_MAX_CLASSES_PER_USER); close one"
        )
    (everybody,) = db.execute("SELECT COUNT(*) FROM classes").fetchone()
    if everybody >= settings.max_classes:
        raise Refused(
            f"there are {everybody} classes, and this server allows {settings.max_classes} "
            "in all (PLAYGROUND_MAX_CLASSES); delete one that is over"
        )


def _free_code(db: sqlite3.Connection) -> str:
    for _ in range(_TRIES):
        code = new_code()
        if db.execute("SELECT 1 FROM classes WHERE code = ?", (code,)).fetchone() is None:
            return code
    raise Refused("no code is free; delete classes that are over")
