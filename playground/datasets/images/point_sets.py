"""Images with key points as a data set: kept by the hash of their content, and drawn from."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from playground.datasets.base import DATASETS, Split, dataset, noise_option
from playground.datasets.images import drawing, kept
from playground.datasets.images.image_table import ImageShape, flat
from playground.datasets.images.key_points import PointTable, sample
from playground.registry import Options, option

_NAMES = ("x", "places", "names")


def store_points(
    table: PointTable,
    *,
    limit_mb: float | None = None,
    needed: Callable[[], Collection[str]] = frozenset,
) -> str:
    """Keep images with key points and return their hash, beside all other uploaded images.

    Args:
        table: What to keep.
        limit_mb: Megabytes that all uploaded images together may take.
        needed: Gives the hashes of images that have to stay.

    Raises:
        TableError: If there is no room.
        OSError: If the folder cannot be written.
    """
    arrays = {"x": table.x, "places": table.places, "names": np.array(table.names)}
    return kept.keep(arrays, limit_mb, needed)


def fetch_points(key: str) -> PointTable:
    """Return the images with this hash; strokes that are drawn here for an empty one.

    Raises:
        ImagesMissing: If they are not on this server, or damaged, or have no key points.
        ImageError: If the hash is malformed.
    """
    return kept.fetched(key, _read) if key else sample()


@lru_cache(maxsize=2)
def _read(path: Path, _changed: int) -> PointTable:
    arrays = kept.read(path, _NAMES, "have classes, and no key points")
    return PointTable(arrays["x"], arrays["places"], tuple(map(str, arrays["names"])))


class PointOptions(Options):
    """Options of ``image_points``."""

    hash: str = option(
        "",
        label="Images",
        help="SHA-256 of the uploaded images; empty means the sample, strokes with their two ends.",
        pattern=r"^([0-9a-f]{64})?$",
    )
    noise: float = noise_option(
        0.0,
        1.0,
        "Standard deviation of the normal noise added to every pixel; black is 0 and white is 1, and "
        "what would lie beyond is cut off.",
    )


def _shape(options: PointOptions) -> ImageShape:
    return fetch_points(options.hash).shape


def _pixels(
    table: PointTable, rows: np.ndarray, options: PointOptions, rng: np.random.Generator
) -> np.ndarray:
    x = flat(table.x[rows])
    if options.noise:
        x += np.float32(options.noise) * rng.standard_normal(x.shape, dtype=np.float32)
        np.clip(x, 0, 1, out=x)
    return x


def _split(
    options: PointOptions, n_train: int, n_validation: int, rng: np.random.Generator
) -> Split:
    table, entry = fetch_points(options.hash), DATASETS["image_points"]
    n_train, n_validation = entry.split_sizes(options, n_train, n_validation)
    order = rng.permutation(len(table.x))
    train, rest = order[:n_train], order[n_train : n_train + n_validation]
    return Split(
        x_train=_pixels(table, train, options, rng),
        y_train=table.places[train],
        x_validation=_pixels(table, rest, options, rng),
        y_validation=table.places[rest],
        feature_names=entry.feature_names(options),
        class_names=(),
        task="regression",
    )


@dataset(
    name="image_points",
    label="Images with key points",
    summary="The places of points in an image are learned, such as the corners of eyes and mouths.",
    options=PointOptions,
    task="regression",
    features=lambda options: drawing.size_of(_shape(options)),
    classes=(),
    targets=lambda options: fetch_points(options.hash).places.shape[1],
    view=(119, 136),
    splitter=_split,
    rows=lambda options: len(fetch_points(options.hash).x),
    image_shape=_shape,
)
def image_points(options: PointOptions, n: int, rng: np.random.Generator) -> tuple[Any, Any]:
    """Draw images without repetition; where ``n`` exceeds them, they are gone through again."""
    table = fetch_points(options.hash)
    turns = [rng.permutation(len(table.x)) for _ in range(-(-n // len(table.x)))]
    rows = np.concatenate(turns)[:n]
    return _pixels(table, rows, options, rng), table.places[rows]
