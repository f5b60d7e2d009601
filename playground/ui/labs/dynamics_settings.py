"""What can be set in the dynamics lab: the fit, and which of its trajectories is shown."""

from __future__ import annotations

from playground.registry import option
from playground.training.dynamics_settings import Dynamics
from playground.ui.sheet import Sheet


class Settings(Dynamics):
    """The fit, and what of it is looked at."""

    shown: int = option(
        1,
        label="Trajectory over time",
        help="Whose components are drawn over time.",
        ge=1,
        le=50,
    )

    @property
    def fit(self) -> Dynamics:
        """The fit alone."""
        return Dynamics.model_validate(self.model_dump(exclude={"shown"}))


SHEET = Sheet("dynamics", Settings)
