"""The entries of the solvers that other libraries step, and their options."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from playground.integrators.base import INTEGRATORS, Scheme
from playground.registry import Options, option


class Tolerances(Options):
    """How exact a solver has to be: the error of a step stays below atol + rtol·|y|."""

    rtol: float = option(
        1e-4,
        label="Relative tolerance",
        help="Error of a step in relation to the state; single precision cannot go below 1e-6.",
        ge=1e-12,
        le=0.1,
        log=True,
    )
    atol: float = option(
        1e-6,
        label="Absolute tolerance",
        help="Error of a step that counts as zero however small the state is.",
        ge=1e-14,
        le=0.1,
        log=True,
    )


class EmbeddedOptions(Tolerances):
    """Options of the embedded Runge-Kutta pairs."""

    max_steps: int = option(
        1000,
        label="Steps at most",
        help="Give up after this many attempted steps between start and end.",
        ge=1,
        le=100_000,
        log=True,
        advanced=True,
    )


class StiffOptions(Tolerances):
    """Options of the implicit solvers."""

    max_evaluations: int = option(
        20_000,
        label="Evaluations at most",
        help="Give up after this many evaluations of the field; most of them build Jacobians.",
        ge=100,
        le=1_000_000,
        log=True,
        advanced=True,
    )


class AdamsOptions(Tolerances):
    """Options of implicit Adams, whose tolerances end the corrector's iteration."""

    steps: int = option(
        20,
        label="Steps",
        help="Equal steps from start to end; this solver does not choose its step size.",
        ge=1,
        le=1000,
    )


@dataclass(frozen=True, kw_only=True)
class Adaptive(Scheme):
    """A scheme that another library steps.

    Attributes:
        family: ``"embedded"`` chooses its step by the difference of two orders, ``"adams"`` keeps
            the step but iterates, ``"stiff"`` is implicit and adaptive.
    """

    family: Literal["embedded", "adams", "stiff"]
    kind: Literal["adaptive"] = "adaptive"


_EMBEDDED_FORMULA = (
    r"\begin{gathered} y_{l+1} = y_l + h \sum_i b_i k_i \\ "
    r"\bigl\| h \sum_i (b_i - \hat b_i)\, k_i \bigr\| \\ "
    r"\le \mathrm{atol} + \mathrm{rtol}\,|y| \end{gathered}"
)


def _add_embedded(
    name: str, label: str, order: int, stages: int, summary: str, reference: str
) -> None:
    INTEGRATORS.add(
        Adaptive(
            name=name,
            label=label,
            summary=summary,
            reference=reference,
            options=EmbeddedOptions,
            order=order,
            stages=stages,
            formula=_EMBEDDED_FORMULA,
            family="embedded",
        )
    )


_add_embedded(
    "dopri5",
    "Dormand-Prince 5(4)",
    5,
    6,
    "Chooses its steps by comparing orders 5 and 4; the usual first choice.",
    "Dormand and Prince (1980)",
)
_add_embedded(
    "dopri8",
    "Dormand-Prince 8",
    8,
    13,
    "Large steps of order 8; pays off at tight tolerances in double precision.",
    "Prince and Dormand (1981)",
)
_add_embedded(
    "bosh3",
    "Bogacki-Shampine 3(2)",
    3,
    3,
    "Chooses its steps by comparing orders 3 and 2; good at loose tolerances.",
    "Bogacki and Shampine (1989)",
)
_add_embedded(
    "fehlberg2",
    "Fehlberg 2(1)",
    2,
    2,
    "Chooses its steps by comparing orders 2 and 1, whose difference is small by design: the true "
    "error can lie a hundred times above the tolerance.",
    "Fehlberg (1969)",
)
_add_embedded(
    "adaptive_heun",
    "Adaptive Heun 2(1)",
    2,
    1,
    "Heun's method with Euler's as the judge of its step.",
    "Heun (1900) with step control",
)
INTEGRATORS.add(
    Adaptive(
        name="implicit_adams",
        label="Implicit Adams",
        summary="Equal steps: Adams-Bashforth predicts, Adams-Moulton of order 4 corrects until "
        "the tolerance or four rounds; the 3/8 rule takes the first steps.",
        reference="Adams and Moulton (1926); torchdiffeq's implicit_adams with max_order = 4",
        options=AdamsOptions,
        order=4,
        stages=None,
        formula=r"y_{l+1} = y_l + \tfrac{h}{24}\left("
        r"9 f_{l+1} + 19 f_l - 5 f_{l-1} + f_{l-2}\right)",
        family="adams",
    )
)
INTEGRATORS.add(
    Adaptive(
        name="radau",
        label="Radau IIA (stiff)",
        summary="Implicit, for stiff fields, whose fast directions force explicit schemes to "
        "tiny steps; trains by the adjoint only.",
        reference="Hairer and Wanner (1996); scipy's Radau through torchdiffeq",
        options=StiffOptions,
        order=5,
        stages=None,
        formula=r"Y_i = y_l + h \sum_{j=1}^{3} a_{ij} f(t_l + c_j h, Y_j),\quad y_{l+1} = Y_3",
        family="stiff",
        differentiable=False,
    )
)
INTEGRATORS.add(
    Adaptive(
        name="bdf",
        label="BDF (stiff)",
        summary="Implicit multistep of varying order 1 to 5 for stiff fields; trains by the "
        "adjoint only.",
        reference="Shampine and Reichelt (1997); scipy's BDF through torchdiffeq",
        options=StiffOptions,
        order=5,
        stages=None,
        formula=r"\sum_{m=1}^{k} \tfrac{1}{m} \nabla^m y_{l+1} = h\, f(t_{l+1}, y_{l+1}),\quad "
        r"k \le 5",
        family="stiff",
        differentiable=False,
    )
)
