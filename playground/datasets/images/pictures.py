"""PNG and JPEG files as arrays: read with limits, brought to one size."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import numpy as np

from playground.datasets.images.image_table import ImageError, ImageTable

ENDINGS = (".png", ".jpg", ".jpeg")
MAX_PICTURE_PIXELS = 4_000_000
"""Most pixels of one picture before it is made small; beyond, it is refused without being unpacked."""
MAX_PICTURE_BYTES = 10_000_000

Colour = Literal["colour", "grey"]


def is_picture(name: str) -> bool:
    """Tell whether a file's name ends as a picture's and is not a hidden one."""
    last = name.rsplit("/", 1)[-1]
    return last.lower().endswith(ENDINGS) and not last.startswith(".")


def read_picture(data: bytes, name: str, size: int, colour: Colour) -> np.ndarray:
    """Return a picture as ``(channels, size, size)`` uint8, stretched to a square.

    Transparent places become white.

    Args:
        data: A PNG or JPEG file.
        name: How it is called in messages.
        size: Pixels of each side.
        colour: Three channels, or one.

    Raises:
        ImageError: If it is no such file, a damaged one, or has too many pixels; names it.
    """
    from PIL import Image  # slow to import

    if len(data) > MAX_PICTURE_BYTES:
        raise ImageError(
            f"{name} has {len(data)} bytes; at most {MAX_PICTURE_BYTES} are allowed a picture"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its own warning of many pixels comes above our limit
            picture = Image.open(io.BytesIO(data), formats=("PNG", "JPEG"))
            if picture.width * picture.height > MAX_PICTURE_PIXELS:
                raise ImageError(
                    f"{name} has {picture.width} × {picture.height} pixels; at most "
                    f"{MAX_PICTURE_PIXELS} are allowed a picture"
                )
            mode = "RGB" if colour == "colour" else "L"
            small = _on_white(picture).convert(mode).resize((size, size), Image.Resampling.BOX)
    except ImageError:
        raise
    except Exception as error:  # whatever a decoder makes of a strange file
        raise ImageError(f"{name} is no whole PNG or JPEG file ({error})") from None
    array = np.asarray(small, np.uint8).reshape(size, size, -1)
    return np.ascontiguousarray(array.transpose(2, 0, 1))


def _on_white(picture: Any) -> Any:
    from PIL import Image

    if picture.mode.startswith("I"):  # 16 bits of grey, which converting would cut off at 255
        return Image.fromarray((np.asarray(picture, np.uint32) >> 8).clip(0, 255).astype(np.uint8))
    if "A" not in picture.getbands() and "transparency" not in picture.info:
        return picture
    picture = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)


def pixels_in(data: bytes) -> int:
    """Return how many pixels a picture says that it has, without unpacking it; 0 if it is none."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture = Image.open(io.BytesIO(data), formats=("PNG", "JPEG"))
    except Exception:  # said when it is read
        return 0
    return picture.width * picture.height


def is_grey(data: bytes) -> bool:
    """Tell whether a picture holds brightness alone; what cannot be read counts as grey."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            mode = Image.open(io.BytesIO(data), formats=("PNG", "JPEG")).mode
        return mode in ("1", "L", "LA", "I;16")
    except Exception:  # said when it is read
        return True


def table_of(
    pictures: Iterable[np.ndarray], classes: Sequence[int], class_names: tuple[str, ...]
) -> ImageTable:
    """Return pictures of one size, with the class of each, as a table."""
    return ImageTable(np.stack(list(pictures)), np.array(classes, np.int64), class_names)
