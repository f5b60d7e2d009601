"""Small image sets for tests, in the forms in which they are found on a server."""

import gzip
import io
import struct
import zipfile

import numpy as np
from PIL import Image

from playground.datasets.images import ImageTable
from playground.datasets.images.published import PUBLISHED


def arrays_for(name, n_train=None, n_test=None, seed=0):
    """Arrays as in a published set's npz file, with few images: every shade, and every class."""
    published = PUBLISHED[name]
    rng = np.random.default_rng(seed)
    channels, height, width = published.shape
    classes = len(published.class_names)
    sizes = {"train": n_train or 4 * classes, "test": n_test or 2 * classes}
    arrays = {}
    for part, n in sizes.items():
        x = rng.integers(0, 256, (n, height, width, channels), np.uint8)
        arrays[f"x_{part}"] = x[..., 0] if channels == 1 else x
        arrays[f"y_{part}"] = (np.arange(n) % classes).astype(np.uint8)
    return arrays


def write_published(folder):
    """Stand-ins of all published sets, as npz files."""
    for name in PUBLISHED:
        np.savez(folder / f"{name}.npz", **arrays_for(name))


def png(x, kind="PNG"):
    """The bytes of a picture ``(h, w)`` or ``(h, w, c)``."""
    out = io.BytesIO()
    Image.fromarray(x).save(out, kind)
    return out.getvalue()


def write_folder(folder, classes=("ants", "bees"), n=6, side=10, seed=0):
    """Folders named as classes, with pictures in colour of every shade."""
    rng = np.random.default_rng(seed)
    for name in classes:
        (folder / name).mkdir(parents=True)
        for i in range(n):
            x = rng.integers(0, 256, (side, side, 3), np.uint8)
            (folder / name / f"{i}.png").write_bytes(png(x))


def idx_bytes(x):
    """An array of bytes as an IDX file, written after its description and not by the program."""
    head = bytes([0, 0, 8, x.ndim]) + b"".join(struct.pack(">I", n) for n in x.shape)
    return head + x.astype(np.uint8).tobytes()


def write_idx(folder, arrays, ending=""):
    """The four files of a set with one channel, plain or compressed."""
    folder.mkdir(parents=True, exist_ok=True)
    names = {
        "x_train": "train-images-idx3-ubyte",
        "y_train": "train-labels-idx1-ubyte",
        "x_test": "t10k-images-idx3-ubyte",
        "y_test": "t10k-labels-idx1-ubyte",
    }
    for key, name in names.items():
        data = idx_bytes(arrays[key])
        packed = gzip.compress(data, 1) if ending else data
        (folder / f"{name}{ending}").write_bytes(packed)


def zipped(members, compression=zipfile.ZIP_DEFLATED):
    """A zip file of ``{name: bytes}``."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def npz(**arrays):
    """The bytes of an npz file."""
    out = io.BytesIO()
    np.savez(out, **arrays)
    return out.getvalue()


def uneven(classes=(30, 12, 6), side=8, seed=0):
    """Grey images, so many of each class, each of a shade of its own."""
    n = sum(classes)
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 256, (n, 1, side, side), np.uint8)
    y = np.repeat(np.arange(len(classes)), classes)
    return ImageTable(x, y, tuple(f"k{i}" for i in range(len(classes))))
