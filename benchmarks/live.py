"""What watching costs, in units of one optimiser step of the default experiment by torch."""

from __future__ import annotations

import copy
from collections.abc import Callable

from playground.analysis.views import draw, predict
from playground.experiment import Experiment
from playground.training.control import View
from playground.training.painter import make_scene, quick_to_draw
from playground.training.paths import Reader
from playground.training.trainer import Trainer

Parts = dict[str, Callable[[], object]]


def boundary() -> Parts:
    """The map of 10,000 cells, as trained and as drawn, against one step."""
    trainer = Trainer(Experiment())
    scene = make_scene(trainer, View())
    quick = quick_to_draw(copy.deepcopy(trainer.net))
    compiled = Reader(trainer.net)
    return {
        "optimiser step": trainer.advance,
        "map by the net as it trains": lambda: predict(trainer.net, scene.cells),
        "map by the copy for drawing": lambda: predict(quick, scene.cells),
        "map by compiled kernels": lambda: predict(compiled, scene.cells),
    }


def frame() -> Parts:
    """A whole live frame, packed, against one step."""
    trainer = Trainer(Experiment())
    scene = make_scene(trainer, View())
    quick = quick_to_draw(copy.deepcopy(trainer.net))
    compiled = Reader(trainer.net)
    figures = {"step": 0, "epoch": 0.0}
    return {
        "optimiser step": trainer.advance,
        "evaluation on both sets": trainer.evaluate,
        "live frame by torch": lambda: draw(quick, scene, figures).pack(),
        "live frame by compiled kernels": lambda: draw(compiled, scene, figures).pack(),
    }


def resume() -> Parts:
    """Saving and restoring a checkpoint against one step."""
    trainer = Trainer(Experiment())
    trainer.advance()
    payload = trainer.save()
    return {
        "optimiser step": trainer.advance,
        "save": trainer.save,
        "restore": lambda: trainer.restore(payload),
    }
