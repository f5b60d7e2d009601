"""What can be set in the Lookahead lab."""

from __future__ import annotations

from typing import Literal

from pydantic import field_validator

from playground.analysis.toy_lookahead import PERIODS, RATES, Axis, Gradient, Reset
from playground.datasets import DATASETS
from playground.integrators import INTEGRATORS
from playground.registry import Misfit, Options, option
from playground.ui.labs.fitting import listed
from playground.ui.sheet import Sheet

View = Literal["thesis", "distribution", "nets"]
VIEWS = {
    "thesis": "The thesis's experiment",
    "distribution": "Distribution",
    "nets": "Where people would use it",
}
CELLS = {f"{rate:g}/{k}": (rate, k) for k in PERIODS for rate in RATES}
DATA = ("moons", "spiral", "donut_2d", "circle", "xor", "gauss", "squares")
SCHEMES = ("euler", "heun2", "rk4")
INNERS = ("sgd", "momentum", "nesterov", "adam", "adamw", "rmsprop")
NET_RATES = ("0.001", "0.003", "0.01", "0.03", "0.1", "0.3", "1")
NET_PERIODS = ("2", "5", "10", "20")

Data = Literal["moons", "spiral", "donut_2d", "circle", "xor", "gauss", "squares"]
NetScheme = Literal["euler", "heun2", "rk4"]
Quantity = Literal["loss", "accuracy"]


class Settings(Options):
    """What is set in the Lookahead lab."""

    view: View = option("thesis", label="View", help="What is looked at.", labels=VIEWS)

    gradient: Gradient = option(
        "right",
        label="Gradient",
        help="Right: equal to finite differences. As printed: the thesis's listing 4.2, which leaves "
        "σ'(Wz + b) out, takes σ'(z) for it in the adjoint, and has its sign turned.",
        labels={"right": "right", "printed": "as printed"},
    )
    reset: Reset = option(
        "every_k",
        label="Fast weights go back",
        help="Every k steps, as Lookahead is defined, or after every step, as the indentation of the "
        "thesis's appendix says.",
        labels={"every_k": "every k steps", "as_indented": "as indented"},
    )
    axis: Axis = option(
        "slow",
        label="Axis",
        help="What one iteration of Lookahead is: a slow update, as the thesis counts, or an evaluation "
        "of the gradient, of which each slow update takes k.",
        labels={"slow": "slow updates", "evaluations": "gradients"},
    )
    alpha: float = option(
        0.5,
        label="α",
        help="Share of the way towards the fast weights that the slow ones go.",
        ge=0.05,
        le=1,
        step=0.05,
    )
    drop: float = option(
        7e-4,
        label="Stop below a drop of",
        help="A run stops when its loss falls from one step to the next, but by less than this.",
        ge=1e-6,
        le=0.1,
        log=True,
    )
    updates: int = option(
        50,
        label="Limit",
        help="Most iterations of gradient descent, and most slow updates of Lookahead.",
        ge=5,
        le=200,
        log=True,
    )
    even: bool = option(
        False,
        label="Even limits",
        help="Let gradient descent take as many steps as the longest Lookahead, 8 times the limit; in "
        "the thesis it may take fewer.",
    )
    seed: int = option(1, label="Seed", help="Seed of the initial weights W and b.", ge=0, le=9999)
    cell: str = option(
        "0.05/4",
        label="Trained weights of",
        help="Learning rate and k whose trained weights move the state.",
        max_length=20,
    )
    count: int = option(
        300,
        label="Initialisations",
        help="Initial weights to train from.",
        ge=10,
        le=1000,
        log=True,
    )

    data: Data = option(
        "moons",
        label="Data",
        help="The data set to learn.",
        labels={name: DATASETS[name].label for name in DATA},
    )
    scheme: NetScheme = option(
        "euler",
        label="Integrator",
        help="The scheme that steps the features of the net.",
        labels={name: INTEGRATORS[name].label for name in SCHEMES},
    )
    width: int = option(4, label="Width", help="Features of the net.", ge=2, le=16)
    depth: int = option(3, label="Depth", help="Layers of the net.", ge=1, le=20)
    points: int = option(
        500,
        label="Points",
        help="Points to train on, and as many to judge.",
        ge=50,
        le=2000,
        log=True,
    )
    batch: int = option(
        32,
        label="Batch size",
        help="Points in one gradient; the fewer, the noisier it is.",
        ge=1,
        le=1024,
        log=True,
    )
    epochs: int = option(20, label="Epochs", help="Passes over the points.", ge=1, le=100, log=True)
    inner: tuple[str, ...] = option(
        ("sgd", "adam"),
        label="Inner optimisers",
        help="What makes the fast steps, with Lookahead around it and without.",
        max_length=len(INNERS),
    )
    rates: tuple[str, ...] = option(
        ("0.01", "0.1"),
        label="Learning rates",
        help="Rates of the inner optimiser.",
        max_length=len(NET_RATES),
    )
    periods: tuple[str, ...] = option(
        ("5", "10"),
        label="Fast steps k",
        help="Fast steps between two slow ones.",
        max_length=len(NET_PERIODS),
    )
    repetitions: int = option(
        5,
        label="Repetitions",
        help="Seeds of the initial weights and of the order of the batches; the data stay the same.",
        ge=1,
        le=20,
    )
    first: int = option(1, label="First seed", help="The first of these seeds.", ge=0, le=9999)
    quantity: Quantity = option(
        "loss",
        label="Compared by",
        help="What is measured on the validation set at the end.",
        labels={"loss": "loss", "accuracy": "accuracy"},
    )
    look: str = option(
        "",
        label="Look closer at",
        help="Inner optimiser and learning rate of the curves and of the landscape.",
        max_length=40,
    )
    look_k: str = option(
        "", label="k of the landscape", help="Fast steps between two slow ones.", max_length=4
    )

    @field_validator("cell")
    @classmethod
    def _cell(cls, cell: str) -> str:
        if cell not in CELLS:
            raise Misfit("cell", f"{cell!r} is not legal; legal are {', '.join(CELLS)}")
        return cell

    @field_validator("inner")
    @classmethod
    def _inner(cls, chosen: tuple[str, ...]) -> tuple[str, ...]:
        return listed(chosen, INNERS)

    @field_validator("rates")
    @classmethod
    def _rates(cls, chosen: tuple[str, ...]) -> tuple[str, ...]:
        return listed(chosen, NET_RATES)

    @field_validator("periods")
    @classmethod
    def _periods(cls, chosen: tuple[str, ...]) -> tuple[str, ...]:
        return listed(chosen, NET_PERIODS)


SHEET = Sheet("lookahead", Settings)
