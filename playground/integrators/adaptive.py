"""Solvers with a loop of their own, through torchdiffeq and, for stiff fields, scipy."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import scipy.integrate
import torch
import torchdiffeq
from torch import Tensor, nn

from playground.integrators.adaptive_schemes import Adaptive
from playground.integrators.base import Field, Scheme
from playground.integrators.watch import SolverStats, Watch
from playground.registry import Options

STIFF_CHUNK = 256
"""Numbers that a stiff solver takes at once: the cost of its dense Jacobian grows with the cube."""


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
