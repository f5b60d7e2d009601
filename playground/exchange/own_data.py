"""Own data on the way: the file of a table or of images, under the hash of its bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from playground.datasets import TableError, table_store
from playground.datasets.csv_table import read_written
from playground.datasets.csv_text import MAX_BYTES
from playground.datasets.images import kept
from playground.datasets.images.image_table import MAX_IMAGES, MAX_PIXELS, ImageTable, checked
from playground.datasets.images.key_points import LEAST_IMAGES, MAX_POINTS
from playground.datasets.images.npz import read_arrays
from playground.datasets.images.upload import MAX_UPLOAD_BYTES
from playground.experiment import Experiment
from playground.jobs.settings import Settings


@dataclass(frozen=True)
class Kind:
    """How one kind of own data is kept.

    Attributes:
        ending: Of its files.
        path_of: Returns where the data with a hash are kept on this server.
        check: Raises ValueError for bytes that could not have been kept.
        most: Bytes of the largest file.
    """

    ending: str
    path_of: Callable[[str], Path]
    check: Callable[[bytes], None]
    most: int


def hash_of(experiment: Experiment) -> str | None:
    """Return the hash of the own data that an experiment learns, ``None`` for all other data."""
    return getattr(experiment.data.options, "hash", "") or None


def kind_of(experiment: Experiment) -> Kind:
    """Return how the own data of an experiment are kept."""
    return KINDS[experiment.data.name]


def read(experiment: Experiment) -> bytes | None:
    """Return the file of an experiment's own data, ``None`` where it is not on this server."""
    key = hash_of(experiment)
    if key is None:
        return None
    try:
        data = kind_of(experiment).path_of(key).read_bytes()
    except FileNotFoundError:
        return None
    return data if hashlib.sha256(data).hexdigest() == key else None


def checked_file(experiment: Experiment, data: bytes) -> None:
    """Raise ValueError unless the bytes are the own data of an experiment."""
    key, kind = hash_of(experiment), kind_of(experiment)
    if hashlib.sha256(data).hexdigest() != key:
        raise ValueError(f"the data are not those of the hash {key[:12]}…")
    kind.check(data)


def keep(
    experiment: Experiment,
    data: bytes,
    settings: Settings,
    needed: Callable[[], Collection[str]],
) -> Path | None:
    """Keep checked own data; return the file if it is new here.

    Raises:
        ValueError: If there is no room.
        OSError: If the folder cannot be written.
    """
    path = kind_of(experiment).path_of(hash_of(experiment))
    new = not path.exists()
    if kind_of(experiment).ending == "csv":
        table_store.keep(data, limit_mb=settings.max_tables_mb, needed=needed)
    else:
        table_store.keep_file(data, kept.path_of, settings.max_images_mb, needed, kept.FULL)
    return path if new else None


def _path_of_table(key: str) -> Path:
    return table_store.folder() / f"{key}.csv"


def _check_table(data: bytes) -> None:
    if len(data) > MAX_BYTES:
        raise TableError(f"the table has {len(data)} bytes; at most {MAX_BYTES} are allowed")
    try:
        table = read_written(data)
    except (UnicodeDecodeError, StopIteration) as error:
        raise TableError(f"the table cannot be read ({type(error).__name__})") from None
    if table.to_csv() != data:
        raise TableError("the table is not written as this program writes tables")


def _check_images(data: bytes) -> None:
    arrays = read_arrays(data, ("x", "y", "class_names"), "the images", 5 * MAX_PIXELS)
    _check_names(arrays, ("x", "y", "class_names"))
    x, y, names = arrays["x"], arrays["y"], arrays["class_names"]
    _check_pixels(x)
    if y.dtype != np.int64 or y.shape != (len(x),) or names.ndim != 1 or names.dtype.kind != "U":
        raise TableError("the classes of the images are not as this program keeps them")
    if len(y) and not 0 <= y.min() <= y.max() < len(names):
        raise TableError(f"the images have classes outside 0 to {len(names) - 1}")
    checked(ImageTable(x, y, tuple(map(str, names))))


def _check_points(data: bytes) -> None:
    arrays = read_arrays(data, ("x", "places", "names"), "the images", 5 * MAX_PIXELS)
    _check_names(arrays, ("x", "places", "names"))
    x, places, names = arrays["x"], arrays["places"], arrays["names"]
    _check_pixels(x)
    count = len(names) if names.ndim == 1 and names.dtype.kind == "U" else 0
    fits = places.dtype == np.float32 and places.shape == (len(x), count)
    if not fits or count % 2 or not 2 <= count <= 2 * MAX_POINTS or not np.isfinite(places).all():
        raise TableError("the key points are not as this program keeps them")
    if not LEAST_IMAGES <= len(x) <= MAX_IMAGES or x.size > MAX_PIXELS:
        raise TableError(f"{len(x)} images with key points are too few, or too many")


def _check_names(arrays: dict[str, np.ndarray], names: tuple[str, ...]) -> None:
    missing = [name for name in names if name not in arrays]
    if missing:
        raise TableError(f"the images have no array {missing[0]!r}")


def _check_pixels(x: np.ndarray) -> None:
    shades = x.dtype == np.uint8 or (x.dtype == np.float32 and bool(((x >= 0) & (x <= 1)).all()))
    if x.ndim != 4 or x.shape[1] not in (1, 3) or not shades:
        raise TableError(
            f"images of {x.dtype} and shape {x.shape} are not legal: (n, channels, height, width), "
            "uint8 or float32 in [0, 1]"
        )
    if not all(8 <= side <= 64 for side in x.shape[2:]):
        raise TableError("the images are smaller than 8 or larger than 64 pixels a side")


_IMAGES = 2 * MAX_UPLOAD_BYTES

KINDS = {
    "table": Kind("csv", _path_of_table, _check_table, MAX_BYTES),
    "image_upload": Kind("npz", kept.path_of, _check_images, _IMAGES),
    "image_points": Kind("npz", kept.path_of, _check_points, _IMAGES),
}
"""The data sets that are own data, by their names; a test holds them against the registry."""
