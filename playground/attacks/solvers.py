"""The same weights stepped by another solver, so that a net can be attacked through it."""

from __future__ import annotations

import copy
from typing import Any

from torch import nn

from playground.integrators import INTEGRATORS, resolve, typed_options
from playground.networks.neural_ode import SharedFlow


def is_adaptive(model: object) -> bool:
    """Return whether a net's solver chooses its own steps, which is known to hide gradients."""
    return getattr(getattr(model, "scheme", None), "kind", None) == "adaptive"


def with_fixed_steps(
    net: nn.Module, scheme: str = "rk4", *, steps: int | None = None, options: Any = None
) -> SharedFlow:
    """Return a copy of a neural ODE, with its weights, that takes fixed steps.

    Gradients go through the steps, also where the original integrates the adjoint. Huang et al.
    (2021) show that step control can make a neural ODE look robust that is not.

    Args:
        net: A net with one field for all depths, such as ``neural_ode``, ``conv_ode`` or ``tis_ode``.
        scheme: A scheme that takes steps of a given size.
        steps: Number of steps over the horizon; those of the original without one.
        options: Options of the scheme.

    Returns:
        The copy; the original is not touched.

    Raises:
        ValueError: For another kind of net, an unknown scheme or one that chooses its own steps, or no
            steps.
    """
    if not isinstance(net, SharedFlow):
        raise ValueError(
            f"net: {type(net).__name__} is not legal; legal are nets with one field for all depths "
            "(neural_ode, conv_ode, ode_net, tis_ode)"
        )
    chosen = typed_options(scheme, options)
    if INTEGRATORS[scheme].kind == "adaptive":
        legal = ", ".join(name for name, s in INTEGRATORS.items() if s.kind != "adaptive")
        raise ValueError(f"scheme: {scheme!r} chooses its own steps; legal are {legal}")
    steps = net.n_steps if steps is None else steps
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
        raise ValueError(f"steps: {steps!r} is not legal; legal is a whole number from 1 on")
    fixed = copy.deepcopy(net)
    fixed.scheme, fixed.scheme_options = resolve(scheme, chosen), chosen
    fixed.step = net.horizon / steps
    fixed.n_steps = steps
    fixed.adjoint = False
    return fixed
