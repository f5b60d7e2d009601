"""Comparisons to begin with: each shows one thing that the choice of a scheme or a size decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from playground.experiment import Experiment
from playground.ui.compare_settings import Nets

_DONUT = {"data": "donut_2d", "data.noise": "0.2", "network.width": "2", "network.depth": "40"}


@dataclass(frozen=True)
class Comparison:
    """Nets that are put side by side.

    Attributes:
        label: Its title.
        summary: One sentence of what it shows.
        base: What is different from a fresh experiment in all nets, by dotted names.
        nets: What is different in each net besides.
    """

    label: str
    summary: str
    base: Mapping[str, str]
    nets: tuple[Mapping[str, str], ...]

    def made(self) -> Nets:
        """Return the nets."""
        base = Experiment().amended(self.base)
        return Nets.of(*(base.amended(values) for values in self.nets))


COMPARISONS = {
    "schemes": Comparison(
        "Euler, RK4, or no integrator",
        "The same data and seeds: a net that steps by Euler, one by RK4, and one whose five layers are "
        "no steps at all.",
        {},
        ({"scheme": "euler"}, {"scheme": "rk4"}, {"network": "standard_net"}),
    ),
    "augmentation": Comparison(
        "With and without a third dimension",
        "In the plane a flow cannot take the hole of the donut out of its ring; with one component more "
        "it lifts it out.",
        _DONUT,
        ({"network.width": "2"}, {"network.width": "3"}),
    ),
    "multistep": Comparison(
        "More accurate, less stable",
        "Taylor's multistep scheme is of order 2 where Euler's is of order 1, and stable on half its "
        "interval: with few coarse steps it loses what it wins with many.",
        {},
        (
            {"scheme": "euler", "network.depth": "5"},
            {"scheme": "taylor_multistep", "network.depth": "5"},
            {"scheme": "euler", "network.depth": "40"},
            {"scheme": "taylor_multistep", "network.depth": "40"},
        ),
    ),
    "depth": Comparison(
        "How many layers",
        "The same length of the flow in 2, 5, 10 and 40 steps of Euler's scheme.",
        {"scheme": "euler"},
        tuple({"network.depth": depth} for depth in ("2", "5", "10", "40")),
    ),
    "optimisers": Comparison(
        "Three optimisers",
        "The same net from the same weights, moved by plain gradients, by Adam and by Lookahead around "
        "Adam.",
        {},
        (
            {"optimizer": "sgd", "optimizer.learning_rate": "0.1"},
            {"optimizer": "adam"},
            {"optimizer": "lookahead", "optimizer.inner": "adam"},
        ),
    ),
}
