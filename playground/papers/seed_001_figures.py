"""Giesecke and Kröner (2021): figures 2 to 7, on width, depth and activation."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from playground.papers.found import Found, Panel
from playground.papers.paper import PAPERS, Order, Printed, Quantity, Study, Tell
from playground.papers.seed_001 import H_DOUBT, LIFT_DOUBT, PAPER, VARIANTS, experiment_of
from playground.papers.seed_001_shared import (
    ACCURACY,
    ACCURACY_QUANTITY,
    ACTIVATIONS,
    BASIS_DOUBT,
    BINARY,
    QUICK_FIGURE,
    QUICK_FIGURE_WORDS,
    last_figures,
    repeated,
    rows_of,
)


def _data_sets(order: Order, tell: Tell) -> Found:
    from playground.datasets import load
    from playground.papers.pictures_of_nets import points_panel

    panels = []
    for i, (name, label) in enumerate(BINARY.items()):
        tell(f"Drawing {label}", i / len(BINARY))
        split = load(name, n_train=1500, n_validation=2, seed=1)
        panels.append(
            points_panel(label, split.x_train, split.y_train, split.class_names, size="quarter")
        )
    return Found(panels=tuple(panels))


PAPERS.add(
    Study(
        name="001/figure2",
        label="Figure 2: point sets of two classes",
        summary="The four sets of the plane, 1,500 points each, labelled before the noise is added.",
        reference=f"{PAPER}, figure 2",
        compute=_data_sets,
        seconds=1.0,
    )
)


def _on_width(data: str) -> Callable[[Order, Tell], Found]:
    """Return the computation of figures 3 and 4: nets as wide as the plane and a dimension wider."""

    def compute(order: Order, tell: Tell) -> Found:
        from playground.papers.figures_of_nets import runs_of, seen_by, train_nets
        from playground.papers.pictures_of_nets import final_panel, paths_panel, prediction_panel

        cells = {
            (row, BINARY[data]): experiment_of(
                "RK4Net", data, 100, order.variant, width=width, lift="zeros", epochs=80
            )
            for row, width in WIDTHS.items()
        }
        places, experiments = repeated(cells, order, QUICK_FIGURE)
        nets = train_nets(experiments, tell)
        panels: list[Panel] = []
        for (row, _, repetition), net in zip(places, nets):
            if repetition:
                continue
            seen = seen_by(net.states(net.split.x_validation[:300]))
            panels += [
                paths_panel(
                    f"{row}: trajectories", net, caption="Fifty points; each ends at its dot."
                ),
                final_panel(f"{row}: features in the last layer", net, seen),
                prediction_panel(f"{row}: prediction", net),
            ]
        values = last_figures(places, nets, ACCURACY)
        narrow, wide = (values["validation_accuracy", row, BINARY[data]] for row in WIDTHS)
        values["gain", "d̂ = 3", BINARY[data]] = [
            None if a is None or b is None else b - a for a, b in zip(narrow, wide)
        ]
        return Found(values, tuple(panels), (), runs_of(places, nets))

    return compute


WIDTHS = {"d̂ = 2": 2, "d̂ = 3": 3}
_STEP_ONLY = {
    "code": "as the authors' code has it: h = 0.05, and zeros behind the inputs in this experiment",
    "text": "as the text has it: h = T/L with T = 1; zeros behind the inputs",
}
for _number, _data, _what in ((3, "donut_2d", "donut 2D"), (4, "squares", "squares")):
    PAPERS.add(
        Study(
            name=f"001/figure{_number}",
            label=f"Figure {_number}: {_what} with and without a dimension more",
            summary="RK4Net of 100 layers as wide as the plane, and with one dimension more: "
            "trajectories, last features, prediction.",
            reference=f"{PAPER}, figure {_number} and section 4.1",
            rows=tuple(WIDTHS),
            columns=(_what,),
            quantities={
                "validation_accuracy": ACCURACY_QUANTITY,
                "gain": Quantity("gain by one dimension more, points"),
            },
            printed={("gain", "d̂ = 3", _what): Printed(0.0, relation="≥")},
            variants=_STEP_ONLY,
            repetitions=2,
            reduced_words=QUICK_FIGURE_WORDS.format(80),
            compute=_on_width(_data),
            seconds=60.0,
            reduced_seconds=10.0,
            doubts=(
                H_DOUBT,
                "The paper says that the performance improves significantly with one dimension more, and "
                "gives no figure: what is judged is whether it improves at all.",
            ),
        )
    )


def _through_layers(order: Order, tell: Tell) -> Found:
    """Compute figure 5: features of StandardNet and RK4Net on the spiral, layer by layer."""
    from playground.papers.curves_of_nets import series_panel
    from playground.papers.figures_of_nets import runs_of, spread, train_nets
    from playground.papers.pictures_of_nets import layers_panels

    rows = ("StandardNet", "RK4Net")
    cells = {(row, "spiral"): experiment_of(row, "spiral", 20, order.variant) for row in rows}
    places, experiments = repeated(cells, order, QUICK_FIGURE)
    nets = train_nets(experiments, tell)
    values = last_figures(places, nets, ACCURACY)
    panels, lines = [], {}
    for row in rows:
        own = rows_of(places, nets)[row]
        spreads = [spread(net.states(net.split.x_validation[:300])) for net in own]
        values["spread", row, "spiral"] = [100 * min(float(s[-1] / s[0]) for s in spreads)]
        worst_first = sorted(own, key=lambda net: net.last("validation_accuracy") or 0.0)
        shown = worst_first[0 if row == "StandardNet" else -1]
        panels += layers_panels(shown, (0, 7, 13, 20), row)
        lines |= {f"{row}, repetition {i + 1}": 100 * s / s[0] for i, s in enumerate(spreads)}
    panels.append(
        series_panel(
            "How far the points lie apart",
            lines,
            "layer",
            "spread, % of the input's",
            "Root mean square distance of 300 points from their mean. Where it falls to nothing the "
            "classes cannot be told apart any more.",
            "full",
            log_y=True,
            points=False,
        )
    )
    note = (
        "The features are those of the worst StandardNet and of the best RK4Net of the repetitions."
    )
    return Found(values, tuple(panels), (note,), runs_of(places, nets))


PAPERS.add(
    Study(
        name="001/figure5",
        label="Figure 5: features through the layers",
        summary="StandardNet and RK4Net of 20 layers on the spiral: the features at some layers.",
        reference=f"{PAPER}, figure 5 and section 4.2",
        rows=("StandardNet", "RK4Net"),
        columns=("spiral",),
        quantities={
            "validation_accuracy": ACCURACY_QUANTITY,
            "spread": Quantity("least spread of the last features, % of the input's"),
        },
        printed={
            ("validation_accuracy", "StandardNet", "spiral"): Printed(66.87),
            ("validation_accuracy", "RK4Net", "spiral"): Printed(99.70),
            ("spread", "StandardNet", "spiral"): Printed(10.0, relation="≤"),
        },
        variants=VARIANTS,
        repetitions=4,
        reduced_words=QUICK_FIGURE_WORDS.format(40),
        compute=_through_layers,
        seconds=45.0,
        reduced_seconds=12.0,
        doubts=(
            H_DOUBT,
            LIFT_DOUBT,
            BASIS_DOUBT,
            "The paper says that the features are compressed to the zero vector; here they count as "
            "compressed where their spread has fallen to a tenth, in that repetition where it is least: "
            "nets that learned do not compress.",
            "The accuracies are those that table 1 prints for 20 layers.",
        ),
    )
)


def _one_prediction(order: Order, tell: Tell) -> Found:
    """Compute figure 6: the prediction on donut 1D."""
    from playground.papers.figures_of_nets import runs_of, train_nets
    from playground.papers.pictures_of_nets import prediction_panel

    cells = {
        ("RK4Net", "donut 1D"): experiment_of("RK4Net", "donut_1d", 20, order.variant, epochs=60)
    }
    places, experiments = repeated(cells, order, QUICK_FIGURE)
    nets = train_nets(experiments, tell)
    panels = tuple(
        prediction_panel(f"Prediction, repetition {i + 1}", net, "half", cells=80)
        for i, net in enumerate(nets[:2])
    )
    return Found(last_figures(places, nets, ACCURACY), panels, (), runs_of(places, nets))


PAPERS.add(
    Study(
        name="001/figure6",
        label="Figure 6: prediction on donut 1D",
        summary="RK4Net of 20 layers with tanh on donut 1D: its prediction of the plane.",
        reference=f"{PAPER}, figure 6 and section 4.3",
        rows=("RK4Net",),
        columns=("donut 1D",),
        quantities={"validation_accuracy": ACCURACY_QUANTITY},
        printed={("validation_accuracy", "RK4Net", "donut 1D"): Printed(90.0)},
        variants=VARIANTS,
        repetitions=2,
        reduced_words=QUICK_FIGURE_WORDS.format(60),
        compute=_one_prediction,
        seconds=15.0,
        reduced_seconds=3.0,
        doubts=(
            H_DOUBT,
            LIFT_DOUBT,
            "The text says 'roughly 90 %', which is also what is possible.",
        ),
    )
)


CONVERGED = 88.0  # %, of the 90 that are possible on donut 1D


def _by_activation(order: Order, tell: Tell) -> Found:
    """Compute figure 7: accuracy and cost by epoch for four activations."""
    from playground.papers.curves_of_nets import epochs_to_reach, parted_panel
    from playground.papers.figures_of_nets import runs_of, train_nets

    cells = {
        (row, "donut 1D"): experiment_of(
            "RK4Net", "donut_1d", 20, order.variant, activation=name, epochs=60
        )
        for row, name in ACTIVATIONS.items()
    }
    places, experiments = repeated(cells, order, QUICK_FIGURE)
    nets = train_nets(experiments, tell)
    groups = rows_of(places, nets)
    values = last_figures(places, nets, ACCURACY)
    for row, own in groups.items():
        values["settled", row, "donut 1D"] = [epochs_to_reach(net, CONVERGED) for net in own]
    until = 60 if not order.reduced else 20
    panels = (parted_panel(groups, "accuracy", until), parted_panel(groups, "cost", until))
    told = ", ".join(f"{row} {_told(values['settled', row, 'donut 1D'])}" for row in ACTIVATIONS)
    note = f"Epochs until {CONVERGED:.0f} % by repetition: {told}."
    return Found(values, panels, (note,), runs_of(places, nets))


def _told(epochs: Sequence[float | None]) -> str:
    return " and ".join("never" if each is None else f"{each:.0f}" for each in epochs)


PAPERS.add(
    Study(
        name="001/figure7",
        label="Figure 7: activations",
        summary="RK4Net of 20 layers on donut 1D with four activations: accuracy and cost by epoch.",
        reference=f"{PAPER}, figure 7 and section 4.3",
        rows=tuple(ACTIVATIONS),
        columns=("donut 1D",),
        quantities={
            "validation_accuracy": ACCURACY_QUANTITY,
            "settled": Quantity(f"epochs until {CONVERGED:.0f} %", digits=1),
        },
        printed={("validation_accuracy", row, "donut 1D"): Printed(90.0) for row in ACTIVATIONS}
        | {
            ("settled", row, "donut 1D"): Printed(5.0, relation="≤") for row in ("ReLU", "softplus")
        },
        variants=VARIANTS,
        repetitions=2,
        reduced_words=QUICK_FIGURE_WORDS.format(60),
        compute=_by_activation,
        seconds=60.0,
        reduced_seconds=12.0,
        doubts=(
            H_DOUBT,
            LIFT_DOUBT,
            "The paper writes 'logit' for the logistic function.",
            "'Roughly 90 %' and 'converge after only five epochs' are its words; that a net has "
            f"converged where it first reaches {CONVERGED:.0f} % is ours.",
        ),
    )
)
