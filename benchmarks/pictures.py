"""``python -m benchmarks.pictures [NAME …]``: make the pictures of lessons and laboratories anew.

Each is drawn from a result that is computed here, with fixed seeds, and written to assets/pictures.
All of them take a few minutes.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import torch

from benchmarks import lesson_pictures  # noqa: F401  (adds its makers)
from benchmarks.makers import MAKERS, boundary, picture, points_of, trained
from benchmarks.tile import BLUE, COLOURS, GREEN, INK, ORANGE, PINK, YELLOW, Tile
from playground.analysis.solutions import directions, solutions
from playground.analysis.stability import region
from playground.analysis.toy_lookahead import ToySettings, initial_weights, train_toy
from playground.analysis.trained import flow
from playground.attacks import pgd
from playground.experiment import Experiment
from playground.integrators import INTEGRATORS
from playground.systems import SYSTEMS
from playground.training import events, multi_stage, train

FOLDER = Path(__file__).resolve().parents[1] / "assets" / "pictures"


@picture("lesson-donut")
def donut(tile: Tile) -> None:
    """The same disc and ring, learned in the plane and with a third dimension."""
    for place, width in enumerate((2, 3)):
        made = trained(data="donut_2d", data__noise=0, network__width=width, network__depth=40)
        boundary(tile, made[0], made[1], (place, 2))


@picture("lesson-residual")
def residual(tile: Tile) -> None:
    """Accuracy over the epochs: forty layers without residual connections, and with them."""
    tile.panel((0, 20, 0.4, 1.04), margin=18)
    for depth in (5, 20, 40):
        for colour, fields in ((ORANGE, {"network": "standard_net"}), (BLUE, {"scheme": "euler"})):
            metrics = trained(epochs=20, network__depth=depth, **fields)[2]
            x = np.array([m.epoch for m in metrics])
            y = np.array([m.validation_accuracy for m in metrics], float)
            tile.line(x, y, colour, 1.2 + depth / 20)
    tile.line(np.array([0, 20]), np.array([0.4, 0.4]), INK, 1)
    tile.line(np.array([0, 0]), np.array([0.4, 1.04]), INK, 1)


@picture("lesson-taylor-stability")
def taylor(tile: Tile) -> None:
    """Regions of stability of three schemes."""
    tile.panel((-3.6, 1.0, -1.6, 1.6), even=True)
    for name, colour in (("rk4", INK), ("euler", BLUE), ("taylor_multistep", ORANGE)):
        _border(tile, name, colour)
    tile.axes()


def _border(tile: Tile, name: str, colour: tuple[int, int, int]) -> None:
    x, y = tile.grid(480, 240)
    inside = region(INTEGRATORS[name], x, y) <= 1
    edge = inside ^ np.roll(inside, 1, 0) | inside ^ np.roll(inside, 1, 1)
    at = np.argwhere(edge)
    tile.points(x[at[:, 1]], y[at[:, 0]], colour, 1.6, rim=False)


@picture("lesson-depth-or-horizon")
def horizon(tile: Tile) -> None:
    """Twenty layers each, over three horizons: a short flow has not the time to unroll a spiral."""
    for place, length in enumerate((0.25, 1, 5)):
        made = trained(
            scheme="euler",
            optimizer__learning_rate=0.001,
            network__depth=20,
            network__horizon=length,
        )
        boundary(tile, made[0], made[1], (place, 3), most=110)


@picture("lesson-is-it-an-ode")
def is_it_an_ode(tile: Tile) -> None:
    """A net trained with few Euler steps, and the same weights stepped finely."""
    experiment, net, _ = trained(scheme="euler", network__depth=5)

    def finely(x: torch.Tensor) -> torch.Tensor:
        lifted = net.lift(net.inputs(x))
        return net.head(flow(net, lifted, INTEGRATORS["rk4"], substeps=8)[0])

    boundary(tile, experiment, net, (0, 2))
    boundary(tile, experiment, finely, (1, 2))


@picture("lab-integrators")
def integrators(tile: Tile) -> None:
    """An oscillator by four schemes: one gains, one is lost, two stay."""
    system = SYSTEMS["oscillator"]
    tile.panel((-2.2, 2.2, -1.6, 1.6), even=True)
    tile.axes()
    names = ("euler", "taylor_multistep", "heun2", "rk4")
    made = solutions(system.problem(), system.start, system.horizon, names, 60)
    for each, colour in zip(made, COLOURS):
        tile.line(each.states[:, 0], each.states[:, 1], colour, 1.8)


@picture("lab-dynamics")
def dynamics(tile: Tile) -> None:
    """The field of a predator and its prey, and a path through it with samples on it."""
    system = SYSTEMS["lotka_volterra"]
    (path,) = solutions(system.problem(), system.start, system.horizon, ("rk4",), 600)
    x, y = path.states.T
    room = 0.15 * max(np.ptp(x), np.ptp(y))
    tile.panel((x.min() - room, x.max() + room, y.min() - room, y.max() + room), even=False)
    for a, b, angle, _ in directions(system.problem(), (0, 1), system.start, tile.box):
        long, high = tile.box[1] - tile.box[0], tile.box[3] - tile.box[2]
        slope = np.deg2rad(90 - angle)
        dx, dy = 0.018 * long * np.cos(slope), 0.036 * high * np.sin(slope)
        tile.line(np.array([a - dx, a + dx]), np.array([b - dy, b + dy]), INK, 1.2)
    tile.line(x, y, BLUE, 2.4)
    every = np.random.default_rng(1).choice(len(x), 40, replace=False)
    tile.points(x[every], y[every], ORANGE, 3.4)


@picture("lab-lookahead")
def lookahead(tile: Tile) -> None:
    """The thesis's toy from sixty initial weights: loss over gradients, plain and Lookahead."""
    weights = initial_weights(60, 1)
    tile.panel((0, 120, -3.2, 1.0), margin=12)
    for settings, colour in (
        (ToySettings(rate=0.05, period=0, updates=120), BLUE),
        (ToySettings(rate=0.05, period=6), ORANGE),
    ):
        runs = train_toy(settings, weights)
        for index in range(0, 60, 3):
            loss = runs.losses[: runs.steps[index], index]
            tile.line(np.arange(len(loss)), np.log10(loss), colour, 0.9)


@picture("lab-multi-stage")
def stages(tile: Tile) -> None:
    """The loss of two stages on a sine, step by step, over some thirteen decades."""
    x = np.linspace(-1, 1, 201)
    made = multi_stage.fit(
        x, np.sin(2 * x + 1) + 0.2 * np.exp(1.3 * x), stages=2, adam=800, lbfgs=1200
    )
    curves = [np.log10(np.maximum(loss, 1e-30)) for loss in made.losses]
    total = sum(map(len, curves))
    low = min(float(curve.min()) for curve in curves)
    tile.panel((0, total, low - 1, 1), margin=12)
    begun = 0
    for curve, colour in zip(curves, (BLUE, ORANGE)):
        tile.line(np.arange(begun, begun + len(curve)), curve, colour, 2)
        begun += len(curve)


def digits(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return images ``(count, 8, 8)`` in [0, 1] and their classes."""
    experiment = Experiment().amended({"data": "digits", "network": "preact_resnet"})
    x, y = points_of(experiment, count)
    images = x.reshape(count, 8, 8)
    return (images - images.min()) / np.ptp(images), y


@picture("lab-images")
def images(tile: Tile) -> None:
    """Handwritten digits, each class in a colour."""
    across, down = 10, 5
    shown, classes = digits(across * down)
    field = np.zeros((down * 8, across * 8, 3))
    for place, (image, label) in enumerate(zip(shown, classes)):
        row, column = divmod(place, across)
        colour = np.array(COLOURS[label % len(COLOURS)])
        patch = image[..., None] * colour + (1 - image[..., None]) * np.array((19, 25, 37))
        field[row * 8 : row * 8 + 8, column * 8 : column * 8 + 8] = patch
    tile.field(field[::-1])


@picture("lab-attention")
def attention(tile: Tile) -> None:
    """Where a trained ODE attention looks over its time, in some digits."""
    from playground.training.attention_views import looks
    from playground.training.checkpoints import unpack

    experiment = Experiment().amended(
        {"data": "digits", "network": "ode_attention", "epochs": "12"}
    )
    weights: dict[str, torch.Tensor] = {}
    for event in train(experiment):
        if isinstance(event, events.Checkpoint):
            weights = dict(unpack(event.payload)[1])
    for place in range(4):
        seen = looks(experiment, weights, place)
        image = seen.image[..., None]
        spread = (seen.spread / seen.spread.max())[..., None]
        tile.panel((0, 1, 0, 1), (place, 4))
        lit = 0.25 * np.array(BLUE) * image + np.array(YELLOW) * spread * (0.25 + 0.75 * image)
        tile.field((np.array((19, 25, 37)) * (1 - image) + lit)[::-1])


@picture("lab-robustness")
def robustness(tile: Tile) -> None:
    """Points driven over the boundary of a trained net by PGD."""
    experiment, net, _ = trained(data="moons", network__depth=10)
    boundary(tile, experiment, net, (0, 1), most=0)
    x, y = (torch.as_tensor(part) for part in points_of(experiment, 70))
    moved = pgd(net, x, y, eps=0.35, steps=20, clip=None)
    with torch.no_grad():
        fooled = (net(moved).argmax(1) != y).numpy()
    for one, other, wrong in zip(x.numpy(), moved.numpy(), fooled):
        tile.line(
            np.array([one[0], other[0]]), np.array([one[1], other[1]]), PINK if wrong else INK, 1.4
        )
    for label, colour in ((0, BLUE), (1, ORANGE)):
        mine = x.numpy()[y.numpy() == label]
        tile.points(mine[:, 0], mine[:, 1], colour, 2.6)
    tile.points(*moved.numpy()[fooled].T, GREEN, 1.8)


def main(names: list[str]) -> None:
    """Make the pictures that are named, or all.

    Raises:
        SystemExit: For a name that no maker has.
    """
    unknown = sorted(set(names) - set(MAKERS))
    if unknown:
        raise SystemExit(f"{unknown[0]!r} is not known; known are {', '.join(MAKERS)}")
    torch.set_num_threads(1)
    FOLDER.mkdir(exist_ok=True)
    for name in names or list(MAKERS):
        begun, tile = time.monotonic(), Tile()
        MAKERS[name](tile)
        packed = tile.png()
        (FOLDER / f"{name}.png").write_bytes(packed)
        print(
            f"{name}: {len(packed) / 1000:.1f} kB in {time.monotonic() - begun:.0f} s", flush=True
        )


if __name__ == "__main__":
    main(sys.argv[1:])
