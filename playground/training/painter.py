"""Drawing beside the training: views of a copy of the weights, made in a thread of their own.

The map of a deep net costs as much as a dozen optimiser steps. Its large kernels release the interpreter,
so that a second thread draws while the first one goes on training.
"""

from __future__ import annotations

import copy
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import torch

from playground.analysis.views import Scene, draw
from playground.integrators import SolverFailure
from playground.optimizers import evaluated
from playground.training.control import View

if TYPE_CHECKING:
    from playground.training.trainer import Trainer


class Painter:
    """Draws one frame at a time of a training, from a copy of the weights taken when it is asked."""

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        self._twin = copy.deepcopy(trainer.net).eval()
        self._quick = quick_to_draw(copy.deepcopy(trainer.net)).eval()
        for ours, theirs in zip(_tensors(self._quick), _tensors(self._twin)):
            ours.data = theirs.data  # one copy of the weights serves both
        self._thread = ThreadPoolExecutor(1, "painter", _prepare)
        self._scenes: dict[tuple[int, int] | None, Scene] = {}
        self._job: Future[bytes | None] | None = None

    @property
    def idle(self) -> bool:
        """Whether nothing is being drawn."""
        return self._job is None or self._job.done()

    def start(self, view: View) -> Future[bytes | None]:
        """Draw the net as it is now; waits for the drawing before this one, if there is one.

        The signs of its axes follow the picture before. The result is ``None`` where an adaptive solver
        gives up on a point of the map: that says nothing about the training, whose own points may be
        integrated well.
        """
        if self._job is not None:
            self._job.result()
        trainer = self._trainer
        with evaluated(trainer.optimizer), torch.no_grad():
            for ours, theirs in zip(_tensors(self._twin), _tensors(trainer.net)):
                ours.copy_(theirs)
        figures = {"step": trainer.step, "epoch": round(trainer.epoch, 4), "title": ""}
        figures = finite({**trainer.figures, **figures})
        net = trainer.paths.reader_of(self._twin) or self._quick
        self._job = self._thread.submit(self._draw, net, view, figures)
        return self._job

    def _draw(self, net: Any, view: View, figures: dict[str, Any]) -> bytes | None:
        scene = self._scene(view)
        scene.reference = self._trainer.basis
        try:
            frame = draw(net, scene, figures).pack()
        except SolverFailure:
            return None
        self._trainer.basis = scene.basis
        return frame

    def _scene(self, view: View) -> Scene:
        """Return the scene of a view; the first two inputs for one that names what is not there."""
        features = None if view.usual else view.features
        if features not in self._scenes:
            try:
                self._scenes[features] = make_scene(self._trainer, View(features))
            except ValueError:
                self._scenes[features] = make_scene(self._trainer, View())
        return self._scenes[features]

    def close(self) -> None:
        """End the thread after what it is drawing."""
        self._thread.shutdown(wait=True)


def _prepare() -> None:
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)  # as in the thread that trains


def quick_to_draw(net: torch.nn.Module) -> torch.nn.Module:
    """Replace tanh in a net by 2/(1 + exp(-2z)) - 1, equation (2.1) of Giesecke and Kröner (2021).

    On the CPU that takes half the time for the ten thousand points of a map, and it differs by two
    units of the seventh decimal, which no picture shows. It only ever happens to copies for drawing.
    """
    for module in net.modules():
        if getattr(module, "activation", None) is torch.tanh:
            module.activation = _tanh_by_sigmoid
    return net


def _tanh_by_sigmoid(z: torch.Tensor) -> torch.Tensor:
    return torch.sigmoid(z + z).mul_(2).sub_(1)


def _tensors(net: torch.nn.Module) -> list[torch.Tensor]:
    return [*net.parameters(), *net.buffers()]


def make_scene(trainer: Trainer, view: View) -> Scene:
    """Return the scene of a training for a view.

    Raises:
        ValueError: If the view names an input that the data do not have.
    """
    return Scene(trainer.split, view.features, trainer.device, trainer.dtype)


def finite(figures: dict[str, Any]) -> dict[str, Any]:
    """Return figures with ``None`` in place of numbers that JSON cannot hold."""
    bad = (float("inf"), float("-inf"))
    return {k: None if v != v or v in bad else v for k, v in figures.items()}
