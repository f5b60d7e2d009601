"""A residual net as a diagram that is read off from the net: which states each step adds, and how much.

The net is run once in float64 while its blocks and the maps between its stages are watched. Each state is
then a sum of what the net still knew; the weights of that sum are found by least squares, and have to
give the state to twelve digits. So the picture tells what the net does, not what it was meant to do.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from playground.papers.found import Found, Panel
from playground.papers.paper import Tell

if TYPE_CHECKING:
    from torch import Tensor, nn

_REMEMBERED = 3  # states that may enter a step
_NOTHING = 1e-9
_BENDS = 12  # pieces of a bent edge
_STATE, _BLOCK, _MAP = "state x", "block F", "stem, 1×1 map"
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


@dataclass(frozen=True)
class Carried:
    """A state that was carried into another shape.

    Attributes:
        source: Number of the state.
        shape: New shape, without the batch.
    """

    source: int
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Step:
    """What one block adds to what is known.

    Attributes:
        block: Its number, from 0.
        carried: States that were carried into a new shape just before, newest first.
        states: Weight of each state that enters, by its number, as far as it is not zero.
        change: Weight of what the block returns.
        shape: Of the new state, without the batch.
    """

    block: int
    carried: tuple[Carried, ...]
    states: dict[int, float] = field(hash=False)
    change: float
    shape: tuple[int, ...]

    @property
    def is_euler(self) -> bool:
        """Whether it is x + F(x)."""
        return set(self.states) == {self.block} and self.states[self.block] == self.change == 1


@dataclass(eq=False)
class _Watch:
    """What went through blocks and maps since the last look."""

    change: Tensor | None = None
    maps: list[tuple[Tensor, Tensor]] = field(default_factory=list)


def walk(net: nn.Module, shape: tuple[int, int, int], seed: int = 0) -> list[Step]:
    """Return the steps of a residual net on images, read off from one pass of a random image.

    Args:
        net: A ``PreActResNet`` or ``TaylorResNet``.
        shape: Of the images: channels, height, width.
        seed: Of the image.

    Raises:
        ValueError: If a state is not a sum of what the net remembers; so it is another kind of net.
    """
    import torch

    from playground.networks.blocks import PreActBlock

    watched = [_Watch() for module in net.modules() if isinstance(module, PreActBlock)]
    blocks = [module for module in net.modules() if isinstance(module, PreActBlock)]
    ahead = {"block": 0}  # the block that comes next
    hooks = []

    def changed(_module: nn.Module, _given: Any, found: Tensor) -> None:
        watched[ahead["block"]].change = found
        ahead["block"] += 1

    def mapped(_module: nn.Module, given: tuple[Tensor, ...], found: Tensor) -> None:
        watched[ahead["block"]].maps.append((given[0], found))

    stack = getattr(net, "stack", None)
    maps = [] if stack is None else [m for each in stack.transitions.values() for m in each]
    maps += [block.shortcut for block in blocks if block.shortcut is not None]
    hooks += [block.convs[-1].register_forward_hook(changed) for block in blocks]
    hooks += [each.register_forward_hook(mapped) for each in maps]
    net = net.double().eval()
    image = torch.randn(
        1, *shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64
    )
    try:
        with torch.no_grad():
            states = net.states(net.lift(image))
    finally:
        for hook in hooks:
            hook.remove()
    return _steps(states, watched)


def _steps(states: list[Tensor], watched: list[_Watch]) -> list[Step]:
    known = [(0, states[0])]  # newest first
    steps = []
    for block, watch in enumerate(watched):
        carried = []
        if watch.maps:
            sources = [_source(given, known) for given, _ in watch.maps]
            pairs = sorted(zip(sources, watch.maps), key=lambda pair: -pair[0])
            known = [(source, found) for source, (_, found) in pairs]
            carried = [Carried(number, tuple(state.shape[1:])) for number, state in known]
        weights, change = _sum(states[block + 1], known, watch.change, block)
        shape = tuple(states[block + 1].shape[1:])
        steps.append(Step(block, tuple(carried), weights, change, shape))
        known = [(block + 1, states[block + 1]), *known][:_REMEMBERED]
    return steps


def _source(given: Tensor, known: list[tuple[int, Tensor]]) -> int:
    """Return which state a map was given; a shortcut behind norm and ReLU begins at the newest."""
    same = [number for number, state in known if state is given]
    return same[0] if same else known[0][0]


def _sum(
    state: Tensor, known: list[tuple[int, Tensor]], change: Tensor | None, block: int
) -> tuple[dict[int, float], float]:
    """Return the weights with which known states and a change make a state."""
    columns = np.stack([each.numpy().ravel() for each in (*(s for _, s in known), change)], axis=1)
    wanted = state.numpy().ravel()
    weights = np.linalg.lstsq(columns, wanted, rcond=None)[0]
    if not np.allclose(columns @ weights, wanted, rtol=0, atol=1e-11 * np.abs(wanted).max()):
        raise ValueError(f"net: the state behind block {block} is no sum of what it remembers")
    rounded = [round(float(weight), 9) for weight in weights]
    entering = {n: w for (n, _), w in zip(known, rounded) if abs(w) > _NOTHING}
    return entering, rounded[-1]


def boot_blocks(steps: list[Step]) -> int:
    """Return how many blocks take Euler's step before the first that looks further back."""
    return next((step.block for step in steps if not step.is_euler), len(steps))


def _rows_of(steps: list[Step], stem: str) -> dict[str, list[Any]]:
    """Return boxes and edges of some steps, from the first on."""
    rows = _Rows()
    rows.box(-1.0, 0.0, stem, _MAP)
    rows.box(0.0, 0.0, _name(0), _STATE)
    rows.edge((-1.0, 0.0), (0.0, 0.0), _MAP)
    places, across = {0: (0.0, 0.0)}, 0.0
    for step in steps:
        if step.carried:
            across += 1
            for level, each in enumerate(step.carried):
                place = (across, -1.25 * level)
                rows.box(*place, f"{_name(each.source)} → {each.shape[0]}", _MAP)
                rows.edge(places[each.source], place, _MAP)
                places[each.source] = place
        across += 1
        here, block = (across, 0.0), (across - 0.5, 1.1)
        rows.box(*block, _name(step.block, "F"), _BLOCK)
        rows.box(*here, _name(step.block + 1), _STATE)
        rows.edge(places[step.block], block, _BLOCK)
        rows.edge(block, here, _BLOCK, _weight(step.change))
        for number, weight in sorted(step.states.items(), reverse=True):
            back = step.block - number
            series = f"adds x(l{f'−{back}' if back else ''})"
            bend = 0.0 if places[number][1] < 0 or not back else 0.55 + 0.75 * back
            rows.edge(places[number], here, series, "" if back > 2 else _weight(weight), bend)
        places[step.block + 1] = here
    return rows.columns


@dataclass(eq=False)
class _Rows:
    """Rows of a diagram, column by column."""

    columns: dict[str, list[Any]] = field(
        default_factory=lambda: {
            name: [] for name in ("kind", "x", "y", "x2", "y2", "label", "series")
        }
    )

    def _add(self, *values: Any) -> None:
        for column, value in zip(self.columns.values(), values, strict=True):
            column.append(value)

    def box(self, x: float, y: float, label: str, series: str) -> None:
        self._add("box", x, y, None, None, label, series)

    def edge(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        series: str,
        label: str = "",
        bend: float = 0.0,
    ) -> None:
        """Add an edge, which hangs down by ``bend`` in its middle."""
        pieces = _BENDS if bend else 1
        t = np.linspace(0, 1, pieces + 1)
        x = start[0] + (end[0] - start[0]) * t
        y = start[1] + (end[1] - start[1]) * t - 4 * bend * t * (1 - t)
        for i in range(pieces):
            kind = "edge" if i == pieces - 1 else "part"
            told = label if i == pieces // 2 else ""
            self._add(kind, *map(float, (x[i], y[i], x[i + 1], y[i + 1])), told, series)


def _name(number: int, letter: str = "x") -> str:
    return letter + str(number).translate(_SUBSCRIPTS)


def _weight(weight: float) -> str:
    fraction = Fraction(weight).limit_denominator(100)
    return str(fraction).replace("-", "−")


_DIAGRAMS = (
    ("tm_resnet", 22, "TM-ResNet-22"),
    ("preact_resnet", 18, "PreActResNet-18"),
)
_CAPTIONS = {
    "tm_resnet": "A step adds up three states and what the block returns. Where the shape changes, each "
    "of the three goes through a map of its own.",
    "preact_resnet": "A step adds the state and what the block returns: Euler's. Where the shape "
    "changes, the state goes through a map.",
}


def figure(repetitions: int, tell: Tell) -> Found:
    """Return the diagrams of the two nets, and what was read off from the first.

    Args:
        repetitions: Images from which it is read off.
        tell: Told how far it is.
    """
    from playground.networks import build
    from playground.training.residual_table import CIFAR

    walks = {}
    for place, (name, depth, label) in enumerate(_DIAGRAMS):
        tell(f"an image goes through {label}", place / 2)
        net = build(name, n_features=CIFAR, n_classes=10, depth=depth)
        walks[name] = [walk(net, CIFAR, seed) for seed in range(repetitions)]
    panels = [_panel(name, label, walks[name][0], whole=False) for name, _, label in _DIAGRAMS]
    panels += [_panel(name, label, walks[name][0], whole=True) for name, _, label in _DIAGRAMS]
    return Found(_figures(walks["tm_resnet"]), tuple(panels), (_third_block(),))


def _panel(name: str, label: str, steps: list[Step], *, whole: bool) -> Panel:
    shown = steps if whole else steps[:4]
    title = f"The whole of {label}" if whole else f"How {label} begins"
    return Panel(
        title,
        "diagram",
        _rows_of(shown, "stem"),
        {},
        _CAPTIONS[name]
        if not whole
        else f"{label}: {len(steps)} blocks, "
        f"{sum(bool(step.carried) for step in steps)} changes of shape.",
        "full",
    )


def _figures(walks: list[list[Step]]) -> dict[tuple[str, str, str], list[float | None]]:
    found: dict[tuple[str, str, str], list[float | None]] = {
        ("blocks", "boot block", "blocks"): [float(boot_blocks(steps)) for steps in walks]
    }
    last = [steps[-1] for steps in walks]
    for back, row in enumerate(("x(l)", "x(l−1)", "x(l−2)")):
        found["weight", row, "weight in a step"] = [
            step.states.get(step.block - back, 0.0) for step in last
        ]
    found["weight", "F(x(l))", "weight in a step"] = [step.change for step in last]
    return found


def _third_block() -> str:
    """Say how many weights the net had with a third block in its boot block, by building it."""
    import torch

    from playground.networks.residual_layouts import TAYLOR, Layout
    from playground.networks.residual_nets import TaylorResNet
    from playground.training.residual_table import CIFAR

    blocks, bottleneck = TAYLOR[22]
    layout = Layout(blocks, 64, bottleneck)
    more = replace(layout, blocks=(blocks[0] + 1, *blocks[1:]))
    with torch.device("meta"):
        counts = [
            sum(p.numel() for p in TaylorResNet(CIFAR, 10, each).parameters())
            for each in (layout, more)
        ]
    return (
        f"With two boot blocks TM-ResNet-22 has {counts[0]:,} weights, as printed; with the three that "
        f"the text tells of it would have {counts[1]:,}, which is not printed."
    )
