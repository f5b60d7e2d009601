"""Giesecke and Kröner (2021): claims on how nets work: activations, optimisers, the adjoint scheme."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from playground.experiment import Experiment
from playground.papers.found import Found
from playground.papers.paper import PAPERS, Order, Printed, Quantity, Study, Tell
from playground.papers.seed_001 import H_DOUBT, LIFT_DOUBT, PAPER, VARIANTS, experiment_of
from playground.papers.seed_001_shared import (
    ACCURACY,
    ACCURACY_QUANTITY,
    ACTIVATIONS,
    OURS,
    QUICK_FIGURE,
    QUICK_FIGURE_WORDS,
    last_figures,
    repeated,
)

_LAYERS = (1, 3, 5, 10, 20)
_LEAST = "least depth"


def _by_depth(order: Order, tell: Tell) -> Found:
    """Compute how many layers RK4Net needs on donut 1D with each activation."""
    from playground.papers.curves_of_nets import series_panel
    from playground.papers.figures_of_nets import runs_of, train_nets

    cells = {
        (row, str(depth)): experiment_of(
            "RK4Net", "donut_1d", depth, order.variant, activation=name, epochs=60
        )
        for row, name in ACTIVATIONS.items()
        for depth in _LAYERS
    }
    places, experiments = repeated(cells, order, QUICK_FIGURE)
    nets = train_nets(experiments, tell)
    values = last_figures(places, nets, ACCURACY)
    means = {
        row: [_mean(values["validation_accuracy", row, str(depth)]) for depth in _LAYERS]
        for row in ACTIVATIONS
    }
    needed = {row: least_depth(_LAYERS, found) for row, found in means.items()}
    values |= {("needed", row, _LEAST): [depth] for row, depth in needed.items()}
    told = ", ".join(f"{row} {depth or 'more than 20'}" for row, depth in needed.items())
    panel = series_panel(
        "Accuracy by depth", means, "layers", "validation accuracy, %", size="full", at=_LAYERS
    )
    note = f"Least number of layers for 88 % on the mean: {told}."
    return Found(values, (panel,), (note,), runs_of(places, nets))


def _mean(values: Sequence[float | None]) -> float:
    return statistics.fmean(value for value in values if value is not None)


def least_depth(
    depths: Sequence[int], accuracies: Sequence[float], level: float = 88.0
) -> float | None:
    """Return the least depth from which on all accuracies reach a level, ``None`` if none does."""
    reached = None
    for depth, accuracy in zip(reversed(depths), reversed(accuracies)):
        if accuracy < level:
            break
        reached = float(depth)
    return reached


PAPERS.add(
    Study(
        name="001/claim_layers",
        label="Claim: layers that activations need",
        summary="All activations reach about 90 % on donut 1D; tanh needs fewer layers than the logistic "
        "function, and ReLU and softplus are good even when shallow.",
        reference=f"{PAPER}, section 4.3",
        rows=tuple(ACTIVATIONS),
        columns=(*map(str, _LAYERS), _LEAST),
        quantities={
            "validation_accuracy": ACCURACY_QUANTITY,
            "needed": Quantity("least number of layers for 88 %", digits=0),
        },
        printed={("validation_accuracy", row, "20"): Printed(90.0) for row in ACTIVATIONS}
        | {
            ("needed", "ReLU", _LEAST): Printed(5.0, relation="≤"),
            ("needed", "softplus", _LEAST): Printed(5.0, relation="≤"),
        },
        variants=VARIANTS,
        repetitions=2,
        reduced_words=QUICK_FIGURE_WORDS.format(60),
        compute=_by_depth,
        seconds=120.0,
        reduced_seconds=20.0,
        doubts=(
            H_DOUBT,
            LIFT_DOUBT,
            f"'Good' is taken as 88 % and 'fairly shallow' as at most five layers. {OURS}",
        ),
    )
)


_COLLAPSING = ("tanh", "logistic")
_BELOW = 0.1  # share of the input's spread below which features count as shrunk


def _shrinking(order: Order, tell: Tell) -> Found:
    """Compute at which layer the features of a StandardNet have shrunk, with two activations."""
    from playground.papers.curves_of_nets import series_panel
    from playground.papers.figures_of_nets import first_below, runs_of, spread, train_nets

    cells = {
        (name, "trained"): experiment_of(
            "StandardNet", "spiral", 20, order.variant, activation=name
        )
        for name in _COLLAPSING
    }
    places, experiments = repeated(cells, order, QUICK_FIGURE)
    nets = train_nets(experiments, tell)
    lines: dict[str, list[float]] = {}
    layers: dict[tuple[str, str], list[float]] = {}
    for (name, _, repetition), net in zip(places, nets):
        x = net.split.x_validation[:300]
        for when, states in (("untrained", net.fresh().states(x)), ("trained", net.states(x))):
            spreads = spread(states)
            below = first_below(spreads, _BELOW)
            layers.setdefault((name, when), []).append(float(21 if below is None else below))
            if repetition == 0:
                lines[f"{name}, {when}"] = (100 * spreads / spreads[0]).tolist()
    values = {("layer", *cell): found for cell, found in layers.items()}
    for when in ("untrained", "trained"):
        pairs = zip(layers["tanh", when], layers["logistic", when])
        values["earlier", "logistic", when] = [late - soon for late, soon in pairs]
    panel = series_panel(
        "How far the points lie apart, first repetition",
        lines,
        "layer",
        "spread, % of the input's",
        "Root mean square distance of 300 points from their mean.",
        size="full",
        log_y=True,
        points=False,
    )
    note = "Where the features of a net of 20 layers never shrink that far, 21 is counted."
    return Found(values, (panel,), (note,), runs_of(places, nets))


PAPERS.add(
    Study(
        name="001/claim_logistic",
        label="Claim: the logistic function collapses earlier",
        summary="In a StandardNet of 20 layers on the spiral features shrink at an earlier layer with "
        "the logistic function than with tanh.",
        reference=f"{PAPER}, section 4.2",
        rows=_COLLAPSING,
        columns=("untrained", "trained"),
        quantities={
            "layer": Quantity(
                "layer at which the spread is below a tenth of the input's", digits=1
            ),
            "earlier": Quantity("layers earlier than with tanh", digits=1),
        },
        printed={
            ("earlier", "logistic", when): Printed(1.0, relation="≥")
            for when in ("untrained", "trained")
        },
        variants=VARIANTS,
        repetitions=4,
        reduced_words=QUICK_FIGURE_WORDS.format(40),
        compute=_shrinking,
        seconds=20.0,
        reduced_seconds=5.0,
        doubts=(
            LIFT_DOUBT,
            "The paper writes 'logit' for the logistic function.",
            f"Features count as shrunk where their spread is below a tenth of the input's. {OURS}",
        ),
    )
)

_EXACT = {"multipliers": "(3.13) and (3.17)", "partner": "(3.24) to (3.26)", "backward": "backward"}
_TABLEAUS = {"Euler": "euler", "RK4": "rk4", "3/8": "rk4_38"}


def _adjoint(order: Order, tell: Tell) -> Found:
    """Compare gradients by the adjoint schemes of section 3 with automatic differentiation."""
    from playground.analysis.gradients import compare, random_net
    from playground.integrators import INTEGRATORS

    values: dict[tuple[str, str, str], list[float | None]] = {}
    for i, (row, name) in enumerate(_TABLEAUS.items()):
        tell(f"Gradients of {row}", i / len(_TABLEAUS))
        for seed in range(1, order.repetitions + 1):
            for each in compare(*random_net(INTEGRATORS[name], 4, 10, 3.0, 20, seed)):
                if each.way in _EXACT:
                    cell = ("difference", row, _EXACT[each.way])
                    values.setdefault(cell, []).append(each.difference)
    note = (
        "(3.23) is taken with the tilde that it lacks on the first coefficient. Integrating backward in "
        "time with the same scheme stands beside it: that is not exact."
    )
    return Found(values, (), (note,))


PAPERS.add(
    Study(
        name="001/claim_adjoint",
        label="Claim: discretising and optimising commute",
        summary="The multipliers (3.13), (3.17) and the partitioned scheme (3.24) to (3.26) give the "
        "exact gradient of the discrete net.",
        reference=f"{PAPER}, section 3",
        rows=tuple(_TABLEAUS),
        columns=tuple(_EXACT.values()),
        quantities={"difference": Quantity("relative difference from automatic differentiation")},
        printed={
            ("difference", row, column): Printed(1e-12, relation="≤")
            for row in _TABLEAUS
            for column in list(_EXACT.values())[:2]
        },
        repetitions=4,
        compute=_adjoint,
        seconds=3.0,
        doubts=(
            "As printed (3.23) lacks the tilde on its first a, and (3.14) sums over i where it should "
            "over j and has g for δf; what is computed is what is meant.",
        ),
    )
)

OPTIMIZERS = {
    "SGD": ("sgd", 0.1),
    "Adagrad": ("adagrad", 0.01),
    "Adam": ("adam", 0.001),
    "Adadelta": ("adadelta", 1.0),
}
LOSSES = {"cross-entropy": "cross_entropy", "mean square": "mean_square"}
_RANGE = "range"


def _optimized(loss: str, optimizer: str, variant: str) -> Experiment:
    name, rate = OPTIMIZERS[optimizer]
    return experiment_of(
        "RK4Net",
        "spiral_3d",
        10,
        variant,
        loss={"name": LOSSES[loss]},
        optimizer={"name": name, "options": {"learning_rate": rate}},
    )


def _alike(order: Order, tell: Tell) -> Found:
    """Compute how far accuracies by losses and optimisers lie apart."""
    from playground.papers.figures_of_nets import runs_of, train_nets

    cells = {
        (loss, optimizer): _optimized(loss, optimizer, order.variant)
        for loss in LOSSES
        for optimizer in OPTIMIZERS
    }
    places, experiments = repeated(cells, order, QUICK_FIGURE)
    nets = train_nets(experiments, tell)
    values = last_figures(places, nets, ACCURACY)
    means = {cell[1:]: _mean(found) for cell, found in values.items()}
    for loss in LOSSES:
        own = [means[loss, optimizer] for optimizer in OPTIMIZERS]
        values["apart", loss, _RANGE] = [max(own) - min(own)]
    return Found(values, (), (), runs_of(places, nets))


PAPERS.add(
    Study(
        name="001/claim_optimizers",
        label="Claim: losses and optimisers are alike",
        summary="All losses and optimisers produce very similar results: RK4Net of 10 layers on the "
        "spiral in space.",
        reference=f"{PAPER}, section 4",
        rows=tuple(LOSSES),
        columns=(*OPTIMIZERS, _RANGE),
        quantities={
            "validation_accuracy": ACCURACY_QUANTITY,
            "apart": Quantity("range of the mean accuracies, points"),
        },
        printed={("apart", loss, _RANGE): Printed(2.0, relation="≤") for loss in LOSSES},
        variants=VARIANTS,
        repetitions=2,
        reduced_words=QUICK_FIGURE_WORDS.format(40),
        compute=_alike,
        seconds=40.0,
        reduced_seconds=8.0,
        doubts=(
            H_DOUBT,
            LIFT_DOUBT,
            "The paper shows no figures; the settings are those of the experiment in the authors' code, "
            "with the usual learning rates for all but SGD (0.1) and Adam (0.001).",
            f"'Very similar' is taken as within two points. {OURS}",
        ),
    )
)
