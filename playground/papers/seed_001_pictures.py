"""Giesecke and Kröner (2021): tables 5 and 6 and figures 14 to 18, on images."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from playground.experiment import Experiment
from playground.papers.found import Found, Panel
from playground.papers.paper import PAPERS, Order, Printed, Study, Table, Tell
from playground.papers.seed_001 import (
    H_DOUBT,
    LIFT_DOUBT,
    PAPER,
    VARIANTS,
    experiment_of,
    quantities,
)
from playground.papers.seed_001_multiclass import NETS
from playground.papers.seed_001_shared import ACCURACY, last_figures, repeated, rows_of

WIDTHS = {"28²": 784, "30²": 900}
IMAGES = {"MNIST": "mnist", "Fashion-MNIST": "fashion_mnist"}
_QUICK_WIDTHS = {"28²": 64, "30²": 100}
_QUICK = {"n_train": "500", "n_validation": "500", "epochs": "10"}
_MNIST_WORDS = (
    "scikit-learn's digits of 8 by 8 pixels in place of MNIST and widths 8² and 10² in place of 28² and "
    "30²"
)
_FASHION_WORDS = (
    "Fashion-MNIST mapped by a frozen random map to 10² components in place of 30², also where zeros are "
    "padded otherwise"
)
_LESS = "500 images and 10 epochs in place of 1,500 and 40"
_FETCH = (
    "MNIST does not come with the program: the full protocol wants its files, as the data sets of "
    "images say."
)
_HEAVY = "81 million parameters for a width of 900 and 100 layers: the full protocol wants a GPU."


def on_images(net: str, images: str, variant: str, width: str = "30²") -> Experiment:
    """Return a training on images as in the paper: 1,500 of them, read as vectors.

    Args:
        net: A key of ``NETS``.
        images: A key of ``IMAGES``.
        variant: A key of ``VARIANTS``.
        width: A key of ``WIDTHS``.
    """
    width_, data = WIDTHS[width], IMAGES[images]
    return experiment_of(net, data, NETS[net], variant, width=width_, patience=0.1)


def quick_on_images(net: str, images: str, variant: str, width: str = "30²") -> Experiment:
    """Return its stand-in that a CPU trains in seconds, with the same numbers of layers."""
    small = _QUICK_WIDTHS[width]
    if images == "MNIST":
        made = experiment_of(net, "digits", NETS[net], variant, width=small, patience=0.1)
    else:
        data = IMAGES[images]
        made = experiment_of(
            net, data, NETS[net], variant, width=small, lift="random", patience=0.1
        )
    return made.amended(_QUICK)


PAPERS.add(
    Table(
        name="001/table5",
        label="Table 5: images, with and without more dimensions",
        summary="RK4Net of 100 layers on MNIST, as wide as the images and wider.",
        reference=f"{PAPER}, table 5",
        rows=tuple(WIDTHS),
        columns=("MNIST",),
        quantities=quantities(
            "train_accuracy", "validation_accuracy", "train_cost", "validation_cost"
        ),
        printed={
            (name, row, "MNIST"): Printed(mean, std)
            for row, figures in (
                ("28²", ((97.70, 2.80), (87.27, 2.93), (0.78, 0.95), (7.71, 1.62))),
                ("30²", ((99.77, 0.40), (90.40, 1.08), (0.10, 0.17), (5.36, 0.46))),
            )
            for name, (mean, std) in zip(
                ("train_accuracy", "validation_accuracy", "train_cost", "validation_cost"), figures
            )
        },
        variants=VARIANTS,
        experiment=lambda row, column, variant: on_images("RK4Net", column, variant, row),
        quick=lambda row, column, variant: quick_on_images("RK4Net", column, variant, row),
        repetitions=4,
        reduced_words=f"{_MNIST_WORDS}, {_LESS}",
        doubts=(H_DOUBT, LIFT_DOUBT, _FETCH, _HEAVY),
    )
)

_TABLE_6 = {
    ("StandardNet", "MNIST"): ((85.67, 0.78), (8.95, 0.92)),
    ("EulerNet", "MNIST"): ((90.98, 0.48), (5.71, 0.36)),
    ("RK4Net", "MNIST"): ((90.40, 1.08), (5.36, 0.46)),
    ("StandardNet", "Fashion-MNIST"): ((61.23, 6.00), (11.41, 1.37)),
    ("EulerNet", "Fashion-MNIST"): ((77.62, 2.57), (9.52, 1.87)),
    ("RK4Net", "Fashion-MNIST"): ((79.13, 1.57), (8.24, 0.60)),
}


def _printed(nets: Sequence[str], images: Sequence[str]) -> dict[tuple[str, str, str], Printed]:
    """Return what table 6 prints of some nets and images."""
    found = {}
    for (net, of), (accuracy, cost) in _TABLE_6.items():
        if net in nets and of in images:
            found["validation_accuracy", net, of] = Printed(*accuracy)
            found["validation_cost", net, of] = Printed(*cost)
    return found


PAPERS.add(
    Table(
        name="001/table6",
        label="Table 6: nets on images",
        summary="StandardNet of 5 layers, EulerNet and RK4Net of 100 on MNIST and Fashion-MNIST.",
        reference=f"{PAPER}, table 6",
        rows=tuple(NETS),
        columns=tuple(IMAGES),
        quantities=quantities("validation_accuracy", "validation_cost"),
        printed=_printed(tuple(NETS), tuple(IMAGES)),
        variants=VARIANTS,
        experiment=on_images,
        quick=quick_on_images,
        repetitions=4,
        reduced_words=f"{_MNIST_WORDS}, {_FASHION_WORDS}, {_LESS}",
        doubts=(H_DOUBT, LIFT_DOUBT, _FETCH, _HEAVY),
    )
)

_FIELDS = {**ACCURACY, "validation_cost": ("validation_loss", 10.0)}
Drawn = Callable[[dict[str, list], Order], list[Panel]]


def _study(nets: Sequence[str], images: str, draw: Drawn) -> Callable[[Order, Tell], Found]:
    """Return the computation of a figure: nets trained on images, and what is drawn of them."""

    def compute(order: Order, tell: Tell) -> Found:
        from playground.papers.figures_of_nets import runs_of, train_nets

        made = quick_on_images if order.reduced else on_images
        cells = {(net, images): made(net, images, order.variant) for net in nets}
        places, experiments = repeated(cells, order, {})
        trained = train_nets(experiments, tell)
        tell("Drawing", 0.97)
        panels = draw(rows_of(places, trained), order)
        values = last_figures(places, trained, _FIELDS)
        return Found(values, tuple(panels), (), runs_of(places, trained))

    return compute


def _answers(groups: dict[str, list], order: Order) -> list[Panel]:
    from playground.papers.curves_of_nets import answers_panel

    return [answers_panel(groups["RK4Net"][0], "What RK4Net takes them for")]


def _features(groups: dict[str, list], order: Order) -> list[Panel]:
    from playground.papers.figures_of_nets import seen_by
    from playground.papers.pictures_of_nets import final_panel

    panels = []
    for row, own in groups.items():
        seen = seen_by(own[0].final(own[0].split.x_validation[:700])[None])
        share = 100 * sum(seen.shares)
        caption = f"Three main directions, which hold {share:.0f} % of the variance."
        panels.append(final_panel(f"{row}: last features", own[0], seen, "half", caption))
    return panels


def _curves(groups: dict[str, list], order: Order) -> list[Panel]:
    from playground.papers.curves_of_nets import parted_panel

    return [parted_panel(groups, "accuracy", 25), parted_panel(groups, "cost", 25)]


_ALL = tuple(NETS)
_SHOWN = "{} images, their classes, and what RK4Net of 100 layers takes them for."
_LEARNT = "Accuracy and cost of three nets on {} over the first 25 epochs."
_LAST = "The last features of StandardNet and RK4Net on {} in three main directions."
_SECONDS = {"StandardNet": 200.0, "EulerNet": 4000.0, "RK4Net": 16000.0}
for _number, _of, _nets, _draw, _label, _summary in (
    (14, "MNIST", ("RK4Net",), _answers, "MNIST and answers", _SHOWN),
    (15, "Fashion-MNIST", ("RK4Net",), _answers, "Fashion-MNIST and answers", _SHOWN),
    (16, "Fashion-MNIST", ("StandardNet", "RK4Net"), _features, "features of images", _LAST),
    (17, "MNIST", _ALL, _curves, "learning MNIST", _LEARNT),
    (18, "Fashion-MNIST", _ALL, _curves, "learning Fashion-MNIST", _LEARNT),
):
    _fetched = (_FETCH,) if _of == "MNIST" else ()
    PAPERS.add(
        Study(
            name=f"001/figure{_number}",
            label=f"Figure {_number}: {_label}",
            summary=_summary.format(_of),
            reference=f"{PAPER}, figure {_number}",
            rows=_nets,
            columns=(_of,),
            quantities=quantities("validation_accuracy", "validation_cost"),
            printed=_printed(_nets, (_of,)),
            variants=VARIANTS,
            repetitions=1,
            reduced_words=f"{_MNIST_WORDS if _of == 'MNIST' else _FASHION_WORDS}, {_LESS}",
            compute=_study(_nets, _of, _draw),
            seconds=sum(_SECONDS[net] for net in _nets),
            reduced_seconds=sum(_SECONDS[net] for net in _nets) / 1500,
            doubts=(
                H_DOUBT,
                LIFT_DOUBT,
                *_fetched,
                _HEAVY,
                "The figures beside it are those of table 6, means of four repetitions; here is one.",
            ),
        )
    )
