"""The two-class point sets of Giesecke and Kröner (2021), and the same shapes in more dimensions.

In all of them the label is set first and the noise is added afterwards, so that no net can reach
100 %: the ceiling is the accuracy of the Bayes-optimal classifier at the published noise.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from playground.datasets.base import blur, dataset, known_at, noise_option
from playground.registry import Options, option

_PAPER = "Giesecke and Kröner (2021), section 4"


class Donut1D(Options):
    """Options of ``donut_1d``."""

    noise: float = noise_option(0.5, 2.0)


class Donut2D(Options):
    """Options of ``donut_2d``."""

    noise: float = noise_option(0.2, 2.0)


class DonutHigh(Options):
    """Options of ``donut_highd``."""

    noise: float = noise_option(0.2, 2.0)
    dim: int = option(
        3,
        label="Dimensions",
        help="Number of inputs; the share of the inner class falls with it, from 39 % in 2 "
        "dimensions to 1.4 % in 6.",
        ge=2,
        le=6,
    )


class Squares(Options):
    """Options of ``squares``."""

    noise: float = noise_option(0.3, 2.0)


class SquaresHigh(Options):
    """Options of ``squares_highd``."""

    noise: float = noise_option(0.3, 2.0)
    dim: int = option(
        3,
        label="Dimensions",
        help="Number of inputs; the cube falls into 2 to this power boxes of alternating class.",
        ge=2,
        le=10,
    )


class Spiral(Options):
    """Options of ``spiral``."""

    noise: float = noise_option(
        1.0,
        3.0,
        "Standard deviation of the normal noise added to every input after the labels were set and "
        "before the picture is divided by 5: 1.0 here is 0.2 in units of the inputs.",
    )
    arms: int = option(
        2, label="Arms", help="Number of arms, one class each; 2 is the published set.", ge=2, le=6
    )


class Spiral3D(Options):
    """Options of ``spiral_3d``."""

    noise: float = noise_option(0.2, 2.0)


@dataset(
    name="donut_1d",
    label="Donut 1-D",
    summary="A stripe between two others: only the first input matters, so that one class lies "
    "inside the other along a line.",
    reference=_PAPER,
    options=Donut1D,
    bayes=known_at(0.900),
)
def donut_1d(options: Donut1D, n: int, rng: np.random.Generator) -> tuple[Any, Any]:
    """Class 0 where |x1| < 1, with x1 ~ U(-4, 4) and x2 ~ N(0, 1)."""
    x = np.column_stack([rng.uniform(-4, 4, n), rng.standard_normal(n)])
    y = (np.abs(x[:, 0]) >= 1).astype(int)
    return blur(x, options.noise, rng), y


def _ball(dim: int, noise: float, n: int, rng: np.random.Generator) -> tuple[Any, Any]:
    """Class 0 where a standard normal point has radius < 1; then stretched by 1.2 and blurred."""
    x = rng.standard_normal((n, dim))
    y = (np.linalg.norm(x, axis=1) >= 1).astype(int)
    return blur(1.2 * x, noise, rng), y


@dataset(
    name="donut_2d",
    label="Donut 2-D",
    summary="A disc inside a ring: no flow in the plane can separate them, one more dimension can.",
    reference=_PAPER,
    options=Donut2D,
    bayes=known_at(0.920),
)
def donut_2d(options: Donut2D, n: int, rng: np.random.Generator) -> tuple[Any, Any]:
    """Class 0 where the radius of a standard normal point is below 1; stretched by 1.2."""
    return _ball(2, options.noise, n, rng)


@dataset(
    name="donut_highd",
    label="Donut in more dimensions",
    summary="A ball inside a shell, in two to six dimensions.",
    reference=_PAPER + ", the authors' code",
    options=DonutHigh,
    features=lambda options: options.dim,
)
def donut_highd(options: DonutHigh, n: int, rng: np.random.Generator) -> tuple[Any, Any]:
    """The rule of ``donut_2d`` with ``dim`` inputs."""
    return _ball(options.dim, options.noise, n, rng)


def _checkerboard(dim: int, noise: float, n: int, rng: np.random.Generator) -> tuple[Any, Any]:
    """Class 0 where the product of all inputs, each U(-4, 4), is positive."""
    x = rng.uniform(-4, 4, (n, dim))
    y = (np.prod(np.sign(x), axis=1) <= 0).astype(int)
    return blur(x, noise, rng), y


@dataset(
    name="squares",
    label="Squares",
    summary="Four squares of alternating class that meet in one point.",
    reference=_PAPER,
    options=Squares,
    bayes=known_at(0.942),
)
def squares(options: Squares, n: int, rng: np.random.Generator) -> tuple[Any, Any]:
    """Class 0 where x1 x2 > 0, with x ~ U(-4, 4)²."""
    return _checkerboard(2, options.noise, n, rng)


@dataset(
    name="squares_highd",
    label="Squares in more dimensions",
    summary="A cube cut into boxes whose class is the sign of the product of all inputs.",
    reference=_PAPER + ", the authors' code",
    options=SquaresHigh,
    features=lambda options: options.dim,
)
def squares_highd(options: SquaresHigh, n: int, rng: np.random.Generator) -> tuple[Any, Any]:
    """Class 0 where the product of all inputs is positive."""
    return _checkerboard(options.dim, options.noise, n, rng)


def balanced(n: int, classes: int) -> np.ndarray:
    """Return ``n`` labels that take the classes in turn, so that their counts differ by one."""
    return np.arange(n) % classes


def shuffled(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> tuple[Any, Any]:
    """Return points and labels in one random order."""
    order = rng.permutation(len(y))
    return x[order], y[order]


@dataset(
    name="spiral",
    label="Spiral",
    summary="Arms wound once around each other; a flow unrolls them without crossing.",
    reference=_PAPER,
    options=Spiral,
    classes=lambda options: options.arms,
)
def spiral(options: Spiral, n: int, rng: np.random.Generator) -> tuple[Any, Any]:
    """Arm k is (2φ + π)(cos, sin)(φ + 2πk/arms) with φ = 2π√U, blurred, divided by 5, shuffled.

    With two arms the second is the negative of the first, as published.
    """
    y = balanced(n, options.arms)
    phi = 2 * np.pi * np.sqrt(rng.random(n))
    angle = phi + 2 * np.pi * y / options.arms
    x = (2 * phi + np.pi)[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    return shuffled(blur(x, options.noise, rng) / 5, y, rng)


@dataset(
    name="spiral_3d",
    label="Helices",
    summary="Two helices around one axis, half a turn apart.",
    reference=_PAPER + ", the authors' code",
    options=Spiral3D,
    features=3,
    view=(0, 2),
)
def spiral_3d(options: Spiral3D, n: int, rng: np.random.Generator) -> tuple[Any, Any]:
    """Helices (2.5 cos(2φ + πk), 2.5 sin(2φ + πk), φ - π) with φ = 2π√U, shuffled."""
    y = balanced(n, 2)
    phi = 2 * np.pi * np.sqrt(rng.random(n))
    angle = 2 * phi + np.pi * y
    x = np.column_stack([2.5 * np.cos(angle), 2.5 * np.sin(angle), phi - np.pi])
    return shuffled(blur(x, options.noise, rng), y, rng)
