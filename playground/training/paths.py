"""Which implementation takes the steps of a training: torch, or the compiled kernels of ``fused``.

Small nets on a CPU are bound by the dispatch of thousands of tiny operators, which compiled kernels do
away with (``python -m playground bench rk``). From some hundred components a layer on, and on a GPU,
torch's own kernels are as fast or faster.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from torch import Tensor, nn

from playground import fused
from playground.training.kernel_stepper import KernelStepper, inner_of
from playground.training.steppers import Taken, TorchStepper

if TYPE_CHECKING:
    from playground.training.trainer import Trainer

TORCH, FUSED = "torch", "fused"


class Stepper(Protocol):
    """Anything that takes optimiser steps."""

    def advance(self, limit: int) -> Taken:
        """Take at least one step, and at most ``limit``."""
        ...


class Paths:
    """The implementations that a training may use, and the one that it does.

    A training never waits for a compilation: it starts with torch, and goes over at the end of an
    epoch once the kernels are ready. The step at which it does is recorded with the run.

    Args:
        trainer: The training.
    """

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        self.obstacle = _obstacle(trainer)
        self._plan = None if self.obstacle else fused.plan(trainer.net)
        self._use(TORCH)

    def start(self, anew: bool) -> None:
        """Choose the path of the first step; ``anew`` unless the run's own record says otherwise."""
        if self._plan is not None and not fused.ready(self._plan):
            fused.prepare(self._plan)
        elif anew and self.better():
            self._use(FUSED)

    def better(self) -> str | None:
        """Return the name of a better path that is ready now, ``None`` if there is none."""
        waiting = self.name == TORCH and self._plan is not None
        return FUSED if waiting and fused.ready(self._plan) else None

    def take(self, name: str) -> None:
        """Go over to a path; waits until it is compiled.

        Raises:
            ValueError: If the net cannot take it.
        """
        if name == FUSED and self._plan is None:
            raise ValueError(f"path: {name!r} is not legal here: {self.obstacle}")
        if name not in (TORCH, FUSED):
            raise ValueError(f"path: {name!r} is not legal; {TORCH!r} and {FUSED!r} are")
        if name != self.name:
            self._use(name)

    def _use(self, name: str) -> None:
        trainer, plan = self._trainer, self._plan
        self.name = name
        if name == FUSED:
            inside = fused.unsupported_optimizer(inner_of(trainer.optimizer)) is None
            self.stepper: Stepper = (
                KernelStepper(trainer, plan)
                if inside
                else TorchStepper(trainer, partial(fused.forward, plan))
            )
            self.reader: Any = Reader(trainer.net)
        else:
            self.stepper, self.reader = TorchStepper(trainer), trainer.net

    def reader_of(self, twin: nn.Module) -> Reader | None:
        """Return what looks at a copy of the net by compiled kernels, ``None`` on other paths."""
        return Reader(twin) if self.name == FUSED else None

    @property
    def reason(self) -> str:
        """Why this path, in words."""
        if self.name == FUSED:
            return "compiled kernels, because the net is small"
        if self.obstacle:
            return f"stepped by torch, because {self.obstacle}"
        return "stepped by torch until the compiled kernels are ready"


def _obstacle(trainer: Trainer) -> str | None:
    """Return why a training cannot use compiled kernels, in words."""
    if trainer.experiment.path == TORCH:
        return "it was chosen"
    if trainer.device != "cpu":
        return "the kernels are compiled for the CPU"
    if trainer.precision.half is not None:
        return "the kernels know no half precision"
    if trainer.augmentation is not None:
        return "the images of each batch are changed at random"
    experiment = trainer.experiment
    for words in (experiment.hardening.entry.words, experiment.regularizer.entry.words):
        if words:
            return words
    return fused.unsupported(trainer.net)


class Reader:
    """A net for those who only look: its outputs and trajectories come from compiled kernels.

    Args:
        net: The net, whose parameters are looked up anew for every call.
    """

    def __init__(self, net: nn.Module) -> None:
        self._net = net
        self._plan = fused.plan(net)

    def __call__(self, x: Tensor) -> Tensor:
        """Return the outputs ``(batch, n_outputs)``."""
        return fused.predict(self._plan, x)

    def trajectory(self, x: Tensor) -> Tensor:
        """Return the features at every layer, ``(layers + 1, batch, width)``."""
        return fused.trajectory(self._plan, x)

    def __getattr__(self, name: str) -> Any:
        """Leave everything else to the net."""
        return getattr(self._net, name)
