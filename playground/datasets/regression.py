"""Regression sets: a surface over the plane, and the two maps of a line that flows must learn."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from playground.datasets.base import blur, dataset, noise_option
from playground.datasets.points import balanced, shuffled
from playground.registry import Options, option

_PLAYGROUND = "Smilkov et al. (2017), TensorFlow Playground"
_DUPONT = "Dupont, Doucet and Teh (2019), section 4"
_ON_TARGET = (
    "Standard deviation of the normal noise added to the target after it was set, in units of the "
    "target."
)
_BUMPS = np.array(
    [[-4, 2.5, 1], [0, 2.5, -1], [4, 2.5, 1], [-4, -2.5, -1], [0, -2.5, 1], [4, -2.5, -1]]
)
"""Centre (x1, x2) and sign of each bump of ``multi_gauss``."""


class Surface(Options):
    """Options of ``plane`` and ``multi_gauss``."""

    noise: float = noise_option(0.0, 1.0, _ON_TARGET)


class Line(Options):
    """Options of ``reflection_1d`` and ``identity_1d``."""

    noise: float = noise_option(0.0, 1.0, _ON_TARGET)
    support: Literal["ends", "interval"] = option(
        "ends",
        label="Inputs",
        help="'ends' takes the two inputs -1 and 1 as in the paper, 'interval' everything between.",
    )


@dataset(
    name="plane",
    label="Plane",
    summary="A target that rises evenly from one corner to the opposite one.",
    reference=_PLAYGROUND,
    options=Surface,
    task="regression",
)
def plane(options: Surface, n: int, rng: np.random.Generator) -> tuple[Any, Any]:
    """y = (x1 + x2)/10 with x ~ U(-5, 5)²."""
    x = rng.uniform(-5, 5, (n, 2))
    return x, blur(x.sum(axis=1, keepdims=True) / 10, options.noise, rng)


@dataset(
    name="multi_gauss",
    label="Several bumps",
    summary="Six smooth bumps, up and down in turn.",
    reference=_PLAYGROUND,
    options=Surface,
    task="regression",
)
def multi_gauss(options: Surface, n: int, rng: np.random.Generator) -> tuple[Any, Any]:
    """y = Σ ± exp(-|x - c|²/2) over six centres c, with x ~ U(-6, 6)²."""
    x = rng.uniform(-6, 6, (n, 2))
    squared = ((x[:, None] - _BUMPS[:, :2]) ** 2).sum(axis=2)
    y = np.exp(-squared / 2) @ _BUMPS[:, 2:]
    return x, blur(y, options.noise, rng)


def _line(options: Line, n: int, rng: np.random.Generator, slope: int) -> tuple[Any, Any]:
    """Inputs on [-1, 1] with targets ``slope * x``."""
    inside = rng.uniform(-1, 1, n)
    x = (2.0 * balanced(n, 2) - 1 if options.support == "ends" else inside)[:, None]
    return shuffled(x, blur(slope * x, options.noise, rng), rng)


@dataset(
    name="reflection_1d",
    label="Reflection",
    summary="Swap -1 and 1: the paths would have to cross, which a flow on a line cannot do.",
    reference=_DUPONT,
    options=Line,
    task="regression",
    features=("x",),
)
def reflection_1d(options: Line, n: int, rng: np.random.Generator) -> tuple[Any, Any]:
    """g(x) = -x."""
    return _line(options, n, rng, -1)


@dataset(
    name="identity_1d",
    label="Identity",
    summary="Leave -1 and 1 where they are: the easy counterpart of the reflection.",
    reference=_DUPONT,
    options=Line,
    task="regression",
    features=("x",),
)
def identity_1d(options: Line, n: int, rng: np.random.Generator) -> tuple[Any, Any]:
    """g(x) = x."""
    return _line(options, n, rng, 1)
