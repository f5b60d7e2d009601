"""What can be set in the integrators lab."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator

from playground.integrators import INTEGRATORS, RungeKutta
from playground.integrators.printed import PRINTED
from playground.registry import Options, Registry, Slot, option
from playground.systems import SYSTEMS
from playground.ui.sheet import Sheet

View = Literal[
    "solve", "converge", "stability", "tableau", "printed", "swap", "adjoint", "topology"
]
VIEWS = {
    "solve": "Solve",
    "converge": "Converge",
    "stability": "Stability",
    "tableau": "Tableau",
    "printed": "As printed",
    "swap": "Switch after training",
    "adjoint": "Adjoint",
    "topology": "Topology",
}
FIXED = {n: s.label for n, s in INTEGRATORS.items() if s.kind != "adaptive" and n != "custom"}
ADAPTIVE = {n: s.label for n, s in INTEGRATORS.items() if s.kind == "adaptive"}
EXPLICIT = {n: INTEGRATORS[n].label for n in FIXED if isinstance(INTEGRATORS[n], RungeKutta)}
Explicit = Literal[*EXPLICIT]  # type: ignore[valid-type]
MISPRINTS = {name: entry.label for name, entry in PRINTED.items()}
Misprint = Literal[*MISPRINTS]  # type: ignore[valid-type]
CASES = {
    "intervals": "Nested intervals",
    "reflection": "Reflection on a line",
    "donut": "Donut in the plane",
}
Case = Literal["intervals", "reflection", "donut"]
MOST = 8  # schemes side by side; more cannot be told apart


class ProblemSlot(Slot):
    """The initial value problem."""

    registry: ClassVar[Registry[Any]] = SYSTEMS


class Settings(Options):
    """What is set in the integrators lab."""

    view: View = option(
        "solve", label="View", help="What is looked at.", labels=VIEWS
    )  # fmt: skip
    problem: ProblemSlot = Field(
        default_factory=lambda: ProblemSlot(name="oscillator"),
        title="Problem",
        description="The initial value problem.",
    )
    start: str = option(
        "",
        label="Initial state",
        help="One number for each component, commas between them; the problem's usual one where empty.",
        max_length=100,
    )
    horizon: float | None = option(
        None, label="End time", help="The problem's usual one where empty.", ge=0.01, le=1000
    )
    schemes: tuple[str, ...] = option(
        ("euler", "heun2", "rk4", "taylor_multistep"),
        label="Schemes",
        help=f"Schemes side by side, up to {MOST}.",
        max_length=MOST,
    )
    n_steps: int = option(
        100, label="Steps", help="Steps of the schemes with a fixed step.", ge=1, le=1000, log=True
    )
    rtol: float = option(
        1e-4,
        label="Relative tolerance",
        help="Error that an adaptive scheme allows itself in a step, in relation to the state.",
        ge=1e-12,
        le=0.1,
        log=True,
    )
    atol: float = option(
        1e-6,
        label="Absolute tolerance",
        help="The same in units of the state, for states near zero.",
        ge=1e-14,
        le=0.1,
        log=True,
    )
    finest: int = option(
        4096,
        label="Most steps",
        help="Steps of the finest solution; each coarser one takes half as many.",
        ge=64,
        le=4096,
        log=True,
    )

    layers: bool = option(
        False,
        label="Layers of a trained net",
        help="Eigenvalues of the residual Jacobians h ∂f/∂y of every layer.",
    )
    near: bool = option(
        True, label="Near the eigenvalues", help="Show the part of the plane in which they lie."
    )
    run: str = option(
        "",
        label="Trained run",
        help="Whose net is looked at; the newest where empty.",
        max_length=64,
    )

    printed: Misprint = option(
        "improved_euler",
        label="Formula",
        help="A scheme as the paper on residual stacking prints it.",
        labels=MISPRINTS,
    )
    tableau: str = option(
        "",
        label="Tableau",
        help="Rows of a, then weights b, then nodes c: semicolons between rows, commas between numbers; "
        "the classical method where empty.",
        max_length=1500,
    )
    scheme: Explicit = option(
        "rk4", label="Scheme", help="Explicit Runge-Kutta scheme of the net.", labels=EXPLICIT
    )
    width: int = option(8, label="Width", help="Number of features.", ge=1, le=64, log=True)
    depth: int = option(20, label="Layers", help="Number of layers.", ge=1, le=200, log=True)
    length: float = option(
        2.0, label="Horizon T", help="Length of the flow; h = T / layers.", ge=0.1, le=20, log=True
    )
    points: int = option(20, label="Points", help="Rows in the batch.", ge=1, le=500, log=True)
    seed: int = option(1, label="Seed", help="Of weights, points and target.", ge=0, le=9999)
    case: Case = option(
        "intervals",
        label="Data",
        help="What the two nets learn; no flow can do it without a further dimension.",
        labels=CASES,
    )
    narrow: str = option(
        "", label="Run of width d", help="The narrow net that is looked at.", max_length=64
    )
    wide: str = option(
        "", label="Run of width d + 1", help="The wide net that is looked at.", max_length=64
    )

    @field_validator("schemes")
    @classmethod
    def _known(cls, schemes: tuple[str, ...]) -> tuple[str, ...]:
        for name in schemes:
            if name not in INTEGRATORS or name == "custom":
                raise ValueError(INTEGRATORS.unknown(name))
        return tuple(dict.fromkeys(schemes))


SHEET = Sheet("integrators", Settings)
