"""Files of uploaded images: written once, as npz, under a name that nobody chooses.

That name is the SHA-256 of the bytes, so that the same images are kept once, and damage is noticed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TypeVar

import numpy as np

from playground.datasets.images.image_table import MAX_PIXELS, ImageError, ImagesMissing
from playground.datasets.images.npz import as_bytes, read_arrays
from playground.datasets.table_store import folder, keep_file, touch

_Read = TypeVar("_Read")
FULL = (
    "there is no room for these images: all uploaded images on this server may take {:g} MB "
    "(PLAYGROUND_MAX_IMAGES_MB), and those that are left are needed by runs or were used within a day; "
    "delete runs on own images, or use fewer"
)


def path_of(key: str) -> Path:
    """Return where uploaded images with this hash are kept.

    Raises:
        ImageError: If the hash is malformed.
    """
    if not re.fullmatch(r"[0-9a-f]{64}", key):
        raise ImageError(f"hash = {key!r} is not legal: 64 digits of 0-9 and a-f")
    return folder("images") / f"{key}.npz"


def keep(
    arrays: Mapping[str, np.ndarray],
    limit_mb: float | None,
    needed: Callable[[], Collection[str]],
) -> str:
    """Keep arrays and return the hash of their file; keeping them again changes nothing.

    Args:
        arrays: What to keep, by name.
        limit_mb: Megabytes that all uploaded images together may take, without end for ``None``. Where
            these would go beyond, those that nobody has used for a day make room, the longest unused
            first.
        needed: Gives the hashes of images that have to stay, whatever their age; asked only then.

    Raises:
        TableError: If there is no room.
        OSError: If the folder cannot be written.
    """
    return keep_file(as_bytes(arrays), path_of, limit_mb, needed, FULL)


def fetched(key: str, reader: Callable[[Path, int], _Read]) -> _Read:
    """Return what a reader makes of the file with this hash, and mark the file as used.

    Args:
        key: The hash.
        reader: Takes the path and the time of its last change, by which it may remember what it read.

    Raises:
        ImagesMissing: If the file is not on this server, and as the reader does.
        ImageError: If the hash is malformed.
    """
    path = path_of(key)
    try:
        found = reader(path, path.stat().st_mtime_ns)
        touch(path)
    except FileNotFoundError:
        raise ImagesMissing(
            f"images {key[:12]}… are not on this server: own data do not travel with the link. Ask their "
            "owner for the file, and upload it here."
        ) from None
    return found


def read(path: Path, names: tuple[str, ...], otherwise: str) -> dict[str, np.ndarray]:
    """Return the arrays of a kept file.

    Args:
        path: Where it is.
        names: The arrays it has to hold.
        otherwise: What the images are where it holds others.

    Raises:
        ImagesMissing: If it is damaged, or holds other arrays.
    """
    called = f"images {path.stem[:12]}…"
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != path.stem:
        raise ImagesMissing(f"{called} are damaged on this server; upload them again")
    arrays = read_arrays(data, names, called, 5 * MAX_PIXELS)
    if set(arrays) != set(names):
        raise ImagesMissing(f"{called} {otherwise}")
    return arrays
