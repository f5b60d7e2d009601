"""Sweeps in the store: kept by their plans, trained by the engine, found again by what they train.

A sweep has no list of runs: which run is whose follows from the experiments. So whatever has ended is
never trained again, whoever trained it, and a sweep goes on after anything that may have happened.
"""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass

from pydantic import ValidationError

from playground.jobs import Jobs, Reader, Refused, studies
from playground.jobs.admission import in_words
from playground.jobs.records import checked_id, new_id
from playground.sweeping.plan import Sweep, distinct
from playground.sweeping.size import too_large

MOST_KEPT = 500
"""Sweeps that are kept for one user."""


@dataclass(frozen=True)
class Kept:
    """A sweep in the store.

    Attributes:
        id: Random name; whoever knows it may look at the sweep.
        user: Id of the owner, never shown to others.
        name: What the owner calls it.
        created: When it was kept, in seconds since 1970.
        plan: Its JSON.
    """

    id: str
    user: str
    name: str
    created: float
    plan: str

    @property
    def sweep(self) -> Sweep:
        """The sweep. Raises pydantic.ValidationError for one of another version of the program."""
        return Sweep.from_json(self.plan)


def keep(jobs: Jobs, sweep: Sweep) -> str:
    """Keep a sweep; return its id, which is the old one where this user has kept an equal one.

    Raises:
        Refused: If the store does not take it, or this user keeps too many.
    """
    plan = sweep.to_json()
    with in_words(), jobs.store.writing() as db:
        held = db.execute(
            "SELECT id FROM sweeps WHERE user = ? AND plan = ?", (jobs.user, plan)
        ).fetchone()
        if held is not None:
            return held["id"]
        (count,) = db.execute("SELECT COUNT(*) FROM sweeps WHERE user = ?", (jobs.user,)).fetchone()
        if count >= MOST_KEPT:
            raise Refused(f"you keep {count} sweeps; legal is up to {MOST_KEPT}; delete some first")
        key = new_id()
        db.execute(
            "INSERT INTO sweeps (id, user, name, created, plan) VALUES (?, ?, ?, ?, ?)",
            (key, jobs.user, sweep.name, time.time(), plan),
        )
    return key


def kept(jobs: Jobs) -> list[Kept]:
    """Return the sweeps of this user, newest first."""
    with jobs.store.reading() as db:
        found = db.execute(
            "SELECT * FROM sweeps WHERE user = ? ORDER BY created DESC, id", (jobs.user,)
        ).fetchall()
    return [_kept_of(row) for row in found]


def get(jobs: Reader, key: str) -> Kept:
    """Return a sweep of anybody by its id. Raises Refused if there is none."""
    with jobs.store.reading() as db:
        row = db.execute("SELECT * FROM sweeps WHERE id = ?", (checked_id(key),)).fetchone()
    if row is None:
        raise Refused(f"there is no sweep {key}; it may have been deleted")
    return _kept_of(row)


def delete(jobs: Jobs, key: str) -> None:
    """Delete a sweep; what it has trained stays, and what trains goes on until it is stopped.

    Raises:
        Refused: If it is gone, or somebody else's, or the store does not take it.
    """
    with in_words(), jobs.store.writing() as db:
        row = db.execute("SELECT user FROM sweeps WHERE id = ?", (checked_id(key),)).fetchone()
        if row is None:
            raise Refused(f"there is no sweep {key}; it may have been deleted")
        if row["user"] != jobs.user and not jobs.is_teacher:
            raise Refused("this sweep belongs to somebody else: you may look at it, not delete it")
        db.execute("DELETE FROM sweeps WHERE id = ?", (key,))


def start(jobs: Jobs, sweep: Sweep) -> tuple[str, int]:
    """Keep a sweep and hand in what is missing of it; also what resumes one.

    Returns:
        Its id, and how many trainings were handed in.

    Raises:
        Refused: If it is too large for this server, or the store does not take it; then nothing is
            kept or queued.
    """
    why = too_large(sweep, jobs.settings)
    if why:
        raise Refused(why)
    known = {each.id for each in kept(jobs)}
    key = keep(jobs, sweep)
    try:
        count = studies.hand_in(jobs, distinct(sweep.points()), priority=sweep.priority)
    except Refused:
        if key not in known:
            delete(jobs, key)
        raise
    return key, count


def stop(jobs: Jobs, sweep: Sweep) -> None:
    """Stop what trains or waits and is this user's; what has ended stays.

    A training that another sweep of the same user wants as well stops for both.
    """
    studies.stop(jobs, studies.find(jobs, distinct(sweep.points())))


def _kept_of(row: sqlite3.Row) -> Kept:
    return Kept(row["id"], row["user"], row["name"], row["created"], row["plan"])


def in_short(kept_sweep: Kept) -> str:
    """Return a kept sweep in a few words, also one that this version cannot read."""
    try:
        sweep = kept_sweep.sweep
    except ValidationError:
        return kept_sweep.name or "a sweep of another version of this program"
    words = f"{' × '.join(sweep.fields)}: {sweep.n_points} settings × {sweep.repetitions}"
    return f"{sweep.name}: {words}" if sweep.name else words
