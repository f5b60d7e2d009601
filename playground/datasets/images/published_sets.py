"""MNIST, Fashion-MNIST, CIFAR and SVHN as data sets, and the digits that come with scikit-learn."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from playground.datasets.base import Split, dataset
from playground.datasets.images import drawing
from playground.datasets.images.drawing import ColourOptions, ImageOptions, shape_as_chosen
from playground.datasets.images.image_table import ImageTable
from playground.datasets.images.published import PUBLISHED, Published
from playground.datasets.images.sources import find, labels

DIGITS_SHAPE = (1, 8, 8)


@lru_cache(maxsize=1)
def digits_table() -> ImageTable:
    """Return the 1797 digits of scikit-learn, 8 by 8 pixels of 17 shades."""
    from sklearn.datasets import load_digits  # slow to import

    found = load_digits()
    x = (found.images / 16).astype(np.float32)[:, None]
    return ImageTable(x, found.target.astype(np.int64), tuple("0123456789"))


def _split_digits(options: ImageOptions, n_train: int, n_validation: int, rng: Any) -> Split:
    return drawing.split_whole("digits", digits_table(), options, n_train, n_validation, rng)


@dataset(
    name="digits",
    label="Digits",
    summary="Handwritten digits, 8 by 8 pixels, grey; always at hand.",
    reference="Alpaydin and Kaynak (1998)",
    options=ImageOptions,
    features=drawing.size_of(DIGITS_SHAPE),
    classes=tuple("0123456789"),
    view=drawing.middle(DIGITS_SHAPE),
    splitter=_split_digits,
    rows=lambda options: drawing.available(digits_table().y, options),
    image_shape=lambda options: DIGITS_SHAPE,
)
def digits(options: ImageOptions, n: int, rng: np.random.Generator) -> tuple[Any, Any]:
    """Draw digits without repetition; where ``n`` exceeds them, they are gone through again."""
    return drawing.draw(digits_table(), options, n, rng)


def _sizes(published: Published, options: ImageOptions) -> tuple[int, int]:
    """Return the sizes of both parts; those that were published where the set is not here yet."""
    found = labels(published.name)
    if found is not None:
        train, test = (drawing.available(y, options) for y in found)
        return train, test
    if options.balance == "as it is":
        return published.sizes
    train, test = (len(published.class_names) * rarest for rarest in published.rarest)
    return train, test


def _register(published: Published) -> None:
    name, shape = published.name, published.shape
    kind = ImageOptions if shape[0] == 1 else ColourOptions

    def splitter(options: ImageOptions, n_train: int, n_validation: int, rng: Any) -> Split:
        return drawing.split_parts(name, find(name), options, n_train, n_validation, rng)

    @dataset(
        name=name,
        label=published.label,
        summary=published.summary,
        reference=published.reference,
        options=kind,
        features=lambda options: drawing.size_of(shape_as_chosen(shape, options)),
        classes=published.class_names,
        view=drawing.middle(shape),
        splitter=splitter,
        rows=lambda options: sum(_sizes(published, options)),
        parts=lambda options: _sizes(published, options),
        image_shape=lambda options: shape_as_chosen(shape, options),
    )
    def part(options: ImageOptions, n: int, rng: np.random.Generator) -> tuple[Any, Any]:
        """Draw from the images to train on."""
        return drawing.draw(find(name).train, options, n, rng)


for _published in PUBLISHED.values():
    _register(_published)
