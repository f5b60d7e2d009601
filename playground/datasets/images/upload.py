"""Uploaded images: an npz file of arrays, or a zip file of class-named folders of pictures."""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import PurePosixPath

import numpy as np

from playground.datasets.images.image_table import (
    MAX_IMAGES,
    MAX_PIXELS,
    ImageError,
    ImageTable,
    checked,
    images_first,
)
from playground.datasets.images.npz import read_arrays
from playground.datasets.images.pictures import (
    MAX_PICTURE_BYTES,
    is_grey,
    is_picture,
    pixels_in,
    read_picture,
    table_of,
)

MAX_UPLOAD_BYTES = 50_000_000
MAX_EXPANDED_BYTES = 400_000_000
"""Most bytes that the members of a zip file may have once unpacked."""
MAX_RATIO = 100
"""Pictures are compressed already; a zip file that unpacks to more than this is a trap."""
MAX_ALL_PIXELS = 500_000_000
"""Most pixels of all pictures of an upload before they are made small."""
_MAX_MEMBERS = 2 * MAX_IMAGES
_MAX_NAME = 60
_ENTRY = b"PK\x01\x02"  # begins each member's entry in the directory of a zip file


def read_image_upload(data: bytes, *, size: int = 32) -> ImageTable:
    """Read uploaded images; nothing is written to disk.

    Args:
        data: An npz file with ``x`` of shape (n, h, w) or (n, h, w, c), uint8 or float in [0, 1], whole
            numbers ``y`` of shape (n,) and, if wanted, texts ``class_names``; or a zip file with PNG and
            JPEG pictures in folders that are named as their classes.
        size: Pixels a side to which the pictures of a zip file are brought, 8 to 64.

    Raises:
        ImageError: If it cannot be used; names the array or the picture, and what is legal.
    """
    if not 8 <= size <= 64:
        raise ImageError(f"size = {size} is not legal: 8 to 64")
    if len(data) > MAX_UPLOAD_BYTES:
        raise ImageError(f"the file has {len(data)} bytes; at most {MAX_UPLOAD_BYTES} are allowed")
    members = data.count(_ENTRY)
    if members > _MAX_MEMBERS:
        raise ImageError(f"the file has {members} members; at most {_MAX_MEMBERS} are allowed")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if any(name.endswith(".npy") for name in archive.namelist()):
                return checked(_from_arrays(data))
            return checked(_from_pictures(archive, len(data), size))
    except zipfile.BadZipFile:
        raise ImageError(
            "the file is neither an npz file of arrays nor a zip file of pictures"
        ) from None
    except (zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise ImageError(f"the file cannot be unpacked ({error})") from None


def holds_arrays(data: bytes) -> bool:
    """Tell whether a file is an npz file of arrays; one that cannot be opened counts as such."""
    if data.count(_ENTRY) > _MAX_MEMBERS:
        return True
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return any(name.endswith(".npy") for name in archive.namelist())
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        return True


def _from_arrays(data: bytes) -> ImageTable:
    arrays = read_arrays(data, ("x", "y", "class_names"), "the file", 4 * MAX_PIXELS)
    missing = [name for name in ("x", "y") if name not in arrays]
    if missing:
        raise ImageError(f"the file has no array {' and '.join(missing)}; needed are x and y")
    x, y = arrays["x"], arrays["y"]
    n = x.shape[0] if x.ndim else 1
    if y.shape != (n,) or y.dtype.kind not in "ui":
        raise ImageError(
            f"y is {y.dtype} of shape {y.shape}; legal are whole numbers ({n},), one for each image"
        )
    if x.dtype.kind == "f":
        if not ((x >= 0) & (x <= 1)).all():
            raise ImageError("x has numbers outside [0, 1]; divide shades from 0 to 255 by 255")
        x = x.astype(np.float32)
    elif x.dtype != np.uint8:
        raise ImageError(f"x is of type {x.dtype}; legal are uint8, and float in [0, 1]")
    names = arrays.get("class_names")
    found = np.unique(y)
    if names is not None and not _names_fit(names, found):
        raise ImageError(
            f"class_names is {names.dtype} of shape {names.shape}; legal are texts (k,), and y from 0 to "
            "k - 1"
        )
    texts = [str(label) for label in found] if names is None else [str(names[k]) for k in found]
    return _named(images_first(x), np.searchsorted(found, y), texts)


def _names_fit(names: np.ndarray, found: np.ndarray) -> bool:
    texts = names.ndim == 1 and names.dtype.kind == "U"
    return texts and found.size > 0 and found[0] >= 0 and found[-1] < len(names)


def _named(x: np.ndarray, y: np.ndarray, names: list[str]) -> ImageTable:
    for name in names:
        if not name.strip() or len(name) > _MAX_NAME or not name.isprintable():
            raise ImageError(
                f"class {name[:80]!r} is not legal: a name has 1 to {_MAX_NAME} printable signs"
            )
    if len(set(names)) < len(names):
        raise ImageError("two classes have the same name")
    return ImageTable(x, y.astype(np.int64), tuple(names))


def _from_pictures(archive: zipfile.ZipFile, packed: int, size: int) -> ImageTable:
    members = _members(archive, packed)
    names = sorted({_class(info) for info in members})
    pixels, grey = 0, True
    for info in members:
        data = _unpacked(archive, info)
        grey = grey and is_grey(data)
        pixels += pixels_in(data)
        if pixels > MAX_ALL_PIXELS:
            raise ImageError(
                f"the pictures have more than {MAX_ALL_PIXELS} pixels together; make them smaller"
            )
    if len(members) * size * size * (1 if grey else 3) > MAX_PIXELS:
        raise ImageError(
            f"{len(members)} pictures of {size} × {size} pixels are more than {MAX_PIXELS} numbers"
        )
    pictures = (
        read_picture(_unpacked(archive, info), info.filename, size, "grey" if grey else "colour")
        for info in members
    )
    table = table_of(pictures, [names.index(_class(info)) for info in members], tuple(names))
    return _named(table.x, table.y, names)


def _members(archive: zipfile.ZipFile, packed: int) -> list[zipfile.ZipInfo]:
    """Return the pictures of an archive in the order of their names, having checked what is declared."""
    infos = [info for info in archive.infolist() if not info.is_dir()]
    for info in infos:
        if _leaves(info.filename):
            raise ImageError(
                f"{info.filename[:80]!r} is not legal: the name leads out of the archive"
            )
    unpacked = sum(info.file_size for info in infos)
    if unpacked > min(MAX_EXPANDED_BYTES, MAX_RATIO * packed):
        raise ImageError(
            f"the file would unpack from {packed} to {unpacked} bytes; at most "
            f"{MAX_EXPANDED_BYTES}, and {MAX_RATIO} times its size, are allowed"
        )
    pictures = [info for info in infos if _counts(info.filename)]
    if not pictures:
        raise ImageError("there are no PNG or JPEG pictures in the file")
    if len(pictures) > MAX_IMAGES:
        raise ImageError(f"there are {len(pictures)} pictures; at most {MAX_IMAGES} are allowed")
    return sorted(pictures, key=lambda info: info.filename)


def _leaves(name: str) -> bool:
    path = PurePosixPath(name.replace("\\", "/"))
    return path.is_absolute() or ".." in path.parts or name[1:2] == ":" or "\0" in name


def _counts(name: str) -> bool:
    return is_picture(name) and not name.startswith("__MACOSX/")


def _class(info: zipfile.ZipInfo) -> str:
    folders = PurePosixPath(info.filename).parts[:-1]
    if not folders:
        raise ImageError(f"{info.filename[:80]!r} is in no folder; a picture's folder is its class")
    return folders[-1]


def _unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    with archive.open(info) as file:
        return file.read(MAX_PICTURE_BYTES + 1)
