"""Recordings: what is joined, what is refused, and what is left after squeezing."""

import json
import struct
import zlib

import numpy as np
import pytest

from playground.analysis.frames import FULL, Frames, stack
from playground.analysis.recording import DROPPED_BITS, squeeze

LAYERS, POINTS = 4, 7


def frame(step, *, features=(0, 1), seed=None, **meta):
    rng = np.random.default_rng(step if seed is None else seed)
    integers = rng.integers(-FULL, FULL + 1, (1, LAYERS, POINTS, 3)).astype(np.int16)
    arrays = {
        "grid": rng.integers(0, 2, (1, 5, 5)).astype(np.uint8),
        "paths": integers,
        "warp": integers[:, :, :6].reshape(1, LAYERS, 2, 3, 3),
        "path_scale": np.ones(1, np.float32),
        "path_centre": np.zeros((1, 3), np.float32),
        "path_labels": np.zeros(POINTS, np.uint8),
    }
    known = {
        "task": "classification",
        "features": list(features),
        "layers": list(range(LAYERS)),
        "times": [0.0, 1.0, 2.0, 3.0],
        "explained": [0.5],
        "frames": [{"step": step, "epoch": step / 10}],
    }
    return Frames({**known, **meta}, arrays).pack()


def joined(*frames):
    return stack([Frames.unpack(frame) for frame in frames])


def unsqueezed(payload):
    """Read a squeezed set as its description says, independently of how it was written."""
    assert payload[:4] == b"ODEZ"
    frames = Frames.unpack(zlib.decompress(payload[4:]))
    coded, arrays = frames.meta["coded"], dict(frames.arrays)
    for name in coded["arrays"]:
        summed = arrays[name].astype(np.int64).cumsum(axis=0).cumsum(axis=1)
        arrays[name] = summed << coded["drop"]
    return frames.meta, arrays


@pytest.mark.parametrize(
    ("name", "value"), [("features", [0, 2]), ("layers", [0, 1, 2, 9]), ("task", "regression")]
)
def test_what_shows_different_things_is_never_joined(name, value):
    with pytest.raises(ValueError, match=name):
        stack([Frames.unpack(frame(0)), Frames.unpack(frame(1, **{name: value}))])


def test_each_frame_keeps_its_own_times_and_shares():
    one, two = frame(0), frame(1, times=[0.0, 2.0, 4.0, 6.0], explained=[0.9])
    entries = joined(one, two).meta["frames"]
    assert [entry["explained"] for entry in entries] == [[0.5], [0.9]]
    assert [entry["times"][-1] for entry in entries] == [3.0, 6.0]


def test_squeezed_positions_are_off_by_half_of_what_was_dropped():
    made = joined(frame(0), frame(1), frame(2), frame(3))
    meta, arrays = unsqueezed(squeeze(made.pack()))
    assert meta["frames"] == made.meta["frames"]
    for name in ("paths", "warp"):
        off = np.abs(arrays[name] - made.arrays[name].astype(np.int64))
        assert np.abs(arrays[name]).max() <= FULL
        assert off.max() <= 1 << DROPPED_BITS
        assert np.median(off) <= 1 << (DROPPED_BITS - 1)
    for name in ("grid", "path_scale", "path_labels"):
        assert np.array_equal(arrays[name], made.arrays[name])


def test_what_moves_smoothly_takes_little_room():
    path = np.linspace(-1, 1, 300)[None, None, :, None] * np.ones((1, 20, 1, 3))
    parts = []
    for k in range(40):
        turned = path * np.cos(0.02 * k + np.arange(20)[None, :, None, None] / 20)
        one = Frames.unpack(frame(k))
        arrays = {**one.arrays, "paths": (turned * 30000).astype(np.int16)}
        parts.append(Frames({**one.meta, "layers": list(range(20))}, arrays))
    packed = stack(parts).pack()
    assert len(squeeze(packed)) < len(packed) / 4


def test_damage_is_a_value_error():
    with pytest.raises(ValueError, match="frames"):
        squeeze(b"ODEF" + struct.pack("<I", 4) + json.dumps([]).encode() * 4)
