"""What is chosen for an experiment: each slot is a name from a registry, and its options."""

from __future__ import annotations

from typing import Any, ClassVar

from playground import regularizers
from playground.datasets import DATASETS
from playground.hardening import HARDENINGS
from playground.integrators import INTEGRATORS, Scheme, resolve
from playground.losses import LOSSES
from playground.networks import NETWORKS
from playground.optimizers import OPTIMIZERS
from playground.registry import Registry, Slot
from playground.regularizers import REGULARIZERS
from playground.schedules import SCHEDULES


class DataSlot(Slot):
    """The data set."""

    registry: ClassVar[Registry[Any]] = DATASETS


class NetworkSlot(Slot):
    """The network."""

    registry: ClassVar[Registry[Any]] = NETWORKS


class SchemeSlot(Slot):
    """The integrator; ``custom`` takes a tableau written inline."""

    registry: ClassVar[Registry[Any]] = INTEGRATORS

    @property
    def chosen(self) -> Scheme:
        """The scheme with its options: what ``custom`` stands for, and every other as registered."""
        return resolve(self.name, self.options)


class OptimizerSlot(Slot):
    """The optimiser."""

    registry: ClassVar[Registry[Any]] = OPTIMIZERS


class ScheduleSlot(Slot):
    """The learning-rate schedule."""

    registry: ClassVar[Registry[Any]] = SCHEDULES


class HardeningSlot(Slot):
    """How the inputs of each batch are made harder."""

    registry: ClassVar[Registry[Any]] = HARDENINGS


class RegularizerSlot(Slot):
    """What is added to the loss because of how the features move."""

    registry: ClassVar[Registry[Any]] = REGULARIZERS


class LossSlot(Slot):
    """The loss."""

    registry: ClassVar[Registry[Any]] = LOSSES


def fit_regularizer(regularizer: RegularizerSlot, network: NetworkSlot, scheme: SchemeSlot) -> None:
    """Say whether a regulariser fits a net.

    Raises:
        Misfit: If it does not, of ``regularizer`` or of one of its options.
    """
    found = regularizers.misfit(regularizer.name, regularizer.options, network, scheme.name)
    if found is not None:
        found.nearest = found.nearest if found.field else RegularizerSlot(name="none")
        raise found.below("regularizer")
