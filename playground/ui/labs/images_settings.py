"""What can be set in the image lab."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from playground.datasets import DATASETS, TableError, TableMissing
from playground.experiment import (
    DataSlot,
    Experiment,
    NetworkSlot,
    OptimizerSlot,
    ScheduleSlot,
    SchemeSlot,
)
from playground.networks import IMAGE_NETWORKS, NETWORKS
from playground.registry import Misfit, Options, option
from playground.ui.sheet import Sheet

IMAGES = tuple(
    name
    for name, entry in DATASETS.items()
    if entry.image_shape is not None and entry.task == "classification"
)
_ATTENTION = ("classic_attention", "ode_attention")
NETS = tuple(name for name in IMAGE_NETWORKS if name not in _ATTENTION) + _ATTENTION
View = Literal["train", "data", "points"]
VIEWS = {"train": "Train a net", "data": "Images", "points": "Key points"}


def begin(slot: str, chosen: str) -> dict[str, str]:
    """Return what a choice begins with here: nets that a CPU can train, and a rate that suits them."""
    if slot == "network" and chosen in NETWORKS:
        small = {"size": "small", "width": "16", "blocks": "2"}
        return small if "size" in NETWORKS[chosen].options.model_fields else {}
    return {"learning_rate": "0.003"} if (slot, chosen) == ("optimizer", "adam") else {}


def _usual(kind: Any, name: str) -> Any:
    """Return a slot with what it begins with here."""
    field = {NetworkSlot: "network", OptimizerSlot: "optimizer"}.get(kind, "")
    return kind.model_validate({"name": name, "options": begin(field, name)}, strict=False)


def _slot(kind: Any, name: str, label: str, text: str) -> Any:
    return Field(default_factory=lambda: _usual(kind, name), title=label, description=text)


class Settings(Options):
    """What is set in the image lab."""

    view: View = option("train", label="View", help="What is looked at.", labels=VIEWS)

    data: DataSlot = _slot(DataSlot, "digits", "Images", "The images to learn.")
    n_train: int = option(
        1400, label="Training images", help="Images that are trained on.", ge=20, le=20_000
    )
    n_validation: int = option(
        390, label="Validation images", help="Images that only judge.", ge=10, le=20_000
    )
    data_seed: int = option(
        1, label="Data seed", help="Seed of the choice of the images.", ge=0, le=9999
    )
    network: NetworkSlot = _slot(NetworkSlot, "tm_resnet", "Network", "The family of nets.")
    scheme: SchemeSlot = _slot(
        SchemeSlot, "heun2", "Integrator", "The scheme that steps the features through the blocks."
    )
    weight_seed: int = option(
        1,
        label="Weight seed",
        help="Seed of the initial weights and of the order of the batches.",
        ge=0,
        le=9999,
    )
    optimizer: OptimizerSlot = _slot(OptimizerSlot, "adam", "Optimiser", "How the weights move.")
    schedule: ScheduleSlot = _slot(
        ScheduleSlot, "cosine", "Schedule", "How the learning rate changes over the epochs."
    )
    batch_size: int = option(
        64, label="Batch size", help="Images in one step.", ge=1, le=4096, log=True
    )
    epochs: int = option(
        12, label="Epochs", help="Passes over the training images.", ge=1, le=1000, log=True
    )

    grid_part: Literal["training", "validation"] = option(
        "training", label="Part", help="Whether images to train on or to judge by are shown."
    )
    grid_class: str = option(
        "", label="Class", help="Some images of each class, or many of one.", max_length=60
    )
    grid_page: int = option(1, label="Page", help="Which of the images are shown.", ge=1, le=20_000)
    grid_augmented: bool = option(
        False,
        label="As augmented",
        help="An image of each class, and what flips and crops make of it in training.",
    )

    points_hash: str = option(
        "",
        label="Images with key points",
        help="SHA-256 of the uploaded images; empty means strokes with their two ends.",
        pattern=r"^([0-9a-f]{64})?$",
    )

    @field_validator("data", "network")
    @classmethod
    def _belongs_here(cls, slot: Any, info: Any) -> Any:
        legal = IMAGES if info.field_name == "data" else NETS
        if slot.name not in legal:
            text = f"{slot.name!r} is not legal here; legal is {', '.join(legal)}"
            raise Misfit("", text, _usual(type(slot), legal[0]))
        return slot

    @model_validator(mode="after")
    def _fits(self) -> Settings:
        try:
            self.network.options.fit(self.data.entry.shape_of(self.data.options), self.scheme.name)
        except TableMissing:
            pass  # said where it would be trained
        except TableError as error:
            raise Misfit("data", str(error), DataSlot(name="digits")) from None
        except Misfit as error:
            raise error if error.field == "scheme" else error.below("network") from None
        return self

    @property
    def experiment(self) -> Experiment:
        """The training.

        Raises:
            ValueError: If the choices do not fit together.
        """
        names = ("data", "n_train", "n_validation", "data_seed", "network", "scheme", "weight_seed")
        names += ("optimizer", "schedule", "batch_size", "epochs")
        return Experiment(**{name: getattr(self, name) for name in names})


SHEET = Sheet("images", Settings, begin)
