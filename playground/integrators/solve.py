"""Choosing a scheme by name, and solving an initial value problem with it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from playground.integrators.adaptive import integrate
from playground.integrators.adaptive_schemes import Adaptive
from playground.integrators.base import INTEGRATORS, Field, Scheme, State
from playground.registry import Options


def typed_options(name: str, options: Options | Mapping[str, Any] | None = None) -> Options:
    """Return the options of a scheme as its own options model.

    Raises:
        ValueError: For an unknown scheme or an option that is unknown or out of bounds.
    """
    if name not in INTEGRATORS:
        raise ValueError(INTEGRATORS.unknown(name))
    values = options.model_dump() if isinstance(options, Options) else dict(options or {})
    return INTEGRATORS[name].options.model_validate(values)


def resolve(name: str, options: Options | Mapping[str, Any] | None = None) -> Scheme:
    """Return the scheme that a name and its options describe.

    Raises:
        ValueError: For an unknown scheme or an option that is unknown or out of bounds.
    """
    chosen = typed_options(name, options)
    return INTEGRATORS[name].with_options(chosen)


def solve(
    f: Field, y0: State, t0: float, t1: float, n_steps: int, name: str, **options: Any
) -> tuple[State, State]:
    """Integrate ẏ = f(t, y) from t0 to t1.

    Args:
        f: The field, called with a time and a state of the kind of ``y0``.
        y0: Initial state of any shape: a number or array (computed in float64 unless it is another
            floating type) or a torch tensor (autograd flows through every step).
        t0: Time at the start.
        t1: Time at the end; an earlier one than t0 integrates backward.
        n_steps: Number of equal steps; for an adaptive scheme, of equal intervals at whose ends the
            solution is returned.
        name: A name in ``INTEGRATORS``.
        options: Options of the scheme, see ``INTEGRATORS[name].options``.

    Returns:
        Times ``(n_steps + 1,)`` and states ``(n_steps + 1, …)``. If the scheme takes fixed steps, a
        solution that overflows on the way holds inf or nan from there on.

    Raises:
        ValueError: For an unknown scheme or option, ``n_steps`` below 1, equal or non-finite times,
            or a non-finite ``y0``.
        SolverFailure: When an adaptive scheme cannot go on.
    """
    chosen = typed_options(name, options)
    scheme = resolve(name, chosen)
    y0 = _checked(y0, t0, t1, n_steps)
    times = np.linspace(float(t0), float(t1), n_steps + 1)
    if isinstance(scheme, Adaptive):
        return _solve_adaptively(scheme, chosen, f, y0, times)
    step = (float(t1) - float(t0)) / n_steps
    states, history = [y0], ()
    with np.errstate(over="ignore", invalid="ignore"):
        for t in times[:-1].tolist():
            y, history = scheme.step(f, t, states[-1], step, history)
            states.append(y)
    if isinstance(y0, torch.Tensor):
        return torch.as_tensor(times, dtype=y0.dtype, device=y0.device), torch.stack(states)
    return times, np.stack(states)


def _checked(y0: State, t0: float, t1: float, n_steps: int) -> State:
    if isinstance(n_steps, bool) or not isinstance(n_steps, (int, np.integer)) or n_steps < 1:
        raise ValueError(f"n_steps: {n_steps!r} is not a whole number of at least 1")
    for label, time in (("t0", t0), ("t1", t1)):
        if not math.isfinite(time):
            raise ValueError(f"{label}: {time} is not a finite number")
    if float(t0) == float(t1):
        raise ValueError(f"t1: {t1} equals t0; the flow needs time to go somewhere")
    if isinstance(y0, torch.Tensor):
        y0 = y0 if y0.is_floating_point() else y0.to(torch.get_default_dtype())
        finite = bool(torch.isfinite(y0).all())
    else:
        y0 = np.asarray(y0)
        y0 = y0 if np.issubdtype(y0.dtype, np.floating) else y0.astype(np.float64)
        finite = bool(np.isfinite(y0).all())
    if not finite:
        raise ValueError("y0: holds a value that is not finite")
    return y0


def _solve_adaptively(
    scheme: Adaptive, options: Options, f: Field, y0: State, times: np.ndarray
) -> tuple[State, State]:
    if isinstance(y0, torch.Tensor):
        grid = torch.as_tensor(times, device=y0.device)
        return grid.to(y0.dtype), integrate(scheme, options, f, y0, grid)

    def as_torch(t: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return torch.as_tensor(np.asarray(f(float(t), y.numpy()), dtype=y0.dtype))

    with torch.no_grad():
        states = integrate(scheme, options, as_torch, torch.tensor(y0), torch.tensor(times))
    return times, states.numpy()
