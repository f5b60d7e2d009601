"""How the kernels are compiled, and where the compiled code is kept.

Numba's own cache looks at the file of a kernel alone: an edit of a function that it calls would be
answered by the old machine code. The folder of this cache therefore carries a hash of the sources of
the whole package, so that any edit starts an empty one.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import llvmlite
import numba
from numba import njit

SOURCES = Path(__file__).parent
_NAME = re.compile(r"[0-9a-f]{16}")


def fingerprint() -> str:
    """Return a hash of all sources of the package and of the versions of what compiles them."""
    digest = hashlib.sha256(f"{sys.version} {numba.__version__} {llvmlite.__version__}".encode())
    for source in sorted(SOURCES.glob("*.py")):
        content = source.read_bytes()
        digest.update(f"{source.name} {len(content)} ".encode() + content)
    return digest.hexdigest()[:16]


def cache_roots() -> list[Path]:
    """Return where compiled code may be kept, best first: the user's cache, then the store."""
    roots = [os.environ.get("XDG_CACHE_HOME") or "~/.cache", os.environ.get("PLAYGROUND_HOME")]
    return [Path(root) / "ode-net-playground" / "fused" for root in roots if root]


def cache_folder() -> Path | None:
    """Return the folder of this version's compiled code, ``None`` where nothing can be written."""
    for root in cache_roots():
        try:
            folder = root.expanduser() / fingerprint()
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                return folder
        except (OSError, RuntimeError):  # a home that is unknown is a RuntimeError
            continue
    return None


def clear_old_folders(days: float = 30.0) -> list[Path]:
    """Remove the compiled code of other versions that nobody used for some days, and return it.

    Whoever uses a folder writes to it for a moment, see ``cache_folder``, which dates it.
    """
    own = cache_folder()
    if own is None:
        return []
    limit = time.time() - days * 86_400
    old = [
        folder
        for folder in own.parent.iterdir()
        if folder != own and _NAME.fullmatch(folder.name) and folder.stat().st_mtime < limit
    ]
    for folder in old:
        shutil.rmtree(folder, ignore_errors=True)
    return old


inner = njit(nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)
"""Compiles a function that other kernels call; division by zero gives inf or NaN, as in torch."""


def entry(function: Callable[..., Any]) -> Any:
    """Compile a kernel that Python calls; it runs without the interpreter's lock and is cached."""
    folder = cache_folder()
    if folder is None:
        return njit(nogil=True, error_model="numpy")(function)
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(folder)
    try:
        return njit(nogil=True, error_model="numpy", cache=True)(function)
    finally:
        numba.config.CACHE_DIR = before
