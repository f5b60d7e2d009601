"""What can be set of a fit of dynamics: data, net, solver, optimiser, with the seeds inside."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from playground.experiment import OptimizerSlot, ScheduleSlot, SchemeSlot
from playground.networks.activations import ACTIVATIONS
from playground.registry import Misfit, Options, Registry, Slot, option
from playground.systems import SYSTEMS

Activation = Literal["tanh", "relu", "softplus", "logistic", "sine", "gelu", "linear"]
NAMES = [n for n, entry in SYSTEMS.items() if entry.dim > 1]
"""Systems with a plane of states."""


class SystemSlot(Slot):
    """The system that is observed."""

    registry: ClassVar[Registry[Any]] = SYSTEMS


class SolverSlot(SchemeSlot):
    """The scheme that solves the learned equation."""

    @field_validator("name")
    @classmethod
    def _registered(cls, name: str) -> str:
        if name == "custom":
            raise ValueError("'custom' is not legal here: choose a scheme by its name")
        return name


def _slot(kind: type[Slot], default: str, label: str, text: str, **options: Any) -> Any:
    return Field(
        default_factory=lambda: kind(name=default, options=options), title=label, description=text
    )


def _seed(label: str, text: str) -> Any:
    return option(1, label=label, help=text, ge=0, le=2**31 - 1)


class Dynamics(Options):
    """One fit, described completely: equal settings give equal weights on equal machines."""

    source: Literal["system", "own"] = option(
        "system",
        label="Samples",
        help="Drawn from a known system, or brought as a CSV file.",
        labels={"system": "known system", "own": "own CSV"},
    )
    problem: SystemSlot = _slot(
        SystemSlot, "van_der_pol", "System", "The system that is observed.", damping=1.0
    )
    table: str = option(
        "",
        label="Own samples",
        help="SHA-256 of the uploaded samples.",
        pattern=r"^([0-9a-f]{64})?$",
    )
    n_trajectories: int = option(
        10,
        label="Trajectories",
        help="The first begins at the system's usual state, the others anywhere in the box it fills.",
        ge=1,
        le=20,
    )
    n_samples: int = option(
        60, label="Samples of each", help="At random times; the first is at time 0.", ge=5, le=400
    )
    noise: float = option(
        0.02,
        label="Noise",
        help="Standard deviation of the noise, as a share of that of each component.",
        ge=0,
        le=0.5,
        step=0.01,
    )
    horizon: float | None = option(
        None, label="End time", help="The system's usual one where empty.", ge=0.1, le=200
    )
    share: float = option(
        0.5,
        label="Trained share of the time",
        help="Samples come from this first part of the time; the rest shows extrapolation.",
        ge=0.1,
        le=1,
        step=0.05,
    )
    data_seed: int = _seed("Data seed", "Seed of initial states, times and noise.")

    with_time: bool = option(
        False, label="Time as an input", help="f(t, y) in place of f(y): a field that may change."
    )
    width: int = option(32, label="Width", help="Units of each hidden layer.", ge=2, le=128)
    depth: int = option(2, label="Hidden layers", help="Between state and velocity.", ge=1, le=4)
    activation: Activation = option(
        "tanh",
        label="Activation",
        help="Acts on every hidden unit.",
        labels={name: entry.label for name, entry in ACTIVATIONS.items()},
    )
    augment: int = option(
        0,
        label="Added channels",
        help="Components that begin at zero and are never observed, as in augmented neural ODEs.",
        ge=0,
        le=8,
    )
    weight_seed: int = _seed("Weight seed", "Seed of the weights and of the order of the batches.")

    scheme: SolverSlot = _slot(
        SolverSlot, "rk4", "Solver", "The scheme that solves the learned equation in training."
    )
    steps: int = option(
        1,
        label="Steps from sample to sample",
        help="Of a scheme with fixed steps; a multistep scheme needs two or more to be one.",
        ge=1,
        le=20,
    )
    gradient: Literal["direct", "adjoint"] = option(
        "direct",
        label="Gradient",
        help="Backward through the solver's operations, or by the adjoint equation solved backward.",
        labels={"direct": "backprop", "adjoint": "adjoint"},
    )
    optimizer: OptimizerSlot = _slot(
        OptimizerSlot, "adam", "Optimiser", "How the weights move.", learning_rate=0.03
    )
    schedule: ScheduleSlot = _slot(
        ScheduleSlot, "cosine", "Schedule", "How the learning rate changes on the way."
    )
    iterations: int = option(
        800, label="Iterations", help="Steps of the optimiser.", ge=1, le=20000, log=True
    )
    batch: int = option(
        64, label="Segments in a batch", help="L-BFGS takes all of them.", ge=1, le=512
    )
    segment: int = option(
        4,
        label="Gaps in a segment",
        help="The net is asked for so many samples after each one. Long segments are harder to fit.",
        ge=1,
        le=50,
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Dynamics:
        entry = self.problem.entry
        dim = entry.pose(self.problem.options).dim
        if dim < 2:
            if entry.name in NAMES:
                raise Misfit(
                    "problem.equations",
                    "one formula is not legal here: a field in a plane needs two or three of them",
                )
            raise Misfit(
                "problem",
                f"{entry.name!r} has one component; legal are those with two: {', '.join(NAMES)}",
            )
        if self.gradient == "direct" and not self.scheme.entry.differentiable:
            raise Misfit(
                "gradient",
                f"'direct' is not legal with {self.scheme.name!r}, through which no gradient flows; "
                "legal is adjoint",
                "adjoint",
            )
        return self

    @property
    def end(self) -> float:
        """Time of the end for a known system."""
        return self.horizon or self.problem.entry.horizon
