"""Solvers with a loop of their own, through torchdiffeq and, for stiff fields, scipy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import scipy.integrate
import torch
import torchdiffeq
from torch import Tensor, nn

from playground.integrators.base import INTEGRATORS, Field, Scheme
from playground.integrators.watch import SolverStats, Watch
from playground.registry import Options, option

STIFF_CHUNK = 256
"""Numbers that a stiff solver takes at once: the cost of its dense Jacobian grows with the cube."""


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


def integrate(
    scheme: Scheme,
    options: Options,
    f: Field | nn.Module,
    y0: Tensor,
    t_grid: Tensor,
    *,
    adjoint: bool = False,
    params: Iterable[Tensor] | None = None,
    stats: SolverStats | None = None,
) -> Tensor:
    """Integrate ẏ = f(t, y) and return the state at given times.

    Args:
        scheme: A scheme of kind ``"adaptive"``.
        options: Its options.
        f: The field; it is called with a 0-d tensor and a state.
        y0: Initial state; rows of a ``(batch, dim)`` state are independent samples, and the stiff
            solvers take them in portions.
        t_grid: Times ``(n,)``, n ≥ 2, rising or falling; the first one belongs to ``y0``. Solvers
            step on to the last one, and interpolate at those in between with less accuracy: fine
            for a drawing, not for a measurement of errors.
        adjoint: Compute gradients by integrating the adjoint backward instead of through the
            solver's operations. A stiff scheme integrates it with dopri5.
        params: Parameters that receive gradients from the adjoint; those of ``f`` by default.
        stats: Filled with counts of steps and evaluations.

    Returns:
        States ``(n, …)`` in the dtype of ``y0``.

    Raises:
        SolverFailure: When the solver cannot go on; with ``adjoint`` possibly in the backward pass.
        ValueError: For a scheme of another kind, a grid that is not monotonic, a start that is not
            finite, or a gradient that the scheme does not provide.
    """
    if not isinstance(scheme, Adaptive):
        raise ValueError(f"scheme: {scheme.name!r} takes single steps; use its step, or solve")
    _check(y0, t_grid)
    stats = SolverStats() if stats is None else stats
    if adjoint:
        params = _parameters(f, params)
    elif not scheme.differentiable:
        _check_no_gradient(scheme, f, y0, t_grid)
    if scheme.family == "stiff" and y0.ndim > 1 and y0.numel() > STIFF_CHUNK:
        rows = max(1, STIFF_CHUNK // max(1, y0[0].numel()))
        parts = [_run(scheme, options, f, part, t_grid, params, stats) for part in y0.split(rows)]
        return torch.cat(parts, dim=1)
    return _run(scheme, options, f, y0, t_grid, params if adjoint else None, stats)


def _run(
    scheme: Adaptive,
    options: Any,
    f: Field,
    y0: Tensor,
    t_grid: Tensor,
    params: tuple[Tensor, ...] | None,
    stats: SolverStats,
) -> Tensor:
    """Call torchdiffeq once; ``params`` is None where no adjoint is wanted."""
    watch = Watch(scheme, options, f, t_grid, stats)
    arguments: dict[str, Any] = {"rtol": options.rtol, "atol": options.atol}
    arguments |= _method(scheme, options, t_grid)
    try:
        if params is None:
            states = torchdiffeq.odeint(watch, y0, t_grid, **arguments)
        else:
            arguments |= _adjoint_method(scheme, t_grid)
            states = torchdiffeq.odeint_adjoint(
                watch, y0, t_grid, adjoint_params=params, **arguments
            )
    finally:
        watch.forward_done()
    if len(states) < len(t_grid):
        raise watch.too_short()
    if not bool(torch.isfinite(states).all()):
        raise watch.overflow()
    return states


def _method(scheme: Adaptive, options: Any, t_grid: Tensor) -> dict[str, Any]:
    """Return torchdiffeq's arguments ``method`` and ``options`` for a scheme."""
    if scheme.family == "embedded":
        # Landing on the last time matters: the interpolation inside a step is only of order 4.
        return {"method": scheme.name, "options": {"step_t": t_grid[-1:]}}
    if scheme.family == "stiff":
        return {"method": "scipy_solver", "options": {"solver": STIFF[scheme.name]}}

    def grid(_f: Any, _y0: Tensor, t: Tensor) -> Tensor:
        grid = torch.linspace(
            float(t[0]), float(t[-1]), options.steps + 1, dtype=t.dtype, device=t.device
        )
        grid[0], grid[-1] = t[0], t[-1]
        return grid

    interpolation = "cubic" if len(t_grid) > 2 else "linear"
    return {
        "method": "implicit_adams",
        "options": {"grid_constructor": grid, "interp": interpolation, "max_order": 4},
    }


def _adjoint_method(scheme: Adaptive, t_grid: Tensor) -> dict[str, Any]:
    """Return torchdiffeq's arguments for the way back, where each interval is solved by itself."""
    if scheme.family == "adams":
        return {}
    method = scheme.name if scheme.family == "embedded" else "dopri5"
    return {"adjoint_method": method, "adjoint_options": {"step_t": t_grid}}


def _check(y0: Tensor, t_grid: Tensor) -> None:
    if t_grid.ndim != 1 or len(t_grid) < 2:
        raise ValueError(f"t_grid: shape {tuple(t_grid.shape)}; at least two times are needed")
    gaps = t_grid.diff()
    if not bool((gaps > 0).all() or (gaps < 0).all()):
        raise ValueError("t_grid: the times have to rise, or fall, strictly")
    if not bool(torch.isfinite(t_grid).all()):
        raise ValueError("t_grid: holds a time that is not finite")
    if not bool(torch.isfinite(y0).all()):
        raise ValueError("y0: holds a value that is not finite")


def _parameters(f: Any, params: Iterable[Tensor] | None) -> tuple[Tensor, ...]:
    if params is not None:
        return tuple(params)
    if not isinstance(f, nn.Module):
        raise ValueError("params: the adjoint needs them where the field is not a torch module")
    return tuple(f.parameters())


def _check_no_gradient(scheme: Scheme, f: Field, y0: Tensor, t_grid: Tensor) -> None:
    """Refuse to return a solution that has silently lost its gradient."""
    if torch.is_grad_enabled() and (y0.requires_grad or f(t_grid[0], y0).requires_grad):
        raise ValueError(
            f"scheme: no gradient flows through {scheme.name!r}; use the adjoint, or torch.no_grad"
        )


def _without_min_step(solver: type[scipy.integrate.OdeSolver]) -> type[scipy.integrate.OdeSolver]:
    """Return a solver that accepts the ``min_step`` that torchdiffeq passes to every one."""

    class Solver(solver):
        def __init__(self, *args: Any, min_step: float = 0, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)

    return Solver


STIFF = {
    "radau": _without_min_step(scipy.integrate.Radau),
    "bdf": _without_min_step(scipy.integrate.BDF),
}

_EMBEDDED_FORMULA = (
    r"y_{l+1} = y_l + h \sum_i b_i k_i,\quad "
    r"\bigl\| h \sum_i (b_i - \hat b_i)\, k_i \bigr\| \le \mathrm{atol} + \mathrm{rtol}\,|y|"
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
