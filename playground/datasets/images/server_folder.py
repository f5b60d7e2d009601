"""A server's own images: sub-folders of one folder, each with a sub-folder of pictures a class."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from playground.datasets.base import Split, dataset
from playground.datasets.images import drawing
from playground.datasets.images.drawing import ColourOptions
from playground.datasets.images.image_table import (
    MAX_IMAGE_CLASSES,
    MAX_IMAGES,
    MAX_PIXELS,
    ImageError,
    ImageShape,
    ImagesMissing,
    ImageTable,
    checked,
)
from playground.datasets.images.pictures import (
    MAX_PICTURE_BYTES,
    Colour,
    is_picture,
    read_picture,
    table_of,
)
from playground.registry import option

SETTING = "PLAYGROUND_IMAGES"


class FolderOptions(ColourOptions):
    """Options of ``image_folder``."""

    folder: str = option(
        "",
        label="Folder",
        help="Name of one of the server's image sets; empty means the first.",
        max_length=100,
    )
    size: int = option(
        16,
        label="Size",
        help="Every picture is brought to so many pixels a side.",
        ge=8,
        le=64,
        step=8,
        unit="pixels",
    )


def image_folders() -> dict[str, Path]:
    """Return the server's image sets by their names, in the order of the alphabet.

    They are the sub-folders of the folder that ``PLAYGROUND_IMAGES`` names, hidden ones excepted.
    """
    base = os.environ.get(SETTING)
    if not base:
        return {}
    try:
        entries = sorted(Path(base).iterdir())
    except OSError:
        return {}
    return {path.name: path for path in entries if path.is_dir() and path.name[0] != "."}


def _chosen(options: FolderOptions) -> Path:
    listed = image_folders()
    if not listed:
        raise ImagesMissing(
            f"this server has no image sets of its own: {SETTING} names a folder whose sub-folders are "
            "image sets, and it is not set, or has none"
        )
    name = options.folder or next(iter(listed))
    if name not in listed:
        raise ImagesMissing(
            f"folder = {name!r} is not on this server; there are {', '.join(list(listed)[:20])}"
        )
    return listed[name]


def _pictures(folder: Path) -> dict[str, list[Path]]:
    """Return the files of the pictures by class.

    Raises:
        ImagesMissing: If there are too many, or too few.
    """
    try:
        named = sorted(path for path in folder.iterdir() if path.is_dir() and path.name[0] != ".")
        found = {path.name: list(_in(path, path.stat().st_mtime_ns)) for path in named}
    except OSError as error:
        raise ImagesMissing(
            f"folder {folder.name!r} could not be read ({error.strerror})"
        ) from None
    found = {name: paths for name, paths in found.items() if paths}
    n = sum(map(len, found.values()))
    if not 2 <= len(found) <= MAX_IMAGE_CLASSES:
        raise ImagesMissing(
            f"folder {folder.name!r} has {len(found)} sub-folders with PNG or JPEG pictures; legal are "
            f"2 to {MAX_IMAGE_CLASSES}, each a class"
        )
    if not max(10, 2 * len(found)) <= n <= MAX_IMAGES:
        raise ImagesMissing(
            f"folder {folder.name!r} has {n} pictures of {len(found)} classes; legal are at least 10, "
            f"and 2 a class, and at most {MAX_IMAGES}"
        )
    return found


@lru_cache(maxsize=4 * MAX_IMAGE_CLASSES)
def _in(folder: Path, _changed: int) -> tuple[Path, ...]:
    """Return the pictures in a folder, whose time of change is part of the cache key."""
    with os.scandir(folder) as entries:
        return tuple(sorted(Path(e.path) for e in entries if is_picture(e.name) and e.is_file()))


def fetch_folder(options: FolderOptions) -> ImageTable:
    """Return the pictures of a folder at the chosen size.

    Raises:
        ImagesMissing: If there is no such folder, or a picture in it cannot be used; names it.
    """
    folder = _chosen(options)
    found = _pictures(folder)
    n = sum(map(len, found.values()))
    numbers = n * drawing.size_of(_shape(options))
    if numbers > MAX_PIXELS:
        raise ImagesMissing(
            f"size = {options.size}: {n} pictures of folder {folder.name!r} would be {numbers} numbers; "
            f"at most {MAX_PIXELS} are allowed; choose a smaller size"
        )
    files = tuple((name, path) for name, paths in found.items() for path in paths)
    try:
        changed = max(path.stat().st_mtime_ns for _, path in files)
        return _read(files, changed, options.size, options.colour)
    except OSError as error:
        raise ImagesMissing(f"a picture could not be read ({error})") from None
    except ImagesMissing:
        raise
    except ImageError as error:
        raise ImagesMissing(f"folder {folder.name!r}: {error}") from None


@lru_cache(maxsize=2)
def _read(
    files: tuple[tuple[str, Path], ...], _changed: int, size: int, colour: Colour
) -> ImageTable:
    """Read the pictures; the latest change among them is part of the cache key."""
    names = tuple(dict.fromkeys(name for name, _ in files))
    pictures = [
        read_picture(_bytes(path), f"{name}/{path.name}", size, colour) for name, path in files
    ]
    return checked(table_of(pictures, [names.index(name) for name, _ in files], names))


def _bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_PICTURE_BYTES + 1)


def _shape(options: FolderOptions) -> ImageShape:
    return drawing.shape_as_chosen((3, options.size, options.size), options)


def _labels(options: FolderOptions) -> np.ndarray:
    """Return the class of each picture without reading any."""
    counts = [len(paths) for paths in _pictures(_chosen(options)).values()]
    return np.repeat(np.arange(len(counts)), counts)


def _split(options: FolderOptions, n_train: int, n_validation: int, rng: Any) -> Split:
    table = fetch_folder(options)
    return drawing.split_whole("image_folder", table, options, n_train, n_validation, rng)


@dataset(
    name="image_folder",
    label="Images of this server",
    summary="Pictures that the server's owner has laid into folders, one for each class.",
    options=FolderOptions,
    features=lambda options: drawing.size_of(_shape(options)),
    classes=lambda options: tuple(_pictures(_chosen(options))),
    view=(27, 36),
    splitter=_split,
    rows=lambda options: drawing.available(_labels(options), options),
    image_shape=_shape,
)
def image_folder(options: FolderOptions, n: int, rng: np.random.Generator) -> tuple[Any, Any]:
    """Draw pictures without repetition; where ``n`` exceeds them, they are gone through again."""
    return drawing.draw(fetch_folder(options), options, n, rng)
