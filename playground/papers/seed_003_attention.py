"""The survey on robust neural ODEs: the tables and figures of its attention nets."""

from __future__ import annotations

from playground.papers.found import Found
from playground.papers.paper import PAPERS, Order, Printed, Quantity, Study, Tell
from playground.training.attention_tables import CLASSIC, FLOW, TABLE_III, TABLE_IV

_SURVEY = "Srilatha et al., Exploring the Frontiers of Robust and Efficient Deep Learning"
COLUMNS = {
    "mnist": "MNIST",
    "fashion_mnist": "FashionMNIST",
    "cifar10": "CIFAR10",
    "cifar100": "CIFAR100",
}
"""How the tables call the sets of images."""
ROWS = {FLOW: "Neural ODE attention", CLASSIC: "Classic attention"}
"""How the tables call the nets."""
VARIANTS = {
    "counted": "one score a position, as the parameters of table IV imply",
    "written": "queries, keys and values, as equations (7) to (11) describe",
}
_FORM = (
    "The text's equations (7) to (9) need three matrices more than table IV counts; equation (10) "
    "already multiplies by V, and (11) does so again."
)
_TRAINING = (
    "Epochs, batch, rate and schedule are not printed. Here: Adam, cosine, a rate of 0.01, batches of "
    "32, 20 epochs; the first 2,000 test images judge."
)
_REDUCED = (
    "5,000 images of Fashion-MNIST (scikit-learn's digits where that is missing), 4 epochs; nothing in "
    "the place of the other sets"
)


def _table_3(order: Order, tell: Tell) -> Found:
    from playground.papers.attention import table_3

    return table_3(order, tell)


def _table_4(order: Order, tell: Tell) -> Found:
    from playground.papers.attention_counts import table_4

    return table_4(order, tell)


def _figure_5(order: Order, tell: Tell) -> Found:
    from playground.papers.attention import figure_5

    return figure_5(order, tell)


def _figure_6(order: Order, tell: Tell) -> Found:
    from playground.papers.attention_counts import figure_6

    return figure_6(order, tell)


SCORES = ("loss", "accuracy", "precision", "recall", "f1")


def _ratio(dataset: str) -> float:
    """Return the printed time of the ODE net over that of the classic one."""
    return TABLE_III[FLOW, dataset].seconds / TABLE_III[CLASSIC, dataset].seconds


PAPERS.add(
    Study(
        name="003/table3",
        label="Table III: scores and time of attention",
        summary="Neural ODE attention and classic attention on four sets of images: loss, accuracy, "
        "precision, recall, F1 and inference time.",
        reference=f"{_SURVEY}, table III",
        rows=tuple(ROWS.values()),
        columns=tuple(COLUMNS.values()),
        quantities={
            "loss": Quantity("test loss", digits=4),
            "accuracy": Quantity("accuracy", point=0.01, digits=4),
            "precision": Quantity("precision, weighted", point=0.01, digits=4),
            "recall": Quantity("recall, weighted", point=0.01, digits=4),
            "f1": Quantity("F1, weighted", point=0.01, digits=4),
            "ratio": Quantity("inference time over the classic net's", point=0.1, digits=3),
            "micro": Quantity("inference time, µs an image", digits=1),
        },
        printed={
            (score, ROWS[net], COLUMNS[dataset]): Printed(getattr(found, score))
            for (net, dataset), found in TABLE_III.items()
            for score in SCORES
        }
        | {
            ("ratio", ROWS[FLOW], column): Printed(_ratio(dataset))
            for dataset, column in COLUMNS.items()
        },
        variants=VARIANTS,
        repetitions=2,
        reduced_words=_REDUCED,
        doubts=(
            _FORM,
            _TRAINING,
            "Table III has the ODE net ten times faster than the classic one, although it computes more; "
            "of how many images and on which machine is not said. Here both are timed by turns on the "
            "same batches, and the ratio is what is compared.",
            "Averages of precision, recall and F1 are not explained; weighted by images, recall is the "
            "accuracy, as in every row of the table.",
        ),
        compute=_table_3,
        seconds=3 * 3600.0,
        reduced_seconds=150.0,
    )
)
PAPERS.add(
    Study(
        name="003/table4",
        label="Table IV: parameters of attention",
        summary="Trainable parameters of classic attention and neural ODE attention, counted.",
        reference=f"{_SURVEY}, table IV",
        rows=tuple(COLUMNS.values()),
        columns=(ROWS[CLASSIC], ROWS[FLOW]),
        quantities={"parameters": Quantity("parameters", digits=0, exact=True)},
        printed={
            ("parameters", COLUMNS[dataset], ROWS[net]): Printed(count)
            for (net, dataset), count in TABLE_IV.items()
        },
        variants=VARIANTS,
        doubts=(
            _FORM,
            "On CIFAR the counts need positions of 32 values: 96 rows of one channel each. 32 rows of 96 "
            "values would give the classic net 14,091 parameters.",
        ),
        compute=_table_4,
        seconds=3.0,
    )
)
PAPERS.add(
    Study(
        name="003/figure5",
        label="Figure 5: where attention looks",
        summary="Weights of the positions of an image in both nets, over the times of the ODE, and among "
        "how many positions each net divides them.",
        reference=f"{_SURVEY}, figure 5 and section 7.3",
        rows=(ROWS[CLASSIC], ROWS[FLOW]),
        columns=tuple(COLUMNS.values()),
        quantities={
            "effective": Quantity("positions among which attention is divided", point=1.0, digits=2)
        },
        printed={("effective", ROWS[CLASSIC], column): Printed(1.0) for column in COLUMNS.values()}
        | {
            ("effective", ROWS[FLOW], column): Printed(2.0, relation="≥")
            for column in COLUMNS.values()
        },
        variants=VARIANTS,
        reduced_words=_REDUCED,
        doubts=(
            "The text says that classic attention focuses on one position and that neural ODE attention "
            "attends to several, and asks for a measure: here exp(entropy) of the weights, in the mean "
            "over all images that judge; 'several' is two or more.",
            _TRAINING,
        ),
        compute=_figure_5,
        seconds=2 * 3600.0,
        reduced_seconds=75.0,
    )
)
PAPERS.add(
    Study(
        name="003/figure6",
        label="Figure 6: parameters compared",
        summary="The parameters of both nets side by side, and what they are for.",
        reference=f"{_SURVEY}, figure 6 and section 7.5",
        rows=tuple(COLUMNS.values()),
        columns=(ROWS[FLOW],),
        quantities={"share": Quantity("parameters over the classic net's", digits=3)},
        printed={
            ("share", column, ROWS[FLOW]): Printed(1.0, relation="≤") for column in COLUMNS.values()
        },
        variants=VARIANTS,
        doubts=(
            _FORM,
            "The classic net is 128 wide and the ODE net 32: its fewer parameters come from the width, "
            "not from the flow, which adds some.",
        ),
        compute=_figure_6,
        seconds=3.0,
    )
)
