"""What can be set in the multi-stage lab."""

from __future__ import annotations

import math
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from playground.experiment import DataSlot, Experiment, NetworkSlot, OptimizerSlot
from playground.registry import Misfit, Options, bounds, option
from playground.training.multi_stage_plans import Budget, experiment_of
from playground.ui.labs.fitting import named_misfits
from playground.ui.sheet import Sheet

View = Literal["fit", "figure1", "figure2", "figure3"]
VIEWS = {
    "fit": "Fit in stages",
    "figure1": "One net or two",
    "figure2": "The plateau",
    "figure3": "Magnitudes",
}
DATA = ("function", "table")
BUDGETS = {"look": Budget(200, 200), "quick": Budget(1000, 1000), "full": Budget(3000, 4000)}
REPETITIONS = {"look": 1, "quick": 3, "full": 8}
_MOST_STEPS = int(bounds(Experiment.model_fields["epochs"])[1] or 1)
_SLOTS = {"data": "function", "network": "multi_stage", "optimizer": "adam_lbfgs"}


def _slot(kind: Any, name: str, label: str, text: str) -> Any:
    return Field(default_factory=lambda: kind(name=name), title=label, description=text)


class Settings(Options):
    """What is set in the multi-stage lab: a fit, and what the figures of the lecture are drawn with."""

    view: View = option("fit", label="View", help="What is looked at.", labels=VIEWS)

    data: DataSlot = _slot(DataSlot, "function", "Data", "What is fitted.")
    n_train: int = option(
        300,
        label="Points",
        help="Points to train on; in the plane, in all. Ten times as many judge between them.",
        ge=10,
        le=4000,
    )
    data_seed: int = option(
        1, label="Data seed", help="Seed of noise and of random points.", ge=0, le=9999
    )
    network: NetworkSlot = _slot(NetworkSlot, "multi_stage", "Network", "The stages.")
    optimizer: OptimizerSlot = _slot(
        OptimizerSlot, "adam_lbfgs", "Optimiser", "How the weights of each stage move."
    )
    lbfgs: int = option(
        2500,
        label="L-BFGS iterations",
        help="After Adam, in each stage; zero is Adam alone.",
        ge=0,
        le=20_000,
    )
    weight_seed: int = option(
        1, label="Weight seed", help="Seed of the initial weights.", ge=0, le=9999
    )
    precision: Literal["float64", "float32"] = option(
        "float64",
        label="Precision",
        help="Of weights and data; float32 shows where its floor is.",
    )

    protocol: Literal["look", "quick", "full"] = option(
        "quick",
        label="Protocol",
        help="A look: Adam 200 steps and L-BFGS 200 iterations a stage, one repetition. Quick: 1,000 and "
        "1,000, three repetitions. Full: 3,000 and 4,000, eight repetitions as in the lecture.",
        labels={"look": "a look", "quick": "quick", "full": "full"},
    )
    figure_scale: Literal["none", "current"] = option(
        "none",
        label="Loss for L-BFGS",
        help="As it is, as in the lecture, or divided by its value, so that torch's L-BFGS does not "
        "stop early.",
        labels={"none": "as it is", "current": "÷ its value"},
    )
    first: int = option(1, label="First seed", help="Seed of the first repetition.", ge=0, le=9999)

    @field_validator(*_SLOTS)
    @classmethod
    def _belongs_here(cls, slot: Any, info: Any) -> Any:
        legal = DATA if info.field_name == "data" else (_SLOTS[info.field_name],)
        if slot.name not in legal:
            text = f"{slot.name!r} is not legal here; legal is {' or '.join(legal)}"
            raise Misfit("", text, type(slot)(name=legal[0]))
        return slot

    @model_validator(mode="after")
    def _fits(self) -> Settings:
        if self.optimizer.options.adam_steps + self.lbfgs == 0:
            raise Misfit("lbfgs", "0 is not legal without a step of Adam; legal is 1 or more", 1000)
        plan = self.optimizer.options
        steps = plan.adam_steps + math.ceil(self.lbfgs / plan.iterations)
        if steps > _MOST_STEPS:
            text = (
                f"{plan.adam_steps} is not legal with {self.lbfgs} iterations of L-BFGS; legal is up to "
                f"{_MOST_STEPS - steps + plan.adam_steps}, or fewer of those"
            )
            raise Misfit("optimizer.adam_steps", text, _MOST_STEPS - steps + plan.adam_steps)
        with named_misfits("function", "data"):
            options, entry = self.data.options, self.data.entry
            if entry.task_of(options) != "regression":
                text = "the label column holds classes; legal is one that holds numbers"
                raise Misfit("data", text, DataSlot(name="function"))
            self.network.options.fit(entry.n_features(options), "euler")
        return self

    @property
    def experiment(self) -> Experiment:
        """The fit."""
        names = ("data", "n_train", "data_seed", "network", "optimizer", "lbfgs", "weight_seed")
        return experiment_of(
            **{name: getattr(self, name) for name in names}, precision=self.precision
        )

    @property
    def budget(self) -> Budget:
        """How long each stage of a figure is trained."""
        return BUDGETS[self.protocol]

    @property
    def repetitions(self) -> int:
        """How many seeds a figure takes."""
        return REPETITIONS[self.protocol]


SHEET = Sheet("multi_stage", Settings)
