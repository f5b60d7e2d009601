"""Giesecke and Kröner (2021): tables 1 to 4, on points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from playground.experiment import Experiment
from playground.papers.paper import PAPERS, Printed, Quantity, Table

PAPER = "Giesecke and Kröner (2021)"
DEPTHS = (1, 3, 5, 10, 20, 40, 100)
_NETS = {"StandardNet": "standard_net", "EulerNet": "rk_net", "RK4Net": "rk_net"}
_SCHEMES = {"EulerNet": "euler"}
VARIANTS = {
    "code": "as the authors' code has it: h = 0.05 whatever the depth, a frozen random linear lift",
    "text": "as the text has it: h = T/L, zeros behind the inputs; T, which is not told, is 1 here",
}
QUICK = {"n_train": "300", "n_validation": "300", "epochs": "10"}
QUICK_WORDS = "300 points and 10 epochs in place of 1,500 and 40"
H_DOUBT = (
    "The step size is 0.05 in the authors' code, so that the horizon grows with the depth; the text "
    "says h = T/L."
)
LIFT_DOUBT = (
    "The text pads with zeros (2.3); the authors' code takes a frozen random linear map for all "
    "experiments but the one on width."
)


def quantities(*names: str) -> dict[str, Quantity]:
    """Return some of the quantities of these tables by their short names."""
    known = {
        "train_accuracy": Quantity("training accuracy, %", "train_accuracy", 100, 1.0),
        "validation_accuracy": Quantity("validation accuracy, %", "validation_accuracy", 100, 1.0),
        "train_cost": Quantity("training cost, 10⁻¹", "train_loss", 10, None),
        "validation_cost": Quantity("validation cost, 10⁻¹", "validation_loss", 10, None),
    }
    return {name: known[name] for name in names}


def experiment_of(
    net: str,
    data: str | dict[str, Any],
    depth: int,
    variant: str,
    *,
    width: int = 16,
    lift: str = "",
    activation: str = "tanh",
    **changes: Any,
) -> Experiment:
    """Return a training with the settings that the experiments of this paper share.

    Args:
        net: ``StandardNet``, ``EulerNet`` or ``RK4Net``.
        data: Name of the data set, or name and options.
        depth: Layers.
        variant: A key of ``VARIANTS``.
        width: Components of the features.
        lift: ``random`` or ``zeros``; what the variant has where it is empty.
        activation: Name of the activation.
        **changes: Fields of the experiment that differ.
    """
    lift = lift or ("random" if variant == "code" else "zeros")
    options: dict[str, Any] = {
        "width": width,
        "depth": depth,
        "lift": lift,
        "activation": activation,
    }
    if _NETS[net] == "rk_net":
        by_step = {"step_by": "step", "step": 0.05}
        options |= by_step if variant == "code" else {"step_by": "horizon", "horizon": 1.0}
    tree: dict[str, Any] = {
        "data": data,
        "n_train": 1500,
        "n_validation": 1500,
        "network": {"name": _NETS[net], "options": options},
        "scheme": _SCHEMES.get(net, "rk4"),
        "optimizer": {"name": "adam", "options": {"learning_rate": 1e-3}},
        "batch_size": 5,
        "epochs": 40,
        "early_stop": True,
    }
    return Experiment.model_validate(tree | changes)


def _on_spiral(row: str, column: str, variant: str) -> Experiment:
    return experiment_of(row, "spiral", int(column), variant)


def printed(
    quantity: str, rows: Sequence[str], columns: Sequence[str], text: str
) -> dict[tuple[str, str, str], Printed]:
    """Return the figures of a table from its text, a line for each row; ``-`` is not legible."""
    found = {}
    for row, line in zip(rows, text.strip().splitlines(), strict=True):
        for column, word in zip(columns, line.split(), strict=True):
            if word != "-":
                found[quantity, row, column] = Printed(float(word))
    return found


_BY_DEPTH = ("StandardNet", "RK4Net"), tuple(map(str, DEPTHS))
_DEPTH_DOUBTS = (
    H_DOUBT,
    LIFT_DOUBT,
    "Early stopping was on: a training of the repetitions may have ended at epoch 11.",
)

PAPERS.add(
    Table(
        name="001/table1",
        label="Table 1: accuracy by depth",
        summary="StandardNet and RK4Net of 1 to 100 layers on the spiral: mean accuracy in percent.",
        reference=f"{PAPER}, table 1",
        rows=_BY_DEPTH[0],
        columns=_BY_DEPTH[1],
        quantities=quantities("train_accuracy", "validation_accuracy"),
        printed=printed(
            "train_accuracy",
            *_BY_DEPTH,
            """
            92.73 92.87 98.12 97.52 67.62 51.08 50.67
            75.60 91.42 97.90 99.77 99.93 99.73 99.95
            """,
        )
        | printed(
            "validation_accuracy",
            *_BY_DEPTH,
            """
            91.88 92.50 98.10 97.45 66.87 48.92 49.33
            75.12 90.68 97.33 99.47 99.70 99.50 99.75
            """,
        ),
        variants=VARIANTS,
        experiment=_on_spiral,
        repetitions=4,
        reduced=QUICK,
        reduced_words=QUICK_WORDS,
        doubts=_DEPTH_DOUBTS,
    )
)
PAPERS.add(
    Table(
        name="001/table2",
        label="Table 2: cost by depth",
        summary="The same trainings as table 1: mean cost (cross-entropy) in tenths.",
        reference=f"{PAPER}, table 2",
        rows=_BY_DEPTH[0],
        columns=_BY_DEPTH[1],
        quantities=quantities("train_cost", "validation_cost"),
        printed=printed(
            "train_cost",
            *_BY_DEPTH,
            """
            2.23 1.38 0.66 0.77 6.09 6.93 6.93
            4.32 2.68 0.98 0.16 0.04 0.10 0.01
            """,
        )
        | printed(
            "validation_cost",
            *_BY_DEPTH,
            """
            2.33 1.53 0.67 0.77 6.13 6.94 6.93
            4.39 2.69 1.06 0.28 0.13 0.12 -
            """,
        ),
        variants=VARIANTS,
        experiment=_on_spiral,
        repetitions=4,
        reduced=QUICK,
        reduced_words=QUICK_WORDS,
        doubts=(*_DEPTH_DOUBTS, "The last figure of the table is not legible in our copy."),
    )
)
_DONUT_2D6C = {"name": "donut_multiclass", "options": {"dim": 2, "classes": 6}}
PAPERS.add(
    Table(
        name="001/table3",
        label="Table 3: variability",
        summary="RK4Net of 100 layers on the donut with six classes: mean and standard deviation.",
        reference=f"{PAPER}, table 3",
        rows=("RK4Net",),
        columns=("donut 2D & 6C",),
        quantities=quantities(
            "train_accuracy", "validation_accuracy", "train_cost", "validation_cost"
        ),
        printed={
            (name, "RK4Net", "donut 2D & 6C"): Printed(mean, std)
            for name, mean, std in (
                ("train_accuracy", 77.13, 0.76),
                ("validation_accuracy", 74.92, 0.89),
                ("train_cost", 5.13, 0.08),
                ("validation_cost", 5.59, 0.16),
            )
        },
        variants=VARIANTS,
        experiment=lambda row, column, variant: experiment_of(row, _DONUT_2D6C, 100, variant),
        repetitions=4,
        reduced=QUICK,
        reduced_words=QUICK_WORDS,
        doubts=(H_DOUBT, LIFT_DOUBT),
    )
)
SETS: dict[str, dict[str, Any]] = {
    "donut 3D & 2C": {"name": "donut_multiclass", "options": {"dim": 3, "classes": 2}},
    "donut 3D & 3C": {"name": "donut_multiclass", "options": {"dim": 3, "classes": 3}},
    "donut 2D & 6C": _DONUT_2D6C,
    "donut 3D & 6C": {"name": "donut_multiclass", "options": {"dim": 3, "classes": 6}},
    "squares 2D & 4C": {"name": "squares_multiclass", "options": {"dim": 2}},
    "squares 3D & 4C": {"name": "squares_multiclass", "options": {"dim": 3}},
}
_BY_SET = ("StandardNet", "EulerNet", "RK4Net"), tuple(SETS)
PAPERS.add(
    Table(
        name="001/table4",
        label="Table 4: nets and data sets",
        summary="StandardNet of 5 layers, EulerNet and RK4Net of 100 on six sets of several classes.",
        reference=f"{PAPER}, table 4",
        rows=_BY_SET[0],
        columns=_BY_SET[1],
        quantities=quantities("validation_accuracy", "validation_cost"),
        printed=printed(
            "validation_accuracy",
            *_BY_SET,
            """
            92.37 87.75 75.12 73.00 94.12 89.68
            91.88 88.30 74.87 74.63 93.35 89.48
            92.73 87.13 74.92 74.88 93.20 89.37
            """,
        )
        | printed(
            "validation_cost",
            *_BY_SET,
            """
            1.71 2.85 5.60 5.86 1.57 3.03
            1.84 2.75 5.56 5.67 1.66 2.71
            1.72 2.95 5.59 5.73 1.64 2.81
            """,
        ),
        variants=VARIANTS,
        experiment=lambda row, column, variant: experiment_of(
            row, SETS[column], 5 if row == "StandardNet" else 100, variant
        ),
        repetitions=4,
        reduced=QUICK,
        reduced_words=QUICK_WORDS,
        doubts=(
            H_DOUBT,
            LIFT_DOUBT,
            "The text says 'four and six classes, respectively' of donuts and squares and means six and "
            "four.",
        ),
    )
)
