"""Wang et al. (2024): the schemes that it prints, their orders, their errors and their stability."""

from __future__ import annotations

from playground.papers.found import Found
from playground.papers.paper import PAPERS, Order, Printed, Quantity, Study, Tell
from playground.papers.seed_000 import PAPER

SCHEMES = {
    "forward_euler": ("Forward Euler", 1),
    "improved_euler": ("Improved Euler", 2),
    "rk2": ("RK2", 2),
    "rk3": ("RK3", 3),
    "rk4": ("RK4", 4),
    "taylor_multistep": ("Taylor multistep", 2),
}
"""Label of each scheme, and the order that the paper gives it, which is one less than that of its
truncation error."""
VARIANTS = {
    "printed": "the formulas as they are printed",
    "right": "what was meant: Heun's method for Improved Euler, Ralston's for RK2, the classical RK4",
}
PROBLEMS = {"cosine": "y' = y cos t", "logistic": "logistic growth", "decay": "y' = −5y"}
_STEPS = (20, 40, 80, 160, 320, 640)
_NO_FIGURES = (
    "The paper says that numerical experiments prove the multistep scheme superior and prints none of "
    "them; the problems and steps here are ours."
)


def _orders(order: Order, tell: Tell) -> Found:
    from playground.papers.scheme_studies import orders

    return orders(order.variant, order.repetitions, tell)


def _errors(order: Order, tell: Tell) -> Found:
    from playground.papers.scheme_studies import errors

    return errors(_STEPS, order.repetitions, tell)


def _stability(order: Order, tell: Tell) -> Found:
    from playground.papers.scheme_studies import stability

    return stability(order.variant, order.repetitions, tell)


PAPERS.add(
    Study(
        name="000/schemes",
        label="Schemes: their orders",
        summary="Observed orders of the six schemes on three problems, beside the orders that the paper "
        "gives them.",
        reference=f"{PAPER}, section II",
        rows=tuple(label for label, _ in SCHEMES.values()),
        columns=tuple(PROBLEMS.values()),
        quantities={"order": Quantity("observed order", point=0.1)},
        printed={
            ("order", label, column): Printed(claimed)
            for label, claimed in SCHEMES.values()
            for column in PROBLEMS.values()
        },
        variants=VARIANTS,
        compute=_orders,
        seconds=15,
        doubts=(
            "RK4's truncation error is O(τ⁵) in the introduction, hence order 4, and O(τ⁴) beside the "
            "formula, hence order 3; it is held against the first. The formula is Kutta's of order 3.",
            "RK2 takes its second slope at two thirds of the time t, not of the step; read so, it needs "
            "a state of the past, which is taken here between those that were computed.",
            _NO_FIGURES,
        ),
    )
)
PAPERS.add(
    Study(
        name="000/claim_accuracy",
        label="Claim: more accurate than Euler",
        summary="The error of the Taylor multistep scheme as a multiple of Euler's with the same number "
        "of evaluations: the paper has it superior, which is at most 1.",
        reference=f"{PAPER}, sections I and II.C",
        rows=tuple(f"{steps} steps" for steps in _STEPS),
        columns=tuple(PROBLEMS.values()),
        quantities={"ratio": Quantity("error / Euler's error", digits=3)},
        printed={
            ("ratio", f"{steps} steps", column): Printed(1, relation="≤")
            for steps in _STEPS
            for column in PROBLEMS.values()
        },
        variants={"text": "both as printed, which are right"},
        compute=_errors,
        seconds=5,
        doubts=(
            _NO_FIGURES,
            "The remainder of the multistep scheme is (2/3)τ³θ''', not 2τδ; and the line that expands "
            "θ(t(l−1)) is missing, the one that has its name expands θ(t(l−2)).",
        ),
    )
)
PAPERS.add(
    Study(
        name="000/claim_stability",
        label="Claim: superior to Euler, in stability",
        summary="How far the stability region of the Taylor multistep scheme reaches, against Euler's: "
        "superior would be at least as far.",
        reference=f"{PAPER}, section II.C",
        rows=("Taylor multistep",),
        columns=("real axis", "area"),
        quantities={"extent": Quantity("extent in the plane of z = hλ")},
        printed={
            ("extent", "Taylor multistep", "real axis"): Printed(2, relation="≥"),
            ("extent", "Taylor multistep", "area"): Printed(3.14159, relation="≥"),
        },
        variants=VARIANTS,
        compute=_stability,
        seconds=10,
        doubts=(
            "The paper compares truncation errors alone and calls the scheme superior; the bounds here "
            "are Euler's own: 2 on the real axis, area π.",
        ),
    )
)
