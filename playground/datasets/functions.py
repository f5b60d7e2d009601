"""Functions to be approximated: known ones, typed ones, on a grid in double precision."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from pydantic import model_validator

from playground.datasets.base import Split, blur, dataset, noise_option
from playground.formula import LONGEST, Formula, FormulaError
from playground.registry import Entry, Misfit, Options, Registry, option

_WANG = "Wang and Lai (2024), multi-stage neural networks"


@dataclass(frozen=True, kw_only=True)
class Function(Entry):
    """A function of one or two variables.

    Attributes:
        value: ``x (n, inputs) -> (n,)``, in double precision.
        inputs: How many variables.
        formula: The function in LaTeX.
    """

    value: Callable[[np.ndarray], np.ndarray]
    inputs: int = 1
    formula: str


FUNCTIONS: Registry[Function] = Registry("function")


def _add(name: str, label: str, formula: str, value: Any, summary: str, **more: Any) -> None:
    FUNCTIONS.add(
        Function(name=name, label=label, formula=formula, value=value, summary=summary, **more)
    )


def _of_x(value: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
    return lambda points: value(points[:, 0])


def _of_xy(value: Callable[..., np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
    return lambda points: value(points[:, 0], points[:, 1])


def _franke(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    a, b = 4.5 * (x + 1), 4.5 * (y + 1)  # Franke's 9x and 9y on [0, 1]
    return (
        0.75 * np.exp(-((a - 2) ** 2 + (b - 2) ** 2) / 4)
        + 0.75 * np.exp(-((a + 1) ** 2) / 49 - (b + 1) / 10)
        + 0.5 * np.exp(-((a - 7) ** 2 + (b - 3) ** 2) / 4)
        - 0.2 * np.exp(-((a - 4) ** 2) - (b - 7) ** 2)
    )


_add(
    "lecture", "A wave and growth", r"\sin(2x+1) + 0.2\,e^{1.3x}",
    _of_x(lambda x: np.sin(2 * x + 1) + 0.2 * np.exp(1.3 * x)),
    "The target of the lecture on multi-stage networks.", reference=_WANG,
)  # fmt: skip
_add(
    "runge", "Runge", r"\frac{1}{1+25x^2}", _of_x(lambda x: 1 / (1 + 25 * x**2)),
    "Smooth, with a narrow peak, and poles near the real line.", reference="Runge (1901)",
)  # fmt: skip
_add(
    "steep", "A steep front", r"\tanh(20x)", _of_x(lambda x: np.tanh(20 * x)),
    "Nearly a step: all that is hard lies in one place.",
)  # fmt: skip
_add(
    "two_waves", "Two waves far apart", r"\sin(\pi x) + 0.1\sin(20\pi x)",
    _of_x(lambda x: np.sin(np.pi * x) + 0.1 * np.sin(20 * np.pi * x)),
    "A slow wave and a weak fast one, which a plain net finds last.",
)  # fmt: skip
_add(
    "absolute", "A corner", r"|x|", _of_x(np.abs),
    "Not smooth: every net that is will round the corner off.",
)  # fmt: skip
_add(
    "hills", "Hills (two inputs)", r"\text{Franke's function of } x, y", _of_xy(_franke),
    "Three hills and a dip over the plane.", inputs=2, reference="Franke (1979)",
)  # fmt: skip
_add(
    "waves", "Waves (two inputs)", r"\sin(2x+1)\cos(3y) + 0.2\,y\,e^{1.3x}",
    _of_xy(lambda x, y: np.sin(2 * x + 1) * np.cos(3 * y) + 0.2 * y * np.exp(1.3 * x)),
    "The lecture's target, carried to the plane.", inputs=2,
)  # fmt: skip
TYPED = "formula"
_NAMES = (*FUNCTIONS, TYPED)
_LABELS = {name: entry.label for name, entry in FUNCTIONS.items()} | {TYPED: "Own formula"}
_PROBE = 65  # places along each side at which a formula is tried


class FunctionOptions(Options):
    """Options of ``function``."""

    function: Literal[_NAMES] = option(  # type: ignore[valid-type]
        "lecture", label="Function", help="The function to be approximated.", labels=_LABELS
    )
    formula: str = option(
        "sin(2*x + 1) + 0.2*exp(1.3*x)",
        label="Formula",
        help="A formula of x, or of x and y, such as sin(3*x) + abs(x); with + - * / ^, pi, e and the "
        "usual functions.",
        when={"function": TYPED},
        max_length=LONGEST,
    )
    centre: float = option(
        0.0, label="Middle", help="Middle of the interval of each input.", ge=-10, le=10
    )
    reach: float = option(
        1.0, label="Reach", help="The interval goes so far to either side.", ge=0.01, le=10
    )
    magnitude: float = option(
        1.0,
        label="Magnitude",
        help="The function is multiplied by it.",
        ge=1e-6,
        le=1e6,
        log=True,
        advanced=True,
    )
    noise: float = noise_option(
        0.0,
        1.0,
        "Standard deviation of the normal noise added to the targets that are trained on, in units of "
        "the target; the function itself judges.",
    )
    layout: Literal["grid", "random"] = option(
        "grid",
        label="Points",
        help="Evenly spaced, or drawn at random; in the plane a grid takes the greatest square number.",
        advanced=True,
    )

    @model_validator(mode="after")
    def _is_finite(self) -> FunctionOptions:
        if self.function == TYPED:
            side = np.linspace(self.centre - self.reach, self.centre + self.reach, _PROBE)
            points = _meshed([side] * self.inputs)
            with np.errstate(all="ignore"):
                wrong = np.flatnonzero(~np.isfinite(self.values(points)))
            if wrong.size:
                place = ", ".join(f"{n} = {v:.3g}" for n, v in zip("xy", points[wrong[0]]))
                text = f"{self.formula[:60]!r} is not finite at {place}; legal is a formula that is"
                raise Misfit("formula", text)
        return self

    def read(self) -> Formula:
        """Return the typed formula.

        Raises:
            Misfit: For a text that is none; the message names the place.
        """
        try:
            return Formula(self.formula, ("x",))
        except FormulaError:
            pass
        try:
            return Formula(self.formula, ("x", "y"))
        except FormulaError as error:
            raise Misfit("formula", str(error)) from None

    @property
    def inputs(self) -> int:
        """Number of variables."""
        if self.function != TYPED:
            return FUNCTIONS[self.function].inputs
        return len(self.read().variables)

    def values(self, points: np.ndarray) -> np.ndarray:
        """Return the function at points ``(n, inputs)`` as ``(n, 1)``, without noise."""
        if self.function != TYPED:
            values = FUNCTIONS[self.function].value(points)
        else:
            formula = self.read()
            named = {name: points[:, i] for i, name in enumerate(formula.variables)}
            values = np.broadcast_to(formula(**named), len(points))
        return self.magnitude * np.asarray(values, float)[:, None]


def _meshed(sides: list[np.ndarray]) -> np.ndarray:
    return np.stack(np.meshgrid(*sides, indexing="ij"), axis=-1).reshape(-1, len(sides))


def _random(options: FunctionOptions, n: int, rng: np.random.Generator) -> np.ndarray:
    low, high = options.centre - options.reach, options.centre + options.reach
    return rng.uniform(low, high, (n, options.inputs))


def _even(options: FunctionOptions, n: int, rng: np.random.Generator) -> np.ndarray:
    """Return ``n`` points: a grid, and where it does not come out even the rest at random."""
    low, high = options.centre - options.reach, options.centre + options.reach
    side = n if options.inputs == 1 else math.isqrt(n)
    grid = _meshed([np.linspace(low, high, side)] * options.inputs)
    return np.concatenate([grid, _random(options, n - len(grid), rng)])


def _split(options: FunctionOptions, n_train: int, n_validation: int, rng: Any) -> Split:
    """Split into points to train on and a grid that judges, in double precision.

    The grid that judges is noiseless and, with ten times as many points, mostly lies between the others.
    """
    draw = _even if options.layout == "grid" else _random
    x = draw(options, n_train, rng)
    y = blur(options.values(x), options.noise, rng)
    fine = _even(options, n_validation, rng)
    return Split(
        x_train=x,
        y_train=y,
        x_validation=fine,
        y_validation=options.values(fine),
        feature_names=("x", "y")[: options.inputs],
        class_names=(),
        task="regression",
    )


@dataset(
    name="function",
    label="Function",
    summary="A function of one or two variables, known or typed, on an even grid.",
    reference=_WANG,
    options=FunctionOptions,
    task="regression",
    features=lambda options: ("x", "y")[: options.inputs],
    splitter=_split,
)
def function(options: FunctionOptions, n: int, rng: np.random.Generator) -> tuple[Any, Any]:
    """u(x) at points drawn at random."""
    x = _random(options, n, rng)
    return x, blur(options.values(x), options.noise, rng)
