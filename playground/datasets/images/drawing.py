"""Drawing from images: in class proportion or evenly, in colour or grey, with noise, in two parts."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from playground.datasets.base import DATASETS, Split, noise_option
from playground.datasets.images.image_table import LEAST_SIDE, ImageShape, ImageTable, Parts
from playground.datasets.tables import stratified
from playground.registry import Options, option

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # of ITU-R BT.601, as in Pillow


class ImageOptions(Options):
    """Options of every set of images."""

    balance: Literal["as it is", "even"] = option(
        "as it is",
        label="Classes",
        help="As many images of each class as there are, or equally many of each: then the rarest "
        "class decides.",
    )
    noise: float = noise_option(
        0.0,
        1.0,
        "Standard deviation of the normal noise added to every pixel; black is 0 and white is 1, and "
        "what would lie beyond is cut off.",
    )
    flip: bool = option(
        False,
        label="Mirror at random",
        help="Mirrors each image of a batch left to right with probability one half while it is "
        "trained on, never where it is judged; digits and letters lose their meaning mirrored.",
        advanced=True,
    )
    crop: int = option(
        0,
        label="Shift at random by",
        help="Adds so many rows and columns of zeros around each image of a batch and cuts a piece of "
        "the former size out at a random place while it is trained on, never where it is judged.",
        ge=0,
        le=LEAST_SIDE,
        unit="pixels",
        advanced=True,
    )


class ColourOptions(ImageOptions):
    """Options of a set of images in colour."""

    colour: Literal["colour", "grey"] = option(
        "colour",
        label="Colour",
        help="Three channels, or one of their brightness.",
    )


def shape_as_chosen(shape: ImageShape, options: ImageOptions) -> ImageShape:
    """Return channels, height and width once the option ``colour`` is minded."""
    grey = getattr(options, "colour", "colour") == "grey"
    return (1, *shape[1:]) if grey else shape


def points(
    table: ImageTable, rows: np.ndarray, options: ImageOptions, rng: np.random.Generator
) -> np.ndarray:
    """Return images as points ``(len(rows), d)``, float32 in [0, 1], grey and noisy as chosen."""
    x = table.pixels(rows)
    channels, height, width = table.shape
    if channels == 3 and getattr(options, "colour", "colour") == "grey":
        x = np.einsum("ncp,c->np", x.reshape(len(x), 3, height * width), _LUMA)
        x = np.clip(x, 0, 1, out=x)
    if options.noise:
        x += np.float32(options.noise) * rng.standard_normal(x.shape, dtype=np.float32)
        np.clip(x, 0, 1, out=x)
    return x


def available(y: np.ndarray, options: ImageOptions) -> int:
    """Return how many images there are to draw from, given the class of each ``(n,)``."""
    if options.balance == "as it is":
        return len(y)
    counts = np.bincount(y)
    counts = counts[counts > 0]
    return int(len(counts) * counts.min())


def order(y: np.ndarray, options: ImageOptions, rng: np.random.Generator) -> np.ndarray:
    """Return a random order of rows in which every beginning has the classes in proportion.

    With an even balance it holds equally many rows of each class.
    """
    if options.balance == "as it is":
        return stratified(y, rng)
    shuffled = rng.permutation(len(y))
    members = [shuffled[y[shuffled] == label] for label in np.unique(y)]
    kept = np.concatenate([rows[: min(map(len, members))] for rows in members])
    return kept[stratified(y[kept], rng)]


def draw(
    table: ImageTable, options: ImageOptions, n: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw ``n`` images without repetition; where there are fewer, they are gone through again."""
    rows = order(table.y, options, rng)
    turns = [rows, *(order(table.y, options, rng) for _ in range(-(-n // len(rows)) - 1))]
    rows = np.concatenate(turns)[:n]
    return points(table, rows, options, rng), table.y[rows]


def split_whole(
    name: str,
    table: ImageTable,
    options: ImageOptions,
    n_train: int,
    n_validation: int,
    rng: np.random.Generator,
) -> Split:
    """Shuffle images and cut them into two parts, the classes in proportion in both.

    Raises:
        TableError: If ``n_train`` is below the number of classes.
    """
    n_train, n_validation = DATASETS[name].split_sizes(options, n_train, n_validation)
    rows = order(table.y, options, rng)
    parts = rows[:n_train], rows[n_train : n_train + n_validation]
    return _split(name, Parts(table, table), parts, options, rng)


def split_parts(
    name: str,
    parts: Parts,
    options: ImageOptions,
    n_train: int,
    n_validation: int,
    rng: np.random.Generator,
) -> Split:
    """Draw the training part from images to train on, the validation part from those to test with.

    Raises:
        TableError: If ``n_train`` is below the number of classes.
    """
    n_train, n_validation = DATASETS[name].split_sizes(options, n_train, n_validation)
    train = order(parts.train.y, options, rng)[:n_train]
    test = order(parts.test.y, options, rng)[:n_validation]
    return _split(name, parts, (train, test), options, rng)


def _split(
    name: str,
    parts: Parts,
    rows: tuple[np.ndarray, np.ndarray],
    options: ImageOptions,
    rng: np.random.Generator,
) -> Split:
    """Put rows in a random order each and make points of them."""
    train, validation = rng.permutation(rows[0]), rng.permutation(rows[1])
    return Split(
        x_train=points(parts.train, train, options, rng),
        y_train=parts.train.y[train],
        x_validation=points(parts.test, validation, options, rng),
        y_validation=parts.test.y[validation],
        feature_names=DATASETS[name].feature_names(options),
        class_names=parts.train.class_names,
        task="classification",
    )


def middle(shape: ImageShape) -> tuple[int, int]:
    """Return two pixels that differ from image to image: neighbours in the middle."""
    _, height, width = shape
    place = height // 2 * width + width // 2
    return place - 1, place


def size_of(shape: Any) -> int:
    """Return how many numbers an image of this shape has."""
    channels, height, width = shape
    return channels * height * width
