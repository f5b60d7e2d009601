"""The survey on robust neural ODEs: its tables and figures but those of the attention nets."""

from __future__ import annotations

from playground.papers.found import Found
from playground.papers.paper import PAPERS, Order, Printed, Quantity, Study, Tell
from playground.training.robust_table import RUNS, TABLE_I

_SURVEY = "Srilatha et al., Exploring the Frontiers of Robust and Efficient Deep Learning"
_LABELS = {"cnn": "CNN", "ode_net": "ODENet", "tis_ode": "TisODE"}
"""How the table calls the nets."""


def _table_1(order: Order, tell: Tell) -> Found:
    from playground.papers.robust import compute

    return compute(order, tell)


def _figure_2(order: Order, tell: Tell) -> Found:
    from playground.papers.crossing import compute

    return compute(order, tell)


def _figure_3(order: Order, tell: Tell) -> Found:
    from playground.papers.augmented import figure_3

    return figure_3(order, tell)


def _figure_4(order: Order, tell: Tell) -> Found:
    from playground.papers.augmented import figure_4

    return figure_4(order, tell)


def line_of(data: str, perturbation: str) -> str:
    """Return what a line of Table I is called here."""
    return f"{data}, {perturbation}"


PAPERS.add(
    Study(
        name="003/table1",
        label="Table I: robustness",
        summary="CNN, ODENet and TisODE under noise, FGSM and PGD on MNIST, SVHN and ImgNet10.",
        reference=f"{_SURVEY}, table I; the figures are Yan et al.'s (2020)",
        rows=tuple(line_of(row.data, row.perturbation) for row in TABLE_I),
        columns=tuple(_LABELS.values()),
        quantities={"accuracy": Quantity("accuracy, %", point=1.0, digits=1)},
        printed={
            ("accuracy", line_of(row.data, row.perturbation), label): Printed(*row.cells[net])
            for row in TABLE_I
            for net, label in _LABELS.items()
        },
        variants={
            "code": "the steady-state term as in the authors' code: from 0.9 T to 1.5 T, the modulus "
            "inside the integral",
            "text": "the steady-state term as in equation (6): from T to 2T, the modulus outside",
        },
        repetitions=RUNS,
        reduced_words="scikit-learn's digits of 8 × 8 pixels in place of MNIST, nets of 16 channels, 30 "
        "epochs, and half of every perturbation; nothing in place of SVHN and ImgNet10",
        doubts=(
            "The nets behind the table were trained on images half of which had noise; the survey does "
            "not say so.",
            "The attacks follow the margin and begin at the image itself, without a random start.",
            "Equation (5) still shows the time t, although TisODE's field does not depend on it.",
            "The text has TisODE ahead on SVHN against every perturbation; under σ = 35 the table itself "
            "has it at 94.9 and ODENet at 95.1.",
            "ImgNet10 is a choice of ImageNet's classes that cannot be downloaded.",
        ),
        compute=_table_1,
        seconds=100 * 3600.0,
        reduced_seconds=600.0,
    )
)

ODE, EULER, IDENTITY, WIDE = (
    "ODE, g₁d",
    "Euler's steps, g₁d",
    "ODE, identity",
    "ODE with one more dimension, g₁d",
)
PAIR = "−1 and 1"
PAPERS.add(
    Study(
        name="003/figure2",
        label="Figure 2: paths that would have to cross",
        summary="−1 to 1 and 1 to −1: what an ODE on a line cannot do, what Euler's long steps can, and "
        "the fields learnt from the identity and from g₁d.",
        reference=f"{_SURVEY}, figure 2 and section 2, after Dupont et al. (2019)",
        rows=(ODE, EULER, IDENTITY, WIDE),
        columns=(PAIR,),
        quantities={
            "crossings": Quantity("crossings of the two paths", digits=0),
            "error": Quantity("mean square error", digits=3),
        },
        printed={
            ("crossings", ODE, PAIR): Printed(0, relation="≤"),
            ("crossings", IDENTITY, PAIR): Printed(0, relation="≤"),
            ("crossings", EULER, PAIR): Printed(1, relation="≥"),
            ("error", ODE, PAIR): Printed(0.99, relation="≥"),
        },
        repetitions=3,
        doubts=(
            "The caption says that the paths must cross and that this is not possible for an ODE. Paths "
            "that keep their order have a mean square error of 1 at the least, in single precision a "
            "little less.",
            "Our copy has lost the minus signs: 'mapping 1 to 1 and 1 to 1' is −1 to 1 and 1 to −1.",
        ),
        compute=_figure_2,
        seconds=60.0,
    )
)

AUGMENTED = ("p = 0", "p = 1", "p = 5", "p = 10")
IMAGES = ("MNIST", "CIFAR10")
_MISSING = (
    "The figure is Dupont et al.'s (2019) and prints no figures; claims are those of the text."
)
PAPERS.add(
    Study(
        name="003/figure3",
        label="Figure 3: augmented nets while they learn",
        summary="Training loss and evaluations of the field (NFE) of neural ODEs with p added channels.",
        reference=f"{_SURVEY}, figure 3 and section 3, after Dupont et al. (2019)",
        rows=AUGMENTED,
        columns=IMAGES,
        quantities={
            "loss": Quantity("training loss at the end", digits=4),
            "nfe": Quantity("NFE, forward, at the end", digits=0),
            "loss_over": Quantity("loss of p = 0 over this one's", digits=2),
            "nfe_over": Quantity("NFE of p = 0 over this one's", digits=2),
        },
        printed={
            (quantity, row, column): Printed(1.0, relation="≥")
            for quantity in ("loss_over", "nfe_over")
            for row in AUGMENTED[1:]
            for column in IMAGES
        },
        repetitions=2,
        reduced_words="300 of scikit-learn's digits of 8 × 8 pixels in place of MNIST, 16 filters, 12 "
        "epochs; nothing in place of CIFAR10",
        doubts=(
            _MISSING,
            "Filters, rate and tolerance of the original are not printed in the survey.",
        ),
        compute=_figure_3,
        seconds=50 * 3600.0,
        reduced_seconds=200.0,
    )
)
LATE = "second half"
PAPERS.add(
    Study(
        name="003/figure4",
        label="Figure 4: instabilities",
        summary="Loss and evaluations of a plain neural ODE on MNIST: epochs at which both jump.",
        reference=f"{_SURVEY}, figure 4, after Dupont et al. (2019)",
        rows=("neural ODE", "neural ODE with 5 channels more"),
        columns=("first half", LATE),
        quantities={
            "jumps": Quantity("epochs with more than twice the least loss before", digits=1),
            "most": Quantity("greatest loss over the least before", digits=2),
        },
        printed={("jumps", "neural ODE", LATE): Printed(1.0, relation="≥")},
        repetitions=2,
        reduced_words="300 of scikit-learn's digits of 8 × 8 pixels in place of MNIST, 16 filters, 40 "
        "epochs",
        doubts=(
            _MISSING,
            "The caption says that the loss and the NFE become erratic late in training; here an epoch "
            "counts whose loss is more than twice the least before.",
        ),
        compute=_figure_4,
        seconds=30 * 3600.0,
        reduced_seconds=300.0,
    )
)
