"""Giesecke and Kröner (2021): figures 8 to 13, on several classes, in the plane and in space."""

from __future__ import annotations

from collections.abc import Callable

from playground.papers.found import Found, Panel
from playground.papers.paper import PAPERS, Order, Printed, Study, Tell
from playground.papers.seed_001 import (
    H_DOUBT,
    LIFT_DOUBT,
    PAPER,
    SETS,
    VARIANTS,
    experiment_of,
    quantities,
)
from playground.papers.seed_001_shared import (
    ACCURACY,
    ACCURACY_QUANTITY,
    BASIS_DOUBT,
    QUICK_FIGURE,
    QUICK_FIGURE_WORDS,
    last_figures,
    repeated,
    rows_of,
)

NETS = {"StandardNet": 5, "EulerNet": 100, "RK4Net": 100}
"""Nets that are compared, with their layers."""

# Accuracy and cost (in tenths) that tables 3 and 4 print for the same trainings.
_TABLE_4 = {
    "donut 2D & 6C": {"StandardNet": 75.12, "EulerNet": 74.87, "RK4Net": 74.92},
    "squares 2D & 4C": {"StandardNet": 94.12, "EulerNet": 93.35, "RK4Net": 93.20},
    "donut 3D & 6C": {"StandardNet": 73.00, "EulerNet": 74.63, "RK4Net": 74.88},
    "squares 3D & 4C": {"StandardNet": 89.68, "EulerNet": 89.48, "RK4Net": 89.37},
}


def _data_sets(order: Order, tell: Tell) -> Found:
    """Compute figure 8: points of the six sets; those of space as seen from the side and above."""
    from playground.datasets import load
    from playground.papers.pictures_of_nets import points_panel

    panels: list[Panel] = []
    for i, (label, data) in enumerate(SETS.items()):
        tell(f"Drawing {label}", i / len(SETS))
        split = load(
            data["name"], n_train=1500, n_validation=2, seed=1, options=data.get("options")
        )
        panels.append(points_panel(label, split.x_train, split.y_train, split.class_names))
    return Found(panels=tuple(panels))


PAPERS.add(
    Study(
        name="001/figure8",
        label="Figure 8: point sets of several classes",
        summary="Donuts and squares of the plane and of space with two to six classes.",
        reference=f"{PAPER}, figure 8",
        compute=_data_sets,
        seconds=1.0,
        doubts=(
            "The text says 'four and six classes, respectively' of donuts and squares and means six and "
            "four.",
        ),
    )
)


def _alike(order: Order, tell: Tell) -> Found:
    """Compute figure 9: what four repetitions of one training look like."""
    from playground.papers.figures_of_nets import runs_of, seen_by, train_nets
    from playground.papers.pictures_of_nets import final_panel, prediction_panel

    label = "donut 2D & 6C"
    cells = {("RK4Net", label): experiment_of("RK4Net", SETS[label], 100, order.variant)}
    places, experiments = repeated(cells, order, QUICK_FIGURE)
    nets = train_nets(experiments, tell)
    above, below = [], []
    for i, net in enumerate(nets[:4], start=1):
        seen = seen_by(net.states(net.split.x_validation[:300]))
        above.append(final_panel(f"Features {i}", net, seen, "quarter"))
        below.append(prediction_panel(f"Prediction {i}", net, "quarter"))
    values = last_figures(places, nets, ACCURACY)
    return Found(values, (*above, *below), (), runs_of(places, nets))


PAPERS.add(
    Study(
        name="001/figure9",
        label="Figure 9: repetitions look alike",
        summary="RK4Net of 100 layers on the donut with six classes, four times anew: last features and "
        "predictions.",
        reference=f"{PAPER}, figure 9",
        rows=("RK4Net",),
        columns=("donut 2D & 6C",),
        quantities={"validation_accuracy": ACCURACY_QUANTITY},
        printed={("validation_accuracy", "RK4Net", "donut 2D & 6C"): Printed(74.92, 0.89)},
        variants=VARIANTS,
        repetitions=4,
        reduced_words=QUICK_FIGURE_WORDS.format(40),
        compute=_alike,
        seconds=50.0,
        reduced_seconds=10.0,
        doubts=(H_DOUBT, LIFT_DOUBT, BASIS_DOUBT, "The accuracy is the one that table 3 prints."),
    )
)


def _rivals(label: str) -> Callable[[Order, Tell], Found]:
    """Return the computation of figures 10 and 11: last features and predictions of the three nets."""

    def compute(order: Order, tell: Tell) -> Found:
        from playground.papers.figures_of_nets import runs_of, seen_by, train_nets
        from playground.papers.pictures_of_nets import final_panel, plane_panel, prediction_panel

        cells = {
            (net, label): experiment_of(net, SETS[label], depth, order.variant)
            for net, depth in NETS.items()
        }
        places, experiments = repeated(cells, order, QUICK_FIGURE)
        nets = train_nets(experiments, tell)
        panels: list[Panel] = []
        for row, own in rows_of(places, nets).items():
            net = own[0]
            # Here only the last layer is drawn, in the directions in which it extends.
            seen = seen_by(net.final(net.split.x_validation[:700])[None])
            panels += [
                final_panel(f"{row}: last features in space", net, seen),
                plane_panel(f"{row}: in the plane, classified", net, seen),
                prediction_panel(f"{row}: prediction", net),
            ]
        values = last_figures(places, nets, ACCURACY)
        note = (
            "The colours behind the features are what the head says of the plane of their first two main "
            "directions; the other directions are at their means there."
        )
        return Found(values, tuple(panels), (note,), runs_of(places, nets))

    return compute


for _number, _label in ((10, "donut 2D & 6C"), (11, "squares 2D & 4C")):
    PAPERS.add(
        Study(
            name=f"001/figure{_number}",
            label=f"Figure {_number}: three nets on {_label}",
            summary="StandardNet of 5 layers, EulerNet and RK4Net of 100: last features and predictions.",
            reference=f"{PAPER}, figure {_number}",
            rows=tuple(NETS),
            columns=(_label,),
            quantities={"validation_accuracy": ACCURACY_QUANTITY},
            printed={
                ("validation_accuracy", net, _label): Printed(mean)
                for net, mean in _TABLE_4[_label].items()
            },
            variants=VARIANTS,
            repetitions=1,
            reduced_words=QUICK_FIGURE_WORDS.format(40),
            compute=_rivals(_label),
            seconds=20.0,
            reduced_seconds=5.0,
            doubts=(
                H_DOUBT,
                LIFT_DOUBT,
                "The accuracies are those that table 4 prints, which are means of four repetitions; the "
                "pictures are of one.",
            ),
        )
    )


def _converging(label: str) -> Callable[[Order, Tell], Found]:
    """Return the computation of figures 12 and 13: accuracy and cost by epoch, with their spread."""

    def compute(order: Order, tell: Tell) -> Found:
        from playground.papers.curves_of_nets import band_panel, epochs_to_settle
        from playground.papers.figures_of_nets import runs_of, train_nets

        cells = {
            (net, label): experiment_of(net, SETS[label], depth, order.variant)
            for net, depth in NETS.items()
        }
        places, experiments = repeated(cells, order, QUICK_FIGURE)
        nets = train_nets(experiments, tell)
        groups = rows_of(places, nets)
        panels = (band_panel(groups, "accuracy", 14), band_panel(groups, "cost", 14))
        fields = {**ACCURACY, "validation_cost": ("validation_loss", 10.0)}
        settled = {row: sum(map(epochs_to_settle, own)) / len(own) for row, own in groups.items()}
        told = ", ".join(f"{row} {epochs:.1f}" for row, epochs in settled.items())
        note = (
            f"Epochs until the accuracy is within a point of its last level, on the mean: {told}."
        )
        return Found(last_figures(places, nets, fields), panels, (note,), runs_of(places, nets))

    return compute


_COSTS = {
    "donut 3D & 6C": {"StandardNet": 5.86, "EulerNet": 5.67, "RK4Net": 5.73},
    "squares 3D & 4C": {"StandardNet": 3.03, "EulerNet": 2.71, "RK4Net": 2.81},
}
for _number, _label in ((12, "donut 3D & 6C"), (13, "squares 3D & 4C")):
    PAPERS.add(
        Study(
            name=f"001/figure{_number}",
            label=f"Figure {_number}: learning {_label}",
            summary="Validation accuracy and cost of three nets over the first 14 epochs, mean and "
            "standard deviation of the repetitions.",
            reference=f"{PAPER}, figure {_number}",
            rows=tuple(NETS),
            columns=(_label,),
            quantities=quantities("validation_accuracy", "validation_cost"),
            printed={
                ("validation_accuracy", net, _label): Printed(mean)
                for net, mean in _TABLE_4[_label].items()
            }
            | {
                ("validation_cost", net, _label): Printed(mean)
                for net, mean in _COSTS[_label].items()
            },
            variants=VARIANTS,
            repetitions=4,
            reduced_words=QUICK_FIGURE_WORDS.format(40),
            compute=_converging(_label),
            seconds=80.0,
            reduced_seconds=20.0,
            doubts=(H_DOUBT, LIFT_DOUBT, "The last figures are those that table 4 prints."),
        )
    )
