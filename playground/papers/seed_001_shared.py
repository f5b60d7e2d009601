"""What figures and claims of Giesecke and Kröner (2021) share: trainings of cells, quick protocols."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from playground.experiment import Experiment
from playground.papers.paper import Cell, Order, Quantity
from playground.training.repetitions import seeded

if TYPE_CHECKING:
    from playground.papers.figures_of_nets import TrainedNet

Place = tuple[str, str, int]
"""Row, column, and number of the repetition, from 0 on."""
BINARY = {"donut_1d": "donut 1D", "donut_2d": "donut 2D", "squares": "squares", "spiral": "spiral"}
ACTIVATIONS = {"tanh": "tanh", "logistic": "logistic", "ReLU": "relu", "softplus": "softplus"}

OURS = "That is how far words go; the bound that they are held against here is ours."
QUICK_FIGURE = {"n_train": "600", "n_validation": "600", "epochs": "20"}
QUICK_FIGURE_WORDS = "600 points and 20 epochs in place of 1,500 and {}"
BASIS_DOUBT = (
    "Features are drawn in the basis of one principal component analysis over all layers; the authors "
    "fit one for each layer, so that directions may flip between their pictures."
)


def repeated(
    cells: Mapping[Cell, Experiment], order: Order, quick: Mapping[str, str]
) -> tuple[list[Place], list[Experiment]]:
    """Return what has to be trained for some cells, each with its row, column and repetition."""
    places, experiments = [], []
    for (row, column), experiment in cells.items():
        asked = experiment.amended(quick) if order.reduced else experiment
        for i, one in enumerate(seeded(asked, order.repetitions)):
            places.append((row, column, i))
            experiments.append(one)
    return places, experiments


def rows_of(places: Sequence[Place], nets: Sequence[TrainedNet]) -> dict[str, list[TrainedNet]]:
    """Return the repetitions by row."""
    found: dict[str, list[TrainedNet]] = {}
    for (row, _, _), net in zip(places, nets, strict=True):
        found.setdefault(row, []).append(net)
    return found


def last_figures(
    places: Sequence[Place],
    nets: Sequence[TrainedNet],
    fields: Mapping[str, tuple[str, float]],
) -> dict[tuple[str, str, str], list[float | None]]:
    """Return the last figures of nets by quantity, row and column.

    Args:
        places: Row, column and repetition of each net.
        nets: The nets.
        fields: Field of the metrics and scale of each quantity.
    """
    values: dict[tuple[str, str, str], list[float | None]] = {}
    for (row, column, _), net in zip(places, nets, strict=True):
        for quantity, (name, scale) in fields.items():
            value = net.last(name)
            values.setdefault((quantity, row, column), []).append(
                None if value is None else scale * value
            )
    return values


ACCURACY = {"validation_accuracy": ("validation_accuracy", 100.0)}
ACCURACY_QUANTITY = Quantity("validation accuracy, %", point=1.0)
