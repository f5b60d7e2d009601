"""What can be set in the attention lab: two nets, one protocol."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from playground.datasets import DATASETS
from playground.experiment import (
    DataSlot,
    Experiment,
    NetworkSlot,
    OptimizerSlot,
    ScheduleSlot,
)
from playground.networks.attention import AttentionOptions
from playground.registry import Misfit, Options, option
from playground.training.attention_tables import CLASSIC, FLOW
from playground.training.attention_views import ROOM, numbers_at_once
from playground.ui.labs.fitting import named_misfits
from playground.ui.sheet import Sheet

IMAGES = tuple(
    name
    for name, entry in DATASETS.items()
    if entry.image_shape is not None and entry.task == "classification"
)
NAMES = {CLASSIC: "classic", FLOW: "ODE"}
"""What the charts call the nets, in this order."""
SHARED = ("encoding", "patch", "form", "dropout")
"""Options that both nets have in common."""
View = Literal["train", "scores", "parameters", "maps", "solver"]
VIEWS = {
    "train": "Train both",
    "scores": "Table III: scores and time",
    "parameters": "Table IV: parameters",
    "maps": "Figure 5: where they look",
    "solver": "Solver and NFE",
}
_BEGIN = {
    ("network", FLOW): {"encoding": "patches", "patch": "5"},
    ("optimizer", "adam"): {"learning_rate": "0.02"},
}

_SMALLER: dict[str, Any] = {
    "batch_size": 64,
    "n_train": 1000,
    "n_validation": 1000,
    "network.encoding": "rows",
    "network.form": "score",
    "network.n_times": 4,
    "network.substeps": 1,
    "network.width": 32,
    "classic_width": 32,
}
"""Values that need less memory."""


def begin(slot: str, chosen: str) -> dict[str, str]:
    """Return what a choice begins with here: patches, from which digits are learned in seconds."""
    return dict(_BEGIN.get((slot, chosen), {}))


def _slot(kind: Any, name: str, field: str, label: str, text: str) -> Any:
    tree = {"name": name, "options": begin(field, name)}
    return Field(
        default_factory=lambda: kind.model_validate(tree, strict=False),
        title=label,
        description=text,
    )


class Settings(Options):
    """What is set in the attention lab."""

    view: View = option("train", label="View", help="What is looked at.", labels=VIEWS)

    data: DataSlot = _slot(DataSlot, "digits", "data", "Images", "The images to learn.")
    n_train: int = option(
        1400, label="Training images", help="Images that are trained on.", ge=20, le=20_000
    )
    n_validation: int = option(
        390, label="Validation images", help="Images that only judge.", ge=10, le=20_000
    )
    data_seed: int = option(
        1, label="Data seed", help="Seed of the choice of the images.", ge=0, le=9999
    )
    network: NetworkSlot = _slot(
        NetworkSlot, FLOW, "network", "Network", "The attention whose positions flow."
    )
    classic_width: int = option(
        AttentionOptions().width,
        label="Width, classic",
        help="Components of a position in the classic attention.",
        ge=1,
        le=1024,
    )
    weight_seed: int = option(
        1,
        label="Weight seed",
        help="Seed of both nets' initial weights and of the order of the batches.",
        ge=0,
        le=9999,
    )
    optimizer: OptimizerSlot = _slot(
        OptimizerSlot, "adam", "optimizer", "Optimiser", "How the weights of both nets move."
    )
    schedule: ScheduleSlot = _slot(
        ScheduleSlot,
        "cosine",
        "schedule",
        "Schedule",
        "How the learning rate changes over the epochs.",
    )
    batch_size: int = option(
        64, label="Batch size", help="Images in one step.", ge=1, le=4096, log=True
    )
    epochs: int = option(
        30, label="Epochs", help="Passes over the training images.", ge=1, le=1000, log=True
    )
    among: Literal["all", "classic", "flow", "both"] = option(
        "all",
        label="Choose from",
        help="All validation images, or those that a net takes for another class.",
        labels={
            "all": "all validation images",
            "classic": "those the classic one gets wrong",
            "flow": "those the ODE one gets wrong",
            "both": "those both get wrong",
        },
    )
    image: int = option(
        1, label="Image", help="Its number among those to choose from.", ge=1, le=20_000
    )
    moment: int = option(
        1,
        label="ODE time",
        help="Which of the times of the flow the map of queries and positions is of.",
        ge=1,
        le=50,
    )
    probe: float = option(
        1e-4,
        label="Tolerance of the probe",
        help="Relative tolerance with which the adaptive solver is run at the stored moments.",
        ge=1e-8,
        le=0.1,
        log=True,
    )

    @field_validator("data", "network")
    @classmethod
    def _belongs_here(cls, slot: Any, info: Any) -> Any:
        legal = IMAGES if info.field_name == "data" else (FLOW,)
        if slot.name not in legal:
            text = f"{slot.name!r} is not legal here; legal is {', '.join(legal)}"
            raise Misfit("", text, type(slot)(name=legal[0]))
        return slot

    @model_validator(mode="after")
    def _fits(self) -> Settings:
        numbers = 0
        with named_misfits("digits"):
            self.network.options.fit(self.data.entry.shape_of(self.data.options), "euler")
            numbers = self._numbers({})
        if numbers > ROOM:
            raise self._too_many(numbers)
        return self

    def _numbers(self, changes: dict[str, Any]) -> int:
        """Return how many numbers the larger of the nets holds at once, with some fields changed."""
        own = {name: value for name, value in changes.items() if "." not in name}
        inside = {name.split(".")[1]: v for name, v in changes.items() if "." in name}
        options = self.network.options.model_copy(update=inside)
        network = self.network.model_copy(update={"options": options})
        changed = self.model_copy(update={**own, "network": network})
        return max(map(numbers_at_once, changed.experiments.values()))

    def _too_many(self, numbers: int) -> Misfit:
        """Return what to say of nets too large for the memory: of the field that helps the most."""
        field = min(_SMALLER, key=lambda name: self._numbers({name: _SMALLER[name]}))
        place, _, inside = field.rpartition(".")
        value = getattr(self.network.options if place else self, inside)
        text = (
            f"{value!r} is not legal: with these images, positions and times a net would hold some "
            f"{numbers:,.0f} numbers at once; legal is what needs up to {ROOM:,}"
        )
        return Misfit(field, text, _SMALLER[field])

    @property
    def experiments(self) -> dict[str, Experiment]:
        """The two trainings by the names of their nets; all but the net is the same.

        Raises:
            ValueError: If the choices do not fit together.
        """
        names = ("data", "n_train", "n_validation", "data_seed", "weight_seed")
        names += ("optimizer", "schedule", "batch_size", "epochs")
        same = {name: getattr(self, name) for name in names}
        shared = {name: getattr(self.network.options, name) for name in SHARED}
        options = {**shared, "width": self.classic_width}
        classic = NetworkSlot.model_validate({"name": CLASSIC, "options": options})
        return {
            CLASSIC: Experiment(network=classic, scheme="euler", **same),
            FLOW: Experiment(network=self.network, scheme="euler", **same),
        }


SHEET = Sheet("attention", Settings, begin)
