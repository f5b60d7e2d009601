"""Own tables, kept by the hash of their content.

A table is written once, as CSV, under a name that nobody chooses: the SHA-256 of its bytes. A link
carries the hash alone, so that a table opens only on the server that holds it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import tempfile
import time
from collections.abc import Callable, Collection
from functools import lru_cache
from pathlib import Path

from playground.datasets.csv_table import read_written
from playground.datasets.csv_text import MAX_BYTES
from playground.datasets.csv_writing import table_file
from playground.datasets.table import Table, TableError, TableMissing

UNUSED_SECONDS = 86_400  # a table used more recently is not deleted to make room
TOUCH_SECONDS = 3600  # how exactly the time of the last use is kept
SAMPLE_NAMES = ("sepal length", "sepal width", "petal length", "petal width")
_FULL = (
    "there is no room for this table: all own tables on this server may take {:g} MB "
    "(PLAYGROUND_MAX_TABLES_MB), and those that are left are needed by runs or were used within a day; "
    "delete runs on own data, or use a smaller table"
)


def folder(kind: str = "tables") -> Path:
    """Return where own data are kept: a folder in ``PLAYGROUND_HOME`` or in the user's data."""
    home = os.environ.get("PLAYGROUND_HOME")
    base = Path(home) if home else Path.home() / ".local" / "share" / "ode-net-playground"
    return base / kind


def _path(key: str) -> Path:
    if not re.fullmatch(r"[0-9a-f]{64}", key):
        raise TableError(f"hash = {key!r} is not legal: 64 digits of 0-9 and a-f")
    return folder() / f"{key}.csv"


def store(
    table: Table,
    *,
    limit_mb: float | None = None,
    needed: Callable[[], Collection[str]] = frozenset,
) -> str:
    """Keep a table and return its hash; storing it again changes nothing.

    Args:
        table: What to keep.
        limit_mb: Megabytes that all tables together may take. Where this one would go beyond, those
            that nobody has used for a day make room, the longest unused first.
        needed: Gives the hashes of tables that have to stay, whatever their age; asked only then.

    Raises:
        TableError: If there is no room, or the table could not be uploaded again.
        OSError: If the folder cannot be written.
    """
    size = len(table_file(table))
    if size > MAX_BYTES:
        raise TableError(
            f"with all its numbers written out the table has {size} bytes; "
            f"at most {MAX_BYTES} are allowed"
        )
    return keep(table.to_csv(), limit_mb=limit_mb, needed=needed)


def keep(
    data: bytes,
    *,
    limit_mb: float | None = None,
    needed: Callable[[], Collection[str]] = frozenset,
) -> str:
    """Keep the bytes of a checked file and return their hash; keeping them again changes nothing.

    The room and the errors are those of ``store``.
    """
    return keep_file(data, _path, limit_mb, needed)


def keep_file(
    data: bytes,
    path_of: Callable[[str], Path],
    limit_mb: float | None,
    needed: Callable[[], Collection[str]],
    full: str = _FULL,
) -> str:
    """Keep bytes under their hash and return it; keeping them again changes nothing.

    Args:
        data: What to keep.
        path_of: Returns the file for a hash.
        limit_mb: Megabytes that all files of the kind may take together, without end for ``None``.
        needed: Gives the hashes that have to stay; asked only where there is no room.
        full: What is said where there is no room, with a place for the limit.

    Raises:
        TableError: If there is no room.
        OSError: If the folder cannot be written.
    """
    key = hashlib.sha256(data).hexdigest()
    path = path_of(key)
    if path.exists() and path.read_bytes() == data:
        touch(path)
        return key
    path.parent.mkdir(parents=True, exist_ok=True)
    if limit_mb is not None:
        make_room(path.parent, len(data), limit_mb, needed, pattern=f"*{path.suffix}", full=full)
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as part:
        try:
            part.write(data)
            part.flush()
            os.replace(part.name, path)  # readers see the whole file or none
        except OSError:  # on a full disk every byte counts
            os.unlink(part.name)
            raise
    return key


def make_room(
    kept_in: Path,
    size: int,
    limit_mb: float,
    needed: Callable[[], Collection[str]],
    *,
    pattern: str = "*.csv",
    full: str = _FULL,
) -> None:
    """Delete files that nobody needs until ``size`` bytes more are within the limit.

    Args:
        kept_in: The folder; the names of its files are the hashes of what they hold.
        size: Bytes of what is to come.
        limit_mb: Megabytes that all the files together may take.
        needed: Gives the hashes that have to stay; asked only where there is no room.
        pattern: Which files count.
        full: What is said where there is no room, with a place for the limit.

    Raises:
        TableError: If there is no room.
    """
    kept = [(path, path.stat()) for path in kept_in.glob(pattern)]
    excess = sum(about.st_size for _, about in kept) + size - limit_mb * 1e6
    if excess <= 0:
        return
    staying, now = needed(), time.time()
    idle = [
        (about.st_atime, about.st_size, path)
        for path, about in kept
        if path.stem not in staying and now - about.st_atime > UNUSED_SECONDS
    ]
    if sum(bytes_ for _, bytes_, _ in idle) < excess:
        raise TableError(full.format(limit_mb))
    for _, bytes_, path in sorted(idle):
        if excess <= 0:
            return
        path.unlink(missing_ok=True)
        excess -= bytes_


def touch(path: Path) -> None:
    """Note that a file is used: by the time of access, which not every disk keeps by itself."""
    about = path.stat()
    if time.time() - about.st_atime > TOUCH_SECONDS:
        with contextlib.suppress(OSError):  # a folder that is only read
            os.utime(path, ns=(time.time_ns(), about.st_mtime_ns))


def fetch(key: str) -> Table:
    """Return the table with this hash; the sample table for an empty one.

    Raises:
        TableMissing: If the table is not on this server.
        TableError: If the hash is malformed or the table damaged.
    """
    if not key:
        return _sample()
    path = _path(key)
    try:
        table = _read(path, path.stat().st_mtime_ns)
        touch(path)
        return table
    except FileNotFoundError:
        raise _missing(key) from None


def read_kept(key: str) -> tuple[Path, bytes]:
    """Return where the bytes with this hash are kept, and the bytes.

    Raises:
        TableMissing: If they are not on this server.
        TableError: If the hash is malformed or the file damaged.
    """
    path = _path(key)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise _missing(key) from None
    _check_hash(path, data)
    touch(path)
    return path, data


def _missing(key: str) -> TableMissing:
    return TableMissing(
        f"table {key[:12]}… is not on this server: own data does not travel with the link. "
        "Ask its owner to export the data as CSV, and upload that file here."
    )


def _check_hash(path: Path, data: bytes) -> None:
    if hashlib.sha256(data).hexdigest() != path.stem:
        raise TableError(f"table {path.stem[:12]}… is damaged on this server; upload it again")


@lru_cache(maxsize=16)
def _read(path: Path, _changed: int) -> Table:
    """Read a stored table; the time of its last change is part of the cache key."""
    data = path.read_bytes()
    _check_hash(path, data)
    return read_written(data)


@lru_cache(maxsize=1)
def _sample() -> Table:
    from sklearn.datasets import load_iris  # slow to import, and only the sample needs it

    iris = load_iris()
    labels = tuple(str(iris.target_names[i]) for i in iris.target)
    return Table(iris.data, SAMPLE_NAMES, labels, "species")
