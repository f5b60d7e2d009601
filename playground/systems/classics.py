"""The classics: small problems, each of which shows something of a scheme."""

from __future__ import annotations

import math

import numpy as np

from playground.registry import Options, option
from playground.systems.base import Problem, stack, system


class Decay(Options):
    """Options of the linear problem."""

    rate: float = option(
        1.0, label="Rate λ", help="How fast the state goes to zero.", ge=0.01, le=100, log=True
    )


@system(
    "decay",
    "Decay",
    [1.0],
    5.0,
    "Linear: every scheme multiplies the state by a number R(−hλ) in each step.",
    options=Decay,
)
def _decay(o: Decay) -> Problem:
    return Problem(
        lambda t, y: -o.rate * y,
        ("y",),
        rf"\dot y = -{o.rate:g}\,y",
        lambda t, y0: y0 * np.exp(-o.rate * t)[:, None],
    )


@system(
    "cosine",
    "y' = y cos t",
    [1.0],
    10.0,
    "Depends on time, so that a scheme with shifted nodes is found out.",
)
def _cosine(_o: Options) -> Problem:
    return Problem(
        lambda t, y: y * np.cos(t),
        ("y",),
        r"\dot y = y \cos t",
        lambda t, y0: y0 * np.exp(np.sin(t))[:, None],
    )


class Logistic(Options):
    """Options of the logistic equation."""

    rate: float = option(1.0, label="Rate r", help="Growth while there is room.", ge=0.1, le=20)


@system(
    "logistic",
    "Logistic growth",
    [0.1],
    10.0,
    "Not linear: it shows what a linear problem cannot tell about the order.",
    options=Logistic,
)
def _logistic(o: Logistic) -> Problem:
    def exact(t: np.ndarray, y0: np.ndarray) -> np.ndarray:
        grown = np.exp(o.rate * t)[:, None]
        return y0 * grown / (1 + y0 * (grown - 1))

    return Problem(
        lambda t, y: o.rate * y * (1 - y), ("y",), rf"\dot y = {o.rate:g}\,y(1 - y)", exact
    )


class Oscillator(Options):
    """Options of the harmonic oscillator."""

    frequency: float = option(
        1.0, label="Frequency ω", help="Radians in a unit of time.", ge=0.1, le=20
    )


@system(
    "oscillator",
    "Harmonic oscillator",
    [1.0, 0.0],
    20.0,
    "Circles for ever; Euler's method spirals outward at every step size.",
    options=Oscillator,
)
def _oscillator(o: Oscillator) -> Problem:
    w = o.frequency

    def exact(t: np.ndarray, y0: np.ndarray) -> np.ndarray:
        c, s = np.cos(w * t), np.sin(w * t)
        return stack(y0[0] * c + y0[1] / w * s, -y0[0] * w * s + y0[1] * c)

    return Problem(
        lambda t, y: stack(y[..., 1], -(w**2) * y[..., 0]),
        ("x", "v"),
        rf"\dot x = v,\quad \dot v = -{w:g}^2 x",
        exact,
    )


class VanDerPol(Options):
    """Options of the Van der Pol oscillator."""

    damping: float = option(
        2.0, label="Damping μ", help="The larger, the more abrupt the turns.", ge=0, le=100
    )


@system(
    "van_der_pol",
    "Van der Pol",
    [2.0, 0.0],
    20.0,
    "All paths end on one cycle, with turns that grow abrupt with μ.",
    options=VanDerPol,
    reference="Van der Pol (1926)",
)
def _van_der_pol(o: VanDerPol) -> Problem:
    return Problem(
        lambda t, y: stack(y[..., 1], o.damping * (1 - y[..., 0] ** 2) * y[..., 1] - y[..., 0]),
        ("x", "v"),
        rf"\dot x = v,\quad \dot v = {o.damping:g}(1 - x^2)v - x",
    )


class LotkaVolterra(Options):
    """Options of the predator-prey equations."""

    birth: float = option(1.5, label="Birth of prey", help="Rate α.", ge=0.1, le=5)
    hunt: float = option(1.0, label="Hunt", help="Rate β at which prey is eaten.", ge=0.1, le=5)
    gain: float = option(
        1.0, label="Gain", help="Rate δ at which predators live on it.", ge=0.1, le=5
    )
    death: float = option(3.0, label="Death of predators", help="Rate γ.", ge=0.1, le=5)


@system(
    "lotka_volterra",
    "Predator and prey",
    [1.0, 1.0],
    10.0,
    "Closed orbits on which a rise of the prey is followed by a rise of the predators.",
    options=LotkaVolterra,
    reference="Lotka (1925), Volterra (1926)",
)
def _lotka_volterra(o: LotkaVolterra) -> Problem:
    def field(t: float, y: np.ndarray) -> np.ndarray:
        prey, hunters = y[..., 0], y[..., 1]
        return stack(
            o.birth * prey - o.hunt * prey * hunters, o.gain * prey * hunters - o.death * hunters
        )

    return Problem(
        field,
        ("prey", "predators"),
        rf"\dot x = {o.birth:g}x - {o.hunt:g}xy,\quad \dot y = {o.gain:g}xy - {o.death:g}y",
    )


class Pendulum(Options):
    """Options of the pendulum."""

    damping: float = option(0.0, label="Friction", help="Loss of speed.", ge=0, le=5)


@system(
    "pendulum",
    "Pendulum",
    [2.5, 0.0],
    20.0,
    "Swings with the sine of its angle; a harmonic oscillator where that is small.",
    options=Pendulum,
)
def _pendulum(o: Pendulum) -> Problem:
    return Problem(
        lambda t, y: stack(y[..., 1], -np.sin(y[..., 0]) - o.damping * y[..., 1]),
        ("angle", "speed"),
        rf"\dot\varphi = \omega,\quad \dot\omega = -\sin\varphi - {o.damping:g}\,\omega",
    )


class Spiral(Options):
    """Options of the cubic spiral."""

    damping: float = option(0.1, label="Damping", help="How fast it winds inward.", ge=0, le=1)
    turning: float = option(2.0, label="Turning", help="How fast it turns.", ge=0.1, le=5)


@system(
    "cubic_spiral",
    "Cubic spiral",
    [2.0, 0.0],
    10.0,
    "The spiral that neural ODEs are usually fitted to.",
    options=Spiral,
    reference="Chen et al., Neural ordinary differential equations (2018)",
)
def _spiral(o: Spiral) -> Problem:
    matrix = np.array([[-o.damping, o.turning], [-o.turning, -o.damping]])
    return Problem(
        lambda t, y: y**3 @ matrix.T,
        ("x", "y"),
        rf"\dot x = -{o.damping:g}x^3 + {o.turning:g}y^3,\quad "
        rf"\dot y = -{o.turning:g}x^3 - {o.damping:g}y^3",
    )


class Stiff(Options):
    """Options of the stiff problem."""

    rate: float = option(
        200.0,
        label="Pull λ",
        help="How fast everything falls onto the slow solution.",
        ge=1,
        le=1e4,
        log=True,
    )


@system(
    "stiff",
    "A stiff problem",
    [0.0],
    3.0,
    "A slow solution to which everything near it is pulled back fast: stability decides, not accuracy.",
    options=Stiff,
    stiff=True,
    reference="Prothero and Robinson (1974)",
)
def _stiff(o: Stiff) -> Problem:
    def exact(t: np.ndarray, y0: np.ndarray) -> np.ndarray:
        return np.cos(t)[:, None] + (y0 - 1) * np.exp(-o.rate * t)[:, None]

    return Problem(
        lambda t, y: -o.rate * (y - np.cos(t)) - np.sin(t),
        ("y",),
        rf"\dot y = -{o.rate:g}(y - \cos t) - \sin t",
        exact,
    )


@system(
    "reflection",
    "Reflection, with one more dimension",
    [1.0, 0.0],
    1.0,
    "No flow on a line takes x to −x, since paths would cross; in the plane half a turn does.",
    reference="Dupont, Doucet and Teh, Augmented neural ODEs (2019)",
)
def _reflection(_o: Options) -> Problem:
    def exact(t: np.ndarray, y0: np.ndarray) -> np.ndarray:
        c, s = np.cos(math.pi * t), np.sin(math.pi * t)
        return stack(y0[0] * c - y0[1] * s, y0[0] * s + y0[1] * c)

    return Problem(
        lambda t, y: math.pi * stack(-y[..., 1], y[..., 0]),
        ("x", "added"),
        r"\dot x = -\pi a,\quad \dot a = \pi x",
        exact,
    )
