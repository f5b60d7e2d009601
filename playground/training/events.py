"""The events that a training yields: what happened, as plain values.

The stream is ``Started``, then ``Metrics``, ``Snapshot``, ``Checkpoint`` and ``Live`` in any number,
then exactly one ending: ``Finished``, ``Stopped``, ``Paused``, ``Diverged`` or ``Failed``. Failures are
values, never exceptions, and every ending says why in words. All events but ``Live`` depend on the
experiment, its amendments, the path and the device only, apart from the times inside them and from
the axes of the last picture in a checkpoint.
"""

from __future__ import annotations

from dataclasses import dataclass, field

Changes = dict[str, float | str]


@dataclass(frozen=True)
class Started:
    """The training begins or goes on.

    Attributes:
        device: Torch's name of the device, such as ``cpu`` or ``cuda``.
        reason: Why this device and this path, in words.
        path: Which implementation steps the weights (``torch`` or ``fused``).
        parameters: Number of trainable parameters.
        step: Optimiser step at which this part begins, 0 for a fresh run.
        notices: What should be said early, such as a step size outside the stability interval.
    """

    device: str
    reason: str
    path: str
    parameters: int
    step: int = 0
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Metrics:
    """Figures at one step; losses and accuracies are of the whole sets, accuracies in [0, 1].

    Attributes:
        step: Optimiser steps taken.
        epoch: Epochs done, with its fraction inside an epoch.
        train_loss: Loss on the training set, penalties left out.
        validation_loss: The same on the validation set.
        train_accuracy: Share of right answers, ``None`` for regression.
        validation_accuracy: The same on the validation set.
        nfe_forward: Evaluations of the field in one forward pass of one batch.
        nfe_backward: The same in the backward pass; vector-Jacobian products without an adjoint.
        learning_rate: The rate in force.
        gradient_norm: Euclidean norm of the last batch's gradient before clipping.
        seconds: Time spent training so far, pauses left out.
        samples_per_second: Training samples used in a second since the last metrics.
    """

    step: int
    epoch: float
    train_loss: float
    validation_loss: float
    train_accuracy: float | None
    validation_accuracy: float | None
    nfe_forward: int
    nfe_backward: int
    learning_rate: float
    gradient_norm: float
    seconds: float
    samples_per_second: float


@dataclass(frozen=True)
class Snapshot:
    """The weights at one step, to be kept: the net as it is judged, as safetensors.

    Views are drawn from them when somebody wants to see them (``playground.training.retelling``), not
    while the training runs, which they would slow down by a multiple.
    """

    step: int
    epoch: float
    weights: bytes


@dataclass(frozen=True)
class Live:
    """The views now, for whoever is looking; replaces the one before and is not kept."""

    step: int
    epoch: float
    frame: bytes


@dataclass(frozen=True)
class Checkpoint:
    """Everything that is needed to go on bit for bit: weights, optimiser, sampler, generators."""

    step: int
    epoch: float
    payload: bytes


@dataclass(frozen=True)
class Amendment:
    """A change that took effect before the step after ``step``: ``{field: value}``.

    People change the ``learning_rate``; the training itself changes its ``path``.
    """

    step: int
    changes: Changes = field(default_factory=dict)


@dataclass(frozen=True)
class Finished:
    """The training reached its end."""

    step: int
    reason: str


@dataclass(frozen=True)
class Stopped:
    """Somebody ended the training."""

    step: int
    reason: str


@dataclass(frozen=True)
class Paused:
    """Somebody halted the training; the checkpoint before this event lets it go on."""

    step: int
    reason: str


@dataclass(frozen=True)
class Diverged:
    """The loss or the features grew without bound; ``reason`` says when and what to try."""

    step: int
    reason: str


@dataclass(frozen=True)
class Failed:
    """Something broke; ``reason`` says what."""

    step: int
    reason: str


Event = (
    Started
    | Metrics
    | Snapshot
    | Live
    | Checkpoint
    | Amendment
    | Finished
    | Stopped
    | Paused
    | Diverged
    | Failed
)
ENDINGS = (Finished, Stopped, Paused, Diverged, Failed)
