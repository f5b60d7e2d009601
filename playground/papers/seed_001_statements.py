"""Giesecke and Kröner (2021): claims of the text that no table or figure shows, as trainings."""

from __future__ import annotations

from collections.abc import Mapping

from playground.experiment import Experiment
from playground.papers.found import Found
from playground.papers.paper import PAPERS, Order, Printed, Quantity, Study, Table, Tell
from playground.papers.seed_001 import (
    DEPTHS,
    H_DOUBT,
    LIFT_DOUBT,
    PAPER,
    QUICK,
    QUICK_WORDS,
    SETS,
    VARIANTS,
    experiment_of,
    quantities,
)
from playground.papers.seed_001_multiclass import NETS
from playground.papers.seed_001_pictures import IMAGES, quick_on_images
from playground.papers.seed_001_shared import (
    ACCURACY,
    OURS,
    QUICK_FIGURE,
    QUICK_FIGURE_WORDS,
    last_figures,
    repeated,
)

_COLUMNS = tuple(map(str, DEPTHS))

PAPERS.add(
    Table(
        name="001/claim_narrow",
        label="Claim: depth with one dimension more",
        summary="With d̂ = 3 StandardNet never exceeds 80 % on the spiral; RK4Net classifies nearly "
        "perfectly but needs 40 or more layers.",
        reference=f"{PAPER}, section 4.2",
        rows=("StandardNet", "RK4Net"),
        columns=_COLUMNS,
        quantities=quantities("validation_accuracy"),
        printed={
            ("validation_accuracy", "StandardNet", depth): Printed(80.0, relation="≤")
            for depth in _COLUMNS
        }
        | {
            ("validation_accuracy", "RK4Net", str(depth)): Printed(
                97.0, relation="≥" if depth >= 40 else "≤"
            )
            for depth in DEPTHS
        },
        variants=VARIANTS,
        experiment=lambda row, column, variant: experiment_of(
            row, "spiral", int(column), variant, width=3
        ),
        repetitions=4,
        reduced=QUICK,
        reduced_words=QUICK_WORDS,
        doubts=(H_DOUBT, LIFT_DOUBT, f"'Nearly perfectly' is taken as 97 %. {OURS}"),
    )
)
PAPERS.add(
    Table(
        name="001/claim_noise",
        label="Claim: never above 95 %",
        summary="On the noisy sets of several classes no net exceeds 95 % (the trainings of table 4).",
        reference=f"{PAPER}, section 4.4",
        rows=tuple(NETS),
        columns=tuple(SETS),
        quantities=quantities("validation_accuracy"),
        printed={
            ("validation_accuracy", net, data): Printed(95.0, relation="≤")
            for net in NETS
            for data in SETS
        },
        variants=VARIANTS,
        experiment=lambda row, column, variant: experiment_of(
            row, SETS[column], NETS[row], variant
        ),
        repetitions=4,
        reduced=QUICK,
        reduced_words=QUICK_WORDS,
        doubts=(H_DOUBT, LIFT_DOUBT),
    )
)


def _deep_on_images(row: str, column: str, variant: str) -> Experiment:
    return experiment_of(row, IMAGES[column], 100, variant, width=900, patience=0.1)


def _quick_deep_on_images(row: str, column: str, variant: str) -> Experiment:
    return quick_on_images(row, column, variant).amended({"network.depth": "100"})


PAPERS.add(
    Table(
        name="001/claim_deep_images",
        label="Claim: a deep StandardNet guesses",
        summary="On images of ten classes a StandardNet of 100 layers is no better than chance, which is "
        "roughly 10 %.",
        reference=f"{PAPER}, section 4.5",
        rows=("StandardNet",),
        columns=tuple(IMAGES),
        quantities=quantities("train_accuracy", "validation_accuracy"),
        printed={
            (quantity, "StandardNet", images): Printed(12.0, relation="≤")
            for quantity in ("train_accuracy", "validation_accuracy")
            for images in IMAGES
        },
        variants=VARIANTS,
        experiment=_deep_on_images,
        quick=_quick_deep_on_images,
        repetitions=2,
        reduced_words="images and widths of the quick protocol of table 6",
        doubts=(LIFT_DOUBT, f"'Roughly 10 %' is taken as at most 12 %. {OURS}"),
    )
)

_PAIRS: Mapping[str, tuple[str, str]] = {
    "a class more, 3D": ("donut 3D & 2C", "donut 3D & 3C"),
    "a dimension more, donut": ("donut 2D & 6C", "donut 3D & 6C"),
    "a dimension more, squares": ("squares 2D & 4C", "squares 3D & 4C"),
}


def _harder(order: Order, tell: Tell) -> Found:
    """Compute by how much the accuracy falls with a class or a dimension more."""
    from playground.papers.figures_of_nets import runs_of, train_nets

    cells = {
        (net, data): experiment_of(net, SETS[data], depth, order.variant)
        for net, depth in NETS.items()
        for data in SETS
    }
    places, experiments = repeated(cells, order, QUICK_FIGURE)
    nets = train_nets(experiments, tell)
    figures = last_figures(places, nets, ACCURACY)
    values = {}
    for net in NETS:
        for name, (easier, harder) in _PAIRS.items():
            pairs = zip(
                figures["validation_accuracy", net, easier],
                figures["validation_accuracy", net, harder],
            )
            values["fall", net, name] = [
                None if None in pair else pair[0] - pair[1] for pair in pairs
            ]
    return Found(values, (), (), runs_of(places, nets))


PAPERS.add(
    Study(
        name="001/claim_harder",
        label="Claim: a class or a dimension more is harder",
        summary="With one class or one dimension more the accuracy is consistently smaller.",
        reference=f"{PAPER}, section 4.4",
        rows=tuple(NETS),
        columns=tuple(_PAIRS),
        quantities={"fall": Quantity("fall of the validation accuracy, points")},
        printed={
            ("fall", net, pair): Printed(0.0, relation="≥") for net in NETS for pair in _PAIRS
        },
        variants=VARIANTS,
        repetitions=4,
        reduced_words=QUICK_FIGURE_WORDS.format(40),
        compute=_harder,
        seconds=240.0,
        reduced_seconds=60.0,
        doubts=(
            H_DOUBT,
            LIFT_DOUBT,
            "Table 4 itself prints a fall of 0.04 points for RK4Net on the donut of six classes, which "
            "is less than its repetitions scatter.",
        ),
    )
)
