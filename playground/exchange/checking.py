"""Whether weights and checkpoints from a file belong to an experiment.

A checkpoint is trusted by whatever trains on: compiled kernels write into an optimiser's tensors by
their addresses. So each tensor has to have the size and type that this program would have given it.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from torch import Tensor, nn

from playground.experiment import Experiment
from playground.training import checkpoints, make_net
from playground.training.staged import goes_on, take_weights, trainer_of

BROKEN = (
    ValueError,
    KeyError,
    TypeError,
    IndexError,
    AttributeError,
    RuntimeError,
    RecursionError,
    OverflowError,
)
"""What reading a strange file may raise."""
_FREE = ("lr", "counter", "done", "factor")  # of an optimiser's groups, what changes on the way


class _State(BaseModel):
    """What a checkpoint holds beside tensors."""

    model_config = ConfigDict(strict=True, extra="forbid", arbitrary_types_allowed=True)

    experiment: str
    optimizer: dict[str, Any]
    step: Annotated[int, Field(ge=0, le=2**53)]
    path: Literal["torch", "fused"] = "torch"
    sampler: Annotated[list[int], Field(min_length=2, max_length=2)]
    base_rate: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    history: list[float]
    start_loss: float | None
    figures: dict[
        Literal["train_loss", "validation_loss", "train_accuracy", "validation_accuracy"],
        float | None,
    ]
    basis: Tensor | None = None
    generator: Tensor
    scaler: dict[str, float | int] | None = None
    fast: dict[str, Tensor]


class Checker:
    """The net and the optimiser of an experiment, against which files are held.

    Args:
        experiment: It must have been let in before: its net is made here.

    Raises:
        ValueError: If its net or data cannot be had.
    """

    def __init__(self, experiment: Experiment) -> None:
        self._experiment = experiment
        self._staged = experiment.network.entry.staged
        with torch.random.fork_rng(devices=[]):
            self._net = make_net(experiment)
        self._own = {name: value.clone() for name, value in self._net.state_dict().items()}
        self.parameters = sum(p.numel() for p in self._net.parameters() if p.requires_grad)

    def check_weights(self, payload: bytes) -> None:
        """Raise ValueError unless the bytes are weights of the experiment's net."""
        self._fit(checkpoints.unpack_weights(payload))

    def check_checkpoint(self, payload: bytes, step: int) -> None:
        """Raise ValueError unless the bytes are a checkpoint from which the run can go on.

        Args:
            payload: The bytes.
            step: Where the checkpoint is said to be.
        """
        try:
            tree, weights = checkpoints.unpack(payload)
            state = _State.model_validate(tree)
            self._fit(weights)
            self._fit(state.fast)
            self._check_state(state, step)
            self._check_optimizer(state)
        except ValidationError as error:
            problem = error.errors()[0]
            where = ".".join(str(part) for part in problem["loc"])
            raise ValueError(f"{where}: {problem['msg']}") from None
        except ValueError:
            raise
        except BROKEN as error:
            raise ValueError(f"it is damaged ({type(error).__name__}: {error})"[:300]) from None

    def _fit(self, weights: dict[str, Tensor]) -> None:
        """Refuse weights of another net."""
        if self._staged:
            own = {name: value for name, value in weights.items() if name in self._own}
            if len(own) < len(weights):
                raise ValueError(f"the net has no {next(iter(set(weights) - set(own)))!r}")
            take_weights(self._net, weights)  # as many stages, or fewer
        else:
            if set(weights) != set(self._own):
                wrong = min(set(weights) ^ set(self._own))
                raise ValueError(
                    f"the weights are of another net: {wrong[:80]!r} has no counterpart"
                )
            own = weights
        for name, value in own.items():
            ours = self._own[name]
            shapes = value.shape == ours.shape or (self._staged and value.ndim == ours.ndim)
            if not shapes or value.dtype != ours.dtype:
                raise ValueError(
                    f"the weights are of another net: {name!r} is {_words(value)}, not {_words(ours)}"
                )

    def _check_state(self, state: _State, step: int) -> None:
        if state.step != step:
            raise ValueError(f"it is of step {state.step}, not {step}")
        try:
            before = Experiment.model_validate_json(state.experiment)
        except ValueError:
            raise ValueError("it belongs to an experiment that cannot be read") from None
        if not goes_on(before, self._experiment):
            raise ValueError("it belongs to another experiment")
        if not all(math.isfinite(part) for part in state.sampler):
            raise ValueError("sampler is not legal")
        torch.Generator().set_state(state.generator)  # raises for what is no state
        if state.basis is not None and (
            state.basis.ndim != 2 or not state.basis.is_floating_point()
        ):
            raise ValueError(f"basis is {_words(state.basis)}; legal are axes (rows, columns)")

    def _check_optimizer(self, state: _State) -> None:
        """Refuse a state of the optimiser that the experiment's own would not have."""
        slot, weights = self._experiment.optimizer, self._weights()
        optimizer = slot.entry.make(weights, slot.options)
        for weight in weights:
            weight.grad = torch.zeros_like(weight)
        zero = sum((weight * 0).sum() for weight in weights)
        optimizer.step(lambda: zero.detach())
        _compare(state.optimizer, optimizer.state_dict(), free=slot.entry.full_batch)
        slot.entry.make(weights, slot.options).load_state_dict(state.optimizer)

    def _weights(self) -> list[nn.Parameter]:
        if self._staged:
            with torch.random.fork_rng(devices=[]):
                trainer = trainer_of(self._experiment)
            return [nn.Parameter(weight.detach().cpu().clone()) for weight in trainer.weights]
        kept = [weight for weight in self._net.parameters() if weight.requires_grad]
        return [nn.Parameter(weight.detach().clone()) for weight in kept]


def _words(value: Tensor) -> str:
    return f"{str(value.dtype).removeprefix('torch.')} of shape {tuple(value.shape)}"


def _compare(
    given: Any, own: Any, *, free: bool, where: str = "optimizer", group: bool = False
) -> None:
    """Refuse a tree that is built otherwise than an optimiser's own.

    Args:
        given: What the file says.
        own: What the optimiser has after a step.
        free: Whether states may have entries of which the own knows nothing (L-BFGS keeps what it
            has seen; torch itself checks their sizes).
        where: The place in the tree, for messages.
        group: Whether the place is within the groups of an optimiser, whose options are settings.
    """
    if isinstance(given, Tensor) or isinstance(own, Tensor):
        alike = isinstance(given, Tensor) and isinstance(own, Tensor)
        if given is not None and own is not None and not alike:
            raise ValueError(f"{where} is of another kind than this program's")
        if alike and (given.shape != own.shape or given.dtype != own.dtype):
            raise ValueError(f"{where} is {_words(given)}, not {_words(own)}")
        if given is not None and own is None and not free:
            raise ValueError(f"{where} is {_words(given)}; there should be none")
    elif isinstance(own, dict):
        if not isinstance(given, dict):
            raise ValueError(f"{where} is no mapping")
        for key, value in given.items():
            inside = group or key == "param_groups"
            name = f"{where}.{key}"[:200]
            if key in own:
                _compare(value, own[key], free=free, where=name, group=inside)
            elif group or not (free or value is None or value == {}):
                raise ValueError(f"{name} is not known")
    elif isinstance(own, list | tuple):
        if not isinstance(given, list | tuple) or len(given) != len(own):
            raise ValueError(f"{where} has another length than this program's")
        for i, (one, other) in enumerate(zip(given, own)):
            _compare(one, other, free=free, where=f"{where}[{i}]", group=group)
    elif group and where.rsplit(".", 1)[-1] not in _FREE and given != own:
        raise ValueError(f"{where} is {given!r}, not {own!r} as in the experiment"[:300])
    elif given is not None and own is not None and _number(given) != _number(own):
        raise ValueError(f"{where} is of another kind than this program's")


def _number(value: Any) -> Any:
    return "number" if isinstance(value, int | float) else type(value)
