"""What an initial value problem tells about itself, and the registry that lists them all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from playground.registry import Entry, Registry

Field = Callable[[float, np.ndarray], np.ndarray]
Solution = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""The state ``(n, dim)`` at times ``(n,)`` for a state ``(dim,)`` at time 0."""


@dataclass(frozen=True)
class Problem:
    """A system with its numbers: ẏ = f(t, y).

    Attributes:
        field: The velocity f.
        variables: Names of the components.
        formula: The equation in LaTeX.
        exact: The closed form, ``None`` where there is none.
    """

    field: Field
    variables: tuple[str, ...]
    formula: str
    exact: Solution | None = None

    @property
    def dim(self) -> int:
        """Number of components."""
        return len(self.variables)


@dataclass(frozen=True, kw_only=True)
class System(Entry):
    """An initial value problem whose parameters are its options.

    Attributes:
        start: Usual state at time 0.
        horizon: Usual time at the end.
        stiff: Whether an explicit scheme needs far more steps than the solution asks for.
        pose: Makes the problem for given options.
    """

    start: tuple[float, ...]
    horizon: float
    stiff: bool = False
    pose: Callable[[Any], Problem]

    def problem(self, **options: Any) -> Problem:
        """Return the problem for some options; those left out keep their defaults.

        Raises:
            ValueError: For an option that is unknown or out of bounds.
        """
        return self.pose(self.options.model_validate(options))

    @property
    def dim(self) -> int:
        """Number of components with the default options."""
        return len(self.start)


SYSTEMS: Registry[System] = Registry("problem")


Pose = Callable[[Any], Problem]


def system(
    name: str, label: str, start: Sequence[float], horizon: float, summary: str, **more: Any
) -> Callable[[Pose], Pose]:
    """Register the decorated function, which makes the problem of its options."""

    def register(pose: Pose) -> Pose:
        SYSTEMS.add(
            System(
                name=name,
                label=label,
                start=tuple(start),
                horizon=horizon,
                summary=summary,
                pose=pose,
                **more,
            )
        )
        return pose

    return register


def stack(*components: Any) -> np.ndarray:
    """Return components of any common shape as one state ``(…, dim)``."""
    return np.stack(np.broadcast_arrays(*components), axis=-1)
