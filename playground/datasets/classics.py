"""Two-class sets that playgrounds and papers on augmented neural ODEs use."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from playground.datasets.base import blur, dataset, noise_option
from playground.datasets.points import balanced, shuffled
from playground.registry import Options, option

_DUPONT = "Dupont, Doucet and Teh (2019)"
_PLAYGROUND = "Smilkov et al. (2017), TensorFlow Playground"


class Moons(Options):
    """Options of ``moons``."""

    noise: float = noise_option(0.1, 1.0)


class Gauss(Options):
    """Options of ``gauss``."""

    noise: float = noise_option(
        0.7,
        3.0,
        "Standard deviation of each cloud, in units of the inputs; the label is the centre that a "
        "point was scattered from.",
    )


class Xor(Options):
    """Options of ``xor``."""

    noise: float = noise_option(0.25, 2.0)


class Circle(Options):
    """Options of ``circle``."""

    noise: float = noise_option(0.25, 2.0)


class ConcentricSpheres(Options):
    """Options of ``concentric_spheres``."""

    noise: float = noise_option(0.0, 1.0)
    dim: int = option(
        2,
        label="Dimensions",
        help="Number of inputs; 1 gives an interval between two others.",
        ge=1,
        le=10,
    )
    sampler: Literal["dupont", "volume"] = option(
        "dupont",
        label="Radii",
        help="'dupont' draws r = Δ·u^(1/d) + r_min as the paper's code does, which is not uniform "
        "in the outer shell; 'volume' is uniform in volume in both.",
    )
    outer_share: float = option(
        0.5,
        label="Outer share",
        help="Share of the points that lie in the outer shell.",
        ge=0.1,
        le=0.9,
        step=0.05,
    )


class NestedIntervals(Options):
    """Options of ``nested_intervals``."""

    noise: float = noise_option(0.0, 1.0)


class ShiftedSines(Options):
    """Options of ``shifted_sines``."""

    noise: float = noise_option(
        0.1,
        1.0,
        "Standard deviation of the normal noise added to the height of a point after its label was "
        "set, in units of the inputs.",
    )
    shift: float = option(
        1.0,
        label="Gap",
        help="Vertical distance between the two curves, in units of the inputs.",
        ge=0.1,
        le=3.0,
        step=0.1,
    )
    dim: int = option(
        2,
        label="Dimensions",
        help="2 shows position and height; 1 shows the height alone, where the curves overlap.",
        ge=1,
        le=2,
    )


@dataset(
    name="moons",
    label="Moons",
    summary="Two half circles that reach into each other.",
    reference="scikit-learn, make_moons",
    options=Moons,
)
def moons(options: Moons, n: int, rng: np.random.Generator) -> tuple[Any, Any]:
    """Two half circles of radius 1, the second moved by (1, 0.5)."""
    from sklearn.datasets import make_moons  # slow to import, and only this set needs it

    x, y = make_moons(n, shuffle=True, noise=None, random_state=int(rng.integers(2**32)))
    return blur(x, options.noise, rng), y


@dataset(
    name="gauss",
    label="Two clouds",
    summary="Two normal clouds that one straight line separates.",
    reference=_PLAYGROUND,
    options=Gauss,
    classes=("upper right", "lower left"),
)
def gauss(options: Gauss, n: int, rng: np.random.Generator) -> tuple[Any, Any]:
    """Normal clouds around (2, 2) and (-2, -2)."""
    y = balanced(n, 2)
    x = np.repeat(2.0 - 4.0 * y[:, None], 2, axis=1)
    return shuffled(blur(x, options.noise, rng), y, rng)


@dataset(
    name="xor",
    label="Exclusive or",
    summary="Four squares of alternating class with a gap along the axes.",
    reference=_PLAYGROUND,
    options=Xor,
)
def xor(options: Xor, n: int, rng: np.random.Generator) -> tuple[Any, Any]:
    """Class 0 where x1 x2 > 0, with x ~ U(-5, 5)² pushed 0.3 away from both axes."""
    x = rng.uniform(-5, 5, (n, 2))
    x += np.where(x > 0, 0.3, -0.3)
    y = (x[:, 0] * x[:, 1] <= 0).astype(int)
    return blur(x, options.noise, rng), y


def _on_circle(radius: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    angle = rng.uniform(0, 2 * np.pi, len(radius))
    return radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])


@dataset(
    name="circle",
    label="Circle",
    summary="A disc inside a ring with a gap between them.",
    reference=_PLAYGROUND,
    options=Circle,
    classes=("disc", "ring"),
)
def circle(options: Circle, n: int, rng: np.random.Generator) -> tuple[Any, Any]:
    """Radius U(0, 2.5) for class 0 and U(3.5, 5) for class 1, uniform angle."""
    y = balanced(n, 2)
    radius = np.where(y == 0, rng.uniform(0, 2.5, n), rng.uniform(3.5, 5, n))
    return shuffled(blur(_on_circle(radius, rng), options.noise, rng), y, rng)


def _radii(sampler: str, u: np.ndarray, low: float, high: float, dim: int) -> np.ndarray:
    if sampler == "volume":
        return (low**dim + u * (high**dim - low**dim)) ** (1 / dim)
    return (high - low) * u ** (1 / dim) + low


@dataset(
    name="concentric_spheres",
    label="Concentric spheres",
    summary="A ball inside a shell, far apart, and yet no flow without an extra dimension can "
    "separate them.",
    reference=_DUPONT + ", section 5",
    options=ConcentricSpheres,
    features=lambda options: options.dim,
    classes=("inner", "outer"),
)
def concentric_spheres(
    options: ConcentricSpheres, n: int, rng: np.random.Generator
) -> tuple[Any, Any]:
    """Radii in [0, 0.5] for class 0 and [1, 1.5] for class 1, uniform direction."""
    y = (np.arange(n) < round(options.outer_share * n)).astype(int)
    u = rng.random(n)
    inner, outer = (_radii(options.sampler, u, low, low + 0.5, options.dim) for low in (0.0, 1.0))
    direction = rng.standard_normal((n, options.dim))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    x = np.where(y == 0, inner, outer)[:, None] * direction
    return shuffled(blur(x, options.noise, rng), y, rng)


@dataset(
    name="nested_intervals",
    label="Nested intervals",
    summary="An interval between two others on a line: the smallest set that no flow of one "
    "dimension can separate.",
    reference="Younes (2010), Shapes and Diffeomorphisms; " + _DUPONT,
    options=NestedIntervals,
    features=("x",),
    classes=("inner", "outer"),
)
def nested_intervals(options: NestedIntervals, n: int, rng: np.random.Generator) -> tuple[Any, Any]:
    """Uniform on [-1, 1] for class 0 and on [-3, -2] and [2, 3] for class 1."""
    y = balanced(n, 2)
    u = rng.uniform(-1, 1, n)
    x = np.where(y == 0, u, u + np.where(u < 0, -2, 2))[:, None]
    return shuffled(blur(x, options.noise, rng), y, rng)


@dataset(
    name="shifted_sines",
    label="Shifted sines",
    summary="Two sine curves, one above the other.",
    reference=_DUPONT + ", the authors' code",
    options=ShiftedSines,
    features=lambda options: ("height",) if options.dim == 1 else ("position", "height"),
    classes=("lower", "upper"),
)
def shifted_sines(options: ShiftedSines, n: int, rng: np.random.Generator) -> tuple[Any, Any]:
    """Height sin(π p) ± gap/2 at the position p ~ U(-1, 1)."""
    y = balanced(n, 2)
    position = rng.uniform(-1, 1, (n, 1))
    height = np.sin(np.pi * position) + options.shift * (y[:, None] - 0.5)
    x = np.hstack([position, blur(height, options.noise, rng)])
    return shuffled(x[:, 2 - options.dim :], y, rng)
