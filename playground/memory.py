"""How much memory this process and its children may have: a container's limit, or the machine's."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path

LOW = 2 * 2**30
"""Bytes below which there is no room for worker processes beside the app."""

_SHARE = 4  # of the memory that there is, one run may need this part
_MOST = 4 * 2**30

# Options of malloc.h: M_ARENA_MAX, and M_MMAP_THRESHOLD, which stays where it is once it was set.
_MALLOC = {-8: 2, -3: 2**17}
_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),  # version 2 of control groups
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),  # version 1
)


def allowed(limits: Sequence[Path] = _LIMITS) -> int:
    """Return the bytes of memory that there are, or that a container allows if these are fewer.

    Args:
        limits: Files in which a container finds its limit; what is no number counts as none.
    """
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min([machine, *(limit for path in limits if (limit := _number(path)) is not None)])


def give_back_soon() -> bool:
    """Let this process give memory back to the system soon, where its library can be told to (glibc).

    A server runs each script in a thread of its own. By itself the library keeps a heap for each few
    of them, and learns from the first large message to keep what large ones have freed.

    Returns:
        Whether it was told.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):  # another system, or another library
        return False
    return all(mallopt(option, value) for option, value in _MALLOC.items())


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text().strip())
    except (OSError, ValueError):  # no such file, or "max"
        return None


@cache
def _allowed() -> int:
    return allowed()


def is_low(wanted: bool | None = None, limit: int | None = None) -> bool:
    """Return whether to do without worker processes.

    Args:
        wanted: What somebody has decided; ``None`` leaves it to the limit.
        limit: Bytes that there are; those of this process when absent.
    """
    if wanted is not None:
        return wanted
    return (_allowed() if limit is None else limit) < LOW


def for_one_run(limit: int | None = None) -> int:
    """Return the bytes that one run may need where nobody has set another limit.

    Args:
        limit: Bytes that there are; those of this process when absent.
    """
    return min(_MOST, (_allowed() if limit is None else limit) // _SHARE)
