"""What can be set in the image lab."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from playground.datasets import DATASETS
from playground.experiment import (
    MOST_SAMPLES,
    DataSlot,
    Experiment,
    HardeningSlot,
    NetworkSlot,
    OptimizerSlot,
    RegularizerSlot,
    ScheduleSlot,
    SchemeSlot,
    fit_regularizer,
)
from playground.networks import IMAGE_NETWORKS, NETWORKS
from playground.networks.residual_layouts import MOST_BLOCKS
from playground.registry import Misfit, Options, option
from playground.training.image_swap import SCHEMES
from playground.training.residual_comparison import RIVALS, Size
from playground.ui.labs.fitting import listed, named_misfits
from playground.ui.sheet import Sheet

IMAGES = tuple(
    name
    for name, entry in DATASETS.items()
    if entry.image_shape is not None and entry.task == "classification"
)
_ATTENTION = ("classic_attention", "ode_attention")
POINT_NETS = ("rk_net", "standard_net", "neural_ode", "mlp")  # see an image as one long row
NETS = tuple(name for name in IMAGE_NETWORKS if name not in _ATTENTION) + _ATTENTION + POINT_NETS
View = Literal["train", "data", "side", "depth", "swap", "nfe", "points"]
VIEWS = {
    "train": "Train a net",
    "data": "Images",
    "side": "Side by side",
    "depth": "Through depth",
    "swap": "Swap the scheme",
    "nfe": "Work of the solver",
    "points": "Key points",
}
SOLVERS = {"dopri5": "dopri5", "bosh3": "bosh3", "adaptive_heun": "Heun"}
NFE_CHANNELS = ("0", "1", "2", "5", "10", "20")
NFE_BORDERS = ("0", "1", "2", "4")
_LISTS = {
    "side_rivals": tuple(RIVALS),
    "swap_schemes": SCHEMES,
    "nfe_channels": NFE_CHANNELS,
    "nfe_borders": NFE_BORDERS,
}


# As wide as the digits have pixels; a wider set has the width brought to its own. L = 100 with T = 5 is
# the flow net of Giesecke and Kröner (2021), five layers their StandardNet.
_BEGUN = {
    "rk_net": {"width": "64", "depth": "100"},
    "standard_net": {"width": "64", "depth": "5"},
    "neural_ode": {"width": "64", "depth": "10"},
    "mlp": {"width": "64"},
    "cnn": {"channels": "32"},
    "ode_net": {"channels": "32", "depth": "4"},
    "tis_ode": {"channels": "32", "depth": "4"},
}


def begin(slot: str, chosen: str) -> dict[str, str]:
    """Return what a choice begins with here: nets that a CPU can train, and a rate that suits them."""
    if slot == "network" and chosen in _BEGUN:
        return _BEGUN[chosen]
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
        1400, label="Training images", help="Images that are trained on.", ge=20, le=MOST_SAMPLES
    )
    n_validation: int = option(
        390, label="Validation images", help="Images that only judge.", ge=10, le=MOST_SAMPLES
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
    hardening: HardeningSlot = _slot(
        HardeningSlot,
        "none",
        "Hardening",
        "What is done to the images of each batch, so that the net withstands the like.",
    )
    regularizer: RegularizerSlot = _slot(
        RegularizerSlot,
        "none",
        "Regulariser",
        "What is added to the loss because of how the features move.",
    )
    batch_size: int = option(
        64, label="Batch size", help="Images in one step.", ge=1, le=4096, log=True
    )
    epochs: int = option(
        12, label="Epochs", help="Passes over the training images.", ge=1, le=1000, log=True
    )
    precision: Literal["float32", "mixed"] = option(
        "float32",
        label="Precision",
        help="Mixed lets a CUDA device compute in half precision, beside weights in float32; a CPU stays "
        "with float32.",
    )

    side_rivals: tuple[str, ...] = option(
        ("tm_resnet", "ho_resnet"),
        label="Beside PreActResNet",
        help="The nets that are compared with it, each with as many weights.",
    )
    side_size: Size = option(
        "small",
        label="Size",
        help="Small nets have three stages and train on a CPU; the published ones have 11 to 58 million "
        "weights and need a GPU.",
    )
    side_width: int = option(
        8, label="Channels", help="Channels behind the stem of PreActResNet.", ge=4, le=64
    )
    side_blocks: int = option(
        2, label="Blocks a stage", help="Blocks in each of its three stages.", ge=2, le=MOST_BLOCKS
    )
    side_depth: Literal[18, 34, 50, 101, 152] = option(
        18, label="Depth", help="Layers of PreActResNet; the others have as many weights."
    )
    side_repetitions: int = option(
        3,
        label="Repetitions",
        help="Trainings of every net; each has images and weights of its own, the same for all nets.",
        ge=1,
        le=20,
    )

    depth_image: int = option(
        0, label="Image", help="Place of an image in the validation set.", ge=0, le=MOST_SAMPLES - 1
    )
    depth_set: int = option(
        1, label="Channels", help="Which of the channels are shown, in sets of eight.", ge=1, le=256
    )
    depth_stage: int = option(
        1, label="Stage", help="Depths whose features have one shape.", ge=1, le=200
    )
    depth_probe: Literal["head", "average", "all"] = option(
        "head",
        label="A probe sees",
        help="What a linear classifier is given of the features at each depth: what the net's own head "
        "makes use of, averages over the pixels (or positions), or all values.",
        labels={"head": "as the head", "average": "averages", "all": "all values"},
    )

    swap_schemes: tuple[str, ...] = option(
        SCHEMES,
        label="Schemes",
        help="What steps the trained net in the place of its own scheme.",
        max_length=len(SCHEMES),
    )

    nfe_augment: Literal["channels", "border"] = option(
        "channels",
        label="Augment by",
        help="Room for the flow: channels of zeros, or zeros around the image.",
        labels={"channels": "channels", "border": "a border"},
    )
    nfe_channels: tuple[str, ...] = option(
        ("0", "1", "5", "10"),
        label="Added channels p",
        help="Channels of zeros; none is a plain neural ODE.",
        max_length=len(NFE_CHANNELS),
    )
    nfe_borders: tuple[str, ...] = option(
        ("0", "1", "2"),
        label="Border in pixels",
        help="Zeros on each side of the image; none is a plain neural ODE.",
        max_length=len(NFE_BORDERS),
    )
    nfe_solver: Literal["dopri5", "bosh3", "adaptive_heun"] = option(
        "dopri5", label="Solver", help="It chooses its own steps.", labels=SOLVERS
    )
    nfe_tolerance: float = option(
        1e-3,
        label="Tolerance",
        help="Relative and absolute error that the solver allows itself in a step.",
        ge=1e-8,
        le=0.1,
        log=True,
    )
    nfe_gradient: Literal["solver", "adjoint"] = option(
        "solver",
        label="Gradient",
        help="Back through the solver's steps, or by a second solve backward in time (the adjoint), "
        "whose evaluations are counted by themselves.",
        labels={"solver": "steps", "adjoint": "adjoint"},
    )
    nfe_filters: int = option(16, label="Filters", help="Channels inside the field.", ge=1, le=128)
    nfe_images: int = option(
        400,
        label="Training images",
        help="As many again validate, at most 200 of them.",
        ge=20,
        le=5000,
    )
    nfe_rate: float = option(
        0.01, label="Learning rate", help="Of Adam, constant.", ge=1e-5, le=1, log=True
    )
    nfe_batch: int = option(
        64, label="Batch size", help="Images in one step.", ge=1, le=1024, log=True
    )
    nfe_epochs: int = option(
        12, label="Epochs", help="Passes over the training images.", ge=2, le=500, log=True
    )
    nfe_repetitions: int = option(
        2, label="Repetitions", help="Trainings of each net, with other weights.", ge=1, le=10
    )
    nfe_seed: int = option(
        1, label="First weight seed", help="Seed of the first repetition.", ge=0, le=9000
    )
    nfe_factor: float = option(
        1.5,
        label="A spike is more than",
        help="An epoch whose training loss is more than so many times the least before it is marked.",
        ge=1.05,
        le=10,
        step=0.05,
        unit="times the least loss",
    )

    grid_part: Literal["training", "validation"] = option(
        "training", label="Part", help="Whether images to train on or to judge by are shown."
    )
    grid_class: str = option(
        "", label="Class", help="Some images of each class, or many of one.", max_length=60
    )
    grid_page: int = option(
        1, label="Page", help="Which of the images are shown.", ge=1, le=MOST_SAMPLES
    )
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

    @field_validator(*_LISTS)
    @classmethod
    def _listed(cls, chosen: tuple[str, ...], info: Any) -> tuple[str, ...]:
        return listed(chosen, _LISTS[info.field_name])

    @model_validator(mode="after")
    def _fits(self) -> Settings:
        with named_misfits("digits", "scheme", "regularizer", "regularizer.interval"):
            entry, options = self.data.entry, self.data.options
            on_images = self.network.entry.takes_images
            seen = entry.shape_of(options) if on_images else entry.n_features(options)
            self.network.options.fit(seen, self.scheme.name)
            fit_regularizer(self.regularizer, self.network, self.scheme)
        return self

    @property
    def experiment(self) -> Experiment:
        """The training, with what makes it robust.

        Raises:
            ValueError: If the choices do not fit together.
        """
        names = ("data", "n_train", "n_validation", "data_seed", "network", "scheme", "weight_seed")
        names += ("optimizer", "schedule", "hardening", "regularizer", "batch_size", "epochs")
        names += ("precision",)
        return Experiment(**{name: getattr(self, name) for name in names})


SHEET = Sheet("images", Settings, begin)
