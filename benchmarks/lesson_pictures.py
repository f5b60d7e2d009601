"""Pictures of the lessons that embed a laboratory; ``benchmarks.pictures`` makes them."""

from __future__ import annotations

import numpy as np
import torch

from benchmarks.makers import picture, points_of, trained
from benchmarks.tile import BACK, BLUE, GREEN, INK, ORANGE, PINK, YELLOW, Colour, Tile
from playground.analysis.convergence import measure, reference
from playground.analysis.learned import flow
from playground.attacks import pgd
from playground.experiment import Experiment
from playground.integrators.printed import as_written
from playground.systems import SYSTEMS
from playground.training import dynamics, events, multi_stage, train
from playground.training.attention_views import looks
from playground.training.checkpoints import unpack
from playground.training.dynamics_settings import Dynamics

GRID = (44, 54, 72)
"""A line that only guides the eye."""


def lecture(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return points and values of the function that the lecture on multi-stage nets fits."""
    x = np.linspace(-1, 1, count)
    return x, np.sin(2 * x + 1) + 0.2 * np.exp(1.3 * x)


def frame(tile: Tile) -> None:
    """Draw the left and the lower edge of the panel."""
    left, right, bottom, top = tile.box
    tile.line(np.array([left, left, right]), np.array([top, bottom, bottom]), INK, 1)


def pixels(colours: np.ndarray) -> np.ndarray:
    """Return colours ``(h, w, 3)`` of which each fills a sharp rectangle."""
    return np.kron(colours, np.ones((24, 24, 1)))


def shaded(colour: Colour, strength: np.ndarray) -> np.ndarray:
    """Return colours ``(…, 3)`` from the background (0) to a colour (1)."""
    share = np.clip(strength, 0, 1)[..., None]
    return (1 - share) * np.array(BACK) + share * np.array(colour)


@picture("lesson-multi-stage")
def stages(tile: Tile) -> None:
    """What one net leaves of a function, and what a second one leaves of that, by its powers of ten."""
    made = multi_stage.fit(*lecture(300), stages=2, adam=2000, lbfgs=0, seed=1)
    x, u = lecture(1200)
    with torch.no_grad():
        sums = [part.numpy()[:, 0] for part in made.net.states(torch.from_numpy(x[:, None]))]
    left = [np.log10(np.abs(u - part) + 1e-12) for part in sums]
    tile.colours = 256
    tile.panel((-1, 1, -7, 0.6))
    gx, gy = tile.grid(480, 480)
    colours = np.broadcast_to(np.array(BACK, float), (480, 480, 3)).copy()
    for curve, colour in zip(left, (INK, BLUE, ORANGE)):
        below = gy[:, None] < np.interp(gx, x, curve)
        depth = 0.18 + 0.4 * np.clip(1 + (gy[:, None] - np.interp(gx, x, curve)) / 1.6, 0, 1)
        colours[below] = shaded(colour, depth)[below]
    tile.field(colours)
    for curve, colour in zip(left, (INK, BLUE, ORANGE)):
        tile.line(x, curve, colour, 1.6)


@picture("lesson-plateau")
def plateau(tile: Tile) -> None:
    """The same training twice: L-BFGS sees the loss as it is and stalls, or divided and falls on."""
    curves = []
    for scale in ("none", "current"):
        made = multi_stage.fit(
            *lecture(300), stages=1, adam=1000, lbfgs=1000, scale_loss=scale, seed=1
        )
        curves.append(np.log10(made.losses[0]))
    quasi = 1000 + 10 * np.arange(len(curves[0]) - 1000)
    x = np.concatenate([np.arange(1000), quasi])
    tile.panel((0, 2000, -9, 0.5), margin=14)
    for level in range(-8, 1, 2):
        tile.line(np.array([0, 2000]), np.array([level, level]), GRID, 1)
    frame(tile)
    for curve, colour in zip(curves, (BLUE, ORANGE)):
        tile.line(x[1000:], curve[1000:], colour, 3)
        tile.points(x[-1:], curve[-1:], colour, 5)
    tile.line(x[:1001], curves[0][:1001], INK, 3)


@picture("lesson-masked")
def masked(tile: Tile) -> None:
    """Accuracy over ε by PGD: on the cross-entropy, and on the margin with five tries."""
    experiment, net, _ = trained(
        data="donut_2d",
        n_train=500,
        n_validation=300,
        network="mlp",
        network__width=64,
        network__depth=3,
        network__activation="relu",
        optimizer__learning_rate=0.02,
        batch_size=100,
        epochs=400,
        weight_seed=2,
    )
    x, y = (torch.as_tensor(part) for part in points_of(experiment, 300))
    radii = np.linspace(0, 4, 33)
    kinds = {"ce": {"loss": "ce"}, "margin": {"loss": "margin", "restarts": 5}}
    held = {}
    for kind, options in kinds.items():
        found = []
        for eps in radii:
            moved = pgd(
                net, x, y, eps=float(eps), steps=20, clip=None, random_start=False, **options
            )
            with torch.no_grad():
                found.append(float((net(moved).argmax(1) == y).float().mean()))
        held[kind] = np.array(found)
    tile.panel((0, 4, 0, 1.04), margin=14)
    gx, gy = tile.grid(452, 212)
    upper, lower = (np.interp(gx, radii, held[kind]) for kind in ("ce", "margin"))
    between = (gy[:, None] < upper) & (gy[:, None] > lower)
    tile.field(shaded(PINK, 0.3 * between))
    frame(tile)
    tile.line(radii, held["ce"], BLUE, 3)
    tile.line(radii, held["margin"], ORANGE, 3)


@picture("lesson-lookahead")
def lookahead(tile: Tile) -> None:
    """Fast weights that stagger over the loss by noisy gradients, and the slow ones in their midst.

    Two weights tell moons apart; each gradient is of three of the points.
    """
    rate, period, rounds, start = 4.0, 6, 9, np.array([-2.9, -3.6])
    x, y = points_of(Experiment().amended({"data": "moons"}), 200)
    x = (x - x.mean(0)).astype(float) @ np.array([[0, 1], [-1, 0]])
    sign = 2.0 * y - 1

    def loss(w: np.ndarray) -> np.ndarray:
        return np.logaddexp(0, -(w @ x.T) * sign).mean(-1)

    tile.colours = 256
    tile.panel((-3.4, 6.0, -4.2, 3.4))
    gx, gy = tile.grid(240, 120)
    height = np.log(loss(np.stack(np.meshgrid(gx, gy), -1)))
    height = (height - height.min()) / np.ptp(height)
    tile.field(shaded(BLUE, 0.05 + 0.8 * np.floor(height**0.8 * 14) / 14))
    random = np.random.default_rng(7)
    slow = [start]
    for _ in range(rounds):
        fast = [slow[-1]]
        for _ in range(period):
            some = random.choice(len(x), 3, replace=False)
            wrong = -sign[some] / (1 + np.exp(sign[some] * (x[some] @ fast[-1])))
            fast.append(fast[-1] - rate * wrong @ x[some] / 3)
        slow.append(slow[-1] + 0.5 * (fast[-1] - slow[-1]))
        way = np.array(fast)
        tile.line(*way.T, ORANGE, 2)
        tile.points(*way[1:].T, ORANGE, 3)
    way = np.array(slow)
    tile.line(*way.T, YELLOW, 3.4)
    tile.points(*way.T, YELLOW, 5)


@picture("lesson-attention")
def attention(tile: Tile) -> None:
    """A digit, and beside it how much attention each of its rows has over the time of the flow."""
    fields = {
        "data": "digits",
        "n_train": 1400,
        "n_validation": 390,
        "network": "ode_attention",
        "network.encoding": "rows",
        "optimizer.learning_rate": 0.01,
        "schedule": "cosine",
        "batch_size": 64,
        "epochs": 15,
    }
    experiment = Experiment().amended({name: str(value) for name, value in fields.items()})
    *_, kept = (event for event in train(experiment) if isinstance(event, events.Checkpoint))
    weights = dict(unpack(kept.payload)[1])
    seen = looks(experiment.amended({"network.n_times": "31"}), weights, 22)
    tile.colours = 256
    tile.panel((0, 8, 0, 8), (0, 2))
    tile.field(pixels(shaded(BLUE, 0.05 + 0.9 * seen.image))[::-1])
    tile.panel((0, 1, 0, 8), (1, 2))
    strength = (seen.weights / seen.weights.max()) ** 0.8
    tile.field(pixels(shaded(YELLOW, 0.04 + 0.96 * strength))[::-1])


@picture("lesson-order")
def order(tile: Tile) -> None:
    """Errors of Heun's method with a wrong node over the step, on three problems."""
    a, b = np.array([[0, 0], [1, 0]], float), np.array([0.5, 0.5])
    solver = as_written(a, b, np.array([0, 0.5]))
    found = {}
    for name in ("decay", "cosine", "logistic"):
        entry = SYSTEMS[name]
        steps = tuple(2**k for k in range(3, 11))
        made = measure(entry.problem(), entry.start, entry.horizon, solver, steps)
        found[name] = np.log10([[each.step, each.error] for each in made])
    every = np.concatenate(list(found.values()))
    (left, bottom), (right, top) = every.min(0) - 0.25, every.max(0) + 0.25
    tile.panel((left, right, bottom, top), margin=10)
    for at in np.arange(np.ceil(left), right):
        tile.line(np.array([at, at]), np.array([bottom, top]), GRID, 1)
    for at in np.arange(np.ceil(bottom), top):
        tile.line(np.array([left, right]), np.array([at, at]), GRID, 1)
    frame(tile)
    for curve, colour in zip(found.values(), (BLUE, ORANGE, GREEN)):
        tile.line(*curve.T, colour, 2.6)
        tile.points(*curve.T, colour, 5)


@picture("lesson-dynamics")
def fields(tile: Tile) -> None:
    """Paths of predator and prey, and those of a net that has seen samples of a single one."""
    settings = Dynamics.model_validate(
        {"problem": {"name": "lotka_volterra"}, "iterations": 400, "n_trajectories": 1}
    )
    observed = dynamics.observed_of(settings)
    *_, kept = (each for each in dynamics.fit(settings) if isinstance(each, dynamics.Weights))
    net = dynamics.field_of(settings, observed, kept.payload)
    low, high = observed.box(0.2)
    starts = np.linspace((2.4, 0.9), (7.4, 0.9), 7)
    times = np.tile(np.linspace(0, 14, 561), (len(starts), 1))
    for place in (0, 1):
        tile.panel((low[0], high[0], low[1], high[1]), (place, 2))
        if place:
            paths = flow(net, starts, times)
        else:
            paths = np.array([reference(observed.problem, s, times[0]) for s in starts])
        for path in paths:
            tile.line(*path.T, INK, 1.2)
        seen = observed.truth[0] if place == 0 else flow(net, observed.starts, observed.grid)[0]
        tile.line(*seen.T, BLUE, 2.8)
    tile.points(*observed.trained(0)[1].T, ORANGE, 3)
