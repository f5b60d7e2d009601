"""Figure 2 of the survey on neural ODEs, computed: two points on a line that have to change places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from playground.experiment import Experiment
from playground.integrators import solve
from playground.papers.followed import Followed, follow
from playground.papers.found import Found, Panel
from playground.papers.paper import Order, Tell
from playground.papers.seed_003 import EULER, IDENTITY, ODE, PAIR, WIDE
from playground.training.studies import stored_net

_FINE = 200  # steps of the classical method that stand for the exact solution
_STEPS = 3  # of Euler
_BASE: dict[str, Any] = {
    "loss": "mean_square",
    "network": "neural_ode",
    "network.head": "none",
    "network.horizon": 1,
    "network.hidden": 16,
    "network.time_dependent": True,
    "n_train": 60,
    "n_validation": 60,
    "batch_size": 20,
    "optimizer": "adam",
    "optimizer.learning_rate": 0.02,
}
_KINDS: dict[str, dict[str, Any]] = {
    ODE: {"data": "reflection_1d", "scheme": "rk4", "network.depth": 10, "network.width": 1},
    EULER: {
        "data": "reflection_1d",
        "scheme": "euler",
        "network.depth": _STEPS,
        "network.width": 1,
    },
    IDENTITY: {"data": "identity_1d", "scheme": "rk4", "network.depth": 10, "network.width": 1},
    WIDE: {"data": "reflection_1d", "scheme": "rk4", "network.depth": 10, "network.width": 2},
}


def experiment(kind: str, seed: int, epochs: int = 60) -> Experiment:
    """Return the training of one row of the figure."""
    fields = {**_BASE, **_KINDS[kind], "epochs": epochs, "weight_seed": seed}
    return Experiment().amended({name: str(value) for name, value in fields.items()})


def paths(one: Followed, scheme: str = "", steps: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return times ``(n + 1,)`` and the states that begin at −1 and 1 ``(n + 1, 2, width)``.

    Args:
        one: A training.
        scheme: In the place of its own.
        steps: Likewise.
    """
    net = stored_net(one.experiment, one.checkpoint).double()
    with torch.no_grad():
        start = net.lift(torch.tensor([[-1.0], [1.0]], dtype=torch.float64))
        times, states = solve(
            net.field,
            start,
            0.0,
            net.horizon,
            steps or net.n_steps,
            scheme or one.experiment.scheme.name,
        )
    return np.asarray(times, float), np.asarray(states, float)


def crossings(first: np.ndarray, second: np.ndarray) -> int:
    """Return how often two paths on a line change their order; to meet is no crossing."""
    signs = np.sign(first - second)
    signs = signs[signs != 0]
    return int(np.count_nonzero(signs[1:] != signs[:-1]))


def compute(order: Order, tell: Tell, epochs: int = 60) -> Found:
    """Train four nets for each weight seed, and look at the paths of −1 and 1 in them."""
    seeds = range(1, order.repetitions + 1)
    named = [
        (f"{kind}, seed {seed}", experiment(kind, seed, epochs))
        for seed in seeds
        for kind in _KINDS
    ]
    ended = follow(named, tell)
    values: dict[tuple[str, str, str], list[float | None]] = {}
    every: list[dict[str, Followed]] = []
    for i in range(len(seeds)):
        nets = dict(zip(_KINDS, ended[i * len(_KINDS) : (i + 1) * len(_KINDS)]))
        every.append(nets)
        for kind, one in nets.items():
            exact = kind != EULER
            _, states = paths(one, *(("rk4", _FINE) if exact else ()))
            if kind != WIDE:
                across = crossings(states[:, 0, 0], states[:, 1, 0])
                values.setdefault(("crossings", kind, PAIR), []).append(float(across))
            values.setdefault(("error", kind, PAIR), []).append(one.last.validation_loss)
    runs = tuple(
        one.told(kind, PAIR, i + 1) for i, nets in enumerate(every) for kind, one in nets.items()
    )
    return Found(values, _panels(every[0]), _notes(every), runs)


def _rows() -> dict[str, list]:
    return {name: [] for name in ("kind", "x", "y", "x2", "y2", "t", "path", "series", "style")}


def _add(rows: dict[str, list], **values: Any) -> None:
    for name, column in rows.items():
        column.append(values.get(name))


def _add_paths(
    rows: dict[str, list], times: np.ndarray, states: np.ndarray, style: str, place: int = 0
) -> None:
    """Add the paths of −1 and 1 over the time."""
    for i, name in enumerate(("from −1", "from 1")):
        for t, value in zip(times, states[:, i, place]):
            _add(
                rows,
                kind="path",
                x=float(t),
                y=float(value),
                t=float(t),
                path=f"{name}, {style}",
                series=name,
                style=style,
            )


def _add_field(rows: dict[str, list], one: Followed, reach: float = 1.5) -> None:
    """Add the direction (1, f(t, h)) on a grid, all arrows as long on the screen."""
    net = stored_net(one.experiment, one.checkpoint).double()
    heights = np.linspace(-reach, reach, 15)
    for t in np.linspace(0, 0.96, 17):
        with torch.no_grad():
            speeds = net.field(float(t), torch.from_numpy(heights)[:, None])[:, 0].numpy()
        for h, speed in zip(heights, speeds):
            along, up = np.array([1.0, speed / (2 * reach)]) / np.hypot(1.0, speed / (2 * reach))
            end = (float(t + 0.035 * along), float(h + 0.035 * 2 * reach * up))
            _add(rows, kind="arrow", x=float(t), y=float(h), x2=end[0], y2=end[1], series="field")


def _panels(nets: Mapping[str, Followed]) -> tuple[Panel, ...]:
    options = {"x": "time t", "y": "h(t)"}
    wanted = _rows()
    ends = np.array([[-1.0, 1.0], [1.0, -1.0]])[..., None]
    _add_paths(wanted, np.array([0.0, 1.0]), ends, "wanted")
    both = _rows()
    _add_paths(both, *paths(nets[EULER], "rk4", _FINE), "ODE")
    _add_paths(both, *paths(nets[EULER]), f"Euler, {_STEPS} steps")
    made = [
        Panel(
            "What g₁d asks for",
            "flow",
            wanted,
            options,
            "−1 has to become 1, and 1 to become −1: continuous paths must cross.",
        ),
        Panel(
            "Solutions (solid) and Euler's steps (dashed)",
            "flow",
            both,
            options,
            f"One field, learnt with {_STEPS} steps of Euler. The steps jump over each other; the true "
            "solutions of the same field keep their order.",
        ),
    ]
    for kind, title in ((IDENTITY, "Learnt from the identity"), (ODE, "Learnt from g₁d")):
        rows = _rows()
        _add_field(rows, nets[kind])
        _add_paths(rows, *paths(nets[kind], "rk4", _FINE), "ODE")
        caption = f"Mean square error {nets[kind].last.validation_loss:.2g}."
        if kind == ODE:
            caption += " The best that keeps the order is to bring both to 0, which costs 1."
        made.append(Panel(title, "flow", rows, options, caption))
    rows = _rows()
    _add_paths(rows, *paths(nets[WIDE], "rk4", _FINE), "ODE")
    error = nets[WIDE].last.validation_loss
    caption = f"With one more dimension they pass each other in the plane: error {error:.2g}."
    made.append(
        Panel("g₁d with one more dimension", "flow", rows, {**options, "y": "h₁(t)"}, caption)
    )
    return tuple(made)


def _notes(every: Sequence[Mapping[str, Followed]]) -> tuple[str, ...]:
    errors = {kind: [nets[kind].last.validation_loss for nets in every] for kind in _KINDS}
    exact = [crossings(*paths(nets[EULER], "rk4", _FINE)[1][:, :, 0].T) for nets in every]
    return (
        f"The true solutions of the fields that were learnt with Euler's {_STEPS} steps cross "
        f"{sum(exact)} times in {len(every)} nets.",
        "Mean square errors: "
        + "; ".join(f"{kind} {', '.join(f'{e:.2g}' for e in row)}" for kind, row in errors.items())
        + ".",
    )
