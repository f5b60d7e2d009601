"""IDX files, the format in which MNIST was published: plain or compressed by gzip.

Layout: two zero bytes, the type of the numbers, how many axes there are, the length of each axis as
32 bits with the highest first, then the numbers row by row (LeCun, Cortes and Burges, 1998).
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np

from playground.datasets.images.image_table import ImageError

_UBYTE = 0x08
_MOST_AXES = 4
_MOST_BYTES = 1_000_000_000
_DEFLATE_RATIO = 1032  # more than this the compression of gzip cannot reach


def read_idx(path: Path) -> np.ndarray:
    """Read an IDX file of unsigned bytes; ``.gz`` at the end of the name means compressed.

    The sizes that the header declares are held against the size of the file before any memory is
    taken for them.

    Returns:
        The numbers, uint8, in the shape that the header gives.

    Raises:
        ImageError: If it is no such file, or a damaged one; names the file and the reason.
        OSError: If the file cannot be read.
    """
    size = path.stat().st_size
    try:
        if path.suffix != ".gz":
            with path.open("rb") as file:
                return _read(file, path, size, exact=True)
        with gzip.open(path, "rb") as file:
            return _read(file, path, size * _DEFLATE_RATIO, exact=False)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise _wrong(path, f"the gzip compression is damaged or cut off ({error})") from None


def _read(file: BinaryIO, path: Path, available: int, exact: bool) -> np.ndarray:
    """Read from an open file that holds ``available`` bytes, or at most so many."""
    shape = _header(file, path)
    declared, header = math.prod(shape), 4 + 4 * len(shape)
    if declared > _MOST_BYTES:
        raise _wrong(path, f"its header declares {declared} bytes; at most {_MOST_BYTES} are read")
    held = available - header
    if held < declared or (exact and held != declared):
        raise _wrong(
            path, f"its header declares {shape} = {declared} bytes, but the file holds {held}"
        )
    data = file.read(declared)
    if len(data) < declared:
        raise _wrong(
            path, f"its header declares {shape} = {declared} bytes, but it ends after {len(data)}"
        )
    if file.read(1):
        raise _wrong(
            path, f"there is more in it than the {declared} bytes that its header declares"
        )
    return np.frombuffer(data, np.uint8).reshape(shape)


def _header(file: BinaryIO, path: Path) -> tuple[int, ...]:
    magic = file.read(4)
    if len(magic) < 4:
        raise _wrong(path, "it is cut off within its header")
    if magic[:2] != b"\0\0":
        raise _wrong(path, f"it begins with {magic.hex()}, and an IDX file with two zero bytes")
    if magic[2] != _UBYTE:
        raise _wrong(path, f"its numbers are of type 0x{magic[2]:02x}; only bytes, 0x08, are read")
    if not 1 <= magic[3] <= _MOST_AXES:
        raise _wrong(path, f"it has {magic[3]} axes; legal are 1 to {_MOST_AXES}")
    lengths = file.read(4 * magic[3])
    if len(lengths) < 4 * magic[3]:
        raise _wrong(path, "it is cut off within its header")
    return struct.unpack(f">{magic[3]}I", lengths)


def _wrong(path: Path, reason: str) -> ImageError:
    return ImageError(f"{path} is no whole IDX file: {reason}")
