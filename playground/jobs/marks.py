"""What owners say of their runs: stars, tags, notes; and the trash, from which runs can come back."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from playground.jobs.admission import in_words, stop
from playground.jobs.client import Jobs
from playground.jobs.queries import row_of, set_columns
from playground.jobs.records import Refused, checked_id

LONGEST_TAG, MOST_TAGS = 40, 20
LONGEST_NOTE = 5000
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")  # of control characters, all but tab and new line


def star(jobs: Jobs, run_ids: Iterable[str], starred: bool = True) -> None:
    """Mark runs, or take the mark away; a marked run is kept.

    Raises:
        Refused: If one is gone or somebody else's; then none is changed.
    """
    with _own(jobs, run_ids) as (db, rows):
        for row in rows:
            set_columns(db, row["id"], starred=int(starred))


def set_note(jobs: Jobs, run_id: str, note: str) -> None:
    """Say something of a run; an empty text takes it away.

    Raises:
        Refused: If the run is gone or somebody else's.
        ValueError: If the text is longer than 5000 characters.
    """
    text = _UNSEEN.sub("", note.replace("\r\n", "\n")).strip()
    if len(text) > LONGEST_NOTE:
        raise ValueError(f"note has {len(text)} characters; at most {LONGEST_NOTE} are legal")
    with _own(jobs, [run_id]) as (db, rows):
        set_columns(db, rows[0]["id"], note=text)


def tag(jobs: Jobs, run_ids: Iterable[str], tags: Iterable[str]) -> None:
    """Add tags to runs; those that a run has already are fine.

    Raises:
        Refused: If a run is gone or somebody else's; then none is changed.
        ValueError: If a tag is not legal, or a run would have too many.
    """
    fresh = checked_tags(tags)
    with _own(jobs, run_ids) as (db, rows):
        for row in rows:
            db.executemany(
                "INSERT OR IGNORE INTO tags (run, tag) VALUES (?, ?)",
                [(row["id"], each) for each in fresh],
            )
            _check_number(db, row["id"])


def untag(jobs: Jobs, run_ids: Iterable[str], tags: Iterable[str]) -> None:
    """Take tags off runs; those that a run has not are fine. Raises Refused as ``tag`` does."""
    words = list(tags)
    with _own(jobs, run_ids) as (db, rows):
        pairs = [(row["id"], word) for row in rows for word in words]
        db.executemany("DELETE FROM tags WHERE run = ? AND tag = ?", pairs)


def set_tags(jobs: Jobs, run_id: str, tags: Iterable[str]) -> None:
    """Let a run have these tags and no others. Raises as ``tag`` does."""
    wanted = checked_tags(tags)
    with _own(jobs, [run_id]) as (db, rows):
        found = rows[0]["id"]
        db.execute("DELETE FROM tags WHERE run = ?", (found,))
        db.executemany("INSERT INTO tags (run, tag) VALUES (?, ?)", [(found, t) for t in wanted])
        _check_number(db, found)


def checked_tags(tags: Iterable[str]) -> list[str]:
    """Return tags as they are kept: without blanks at their ends, each once, empty ones left out.

    Raises:
        ValueError: If one is too long, or has a comma, which lists of tags are written with.
    """
    found: dict[str, None] = {}
    for text in tags:
        word = " ".join(_UNSEEN.sub("", text).split())
        if len(word) > LONGEST_TAG:
            raise ValueError(
                f"tag {word[:LONGEST_TAG]!r}… has {len(word)} characters; at most {LONGEST_TAG} are legal"
            )
        if "," in word:
            raise ValueError(f"tag {word!r} has a comma; legal is any other text in one line")
        if word:
            found[word] = None
    return list(found)


def throw_away(jobs: Jobs, run_ids: Iterable[str]) -> float:
    """Put runs in the trash: they are in no list and no search, and go for good after a while.

    What trains or waits is stopped; what is paused stays so.

    Returns:
        The moment, which all of them have in common, for ``put_back``.

    Raises:
        Refused: If one is gone or somebody else's; then none is thrown away.
    """
    with _own(jobs, run_ids) as (db, rows):
        now = time.time()
        for row in rows:
            if row["status"] != "paused":
                stop(db, row)
            set_columns(db, row["id"], removed=now)
    return now


def put_back(jobs: Jobs, run_ids: Iterable[str]) -> list[str]:
    """Take runs out of the trash; return the ids of those that were there.

    Raises:
        Refused: If one is somebody else's, or the store does not take it; then none comes back.
    """
    back = []
    with in_words(), jobs.store.writing() as db:
        for run_id in dict.fromkeys(map(checked_id, run_ids)):
            row = db.execute(
                "SELECT id, user FROM runs WHERE id = ? AND removed IS NOT NULL", (run_id,)
            ).fetchone()
            if row is not None:
                jobs.check_owner(row)
                set_columns(db, run_id, removed=None)
                back.append(run_id)
    return back


@contextmanager
def _own(
    jobs: Jobs, run_ids: Iterable[str]
) -> Iterator[tuple[sqlite3.Connection, Sequence[sqlite3.Row]]]:
    """Lend the rows of runs, all of them this user's, inside one transaction."""
    wanted = list(dict.fromkeys(run_ids))
    if not wanted:
        raise Refused("no run is named")
    with in_words(), jobs.store.writing() as db:
        rows = [row_of(db, run_id) for run_id in wanted]
        for row in rows:
            jobs.check_owner(row)
        yield db, rows


def _check_number(db: sqlite3.Connection, run_id: str) -> None:
    (count,) = db.execute("SELECT COUNT(*) FROM tags WHERE run = ?", (run_id,)).fetchone()
    if count > MOST_TAGS:
        raise ValueError(f"{count} tags are too many for a run; at most {MOST_TAGS} are legal")
