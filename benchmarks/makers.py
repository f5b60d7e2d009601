"""What the makers of pictures share: their names, a training, the plane of a trained net."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from benchmarks.tile import BLUE, ORANGE, Tile, mixed
from playground.experiment import Experiment
from playground.training import events, train
from playground.training.studies import stored_net, validation_points

Maker = Callable[[Tile], None]
MAKERS: dict[str, Maker] = {}


def picture(name: str) -> Callable[[Maker], Maker]:
    """Add a maker of a picture under its name."""

    def added(make: Maker) -> Maker:
        MAKERS[name] = make
        return make

    return added


def trained(**fields: Any) -> tuple[Experiment, Any, list[events.Metrics]]:
    """Train an experiment; return it, its net and its metrics."""
    named = {name.replace("__", "."): str(value) for name, value in fields.items()}
    experiment, metrics, checkpoint = Experiment().amended(named), [], b""
    for event in train(experiment):
        if isinstance(event, events.Checkpoint):
            checkpoint = event.payload
        elif isinstance(event, events.Metrics):
            metrics.append(event)
    return experiment, stored_net(experiment, checkpoint), metrics


def points_of(experiment: Experiment, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Return some validation points ``(n, d)`` and their classes ``(n,)``."""
    x, y = validation_points(experiment, most)
    return x.numpy(), y.numpy()


def boundary(
    tile: Tile,
    experiment: Experiment,
    answer: Callable[[torch.Tensor], torch.Tensor],
    place: tuple[int, int],
    most: int = 160,
) -> None:
    """Draw the plane of the inputs in the colours of the answers, and some points."""
    x, y = points_of(experiment, 600)
    reach = 1.05 * float(np.percentile(np.abs(x), 99))
    tile.panel((-reach, reach, -reach, reach), place, even=True)
    gx, gy = tile.grid(120, 120)
    at = np.stack(np.meshgrid(gx, gy), -1).reshape(-1, 2)
    with torch.no_grad():
        share = answer(torch.as_tensor(at, dtype=torch.float32)).softmax(1)[:, 1].numpy()
    tile.field(mixed(share.reshape(120, 120), BLUE, ORANGE, 0.55))
    for label, colour in ((0, BLUE), (1, ORANGE)):
        mine = x[:most][y[:most] == label]
        tile.points(mine[:, 0], mine[:, 1], colour)
