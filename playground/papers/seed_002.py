"""The lecture on multi-stage neural networks: its three figures, and what its text says of them."""

from __future__ import annotations

from playground.papers.found import Found
from playground.papers.paper import PAPERS, Order, Printed, Quantity, Study, Tell

_LECTURE = "Pan, lecture 8: Multi-stage Neural Networks"
VARIANTS = {
    "text": "as the text has it: Adam, then L-BFGS on the loss as it is",
    "thousand": "L-BFGS on a thousand times the loss, so that it does not stop early",
    "scaled": "L-BFGS on the loss divided by its value, restarted",
}
SCALES = {"text": "none", "thousand": "thousand", "scaled": "current"}
"""What L-BFGS sees of the loss, by variant."""
_OPTIMISER = (
    "torch's L-BFGS drops curvature where y·s is at most 1e-10, so that much of the plateau is the "
    "optimiser's and not the net's: the other variants show it. The lecture does not say which "
    "implementation was used."
)
_UNSAID = "Numbers of iterations are not printed; here Adam takes 3,000 and L-BFGS 4,000 a stage."
_REDUCED = "1,000 steps of Adam and 1,000 iterations of L-BFGS a stage in place of 3,000 and 4,000"

TWO, LARGE = "two stages of 20 units", "one stage of 30 units"
ADAM, LBFGS, BOTH = "one of 20, Adam alone", "one of 20, L-BFGS alone", "one of 20, both"
FIRST, END = "after stage 1", "at the end"


def _figure_1(order: Order, tell: Tell) -> Found:
    from playground.papers.stages_figure_1 import compute

    return compute(order, tell)


def _figure_2(order: Order, tell: Tell) -> Found:
    from playground.papers.stages_spread import figure_2_found

    return figure_2_found(order, tell)


def _figure_3(order: Order, tell: Tell) -> Found:
    from playground.papers.stages_spread import figure_3_found

    return figure_3_found(order, tell)


PAPERS.add(
    Study(
        name="002/figure1",
        label="Figure 1: one stage or two",
        summary="Two stages of 20 units against one of 30 on sin(2x + 1) + 0.2·exp(1.3x): what the first "
        "net leaves, what the second makes of it, and the loss of five trainings.",
        reference=f"{_LECTURE}, figure 1 and sections 2.1 and 2.2.2",
        rows=(TWO, LARGE, ADAM, LBFGS, BOTH),
        columns=(FIRST, END),
        quantities={
            "loss": Quantity("loss MSE/2, powers of ten", point=1.0, digits=1),
            "max_error": Quantity(
                "greatest error at the points, powers of ten", point=1.0, digits=1
            ),
            "between": Quantity("greatest error between them, powers of ten", point=1.0, digits=1),
            "ratio": Quantity("loss over that of Adam alone, powers of ten", point=1.0, digits=1),
            "weights": Quantity("weights without biases", digits=0, exact=True),
            "parameters": Quantity("weights and biases", digits=0, exact=True),
        },
        printed={
            ("loss", LARGE, END): Printed(-8),
            ("loss", BOTH, END): Printed(-7),
            ("loss", TWO, END): Printed(-14),
            ("max_error", TWO, END): Printed(-7),
            ("ratio", LBFGS, END): Printed(0),
            ("weights", TWO, END): Printed(1680),
            ("weights", LARGE, END): Printed(1860),
        },
        variants=VARIANTS,
        reduced_words=_REDUCED,
        doubts=(
            "The lecture prints orders of magnitude: one power of ten counts as no difference.",
            "Its section 2.1 has the plateau of a single stage at 1e-7, section 2.2.2 at 1e-8.",
            "Its weights leave out the biases: 1,802 and 1,951 with them.",
            "The sum of equation (6) has to end at n − 1; with n, as printed, the equation does not "
            "hold.",
            _OPTIMISER,
            _UNSAID + " A single stage takes as many as both together, Adam alone no more "
            "than 10,000.",
        ),
        compute=_figure_1,
        seconds=150.0,
        reduced_seconds=40.0,
    )
)

SIZES = ("20 to 60 units", "3 to 5 layers", "200 to 800 points")
CHANGE = "first to last"
PAPERS.add(
    Study(
        name="002/figure2",
        label="Figure 2: the plateau",
        summary="The RMS error of a single stage over its units, its layers and its data, eight "
        "repetitions each.",
        reference=f"{_LECTURE}, figure 2 and section 2.1",
        rows=SIZES,
        columns=(CHANGE,),
        quantities={
            "fall": Quantity("fall of the RMS over its standard deviation", digits=2),
            "times": Quantity("RMS at the first over that at the last", digits=2),
        },
        printed={("fall", row, CHANGE): Printed(1.0, relation="≤") for row in SIZES},
        variants=VARIANTS,
        repetitions=8,
        reduced_words="300 steps of Adam and 300 iterations of L-BFGS in place of 3,000 and 4,000",
        doubts=(
            "The lecture says that the RMS stays the same with more units or layers, and that it falls "
            "by less than the standard deviation of eight repetitions with more data. Its sizes cannot "
            "be read in our copy; here the base net of 3 × 20 units and 200 points are where they begin. "
            "Falls and deviations are of logarithms.",
            _OPTIMISER,
            _UNSAID,
        ),
        compute=_figure_2,
        seconds=900.0,
        reduced_seconds=90.0,
    )
)

AS_IT_IS, DIVIDED = "as it is", "divided by its RMS"
MAGNITUDES = tuple(f"1e{power:+d}" for power in range(-4, 5))
PAPERS.add(
    Study(
        name="002/figure3",
        label="Figure 3: magnitudes",
        summary="A single stage on the target times 1e-4 to 1e4, as it is and divided by its RMS.",
        reference=f"{_LECTURE}, figure 3 and section 2.2.1",
        rows=(AS_IT_IS, DIVIDED),
        columns=MAGNITUDES,
        quantities={
            "worse": Quantity("relative error over that at magnitude 1, powers of ten", digits=2),
            "relative": Quantity("RMS error over the RMS of the data, powers of ten", digits=2),
        },
        printed={
            ("worse", AS_IT_IS, column): Printed(1.0, relation="≥")
            for column in (*MAGNITUDES[:2], *MAGNITUDES[-2:])
        },
        variants=VARIANTS,
        repetitions=3,
        reduced_words="300 steps of Adam and 300 iterations of L-BFGS in place of 3,000 and 4,000",
        doubts=(
            "The caption says that the net is hard to fit to data much larger or smaller than 1, without "
            "a figure; here an error ten times as large, relative to the data, counts as hard, at "
            "magnitudes of 1,000 and more away from 1.",
            _OPTIMISER,
            _UNSAID,
        ),
        compute=_figure_3,
        seconds=400.0,
        reduced_seconds=40.0,
    )
)
