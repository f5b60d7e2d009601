"""Checked images with their classes, and what can be said when they cannot be had."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from playground.datasets.table import TableError, TableMissing

MAX_PIXELS = 64_000_000
"""Most numbers (images times channels times height times width) of own images."""
MAX_IMAGES = 40_000
MAX_IMAGE_CLASSES = 100
LEAST_SIDE, MOST_SIDE = 8, 64

ImageShape = tuple[int, int, int]
"""Channels, height, width."""


class ImageError(TableError):
    """Images that cannot be used; the message says where and why."""


class ImagesMissing(TableMissing, ImageError):
    """Images that are not on this server: they may be on another one, so the link is not wrong."""


@dataclass(frozen=True, eq=False)
class ImageTable:
    """Images of one size, each of a class.

    Attributes:
        x: Images ``(n, channels, height, width)``: uint8 from 0 to 255, or float32 in [0, 1].
        y: Index into ``class_names`` of each image ``(n,)``, int64.
        class_names: Names of the classes.
    """

    x: np.ndarray
    y: np.ndarray
    class_names: tuple[str, ...]

    @property
    def shape(self) -> ImageShape:
        """Channels, height and width of each image."""
        _, channels, height, width = self.x.shape
        return channels, height, width

    def pixels(self, rows: np.ndarray) -> np.ndarray:
        """Return some images as points ``(len(rows), d)``, float32 in [0, 1]."""
        return flat(self.x[rows])


@dataclass(frozen=True)
class Parts:
    """Images that were published as a part to train on and a part to test with."""

    train: ImageTable
    test: ImageTable


def flat(x: np.ndarray) -> np.ndarray:
    """Return images ``(n, c, h, w)``, uint8 or in [0, 1], as points ``(n, c·h·w)`` in [0, 1]."""
    points = x.reshape(len(x), -1)
    if x.dtype == np.uint8:
        return points.astype(np.float32) / np.float32(255)
    return points.astype(np.float32)


def images_first(x: np.ndarray) -> np.ndarray:
    """Return ``(n, h, w)`` or ``(n, h, w, c)`` as ``(n, c, h, w)``, contiguous.

    Raises:
        ImageError: For another number of axes, of channels, or a side that is too short or too long.
    """
    if x.ndim == 3:
        x = x[..., None]
    if x.ndim != 4 or x.shape[3] not in (1, 3):
        raise ImageError(
            f"images of shape {x.shape} are not legal: (n, height, width), or (n, height, width, "
            "channels) with 1 or 3 channels"
        )
    if not all(LEAST_SIDE <= side <= MOST_SIDE for side in x.shape[1:3]):
        raise ImageError(
            f"images of {x.shape[1]} × {x.shape[2]} pixels are not legal: each side has "
            f"{LEAST_SIDE} to {MOST_SIDE}"
        )
    return np.ascontiguousarray(x.transpose(0, 3, 1, 2))


def checked(table: ImageTable) -> ImageTable:
    """Return own images when they can be trained on.

    Raises:
        ImageError: If there are too many images, or too few images or classes.
    """
    n, classes = len(table.x), len(table.class_names)
    if n > MAX_IMAGES:
        raise ImageError(f"there are {n} images; at most {MAX_IMAGES} are allowed")
    if not 2 <= classes <= MAX_IMAGE_CLASSES:
        raise ImageError(f"there are {classes} classes; legal are 2 to {MAX_IMAGE_CLASSES}")
    if n < max(10, 2 * classes):
        raise ImageError(
            f"{n} images are too few for {classes} classes; at least 10, and 2 a class, are needed"
        )
    if table.x.size > MAX_PIXELS:
        raise ImageError(
            f"{n} images of {' × '.join(map(str, table.shape))} are {table.x.size} numbers; at most "
            f"{MAX_PIXELS} are allowed"
        )
    return table
