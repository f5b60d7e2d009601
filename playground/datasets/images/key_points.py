"""Images with key points: what is learned are the places of points in an image, not its class.

Own ones come as a CSV file in the layout of Kaggle's facial key points: columns in pairs of x and y, in
pixels from the upper left corner, and a column ``Image`` of shades from 0 to 255 with blanks between.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from playground.datasets.csv_text import tidy
from playground.datasets.images.image_table import (
    LEAST_SIDE,
    MAX_IMAGES,
    MAX_PIXELS,
    MOST_SIDE,
    ImageError,
    ImageShape,
)
from playground.datasets.images.upload import MAX_UPLOAD_BYTES
from playground.datasets.table import number

PIXELS = ("image", "pixels")
"""Names of the column that holds the shades, in any case."""
MAX_POINTS = 68
MAX_GIVEN_SIDE = 128
LEAST_IMAGES = 10
_NAME = 60


@dataclass(frozen=True, eq=False)
class PointTable:
    """Grey images of one size, each with the places of the same points.

    Attributes:
        x: Images ``(n, 1, height, width)``, uint8.
        places: x and y of each point in turn ``(n, 2 points)``, float32: -1 is the left or upper edge
            of the image, 1 the right or lower one.
        names: What each of these columns is called.
    """

    x: np.ndarray
    places: np.ndarray
    names: tuple[str, ...]

    @property
    def shape(self) -> ImageShape:
        """Channels, height and width of each image."""
        _, channels, height, width = self.x.shape
        return channels, height, width


@dataclass(frozen=True)
class PointUpload:
    """A file that was read.

    Attributes:
        table: Its images.
        left_out: Rows without all of the points.
    """

    table: PointTable
    left_out: int


def to_pixels(places: np.ndarray, side: int) -> np.ndarray:
    """Return places from -1 to 1 as pixels, where 0 is the middle of the first one."""
    return (places + 1) * side / 2 - 0.5


def from_pixels(pixels: np.ndarray, side: int) -> np.ndarray:
    """Return places in pixels as numbers from -1, the image's edge, to 1."""
    return (pixels + 0.5) * 2 / side - 1


def read_key_points(data: bytes, *, size: int = 32) -> PointUpload:
    """Read uploaded images with key points; nothing is written to disk.

    Args:
        data: A CSV file in UTF-8, see above. Rows without all of the points are left out.
        size: Pixels a side to which larger images are brought, 8 to 64.

    Raises:
        ImageError: If it cannot be used; names row and column, and what is legal.
    """
    if not LEAST_SIDE <= size <= MOST_SIDE:
        raise ImageError(f"size = {size} is not legal: {LEAST_SIDE} to {MOST_SIDE}")
    if len(data) > MAX_UPLOAD_BYTES:
        raise ImageError(f"the file has {len(data)} bytes; at most {MAX_UPLOAD_BYTES} are allowed")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ImageError(f"the file is no UTF-8 text (byte {error.start})") from None
    rows = _rows(text)
    header = [tidy(name) for name in next(rows, [])]
    at = _image_column(header)
    names = tuple(name for i, name in enumerate(header) if i != at)
    _check_names(names)
    images, places, left_out, side = [], [], 0, 0
    for row, cells in enumerate(rows, 2):
        if not any(cells):
            continue
        if len(cells) != len(header):
            raise ImageError(
                f"row {row} has {len(cells)} cells, and the header {len(header)} columns"
            )
        found = _places(cells, at, header, row)
        if found is None:
            left_out += 1
            continue
        image = _image(cells[at], header[at], row)
        if images and len(image) != side:
            raise ImageError(
                f"row {row} has {len(image)} × {len(image)} pixels, the rows before {side} × {side}"
            )
        side = len(image)
        images.append(_smaller(image, size))
        places.append(from_pixels(found, side))
        _check_room(images)
    return PointUpload(_checked(images, places, names, left_out), left_out)


def _rows(text: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(io.StringIO(text, newline=""), strict=True)
    except csv.Error as error:
        raise ImageError(f"the file cannot be read as CSV: {error}") from None


def _image_column(header: list[str]) -> int:
    found = [i for i, name in enumerate(header) if name.lower() in PIXELS]
    if len(found) != 1:
        raise ImageError(
            f"the file has {len(found)} columns called 'Image' or 'pixels'; one is needed, with shades "
            "from 0 to 255 and blanks between them"
        )
    return found[0]


def _check_names(names: tuple[str, ...]) -> None:
    if len(names) % 2 or not 2 <= len(names) <= 2 * MAX_POINTS:
        raise ImageError(
            f"the file has {len(names)} columns beside the images; legal are pairs of x and y of 1 to "
            f"{MAX_POINTS} points"
        )
    for name in names:
        if not name or len(name) > _NAME or not name.isprintable():
            raise ImageError(
                f"column {name[:80]!r} is not legal: a name has 1 to {_NAME} printable signs"
            )
    if len(set(names)) < len(names):
        raise ImageError("two columns have the same name")


def _places(cells: list[str], at: int, header: list[str], row: int) -> np.ndarray | None:
    """Return the places in a row in pixels, ``None`` where one is missing."""
    given = [(header[i], cell.strip()) for i, cell in enumerate(cells) if i != at]
    if any(cell.lower() in ("", "nan", "na", "?") for _, cell in given):
        return None
    values = []
    for name, cell in given:
        value = number(cell)
        if value is None or abs(value) > 10 * MAX_GIVEN_SIDE:
            raise ImageError(
                f"row {row}, column {name!r}: {cell[:40]!r} is no place in an image, in pixels"
            )
        values.append(value)
    return np.array(values)


def _image(cell: str, name: str, row: int) -> np.ndarray:
    """Return a cell of shades as a square ``(side, side)``, uint8."""
    where = f"row {row}, column {name!r}"
    most = 4 * MAX_GIVEN_SIDE**2
    if len(cell) > most:
        raise ImageError(f"{where}: more than {MAX_GIVEN_SIDE} × {MAX_GIVEN_SIDE} pixels")
    try:
        shades = np.array(cell.split(), dtype=np.int32)
    except (ValueError, OverflowError):
        raise ImageError(f"{where}: shades are whole numbers with blanks between them") from None
    side = math.isqrt(len(shades))
    if side * side != len(shades) or not LEAST_SIDE <= side <= MAX_GIVEN_SIDE:
        raise ImageError(
            f"{where}: {len(shades)} pixels are not legal; legal are squares of {LEAST_SIDE} to "
            f"{MAX_GIVEN_SIDE} a side"
        )
    if shades.min() < 0 or shades.max() > 255:
        raise ImageError(f"{where}: shades go from 0 to 255, not {shades.min()} to {shades.max()}")
    return shades.astype(np.uint8).reshape(side, side)


def _smaller(image: np.ndarray, size: int) -> np.ndarray:
    """Return an image of at most ``size`` pixels a side; a smaller one stays as it is."""
    if len(image) <= size:
        return image
    from PIL import Image  # slow to import

    return np.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.BOX))


def _check_room(images: list[np.ndarray]) -> None:
    if len(images) > MAX_IMAGES or len(images) * images[0].size > MAX_PIXELS:
        raise ImageError(
            f"more than {MAX_IMAGES} images, or {MAX_PIXELS} pixels of all, are not allowed"
        )


def _checked(
    images: list[np.ndarray], places: list[np.ndarray], names: tuple[str, ...], left_out: int
) -> PointTable:
    if len(images) < LEAST_IMAGES:
        raise ImageError(
            f"{len(images)} images with all their points are too few ({left_out} rows miss some); at "
            f"least {LEAST_IMAGES} are needed"
        )
    return PointTable(np.stack(images)[:, None], np.stack(places).astype(np.float32), names)


@lru_cache(maxsize=1)
def sample(n: int = 1200, side: int = 16) -> PointTable:
    """Return bright strokes on a dim ground, with their left and right ends as key points.

    Args:
        n: How many.
        side: Pixels a side.
    """
    rng = np.random.default_rng(0)
    ends = rng.uniform(1.5, side - 2.5, (n, 2, 2))  # x and y of both
    short = np.hypot(*(ends[:, 1] - ends[:, 0]).T) < side / 4
    ends[short, 1] = side - 1 - ends[short, 0]
    order = np.argsort(ends[:, :, 0], axis=1)
    ends = np.take_along_axis(ends, order[..., None], axis=1)
    grid = np.stack(np.meshgrid(np.arange(side), np.arange(side)), -1)  # x and y of each pixel
    start, along = ends[:, 0][:, None, None], (ends[:, 1] - ends[:, 0])[:, None, None]
    length = np.maximum((along**2).sum(-1), 1e-9)
    share = np.clip(((grid - start) * along).sum(-1) / length, 0, 1)
    distance = np.linalg.norm(grid - start - share[..., None] * along, axis=-1)
    shades = 200 * np.clip(1.5 - distance, 0, 1) + rng.uniform(0, 55, (n, side, side))
    places = from_pixels(ends.reshape(n, 4), side).astype(np.float32)
    names = ("left end x", "left end y", "right end x", "right end y")
    return PointTable(shades.astype(np.uint8)[:, None], places, names)
