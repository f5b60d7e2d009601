"""Uploaded images with classes as a data set: kept by the hash of their content, and drawn from."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from playground.datasets.base import Split, dataset
from playground.datasets.images import drawing, kept
from playground.datasets.images.drawing import ColourOptions, shape_as_chosen
from playground.datasets.images.image_table import ImageTable, checked
from playground.datasets.images.published_sets import digits_table
from playground.registry import option

_NAMES = ("x", "y", "class_names")


def store_images(
    table: ImageTable,
    *,
    limit_mb: float | None = None,
    needed: Callable[[], Collection[str]] = frozenset,
) -> str:
    """Keep images and return their hash; storing them again changes nothing.

    Args:
        table: What to keep.
        limit_mb: Megabytes that all uploaded images together may take. Where these would go beyond,
            those that nobody has used for a day make room, the longest unused first.
        needed: Gives the hashes of images that have to stay, whatever their age; asked only then.

    Raises:
        TableError: If there is no room, or the images are none that could be uploaded.
        OSError: If the folder cannot be written.
    """
    checked(table)
    arrays = {"x": table.x, "y": table.y, "class_names": np.array(table.class_names)}
    return kept.keep(arrays, limit_mb, needed)


def fetch_images(key: str) -> ImageTable:
    """Return the images with this hash; scikit-learn's digits for an empty one.

    Raises:
        ImagesMissing: If they are not on this server, or damaged.
        ImageError: If the hash is malformed.
    """
    return kept.fetched(key, _read) if key else digits_table()


@lru_cache(maxsize=4)
def _read(path: Path, _changed: int) -> ImageTable:
    """Read stored images; the time of their last change is part of the cache key."""
    arrays = kept.read(path, _NAMES, "have key points, and no classes")
    return ImageTable(arrays["x"], arrays["y"], tuple(map(str, arrays["class_names"])))


class UploadOptions(ColourOptions):
    """Options of ``image_upload``."""

    hash: str = option(
        "",
        label="Images",
        help="SHA-256 of the uploaded images; empty means the sample, scikit-learn's digits.",
        pattern=r"^([0-9a-f]{64})?$",
    )


def _shape(options: UploadOptions) -> tuple[int, int, int]:
    return shape_as_chosen(fetch_images(options.hash).shape, options)


def _split(options: UploadOptions, n_train: int, n_validation: int, rng: Any) -> Split:
    table = fetch_images(options.hash)
    return drawing.split_whole("image_upload", table, options, n_train, n_validation, rng)


@dataset(
    name="image_upload",
    label="Own images",
    summary="Your own images: arrays in an npz file, or pictures in a zip file, a folder a class.",
    options=UploadOptions,
    features=lambda options: drawing.size_of(_shape(options)),
    classes=lambda options: fetch_images(options.hash).class_names,
    view=(27, 36),
    splitter=_split,
    rows=lambda options: drawing.available(fetch_images(options.hash).y, options),
    image_shape=_shape,
)
def image_upload(options: UploadOptions, n: int, rng: np.random.Generator) -> tuple[Any, Any]:
    """Draw images without repetition; where ``n`` exceeds them, they are gone through again."""
    return drawing.draw(fetch_images(options.hash), options, n, rng)
