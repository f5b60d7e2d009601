"""Retelling: the views of a training that rests, drawn from the weights that it kept."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import numpy as np

from playground.analysis.frames import Frames, stack
from playground.analysis.views import Scene, draw
from playground.experiment import Experiment
from playground.integrators import SolverFailure
from playground.training import checkpoints
from playground.training.control import View
from playground.training.denormals import flushed
from playground.training.events import Snapshot
from playground.training.painter import finite, make_scene, quick_to_draw
from playground.training.trainer import Trainer

BUDGET_SECONDS = 10.0  # for a whole recording


def retell(
    experiment: Experiment,
    snapshots: Sequence[Snapshot],
    *,
    checkpoint: bytes | None = None,
    view: View | None = None,
    seconds: float = BUDGET_SECONDS,
) -> Frames | None:
    """Draw a recording of a training from its beginning to where it rests.

    It depends on the run and the view alone: the signs of the axes follow from frame to frame, from
    the first one on. What takes longer than the budget is drawn with fewer frames, both ends included.

    Args:
        experiment: What was trained.
        snapshots: The kept weights in the order of their steps.
        checkpoint: Where the run rests, if that is beyond its last snapshot.
        view: What to show; the first two inputs when absent.
        seconds: For how long this may draw, more or less.

    Returns:
        The frames; ``None`` where there are fewer than two that can be drawn.

    Raises:
        ValueError: If weights, checkpoint or view do not fit the experiment.
    """
    trainer = Trainer(experiment)
    told = list(snapshots)
    if checkpoint is not None:
        trainer.restore(checkpoint)  # also takes the path that the run was on
        if trainer.step > (told[-1].step if told else -1):
            told.append(Snapshot(trainer.step, trainer.epoch, trainer.weights_now()))
    scene = make_scene(trainer, view or View())
    parts = [part for part in _drawn(trainer, scene, told, seconds) if part is not None]
    return stack(parts) if len(parts) > 1 else None


def _drawn(
    trainer: Trainer, scene: Scene, told: Sequence[Snapshot], seconds: float
) -> Iterator[Frames | None]:
    """Draw snapshots in order, as many as there is time for."""
    began, place = time.perf_counter(), 0
    while place < len(told):
        yield _frame(trainer, scene, told[place])
        rest = len(told) - 1 - place
        pace = (time.perf_counter() - began) / (place + 1)
        left = max(1.0, (seconds - (time.perf_counter() - began)) / pace)
        place += max(1, min(rest, int(np.ceil(rest / left)))) if rest else 1


def _frame(trainer: Trainer, scene: Scene, snapshot: Snapshot) -> Frames | None:
    """Draw one snapshot; ``None`` where the solver gives up on a point of the map."""
    try:
        trainer.net.load_state_dict(checkpoints.unpack_weights(snapshot.weights))
    except RuntimeError as error:
        raise ValueError(f"the weights of step {snapshot.step} do not fit: {error}") from error
    scene.reference = scene.basis
    net = trainer.paths.reader_of(trainer.net) or quick_to_draw(trainer.net)
    try:
        figures = trainer.judged()
        with flushed():
            place = {"step": snapshot.step, "epoch": round(snapshot.epoch, 4), "title": ""}
            return draw(net, scene, finite({**figures, **place}))
    except SolverFailure:
        return None
