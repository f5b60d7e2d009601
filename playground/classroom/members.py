"""Who is in a class, and who was: a run counts if its owner was in the class when it was handed in."""

from __future__ import annotations

import time
from dataclasses import dataclass

from playground.classroom.classes import Class, class_in
from playground.classroom.codes import alike, checked_nickname
from playground.jobs import Jobs, Reader, Refused
from playground.jobs.admission import in_words


@dataclass(frozen=True)
class Member:
    """One who is in a class.

    Attributes:
        user: Id of the user; never show it to others.
        nickname: What the others see.
        joined: When they came, in seconds since 1970.
    """

    user: str
    nickname: str
    joined: float


def join(jobs: Jobs, code: str, nickname: str) -> Class:
    """Come into a class; whoever is in another one leaves that, for one is in one class at a time.

    A member who joins again gets the new nickname.

    Raises:
        Refused: If there is no such class, it is closed or full, or the nickname is not legal or taken.
    """
    name, now = checked_nickname(nickname), time.time()
    with in_words(), jobs.store.writing() as db:
        found = class_in(db, code)
        if not found.is_open:
            raise Refused(f"the class {found.code} is closed; nobody joins it any more")
        rows = db.execute("SELECT * FROM members WHERE class = ?", (found.code,)).fetchall()
        others = [row for row in rows if row["user"] != jobs.user]
        # Those who have gone keep their names, which stand on the board.
        if alike(name) in {alike(row["nickname"]) for row in others}:
            raise Refused(
                f"somebody in this class is called {name!r} already; take another nickname"
            )
        here = any(row["gone"] is None for row in rows if row["user"] == jobs.user)
        limit, count = jobs.settings.max_members, len({row["user"] for row in others})
        if not here and count >= limit:
            raise Refused(
                f"the class {found.code} has {count} members, and this server allows {limit} "
                "(PLAYGROUND_MAX_MEMBERS)"
            )
        db.execute(
            "UPDATE members SET gone = ? WHERE user = ? AND class <> ? AND gone IS NULL",
            (now, jobs.user, found.code),
        )
        db.execute(
            "UPDATE members SET nickname = ? WHERE user = ? AND class = ?",
            (name, jobs.user, found.code),
        )
        if not here:
            db.execute(
                "INSERT INTO members (class, user, nickname, joined) VALUES (?, ?, ?, ?)",
                (found.code, jobs.user, name, now),
            )
    return found


def leave(jobs: Jobs) -> None:
    """Go out of the class in which this user is; the runs from before stay on its board."""
    with in_words(), jobs.store.writing() as db:
        db.execute(
            "UPDATE members SET gone = ? WHERE user = ? AND gone IS NULL", (time.time(), jobs.user)
        )


def class_of(jobs: Jobs) -> tuple[Class, Member] | None:
    """Return the open class in which this user is, and as whom; ``None`` for none."""
    with in_words(), jobs.store.reading() as db:
        row = db.execute(
            "SELECT members.* FROM members JOIN classes ON classes.code = members.class "
            "WHERE user = ? AND gone IS NULL AND closed IS NULL ORDER BY joined DESC LIMIT 1",
            (jobs.user,),
        ).fetchone()
        if row is None:
            return None
        return class_in(db, row["class"]), Member(row["user"], row["nickname"], row["joined"])


def members_of(jobs: Reader, code: str) -> list[Member]:
    """Return who is in a class now, in the order in which they came."""
    with in_words(), jobs.store.reading() as db:
        rows = db.execute(
            "SELECT user, nickname, joined FROM members WHERE class = ? AND gone IS NULL "
            "ORDER BY joined, nickname",
            (code,),
        ).fetchall()
    return [Member(row["user"], row["nickname"], row["joined"]) for row in rows]
