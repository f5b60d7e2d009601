"""Where published images are looked for: kept arrays, folders of IDX files, openml.org."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np

from playground.datasets.images.idx import read_idx
from playground.datasets.images.image_table import (
    ImageError,
    ImagesMissing,
    ImageTable,
    Parts,
    images_first,
)
from playground.datasets.images.npz import read_arrays, write_file
from playground.datasets.images.openml import is_seeded, read_openml
from playground.datasets.images.published import PUBLISHED, Published

_ARRAYS = ("x_train", "y_train", "x_test", "y_test")
_PARTS = (("train",), ("t10k", "test"))  # how the files of either part begin
_MOST_BYTES = 1_000_000_000
Presence = Literal["here", "download", "missing"]
_PAUSE_SECONDS = 600  # so long a download that failed is not tried again
_failures: dict[str, tuple[float, str]] = {}
_may_download: ContextVar[bool] = ContextVar("may_download", default=True)


def data_folder() -> Path:
    """Return where image sets are kept: ``PLAYGROUND_DATA``, or ``data`` in ``PLAYGROUND_HOME``."""
    if own := os.environ.get("PLAYGROUND_DATA"):
        return Path(own)
    if home := os.environ.get("PLAYGROUND_HOME"):
        return Path(home) / "data"
    return Path.home() / ".cache" / "ode-net-playground" / "data"


def is_online() -> bool:
    """Tell whether image sets may be downloaded here: ``PLAYGROUND_ONLINE`` is not 0."""
    return _is_allowed() and _may_download.get()


def _is_allowed() -> bool:
    return os.environ.get("PLAYGROUND_ONLINE", "1") != "0"


@contextmanager
def without_download() -> Iterator[None]:
    """Look on this server only, whatever the setting; for a page that must not wait."""
    token = _may_download.set(False)
    try:
        yield
    finally:
        _may_download.reset(token)


def find(name: str) -> Parts:
    """Return a published image set from the first place that has it.

    Args:
        name: Name in ``PUBLISHED``.

    Raises:
        ImagesMissing: If no place has it whole; names the places, what was wrong there, and what the
            owner of the server can do.
    """
    published, reasons = PUBLISHED[name], []
    for look in (_from_npz, _from_idx, _from_openml):
        try:
            return look(published)
        except ImageError as error:
            reasons.append(str(error))
        except OSError as error:
            reasons.append(
                f"{error.filename or published.label} could not be read ({error.strerror})"
            )
    folder = data_folder()
    raise ImagesMissing(
        f"{published.label} is not on this server. Looked for: {'; '.join(reasons)}. Who runs the "
        f"server can put {name}.npz ({', '.join(_ARRAYS)}) into {folder}, name a folder {name} of "
        "IDX files in PLAYGROUND_IDX, or let it be downloaded (PLAYGROUND_ONLINE not 0)."
    )


def presence(name: str) -> Presence:
    """Tell whether a published image set is on this server, without reading or downloading it.

    Returns:
        ``"here"``, or where it is not ``"download"`` if it is fetched when a run needs it, else
        ``"missing"``.
    """
    published = PUBLISHED[name]
    with suppress(OSError):
        kept = _npz_path(published).exists() or bool(_idx_files(published))
        if kept or is_seeded(published, data_folder()):
            return "here"
    return "download" if is_online() else "missing"


def labels(name: str) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the classes of both parts of a published set where it is on this server.

    Nothing is downloaded and no image is read; ``None`` where the set is not here yet, or damaged.
    """
    published = PUBLISHED[name]
    path = _npz_path(published)
    with suppress(ImageError, OSError):
        if path.exists():
            return _npz_labels(path, path.stat().st_mtime_ns, name)
    with suppress(ImageError, OSError):
        pairs = _idx_files(published)
        if pairs:
            train, test = (_idx_labels(path, path.stat().st_mtime_ns) for _, path in pairs)
            return train, test
    return None


def _npz_path(published: Published) -> Path:
    return data_folder() / f"{published.name}.npz"


def _from_npz(published: Published) -> Parts:
    path = _npz_path(published)
    if not path.exists():
        raise ImagesMissing(f"{path} (not there)")
    return _read_npz(path, path.stat().st_mtime_ns, published.name)


@lru_cache(maxsize=1)  # a set in colour takes 300 MB
def _read_npz(path: Path, _changed: int, name: str) -> Parts:
    """Read kept arrays; the time of the last change is part of the cache key."""
    arrays = read_arrays(path, _ARRAYS, str(path), _MOST_BYTES)
    return _parts(PUBLISHED[name], arrays, str(path))


@lru_cache(maxsize=8)
def _npz_labels(path: Path, _changed: int, name: str) -> tuple[np.ndarray, np.ndarray]:
    arrays = read_arrays(path, ("y_train", "y_test"), str(path), _MOST_BYTES)
    classes = len(PUBLISHED[name].class_names)
    train, test = (
        _classes(arrays.get(y), classes, f"{y} of {path}") for y in ("y_train", "y_test")
    )
    return train, test


@lru_cache(maxsize=8)
def _idx_labels(path: Path, _changed: int) -> np.ndarray:
    return read_idx(path).astype(np.int64)


def _parts(published: Published, arrays: dict[str, np.ndarray], where: str) -> Parts:
    """Return arrays as the two parts, having checked that they are those of this data set."""
    missing = [name for name in _ARRAYS if name not in arrays]
    if missing:
        raise ImageError(f"{where} has no {', '.join(missing)}; needed are {', '.join(_ARRAYS)}")
    tables = []
    for part in ("train", "test"):
        x, y = arrays[f"x_{part}"], arrays[f"y_{part}"]
        if x.dtype != np.uint8:
            raise ImageError(f"x_{part} of {where} is of type {x.dtype}; legal is uint8")
        x = images_first(x)
        classes = _classes(y, len(published.class_names), f"y_{part} of {where}")
        if x.shape[1:] != published.shape or len(classes) != len(x) or not len(x):
            raise ImageError(
                f"{where} has {part} images {x.shape} and {len(classes)} labels; {published.label} "
                f"has images of (channels, height, width) = {published.shape}, each with a label"
            )
        tables.append(ImageTable(x, classes, published.class_names))
    return Parts(*tables)


def _classes(y: np.ndarray | None, n_classes: int, what: str) -> np.ndarray:
    """Return labels ``(n,)`` or ``(n, 1)`` as int64 ``(n,)``."""
    if y is None:
        raise ImageError(f"{what} is missing")
    if y.dtype.kind not in "ui" or y.ndim == 0 or y.size != len(y):
        raise ImageError(f"{what} is {y.dtype} {y.shape}; legal are whole numbers (n,)")
    y = y.reshape(-1)
    if y.size and (int(y.min()) < 0 or int(y.max()) >= n_classes):
        raise ImageError(f"{what} goes from {y.min()} to {y.max()}; legal are 0 to {n_classes - 1}")
    return y.astype(np.int64)


def _folders(published: Published) -> list[Path]:
    """Return the folders that may hold the set as IDX files: called so, or holding one called so."""
    names = {published.name, published.name.replace("_", "-")}
    listed = [Path(f) for f in os.environ.get("PLAYGROUND_IDX", "").split(os.pathsep) if f]
    own = [folder for folder in listed if folder.name.lower() in names]
    below = [folder / name for folder in listed for name in sorted(names)]
    return [*own, *below, *map(Path, published.folders)]


def _idx_files(published: Published) -> list[tuple[Path, Path]]:
    """Return the files of images and labels of both parts in the first folder that has all four."""
    axes = 3 if published.shape[0] == 1 else 4
    for folder in _folders(published):
        pairs = [_pair(folder, starts, axes) for starts in _PARTS]
        found = [pair for pair in pairs if pair is not None]
        if len(found) == len(_PARTS):
            return found
    return []


def _pair(folder: Path, starts: tuple[str, ...], axes: int) -> tuple[Path, Path] | None:
    for start in starts:
        images = _there(folder, f"{start}-images", axes)
        classes = _there(folder, f"{start}-labels", 1)
        if images and classes:
            return images, classes
    return None


def _there(folder: Path, start: str, axes: int) -> Path | None:
    """Return the IDX file of this name, plain or compressed, hyphen or point before its kind."""
    names = [f"{start}{mark}idx{axes}-ubyte{end}" for mark in "-." for end in ("", ".gz")]
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _from_idx(published: Published) -> Parts:
    pairs = _idx_files(published)
    if not pairs:
        looked = ", ".join(map(str, _folders(published))) or "none named in PLAYGROUND_IDX"
        raise ImagesMissing(f"four IDX files in one folder ({looked})")
    key = tuple((path, path.stat().st_mtime_ns) for pair in pairs for path in pair)
    return _read_idx_files(key, published.name)


@lru_cache(maxsize=1)
def _read_idx_files(key: tuple[tuple[Path, int], ...], name: str) -> Parts:
    paths = [path for path, _ in key]
    arrays = dict(zip(_ARRAYS, map(read_idx, paths)))
    return _parts(PUBLISHED[name], arrays, str(paths[0].parent))


def _from_openml(published: Published) -> Parts:
    """Read from the files of openml.org, and keep the arrays so that the next time is quick."""
    home, online = data_folder(), is_online()
    if not online and not is_seeded(published, home):
        why = "it is downloaded only when a run needs it"
        if not _is_allowed():
            why = "downloading is switched off, PLAYGROUND_ONLINE is 0"
        raise ImagesMissing(f"data set {published.openml} of openml.org below {home} (none; {why})")
    failed, reason = _failures.get(published.name, (0.0, ""))
    pausing = bool(reason) and time.monotonic() - failed < _PAUSE_SECONDS
    try:
        parts = read_openml(published, home, online=online and not pausing)
    except ImageError as error:
        if pausing:
            minutes = _PAUSE_SECONDS // 60
            raise ImagesMissing(f"{reason}; not tried again within {minutes} minutes") from error
        if online:
            _failures[published.name] = (time.monotonic(), str(error))
        raise
    with suppress(OSError):  # a folder that is only read: the next time takes as long as this
        write_file(_npz_path(published), arrays_of(parts))
    return parts


def arrays_of(parts: Parts) -> dict[str, np.ndarray]:
    """Return both parts as the arrays of the npz files, ``(n, h, w)`` or ``(n, h, w, 3)``."""
    arrays = {}
    for part, table in (("train", parts.train), ("test", parts.test)):
        x = table.x.transpose(0, 2, 3, 1)
        arrays[f"x_{part}"] = np.ascontiguousarray(x[..., 0] if x.shape[3] == 1 else x)
        arrays[f"y_{part}"] = table.y.astype(np.uint8)
    return arrays
