"""Recordings: the kept views of a run in one set of frames, small enough to travel at once.

A squeezed set is ``ODEZ`` followed by a zlib stream of an ordinary set. Inside it the integers of
``paths`` and ``warp`` have lost their lowest bits (an eighth of a pixel on a picture of 500), and each
is stored as the difference from what the layer and the frame before it let expect. The header's
``coded`` says so: ``{"arrays": [...], "drop": bits}``.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np

from playground.analysis.frames import FULL, Frames, stack

MAGIC = b"ODEZ"
DROPPED_BITS = 4
_CODED = ("paths", "warp")


def recording(kept: Sequence[bytes], last: bytes) -> Frames | None:
    """Join the kept views of a run and its newest one.

    Args:
        kept: Packed frames in the order of their steps.
        last: The newest frame, which ends the recording; kept ones of its step or later are left out.

    Returns:
        The recording; ``None`` where ``last`` shows other inputs than the kept views, or where
        nothing comes before it.

    Raises:
        ValueError: If frames are damaged or of different runs.
    """
    end = Frames.unpack(last)
    step = end.meta["frames"][-1]["step"]
    parts = [Frames.unpack(frame) for frame in kept]
    before = [part for part in parts if part.meta["frames"][-1]["step"] < step]
    if not before or before[-1].meta["features"] != end.meta["features"]:
        return None
    return stack([*before, end])


def squeeze(payload: bytes) -> bytes:
    """Return a packed set in less room, for the canvas to read.

    Raises:
        ValueError: If the payload is not a set of frames.
    """
    frames = Frames.unpack(payload)
    coded = [name for name in _CODED if name in frames.arrays]
    arrays = {
        name: _differences(array) if name in coded else array
        for name, array in frames.arrays.items()
    }
    meta = {**frames.meta, "coded": {"arrays": coded, "drop": DROPPED_BITS}}
    # The first level is five times as fast as the usual one, and leaves a twentieth more.
    return MAGIC + zlib.compress(Frames(meta, arrays).pack(), 1)


def _differences(array: np.ndarray) -> np.ndarray:
    """Return ``(frames, layers, …)`` without the lowest bits, as differences over both axes."""
    largest = FULL >> DROPPED_BITS
    half = 1 << (DROPPED_BITS - 1)
    rounded = np.clip((array.astype(np.int32) + half) >> DROPPED_BITS, -largest, largest)
    over_layers = np.diff(rounded, axis=1, prepend=np.zeros_like(rounded[:, :1]))
    return np.diff(over_layers, axis=0, prepend=np.zeros_like(over_layers[:1])).astype(np.int16)
