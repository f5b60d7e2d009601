"""What a run is: a frozen, validated value with its seeds inside.

The form edits it, the link carries it, the job runs it, the store keeps it, the command line reads it
from a file. JSON is strict and raises; a link is read leniently by ``Experiment.from_query``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from playground import hardening, query
from playground.datasets import TableError, TableMissing, TargetsError
from playground.losses import LOSSES
from playground.registry import Misfit, Slot, option
from playground.slots import (
    DataSlot,
    HardeningSlot,
    LossSlot,
    NetworkSlot,
    OptimizerSlot,
    RegularizerSlot,
    ScheduleSlot,
    SchemeSlot,
    fit_regularizer,
)

__all__ = [
    "MOST_SAMPLES",
    "DataSlot",
    "Experiment",
    "HardeningSlot",
    "LossSlot",
    "NetworkSlot",
    "OptimizerSlot",
    "RegularizerSlot",
    "ScheduleSlot",
    "SchemeSlot",
    "fit_regularizer",
]

MOST_SAMPLES = 80_000


def _slot(kind: type[Slot], default: str, label: str, text: str) -> Any:
    return Field(default_factory=lambda: kind(name=default), title=label, description=text)


class Experiment(BaseModel):
    """One training, described completely: equal experiments give equal weights on equal devices.

    Raises:
        pydantic.ValidationError: For values out of bounds and for choices that do not fit together;
            each error names the field, the value and what is legal.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    data: DataSlot = _slot(DataSlot, "spiral", "Data", "The data set to learn.")
    n_train: int = option(
        1500, label="Training points", help="Points that are trained on.", ge=5, le=MOST_SAMPLES
    )
    n_validation: int = option(
        1500, label="Validation points", help="Points that only judge.", ge=2, le=MOST_SAMPLES
    )
    data_seed: int = option(
        1, label="Data seed", help="Seed of the drawn points.", ge=0, le=2**31 - 1
    )

    network: NetworkSlot = _slot(NetworkSlot, "rk_net", "Network", "The family of nets.")
    scheme: SchemeSlot = _slot(
        SchemeSlot, "rk4", "Integrator", "The scheme that steps the features through depth."
    )
    weight_seed: int = option(
        1,
        label="Weight seed",
        help="Seed of the initial weights and of the order of the batches.",
        ge=0,
        le=2**31 - 1,
    )

    loss: LossSlot = _slot(LossSlot, "cross_entropy", "Loss", "What the training makes small.")
    optimizer: OptimizerSlot = _slot(OptimizerSlot, "adam", "Optimiser", "How the weights move.")
    schedule: ScheduleSlot = _slot(
        ScheduleSlot, "constant", "Schedule", "How the learning rate changes on the way."
    )
    hardening: HardeningSlot = _slot(
        HardeningSlot,
        "none",
        "Hardening",
        "What is done to the inputs of each batch, so that the net withstands the like.",
    )
    regularizer: RegularizerSlot = _slot(
        RegularizerSlot,
        "none",
        "Regulariser",
        "What is added to the loss because of how the features move.",
    )
    batch_size: int = option(
        32,
        label="Batch size",
        help="Points in one step; L-BFGS takes all.",
        ge=1,
        le=MOST_SAMPLES,
    )
    l2: float = option(
        0.0, label="L2", help="Penalty λ/2·Σw² added to the loss.", ge=0, le=10, advanced=True
    )
    l1: float = option(
        0.0, label="L1", help="Penalty λ·Σ|w| added to the loss.", ge=0, le=10, advanced=True
    )
    clip_norm: float = option(
        0.0,
        label="Clip gradient at",
        help="Greatest norm of the gradient; longer ones are shortened. Zero: no clipping.",
        ge=0,
        le=1000,
        advanced=True,
    )

    epochs: int = option(
        40, label="Epochs", help="Passes over the training points.", ge=1, le=10000
    )
    target_accuracy: float | None = option(
        None,
        label="Stop at accuracy",
        help="Ends as soon as the validation accuracy reaches this share.",
        ge=0,
        le=1,
    )
    early_stop: bool = option(
        False,
        label="Early stop",
        help="From epoch 11 on, ends when the mean validation loss of the last five epochs exceeds "
        "that of the five before by more than the patience.",
    )
    patience: float = option(
        0.05,
        label="Patience",
        help="Rise of the mean validation loss that ends the training.",
        ge=0,
        le=10,
        when={"early_stop": True},
    )

    device: Literal["auto", "cpu", "cuda", "mps"] = option(
        "auto",
        label="Device",
        help="Where to compute; auto takes the GPU where there is one and the net is large enough.",
        advanced=True,
    )
    path: Literal["auto", "torch"] = option(
        "auto",
        label="Stepped by",
        help="Auto takes compiled kernels for small nets on the CPU, which are a hundred times "
        "faster; torch always takes torch's own, which exported code repeats to the last bit.",
        advanced=True,
    )
    precision: Literal["float32", "float64", "mixed"] = option(
        "float32",
        label="Precision",
        help="Type of weights and data; mixed keeps those in float32 and lets a CUDA device compute in "
        "half precision, while other devices stay with float32.",
        advanced=True,
    )

    @model_validator(mode="after")
    def _fits(self) -> Experiment:
        try:
            n_features = self.n_features
            task = self.task
            classes = self.data.entry.n_classes(self.data.options)
        except TableMissing:  # the table may be on another server; the start of a run here says so
            return self
        except TargetsError as error:
            raise Misfit("data.outputs", str(error), 1) from None
        except TableError as error:
            # A task that the label column cannot serve is the likelier fault than the table.
            asked = getattr(self.data.options, "task", "auto") != "auto"
            raise Misfit("data.task" if asked else "data", str(error)) from None
        if self.data.entry.rows and self.n_train < classes:
            holder, row = ("set", "an image") if self.data.entry.image_shape else ("table", "a row")
            text = (
                f"{self.n_train} is not legal: the {holder} has {classes} classes, "
                f"and each needs {row}"
            )
            raise Misfit("n_train", text, classes)
        if task not in self.loss.entry.tasks:
            legal = [name for name, loss in LOSSES.items() if task in loss.tasks]
            text = f"{self.loss.name!r} does not fit {task}; legal is {', '.join(legal)}"
            raise Misfit("loss", text, LossSlot(name=legal[0]))
        if self.network.entry.staged:
            self._fits_stages()
        try:
            shape = self.data.entry.shape_of(self.data.options)
            on_images = self.network.entry.takes_images and shape is not None
            self.network.options.fit(shape if on_images else n_features, self.scheme.name)
            self.network.options.fit_outputs(self.n_outputs)
        except Misfit as error:
            raise error if error.field == "scheme" else error.below("network") from None
        self._fits_robustness(task)
        return self

    def _fits_robustness(self, task: str) -> None:
        """Say whether the inputs can be hardened, and the flow asked to come to rest."""
        name, staged = self.hardening.name, self.network.entry.staged
        why = hardening.unfit(name, task=task, n_outputs=self.n_outputs, staged=staged)
        if why:
            raise Misfit("hardening", why, HardeningSlot(name="none"))
        fit_regularizer(self.regularizer, self.network, self.scheme)

    def _fits_stages(self) -> None:
        """Say whether this can be trained on what is left, stage by stage."""
        staged = f"with {self.network.name!r}, whose stages learn what is left"
        if self.loss.name != "mean_square":
            text = f"{self.loss.name!r} is not legal {staged}; legal is mean_square"
            raise Misfit("loss", text, LossSlot(name="mean_square"))
        if self.early_stop:
            text = f"true is not legal {staged} for a fixed number of epochs each; legal is false"
            raise Misfit("early_stop", text, False)
        # What is left was found for the images as they are, not for mirrored or shifted ones.
        for name, none in (("flip", False), ("crop", 0)):
            value = getattr(self.data.options, name, none)
            if value != none:
                text = f"{value} is not legal {staged} of unchanged images; legal is {none}".lower()
                raise Misfit(f"data.{name}", text, none)

    @property
    def n_features(self) -> int:
        """Number of inputs of the data."""
        return self.data.entry.n_features(self.data.options)

    @property
    def n_outputs(self) -> int:
        """Number of outputs of the net: classes, or target components."""
        return self.data.entry.n_outputs(self.data.options)

    @property
    def task(self) -> str:
        """``classification`` or ``regression``."""
        return self.data.entry.task_of(self.data.options)

    @property
    def split_sizes(self) -> tuple[int, int]:
        """Numbers of training and validation points that are really had: a table has only so many.

        Where the table is not on this server they are those that were asked for.
        """
        asked = (self.n_train, self.n_validation)
        try:
            return self.data.entry.split_sizes(self.data.options, *asked)
        except TableMissing:
            return asked

    def to_query(self) -> dict[str, str]:
        """Return the experiment as flat text, for a link; ``from_query`` reads it back."""
        return query.write(self)

    @classmethod
    def from_query(cls, values: Mapping[str, Any]) -> tuple[Experiment, list[str]]:
        """Read a link leniently.

        Args:
            values: Names and texts; a list of texts counts by its last one.

        Returns:
            The experiment and what had to be said: unknown names are ignored, values out of range
            are brought to the nearest legal one, the rest falls back to its default.
        """
        experiment, notes = _read(cls, values)
        return experiment, [str(note) for note in notes]

    @classmethod
    def from_stored(cls, text: str) -> tuple[Experiment, list[str]]:
        """Read JSON leniently: an experiment that another version of the program has written.

        Args:
            text: What ``model_dump_json`` returned, then or now; anything else is said to be junk.

        Returns:
            The experiment and what had to be said, as ``from_query`` does; nothing is said of JSON
            that is legal today.
        """
        try:
            return cls.model_validate_json(text), []
        except ValidationError:
            pass
        try:
            tree = json.loads(text)
        except (ValueError, RecursionError):
            tree = None
        if not isinstance(tree, dict):
            return cls(), ["this is no experiment in JSON; defaults are used"]
        return cls.from_query(query.flatten(tree))

    def adapted(self, values: Mapping[str, Any]) -> tuple[Experiment, list[str]]:
        """Return a copy with fields set by their dotted names, and the others made to fit them.

        Choosing a slot anew (``network=mlp``) brings that slot's options to their defaults. What no
        longer fits beside the new values (the width, when the data have more inputs) is brought to
        the nearest that does.

        Returns:
            The copy, and what had to change besides.

        Raises:
            ValueError: If one of the new values is unknown or not legal; the message says which, and
                what is legal.
        """
        experiment, notes = self._with(values)
        refused = [note.wrong for note in notes if _concerns(note, values)]
        if refused:
            raise ValueError("; ".join(refused))
        return experiment, [str(note) for note in notes]

    def amended(self, values: Mapping[str, Any]) -> Experiment:
        """Return a copy with fields set by their dotted names, as ``--set network.depth=5`` does.

        Choosing a slot anew (``network=mlp``) brings that slot's options to their defaults.

        Raises:
            ValueError: If a name is unknown, or a value is not legal or does not fit the others; the
                message says which, and what is legal.
        """
        experiment, notes = self._with(values)
        if notes:
            raise ValueError("; ".join(note.wrong for note in notes))
        return experiment

    def _with(self, values: Mapping[str, Any]) -> tuple[Experiment, list[query.Note]]:
        chosen = tuple(f"{name}." for name in values if name in type(self).model_fields)
        kept = {k: v for k, v in self.to_query().items() if not k.startswith(chosen)}
        return _read(type(self), {**kept, **values})


def _read(kind: type[Experiment], values: Mapping[str, Any]) -> tuple[Experiment, list[query.Note]]:
    # Where choices do not fit together the scheme goes first, so that the network may stay.
    return query.read(kind, values, suspects=("scheme", "network", "data"))


def _concerns(note: query.Note, values: Mapping[str, Any]) -> bool:
    """Return whether a note is on one of these values, or on the slot that one of them is in."""
    below = f"{note.field}."
    return not note.field or any(name == note.field or name.startswith(below) for name in values)
