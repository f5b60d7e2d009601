"""Sanngai (2023), Lookahead for neural ODEs: figures 4 to 12, and what is claimed of them."""

from __future__ import annotations

from functools import partial

from playground.papers.found import Found
from playground.papers.paper import PAPERS, Order, Printed, Quantity, Study, Tell

_PAPER = "Sanngai (2023)"
VARIANTS = {
    "printed": "the gradient of listing 4.2, which lacks σ′ and turns a sign; fast weights go back to "
    "the slow ones every k steps, as the text has it",
    "right": "the right gradient, equal to finite differences; fast weights go back every k steps",
    "indented": "the appendix to the letter: the gradient of the listing, and fast weights that go back "
    "to the slow ones at every step",
}
RATES, PERIODS = (0.01, 0.05, 0.1), (4, 6, 8)
SLOW, EVALUATIONS = "slow updates", "gradient evaluations"
PLAIN, AHEAD = "gradient descent", "Lookahead"
STARTS = 300
"""Initialisations of one repetition."""
_DRAWS = 5
_ONE_DRAW = (
    "The thesis shows one initialisation without a seed; here are 300 of them, "
    f"{_DRAWS} times drawn, and one alone as in the figure."
)
_LISTING = (
    "In listing 4.2 the gradients lack σ′(Wz + b), and the adjoint has σ′(z) in its place and the wrong "
    "sign; listing 4.3 leaves .copy without its brackets, and the appendix's indentation sets the fast "
    "weights to the slow ones at every step."
)
_COUNTED = (
    "The thesis draws every k-th loss of Lookahead and compares k-th parts of its steps with all steps "
    "of gradient descent; each step costs one gradient."
)
_REACH = "The target's second component, 4, is a supremum that the field, below 1, cannot reach by t = 2."
_DOUBTS = (_ONE_DRAW, _LISTING, _COUNTED, _REACH)


def name_of(rate: float, period: int) -> str:
    """Return a pair of settings as a row is named."""
    return f"rate {rate:g}, k = {period}"


def _figure(rate: float, period: int, order: Order, tell: Tell) -> Found:
    from playground.papers.toy_figures import figure

    return figure(rate, period, order.variant, order.repetitions, STARTS, tell)


def _iterations(order: Order, tell: Tell) -> Found:
    from playground.papers.toy_claims import iterations

    return iterations(order.variant, order.repetitions, STARTS, tell)


def _faster(order: Order, tell: Tell) -> Found:
    from playground.papers.toy_claims import faster

    return faster(order.variant, order.repetitions, STARTS, tell)


def _stable(order: Order, tell: Tell) -> Found:
    from playground.papers.toy_claims import stable

    return stable(order.variant, order.repetitions, STARTS, tell)


def _gradient(order: Order, tell: Tell) -> Found:
    from playground.papers.toy_claims import gradients

    return gradients(order.repetitions, STARTS, tell)


def _example(order: Order, tell: Tell) -> Found:
    from playground.papers.toy_claims import example

    return example(order.repetitions, tell)


def _add_figure(number: int, rate: float, period: int) -> None:
    PAPERS.add(
        Study(
            name=f"004/figure{number}",
            label=f"Figure {number}: k = {period}, rate {rate:g}",
            summary="Loss over the iterations of gradient descent and of Lookahead, on the axis of the "
            "thesis and on that of gradient evaluations; and where the state is moved.",
            reference=f"{_PAPER}, figure {number}",
            rows=(PLAIN, AHEAD, "ratio"),
            columns=(SLOW, EVALUATIONS, "runs"),
            quantities={
                "iterations": Quantity("iterations, median", digits=1),
                "ratio": Quantity("Lookahead's iterations / gradient descent's"),
                "stopped": Quantity("runs that converge, %", digits=1),
                "rose": Quantity("runs whose loss rises, %", digits=1),
            },
            printed={
                ("ratio", "ratio", SLOW): Printed(1, relation="≤"),
                ("ratio", "ratio", EVALUATIONS): Printed(1, relation="≤"),
                ("stopped", PLAIN, "runs"): Printed(100, relation="≥"),
                ("stopped", AHEAD, "runs"): Printed(100, relation="≥"),
                ("rose", AHEAD, "runs"): Printed(0, relation="≤"),
            },
            variants=VARIANTS,
            repetitions=_DRAWS,
            compute=partial(_figure, rate, period),
            seconds=6,
            doubts=(
                *_DOUBTS,
                "What is held against the runs is the text: all converge, Lookahead in fewer iterations "
                "and smoothly. Converged is what the rule stopped before the limit of 50 updates.",
            ),
        )
    )


for _place, (_period, _rate) in enumerate((k, rate) for k in PERIODS for rate in RATES):
    _add_figure(4 + _place, _rate, _period)

PAPERS.add(
    Study(
        name="004/iterations",
        label="Iterations over 300 initialisations",
        summary="Median iterations until the rule stops, of gradient descent and of Lookahead: our own "
        "measurement, the thesis prints none.",
        reference=f"{_PAPER}, figures 4 to 12",
        rows=tuple(f"rate {rate:g}" for rate in RATES),
        columns=(PLAIN, *(f"k = {k}" for k in PERIODS)),
        quantities={
            "evaluations": Quantity("gradient evaluations, median", digits=1),
            "slow": Quantity("slow updates, median", digits=1),
            "stopped": Quantity("runs that the rule stops, %", digits=1),
        },
        printed={},
        variants=VARIANTS,
        repetitions=_DRAWS,
        compute=_iterations,
        seconds=25,
        doubts=_DOUBTS,
    )
)
PAPERS.add(
    Study(
        name="004/claim_faster",
        label="Claim: Lookahead converges faster",
        summary="Lookahead's median iterations as a multiple of gradient descent's; the thesis claims "
        "fewer for every rate and k.",
        reference=f"{_PAPER}, chapter 4",
        rows=tuple(name_of(rate, k) for rate in RATES for k in PERIODS),
        columns=(SLOW, EVALUATIONS),
        quantities={"ratio": Quantity("Lookahead's iterations / gradient descent's")},
        printed={
            ("ratio", name_of(rate, k), axis): Printed(1, relation="≤")
            for rate in RATES
            for k in PERIODS
            for axis in (SLOW, EVALUATIONS)
        },
        variants=VARIANTS,
        repetitions=_DRAWS,
        compute=_faster,
        seconds=25,
        doubts=_DOUBTS,
    )
)
PAPERS.add(
    Study(
        name="004/claim_stable",
        label="Claim: Lookahead is smoother",
        summary="Runs whose loss rises from one update to the next: the thesis has Lookahead smooth and "
        "gradient descent oscillating now and then at high rates.",
        reference=f"{_PAPER}, chapter 4",
        rows=tuple(f"rate {rate:g}" for rate in RATES),
        columns=(PLAIN, *(f"k = {k}" for k in PERIODS)),
        quantities={"rose": Quantity("runs whose loss rises, %", digits=1)},
        printed={
            **{
                ("rose", f"rate {rate:g}", f"k = {k}"): Printed(0, relation="≤")
                for rate in RATES
                for k in PERIODS
            },
            ("rose", "rate 0.1", PLAIN): Printed(1, relation="≥"),
        },
        variants=VARIANTS,
        repetitions=_DRAWS,
        compute=_stable,
        seconds=25,
        doubts=(
            *_DOUBTS,
            "“Occasionally” is taken as one run of a hundred, “smooth” as none. Of Lookahead the losses "
            "of the slow weights are compared.",
        ),
    )
)
PAPERS.add(
    Study(
        name="004/listing4_2",
        label="Listing 4.2: the gradient",
        summary="How far the gradients of the listing, and the right ones, are from finite differences.",
        reference=f"{_PAPER}, listing 4.2",
        rows=("as printed", "right"),
        columns=("∂L/∂W", "∂L/∂b"),
        quantities={"error": Quantity("relative error, median, %", digits=2)},
        printed={
            ("error", row, column): Printed(0.01, relation="≤")
            for row in ("as printed", "right")
            for column in ("∂L/∂W", "∂L/∂b")
        },
        variants={"text": "both against central differences of the loss"},
        repetitions=_DRAWS,
        compute=_gradient,
        seconds=3,
        doubts=(
            "The listing claims to be the gradient; 0.01 % is left to the differences.",
            _LISTING,
        ),
    )
)
PAPERS.add(
    Study(
        name="004/example",
        label="Worked example of the forward pass",
        summary="Three Euler steps of 0.5 with W = diag(1, 2), b = (1, 1) from (1, 1).",
        reference=f"{_PAPER}, chapter 4",
        rows=("z(0.5)", "z(1)", "z(1.5)"),
        columns=("first", "second"),
        quantities={"state": Quantity("component", point=0.005, digits=4)},
        printed={
            ("state", row, column): Printed(value)
            for row, values in {
                "z(0.5)": (1.44, 1.48),
                "z(1)": (1.9, 1.97),
                "z(1.5)": (2.37, 2.47),
            }.items()
            for column, value in zip(("first", "second"), values)
        },
        variants={"text": "as in the text"},
        compute=_example,
        seconds=1,
        doubts=("Two decimals are printed, and steps go on from rounded ones.",),
    )
)
