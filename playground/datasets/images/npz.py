"""Arrays in npz files: read without unpickling, checked before memory is taken, written at once."""

from __future__ import annotations

import io
import math
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO

import numpy as np
from numpy.lib import format as npy

from playground.datasets.images.image_table import ImageError

_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


def read_arrays(
    source: Path | bytes, names: tuple[str, ...], what: str, most_bytes: int
) -> dict[str, np.ndarray]:
    """Read arrays of numbers or texts from an npz file; other arrays in it are not looked at.

    Args:
        source: The file, or its bytes.
        names: Which arrays; those that are not there are left out.
        what: How the file is called in messages.
        most_bytes: Bytes that these arrays together may have.

    Raises:
        ImageError: If it is no npz file, a damaged one, too large, or holds objects.
        OSError: If the file cannot be read.
    """
    file: BinaryIO | Path = io.BytesIO(source) if isinstance(source, bytes) else source
    found: dict[str, np.ndarray] = {}
    try:
        with zipfile.ZipFile(file) as archive:
            for name in names:
                if f"{name}.npy" in archive.namelist():
                    info = archive.getinfo(f"{name}.npy")
                    left = most_bytes - sum(array.nbytes for array in found.values())
                    found[name] = _member(archive, info, what, left)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise ImageError(f"{what} is no whole npz file ({error})") from None
    return found


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, what: str, most: int) -> np.ndarray:
    label = f"array {info.filename.removesuffix('.npy')!r} of {what}"
    try:
        with archive.open(info) as file:
            version = npy.read_magic(file)
            if version not in _HEADERS:
                raise ImageError(f"{label} is of npy version {version}; legal are 1.0 and 2.0")
            shape, _, kind = _HEADERS[version](file)
            if kind.hasobject or kind.kind not in "uifbU":
                raise ImageError(f"{label} holds {kind}; legal are numbers and texts")
            size = math.prod(shape) * kind.itemsize
            if size > most:
                raise ImageError(f"{label} has {size} bytes; at most {most} are allowed")
            if size != info.file_size - file.tell():
                raise ImageError(f"{label} declares {size} bytes and holds another number")
        with archive.open(info) as file:
            return npy.read_array(file, allow_pickle=False)
    except ImageError:
        raise
    except Exception as error:  # whatever numpy's reader makes of a strange header
        raise ImageError(f"{label} cannot be read: {error}") from None


def as_bytes(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Return arrays as a compressed npz file; equal arrays give equal bytes."""
    out = io.BytesIO()
    np.savez_compressed(out, **arrays)
    return out.getvalue()


def write_file(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays to an npz file that readers see as a whole or not at all.

    Raises:
        OSError: If the folder cannot be written.
    """
    with whole_file(path) as part:
        np.savez(part, **arrays)


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Give a file to write to that takes its name once it is complete; after an error it is gone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as part:
        try:
            yield part
        except BaseException:
            os.unlink(part.name)
            raise
    os.replace(part.name, path)
