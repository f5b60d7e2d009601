"""Frames: the views of a net as bytes that travel unchanged from the worker to the canvas.

The layout is ``ODEF``, the length of the header as a little-endian ``uint32``, the header as JSON,
zeros up to a multiple of eight, then the arrays, each aligned to eight bytes, C order, little endian.
The header holds ``meta`` and, for every array, its type, shape and offset. Arrays of what moves lead
with the number of frames: one for a live view, many for a recording.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

MAGIC = b"ODEF"
TYPES = {"u1": np.dtype("u1"), "i2": np.dtype("<i2"), "f4": np.dtype("<f4")}
MOVING = ("grid", "confidence", "paths", "path_scale", "path_centre", "warp")
FULL = 32767  # largest 16-bit integer: the quantised half width
SHARED = ("task", "features", "class_names", "extent", "layers", "components")
OWN = ("times", "explained")  # differ between the frames of one run


@dataclass(frozen=True)
class Frames:
    """A set of frames: ``meta`` (JSON values) and ``arrays`` (NumPy)."""

    meta: dict[str, Any]
    arrays: dict[str, np.ndarray]

    def pack(self) -> bytes:
        """Return the bytes.

        Raises:
            ValueError: If an array has a type that the layout does not know.
        """
        table: dict[str, Any] = {}
        chunks: list[bytes] = []
        offset = 0
        for name, array in self.arrays.items():
            code = next((c for c, t in TYPES.items() if t == array.dtype), None)
            if code is None:
                raise ValueError(f"{name}: type {array.dtype} is not one of {', '.join(TYPES)}")
            raw = np.ascontiguousarray(array, TYPES[code]).tobytes()
            table[name] = {"dtype": code, "shape": list(array.shape), "offset": offset}
            chunks += [raw, b"\0" * (-len(raw) % 8)]
            offset += len(raw) + (-len(raw) % 8)
        header = json.dumps({"meta": self.meta, "arrays": table}, allow_nan=False).encode()
        start = MAGIC + struct.pack("<I", len(header)) + header
        return b"".join([start, b"\0" * (-len(start) % 8), *chunks])

    @classmethod
    def unpack(cls, payload: bytes) -> Frames:
        """Read the bytes back.

        Raises:
            ValueError: If the payload is not of this layout.
        """
        if len(payload) < 8 or payload[:4] != MAGIC:
            raise ValueError("not a set of frames")
        (length,) = struct.unpack("<I", payload[4:8])
        try:
            header = json.loads(payload[8 : 8 + length])
            start = 8 + length + (-length % 8)
            arrays = {
                name: np.frombuffer(
                    payload,
                    TYPES[spec["dtype"]],
                    count=int(np.prod(spec["shape"], dtype=np.int64)),
                    offset=start + spec["offset"],
                ).reshape(spec["shape"])
                for name, spec in header["arrays"].items()
            }
            return cls(header["meta"], arrays)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"the set of frames is damaged: {error}") from error

    def thinned(self, frames: int, paths: int) -> Frames:
        """Return a smaller recording: at most so many frames, evenly chosen, and so many paths."""
        total = len(self.meta["frames"])
        chosen = np.unique(np.linspace(0, total - 1, min(frames, total)).round().astype(int))
        arrays = {n: a[chosen] if n in MOVING else a for n, a in self.arrays.items()}
        arrays["paths"] = arrays["paths"][:, :, :paths]
        arrays["path_labels"] = arrays["path_labels"][:paths]
        return Frames({**self.meta, "frames": [self.meta["frames"][i] for i in chosen]}, arrays)


def stack(parts: Sequence[Frames]) -> Frames:
    """Join frames of one run, in order, into a recording.

    What belongs to a frame and differs between them (``times`` of a learned step, ``explained`` shares)
    stands in each entry of ``frames`` as well.

    Raises:
        ValueError: If there are none, or if they show different things: other inputs, other layers.
    """
    if not parts:
        raise ValueError("a recording needs at least one frame")
    last = parts[-1]
    for name in SHARED:
        for part in parts:
            if part.meta.get(name) != last.meta.get(name):
                raise ValueError(
                    f"{name}: {part.meta.get(name)} and {last.meta.get(name)} in one recording"
                )
    arrays = {
        name: np.concatenate([part.arrays[name] for part in parts]) if name in MOVING else array
        for name, array in last.arrays.items()
    }
    listed = [
        {**{name: part.meta[name] for name in OWN if name in part.meta}, **entry}
        for part in parts
        for entry in part.meta["frames"]
    ]
    return Frames({**last.meta, "frames": listed}, arrays)
