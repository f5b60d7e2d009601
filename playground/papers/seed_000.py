"""Wang et al. (2024), residual stacking: table 1, its numbers of weights, and figure 1."""

from __future__ import annotations

from functools import cache

from playground.experiment import Experiment
from playground.papers.found import Found, Panel
from playground.papers.paper import PAPERS, Order, Printed, Quantity, Study, Table, Tell

PAPER = "Wang et al. (2024)"
COLUMNS = ("CIFAR-10", "CIFAR-100")
_EULER, _TAYLOR = "PreActResNet", "TM-ResNet"
_LINES = """
    PreActResNet 18 11171 11217 91.54 73.28
    TM-ResNet 22 11001 11047 93.01 71.28
    PreActResNet 34 - 21325 90.94 73.53
    TM-ResNet 36 21035 21081 93.44 74.97
    PreActResNet 50 23509 23693 92.79 74.77
    TM-ResNet 44 23511 23696 93.81 74.88
    PreActResNet 101 42501 42685 93.53 75.35
    TM-ResNet 86 42497 42682 93.42 76.50
    PreActResNet 152 58144 58329 93.68 75.30
    TM-ResNet 137 58141 58325 94.14 76.14
"""
_TABLE = [line.split() for line in _LINES.strip().splitlines()]
ROWS = tuple(f"{net}-{depth}" for net, depth, *_ in _TABLE)
_NETWORKS = {_EULER: "preact_resnet", _TAYLOR: "tm_resnet"}
_LAYOUT = (
    "The layout of TM-ResNet is not printed: the one that is built here is the only one found that has "
    "all ten numbers of weights and all five depths."
)
_SETTINGS = (
    "Of the training 120 epochs and batches of 256 are told; optimiser, learning rate, schedule and "
    "augmentation are not. Here they are those usual for these nets: momentum 0.9 with rate 0.1 along a "
    "cosine, L2 of 5·10⁻⁴, mirrored and cropped images."
)


def _printed(quantity: str, places: slice) -> dict[tuple[str, str, str], Printed]:
    return {
        (quantity, row, column): Printed(float(word))
        for row, line in zip(ROWS, _TABLE)
        for column, word in zip(COLUMNS, line[places])
        if word != "-"
    }


def net_of(row: str) -> tuple[str, int]:
    """Return registered name and depth of the net of a row."""
    label, depth = row.rsplit("-", 1)
    return _NETWORKS[label], int(depth)


def thousands(row: str, count: int) -> int:
    """Return a number of weights as the table prints it: that of PreActResNet is cut off, the others
    are rounded."""
    return count // 1000 if row.startswith(_EULER) else round(count / 1000)


def _weights(order: Order, tell: Tell) -> Found:
    """Count the weights of the ten nets with ten and with a hundred classes, by building them."""
    from playground.training.residual_table import counted

    values, counts = {}, []
    for place, row in enumerate(ROWS):
        for column, classes in zip(COLUMNS, (10, 100)):
            tell(f"{row} for {column} is built", place / len(ROWS))
            count = counted(*net_of(row), classes)
            values["thousands", row, column] = [float(thousands(row, count))] * order.repetitions
            counts.append((row, column, count))
    panel = Panel(
        "Weights, to the unit",
        "heat",
        dict(zip(("y", "x", "value"), map(list, zip(*counts)))),
        {"x": "", "y": "", "value": "weights", "format": ",.0f", "labels": True},
        "Counted from the nets themselves. Neighbours are the pairs of the table, which have about as "
        "many weights as each other.",
        "full",
    )
    return Found(values, (panel,), _said(counts))


def _said(counts: list[tuple[str, str, int]]) -> tuple[str, ...]:
    """Return what the table comes to by its own figures and by these counts."""
    from playground.training.residual_table import ahead

    by_row = {(row, column): count for row, column, count in counts}
    pairs = list(zip(ROWS[::2], ROWS[1::2]))
    fewer = sum(by_row[t, c] < by_row[e, c] for e, t in pairs for c in COLUMNS)
    return (
        f"By its own figures TM-ResNet is ahead in {len(ahead())} of 10 cells, and it has fewer weights "
        f"in {fewer} of 10.",
        "Thousands are cut off in print for PreActResNet and rounded for TM-ResNet; so they are here.",
    )


PAPERS.add(
    Study(
        name="000/table1_weights",
        label="Table 1: numbers of weights",
        summary="Weights of PreActResNet and TM-ResNet of five sizes, in thousands, counted to the unit.",
        reference=f"{PAPER}, table 1",
        rows=ROWS,
        columns=COLUMNS,
        quantities={"thousands": Quantity("weights, thousands", digits=0, exact=True)},
        printed=_printed("thousands", slice(2, 4)),
        variants={"text": "built with the layout that has all of the printed numbers"},
        compute=_weights,
        seconds=10,
        doubts=(
            _LAYOUT,
            "“21,27k” lacks a digit and is left out; 21,279 thousand are counted. “58,325” lacks its k.",
        ),
    )
)


def _on_cifar(row: str, column: str, variant: str) -> Experiment:
    network, depth = net_of(row)
    name = column.lower().replace("-", "")
    return Experiment.model_validate(
        {
            "data": {"name": name, "options": {"flip": True, "crop": 4}},
            "n_train": 50_000,
            "n_validation": 10_000,
            "network": {"name": network, "options": {"size": "published", "depth": depth}},
            "scheme": "euler",
            "optimizer": {"name": "momentum", "options": {"learning_rate": 0.1, "momentum": 0.9}},
            "schedule": "cosine",
            "l2": 5e-4,
            "batch_size": 256,
            "epochs": 120,
        }
    )


_SMALL = {18: (2, 4), 34: (2, 8), 50: (3, 4), 101: (3, 8), 152: (4, 8)}
"""Blocks a stage and channels of the small net that stands for a published one."""
_STAND_INS = {"CIFAR-10": "digits", "CIFAR-100": "fashion_mnist"}


@cache
def _small(row: str) -> tuple[int, int]:
    """Return blocks and channels of the small net of a row; both nets of a pair have the same."""
    place = ROWS.index(row) // 2 * 2
    return _SMALL[net_of(ROWS[place])[1]]


def _in_small(row: str, column: str, variant: str) -> Experiment:
    blocks, width = _small(row)
    options = {"size": "small", "blocks": blocks, "width": width}
    return Experiment.model_validate(
        {
            "data": _STAND_INS[column],
            "n_train": 400,
            "n_validation": 400,
            "network": {"name": net_of(row)[0], "options": options},
            "scheme": "euler",
            "optimizer": {"name": "adam", "options": {"learning_rate": 3e-3}},
            "schedule": "cosine",
            "batch_size": 32,
            "epochs": 8 if column == "CIFAR-10" else 6,
        }
    )


PAPERS.add(
    Table(
        name="000/table1",
        label="Table 1: accuracies",
        summary="PreActResNet and TM-ResNet of five sizes on CIFAR: test accuracy in percent.",
        reference=f"{PAPER}, table 1",
        rows=ROWS,
        columns=COLUMNS,
        quantities={
            "validation_accuracy": Quantity("test accuracy, %", "validation_accuracy", 100, 1.0)
        },
        printed=_printed("validation_accuracy", slice(4, 6)),
        variants={"text": "120 epochs and batches of 256, as told; the rest is ours"},
        experiment=_on_cifar,
        quick=_in_small,
        repetitions=3,
        reduced_words="small nets in the place of the published ones, two to four blocks in each of "
        "three stages and 4 or 8 channels, both of a pair with as many weights; 400 of scikit-learn's "
        "digits in the place of CIFAR-10 for 8 epochs, 400 images of Fashion-MNIST in the place of "
        "CIFAR-100 for 6",
        doubts=(
            _SETTINGS,
            _LAYOUT,
            "Each accuracy is a single figure without a spread, though the text speaks of several "
            "trainings; it does not say of how many. The results on SVHN and on faces are not printed.",
            "The full protocol needs CIFAR on this server, and a GPU.",
        ),
    )
)


def _figure_1(order: Order, tell: Tell) -> Found:
    """Walk a TM-ResNet and a PreActResNet, and draw what they do."""
    from playground.papers.residual_diagram import figure

    return figure(order.repetitions, tell)


PAPERS.add(
    Study(
        name="000/figure1",
        label="Figure 1: the boot block",
        summary="TM-ResNet-22 and PreActResNet-18 as diagrams, drawn from the numbers that pass through "
        "the built nets.",
        reference=f"{PAPER}, figure 1",
        rows=("boot block", "x(l)", "x(l−1)", "x(l−2)", "F(x(l))"),
        columns=("blocks", "weight in a step"),
        quantities={
            "blocks": Quantity("residual blocks", digits=0, exact=True),
            "weight": Quantity("weight", digits=3, exact=True),
        },
        printed={
            ("blocks", "boot block", "blocks"): Printed(3),
            ("weight", "x(l)", "weight in a step"): Printed(1.5),
            ("weight", "x(l−1)", "weight in a step"): Printed(-1),
            ("weight", "x(l−2)", "weight in a step"): Printed(0.5),
            ("weight", "F(x(l))", "weight in a step"): Printed(1),
        },
        variants={
            "counts": "with the two boot blocks that the numbers of weights of table 1 allow"
        },
        compute=_figure_1,
        seconds=20,
        doubts=(
            "The text has three residual blocks in the boot block. Three initial values need two: the "
            "first is what the stem returns; and with a third no number of weights in table 1 comes out.",
            "In a net τ belongs to the block: F stands for τF.",
        ),
    )
)
