"""The data of an exported script: inside it, from scikit-learn, or from a file beside it."""

from __future__ import annotations

import base64
import io
import textwrap

import numpy as np

from playground.datasets import Split
from playground.experiment import Experiment
from playground.training.scripting.draft import Draft, block, body
from playground.training.scripting.parts import image_shape_of

_ROWS = 1000
FILE = "images.npz"
"""The name that a script looks for its images under, unless it is told another."""


def reads_file(experiment: Experiment) -> bool:
    """Return whether the script of an experiment reads its data from a file beside it.

    Images do: they would be many times as long as the script. The digits come with scikit-learn.
    """
    return bool(experiment.data.entry.image_shape) and experiment.data.name != "digits"


def data_file(split: Split) -> bytes:
    """Return the file that a script reads: both parts as arrays of an npz file.

    Shades are kept as whole numbers from 0 to 255 where they are nothing else.
    """
    arrays = _arrays(split)
    for name in ("x_train", "x_validation"):
        shades = _shades(arrays[name])
        if shades is None:
            return _npz(_arrays(split))
        arrays[name] = shades
    return _npz(arrays)


def packed(split: Split) -> str:
    """Return both parts as base64 lines of a compressed NumPy archive."""
    return "\n".join(textwrap.wrap(base64.b64encode(_npz(_arrays(split))).decode(), 96))


def _arrays(split: Split) -> dict[str, np.ndarray]:
    return {
        "x_train": split.x_train,
        "y_train": split.y_train,
        "x_validation": split.x_validation,
        "y_validation": split.y_validation,
    }


def _npz(arrays: dict[str, np.ndarray]) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def _shades(x: np.ndarray) -> np.ndarray | None:
    """Return numbers k / 255 as shades k, ``None`` where some are others; to the last bit."""
    shades = np.empty(x.shape, np.uint8)
    for first in range(0, len(x), _ROWS):  # whole sets would need their memory several times over
        part = x[first : first + _ROWS]
        whole = np.rint(255 * part).astype(np.uint8)
        if not np.array_equal(whole.astype(np.float32) / np.float32(255), part):
            return None
        shades[first : first + _ROWS] = whole
    return shades


def write_data(draft: Draft, experiment: Experiment, split: Split) -> None:
    """Add what is known of the data, and the function ``load_data``."""
    draft.heading("The data")
    images = bool(experiment.data.entry.image_shape)
    if images or experiment.network.entry.takes_images:
        draft.constant("SHAPE", image_shape_of(experiment), "channels, height, width of an image")
    if not images:
        draft.constant("FEATURES", tuple(split.feature_names), "the columns of x")
    if split.class_names:
        draft.constant("CLASSES", tuple(split.class_names), "what the numbers in y stand for")
    draft.need("import numpy as np", "import torch")
    shaped = ".reshape(-1, *SHAPE)" if experiment.network.entry.takes_images else ""
    targets = "y" if split.task == "classification" else "y.to(DTYPE)"
    if experiment.data.name == "digits":
        _digits(draft, experiment, split, shaped)
    elif images:
        _file(draft, split, shaped)
    else:
        draft.need("import base64", "import io")
        draft.block(_INSIDE.format(shaped=shaped, targets=targets))


def _digits(draft: Draft, experiment: Experiment, split: Split, shaped: str) -> None:
    options = experiment.data.options
    draft.need("from sklearn.datasets import load_digits")
    draft.constant("DATA_SEED", experiment.data_seed, "of the choice of the images")
    draft.constant("N_TRAIN", len(split.x_train))
    draft.constant("N_VALIDATION", len(split.x_validation))
    rows, points = ["rows = in_proportion(y, rng)"], ["x = pixels[part]"]
    if options.balance == "even":
        rows = [
            "# Equally many of each class: the rarest one decides how many.",
            "shuffled = rng.permutation(len(y))",
            "members = [shuffled[y[shuffled] == label] for label in np.unique(y)]",
            "rows = np.concatenate([each[: min(map(len, members))] for each in members])",
            "rows = rows[in_proportion(y[rows], rng)]",
        ]
    if options.noise:
        draft.constant("NOISE", options.noise, "standard deviation; black is 0, white is 1")
        points += [
            "x = x + np.float32(NOISE) * rng.standard_normal(x.shape, dtype=np.float32)",
            "x = np.clip(x, 0, 1)",
        ]
    draft.block(
        _DIGITS.format(rows=body(rows, 1), points=body(points, 2), shaped=shaped),
    )


def _file(draft: Draft, split: Split, shaped: str) -> None:
    pixels = ['x = arrays[f"x_{part}"]']
    if _shades(split.x_train) is not None and _shades(split.x_validation) is not None:
        pixels = [
            "# Shades from 0, which is black, to 255.",
            'x = arrays[f"x_{part}"].astype(np.float32) / np.float32(255)',
        ]
    draft.block(_FILE.format(pixels=body(pixels, 2), shaped=shaped))


def loading(experiment: Experiment) -> tuple[str, str]:
    """Return the lines that ``main`` adds to its options, and the call that loads the data."""
    if not reads_file(experiment):
        return "", "load_data()"
    told = f'parser.add_argument("--data", metavar="FILE", default="{FILE}", help="the images")'
    return f"{told}\n    ", "load_data(arguments.data)"


_INSIDE = block("""
    def load_data():
        \"""Return training and validation points as (x, y) each.\"""
        arrays = np.load(io.BytesIO(base64.b64decode(DATA)), allow_pickle=False)
        parts = []
        for part in ("train", "validation"):
            x, y = (torch.as_tensor(arrays[f"{{name}}_{{part}}"], device=DEVICE) for name in "xy")
            parts.append((x.to(DTYPE){shaped}, {targets}))
        return parts
""")

_DIGITS = block("""
    def in_proportion(y, rng):
        \"""Return a random order of rows in which every beginning has the classes in proportion.\"""
        order = rng.permutation(len(y))
        shuffled, place = y[order], np.empty(len(y))
        for label in np.unique(y):
            members = np.flatnonzero(shuffled == label)
            place[members] = np.arange(len(members)) / len(members)
        return order[np.argsort(place, kind="stable")]


    def load_data():
        \"""Return training and validation images as (x, y) each; the seed decides which.\"""
        digits = load_digits()  # 1797 images of 8 by 8 pixels in shades from 0 to 16
        y = digits.target.astype(np.int64)
        pixels = (digits.images / 16).astype(np.float32).reshape(len(y), -1)
        rng = np.random.default_rng(DATA_SEED)
        {rows}
        train = rng.permutation(rows[:N_TRAIN])
        validation = rng.permutation(rows[N_TRAIN : N_TRAIN + N_VALIDATION])
        parts = []
        for part in (train, validation):
            {points}
            x, labels = (torch.as_tensor(array, device=DEVICE) for array in (x, y[part]))
            parts.append((x.to(DTYPE){shaped}, labels))
        return parts
""")

_FILE = block("""
    def load_data(path):
        \"""Return training and validation images of a file as (x, y) each.\"""
        arrays = np.load(path, allow_pickle=False)
        parts = []
        for part in ("train", "validation"):
            {pixels}
            x, y = (torch.as_tensor(array, device=DEVICE) for array in (x, arrays[f"y_{{part}}"]))
            parts.append((x.to(DTYPE){shaped}, y))
        return parts
""")
