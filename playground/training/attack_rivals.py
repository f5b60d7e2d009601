"""The nets whose accuracies under attack are held against each other, and the ways to train them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from playground.datasets import DATASETS
from playground.experiment import DataSlot, Experiment
from playground.networks import NETWORKS


@dataclass(frozen=True)
class Rival:
    """A net.

    Attributes:
        label: What a person reads.
        network: Its name.
        scheme: What steps it.
        on_images: Whether it reads images.
    """

    label: str
    network: str
    scheme: str = "rk4"
    on_images: bool = False


RIVALS: dict[str, Rival] = {
    "mlp": Rival("MLP", "mlp"),
    "standard_net": Rival("StandardNet", "standard_net"),
    "rk_euler": Rival("RK net, Euler", "rk_net", "euler"),
    "rk_rk4": Rival("RK net, RK4", "rk_net", "rk4"),
    "neural_ode": Rival("neural ODE", "neural_ode", "rk4"),
    "cnn": Rival("CNN", "cnn", "euler", on_images=True),
    "ode_net": Rival("ODENet", "ode_net", "euler", on_images=True),
    "tis_ode": Rival("TisODE", "tis_ode", "euler", on_images=True),
}
POINT_RIVALS = tuple(name for name, rival in RIVALS.items() if not rival.on_images)
IMAGE_RIVALS = tuple(name for name, rival in RIVALS.items() if rival.on_images)
TRAININGS = {
    "plain": "plain",
    "noise": "on noise",
    "adversarial": "adversarially",
    "steady": "with steady state",
}
SETS = tuple(
    name
    for name, entry in DATASETS.items()
    if entry.task == "classification" and name not in ("table", "image_folder", "image_upload")
)


@dataclass(frozen=True)
class Plan:
    """How the rivals are trained.

    Attributes:
        data: The data set.
        n_train: Samples to train on.
        n_validation: Samples of which the first are attacked.
        data_seed: Seed of the samples, the same for all.
        epochs: Passes over them.
        batch_size: Samples in one step.
        rate: Learning rate of Adam.
        width: Components of the features of nets on points, or channels of nets on images.
        depth: Layers or steps of the nets that flow.
        sigma: Standard deviation of the noise of a training on noise.
        eps: Radius of the attack of an adversarial training.
        rest: Weight of the steady-state loss.
    """

    data: DataSlot
    n_train: int
    n_validation: int
    data_seed: int
    epochs: int
    batch_size: int
    rate: float
    width: int
    depth: int
    sigma: float
    eps: float
    rest: float

    @property
    def on_images(self) -> bool:
        """Whether the data are images."""
        return self.data.entry.image_shape is not None


def label(rival: str, training: str) -> str:
    """Return what a rival with its training is called."""
    return RIVALS[rival].label + ("" if training == "plain" else f", {TRAININGS[training]}")


def can_rest(rival: str) -> bool:
    """Return whether a rival is a flow that can be asked to come to rest."""
    return NETWORKS[RIVALS[rival].network].rests


def rivals(
    plan: Plan, names: Sequence[str], trainings: Sequence[str], repetitions: int, seed: int
) -> dict[str, list[Experiment]]:
    """Return the trainings of each net in each way, one for each weight seed.

    A net that is no flow is left out of the ways that need one.

    Args:
        plan: What all share.
        names: Out of ``RIVALS``; those that do not fit the data are left out.
        trainings: Out of ``TRAININGS``.
        repetitions: Weight seeds of each.
        seed: The first of them.

    Raises:
        ValueError: If the choices do not fit together, or the data cannot be had.
    """
    legal = IMAGE_RIVALS if plan.on_images else POINT_RIVALS
    return {
        label(name, training): [
            _experiment(plan, name, training, seed + i) for i in range(repetitions)
        ]
        for name in names
        if name in legal
        for training in trainings
        if training != "steady" or can_rest(name)
    }


def _experiment(plan: Plan, name: str, training: str, seed: int) -> Experiment:
    rival = RIVALS[name]
    tree: dict[str, Any] = {
        "data": plan.data,
        "n_train": plan.n_train,
        "n_validation": plan.n_validation,
        "data_seed": plan.data_seed,
        "network": {"name": rival.network, "options": _options(plan, name)},
        "scheme": rival.scheme,
        "weight_seed": seed,
        "optimizer": {"name": "adam", "options": {"learning_rate": plan.rate}},
        "batch_size": plan.batch_size,
        "epochs": plan.epochs,
    }
    if training == "noise":
        options = {"share": 0.5, "least": plan.sigma, "greatest": plan.sigma, "count": 1}
        tree["hardening"] = {"name": "noise", "options": options}
    elif training == "adversarial":
        tree["hardening"] = {"name": "adversarial", "options": {"eps": plan.eps}}
    elif training == "steady":
        tree["regularizer"] = {"name": "steady_state", "options": {"weight": plan.rest}}
    return Experiment.model_validate(tree)


def _options(plan: Plan, name: str) -> dict[str, Any]:
    rival = RIVALS[name]
    if rival.on_images:
        small = max(plan.data.entry.shape_of(plan.data.options)[1:]) <= 12
        options = {"channels": plan.width, "stem": "small" if small else "published"}
        return options if name == "cnn" else {**options, "depth": plan.depth}
    if name == "mlp":
        return {"width": plan.width, "depth": 2}
    if name == "neural_ode":
        return {"width": plan.width, "depth": plan.depth, "hidden": 2 * plan.width}
    return {"width": plan.width, "depth": 5 if name == "standard_net" else plan.depth}
