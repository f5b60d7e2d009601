"""The point sets of Giesecke and Kröner (2021) with several classes, in 2 and 3 dimensions."""

from __future__ import annotations

from typing import Any

import numpy as np

from playground.datasets.base import blur, dataset, noise_option
from playground.registry import Options, option

_PAPER = "Giesecke and Kröner (2021), section 4.4 and figure 8"
_DONUT_CEILINGS = {(2, 6): 0.779, (3, 2): 0.938, (3, 3): 0.901, (3, 6): 0.790}
_SQUARES_CEILINGS = {(2, 4): 0.941, (3, 4): 0.913}
_DIM = {"label": "Dimensions", "help": "Number of inputs, 2 or 3.", "ge": 2, "le": 3}


class DonutMulticlass(Options):
    """Options of ``donut_multiclass``."""

    noise: float = noise_option(0.2, 2.0)
    dim: int = option(2, **_DIM)
    classes: int = option(
        3,
        label="Classes",
        help="Number of shells between the radii 0 and 4; the outermost has no outer border.",
        ge=2,
        le=10,
    )


class SquaresMulticlass(Options):
    """Options of ``squares_multiclass``."""

    noise: float = noise_option(0.3, 2.0)
    dim: int = option(2, **_DIM)
    classes: int = option(
        4,
        label="Classes",
        help="4 is the published set: the quadrants, or in 3 dimensions the pairs of opposite "
        "octants; any other number K cuts every side into K parts and gives the boxes the classes "
        "in turn along each side.",
        ge=2,
        le=10,
    )


def _ceiling(table: dict[tuple[int, int], float]) -> Any:
    """Return a ceiling that is known for some (dim, classes) at the published noise."""

    def bayes(options: Any) -> float | None:
        published = options.noise == type(options).model_fields["noise"].default
        return table.get((options.dim, options.classes)) if published else None

    return bayes


@dataset(
    name="donut_multiclass",
    label="Donut, several classes",
    summary="Shells around a ball, one class each.",
    reference=_PAPER,
    options=DonutMulticlass,
    features=lambda options: options.dim,
    classes=lambda options: options.classes,
    bayes=_ceiling(_DONUT_CEILINGS),
)
def donut_multiclass(options: DonutMulticlass, n: int, rng: np.random.Generator) -> tuple[Any, Any]:
    """Class = shell of a 1.5 N(0, I) point between K equally spaced radii from 0, below 4."""
    x = 1.5 * rng.standard_normal((n, options.dim))
    borders = np.linspace(0, 4, options.classes, endpoint=False)
    y = np.searchsorted(borders, np.linalg.norm(x, axis=1), side="right") - 1
    return blur(x, options.noise, rng), y


def _orthant(x: np.ndarray) -> np.ndarray:
    """Return the published four classes: quadrants in 2-D, pairs of opposite octants in 3-D."""
    positive = x > 0
    if x.shape[1] == 2:
        return 2 * ~positive[:, 0] + 1 * ~positive[:, 1]
    second = positive[:, 0] != positive[:, 1]
    third = positive[:, 0] != positive[:, 2]
    return np.where(second, 3 - third, 1 * third)


@dataset(
    name="squares_multiclass",
    label="Squares, several classes",
    summary="A square or a cube cut into boxes, with as many classes as wanted.",
    reference=_PAPER,
    options=SquaresMulticlass,
    features=lambda options: options.dim,
    classes=lambda options: options.classes,
    bayes=_ceiling(_SQUARES_CEILINGS),
)
def squares_multiclass(
    options: SquaresMulticlass, n: int, rng: np.random.Generator
) -> tuple[Any, Any]:
    """Points of U(-4, 4)^dim; 4 classes as published, else the sum of the box numbers modulo K."""
    x = rng.uniform(-4, 4, (n, options.dim))
    if options.classes == 4:
        y = _orthant(x)
    else:
        box = np.floor((x + 4) / 8 * options.classes).astype(int)
        y = box.sum(axis=1) % options.classes
    return blur(x, options.noise, rng), y
