"""What a trained net did: learn a flow, or the errors of the scheme that stepped it?

Three looks at a net whose features flow with a fixed step: another scheme in the place of its own, the
eigenvalues of its residual Jacobians beside the region in which the scheme is stable, and whether its
flow map folds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.func import jacrev, vmap

from playground.integrators import INTEGRATORS, Scheme
from playground.networks import PointNet
from playground.networks.flow_net import FlowNet
from playground.networks.neural_ode import SharedFlow

Flow = FlowNet | SharedFlow
_CHUNK = 1024  # points whose Jacobians are held at once


@dataclass(frozen=True)
class Stretch:
    """A piece of the flow in which the field does not jump: its start, its length, its field."""

    start: float
    length: float
    field: Callable[[Any, Tensor], Tensor]


def stretches(model: PointNet, n_steps: int | None = None) -> list[Stretch]:
    """Return the steps of a net: its layers, or equal parts of the horizon of a shared field.

    Args:
        model: A flow net, or a neural ODE on points or images.
        n_steps: Parts of the horizon of a shared field, its own number by default.

    Raises:
        ValueError: For a net that is no flow, or a number of parts for a layered net, whose layers have
            weights of their own.
    """
    if isinstance(model, FlowNet):
        if n_steps not in (None, len(model.weight)):
            raise ValueError(
                f"n_steps: {n_steps}; a layered net has a field for each of its {len(model.weight)} "
                "layers, which can only be divided"
            )
        times = model.times()
        return [
            Stretch(times[i], times[i + 1] - times[i], model.field(i))
            for i in range(len(model.weight))
        ]
    if isinstance(model, SharedFlow):
        parts = n_steps or model.n_steps
        if parts < 1:
            raise ValueError(f"n_steps: {parts} is below 1")
        length = model.horizon / parts
        return [Stretch(i * length, length, model.field) for i in range(parts)]
    raise ValueError(f"model: {type(model).__name__} has no flow that an integrator steps")


def flow(
    model: PointNet, y: Tensor, scheme: Scheme, *, substeps: int = 1, n_steps: int | None = None
) -> tuple[Tensor, int]:
    """Let features flow through a net with any fixed-step scheme.

    Args:
        model: A flow net or a neural ODE.
        y: Lifted features ``(batch, width)``, or images.
        scheme: A Runge-Kutta or multistep scheme. A multistep scheme begins anew wherever its past would
            reach over a border at which the step changes.
        substeps: Steps for each layer.
        n_steps: Parts of the horizon of a shared field.

    Returns:
        The features at the end, and the number of field evaluations.

    Raises:
        ValueError: For an adaptive scheme, ``substeps`` below 1, or as ``stretches`` does.
    """
    if scheme.kind == "adaptive":
        raise ValueError(
            f"scheme: {scheme.name!r} chooses its own steps; legal are fixed-step schemes"
        )
    if substeps < 1:
        raise ValueError(f"substeps: {substeps} is below 1")
    history, before, calls = (), None, 0
    for stretch in stretches(model, n_steps):
        h = stretch.length / substeps
        if before is not None and abs(h - before) > 1e-9 * abs(h):
            history = ()
        before = h

        def counted(t: Any, state: Tensor, stretch: Stretch = stretch) -> Tensor:
            nonlocal calls
            calls += 1
            return stretch.field(t, state)

        for i in range(substeps):
            y, history = scheme.step(counted, stretch.start + i * h, y, h, history)
    return y, calls


@dataclass(frozen=True)
class Swap:
    """A trained net with another scheme.

    Attributes:
        scheme: Name in ``INTEGRATORS``.
        substeps: Steps for each layer (for each part of a shared field).
        evaluations: Field evaluations for one pass.
        accuracy: Share of the points that it classifies rightly.
        agreement: Share of the points on which it answers as the net does with its own scheme.
        distance: Largest distance of the features at the end to those of its own scheme.
    """

    scheme: str
    substeps: int
    evaluations: int
    accuracy: float
    agreement: float
    distance: float


@torch.no_grad()
def swap(
    model: PointNet,
    x: Tensor,
    labels: Tensor,
    name: str,
    *,
    substeps: int = 1,
    n_steps: int | None = None,
) -> Swap:
    """Classify points ``(batch, d)`` with another scheme in the place of the net's own.

    Raises:
        ValueError: As ``flow`` does, or for an unknown scheme.
    """
    if name not in INTEGRATORS:
        raise ValueError(INTEGRATORS.unknown(name))
    lifted = model.lift(model.inputs(x))
    own = model.final(lifted)
    end, calls = flow(model, lifted, INTEGRATORS[name], substeps=substeps, n_steps=n_steps)
    answers, usual = model.head(end).argmax(dim=1), model.head(own).argmax(dim=1)
    return Swap(
        scheme=name,
        substeps=substeps,
        evaluations=calls,
        accuracy=float((answers == labels).double().mean()),
        agreement=float((answers == usual).double().mean()),
        distance=float((end - own).norm(dim=1).max()),
    )


@torch.no_grad()
def residual_eigenvalues(model: PointNet, x: Tensor) -> Tensor:
    """Return the eigenvalues of h ∂f/∂y at the features of every layer.

    They are the z of the linear test equation: where one of them lies outside a scheme's region of
    stability, a small disturbance in its direction grows in that layer by the scheme's doing.

    Args:
        model: A flow net or a neural ODE, stepped by a fixed-step scheme.
        x: Points ``(batch, d)``.

    Returns:
        Complex numbers ``(layers, batch, width)``.

    Raises:
        ValueError: For a net that is no flow.
    """
    pieces = stretches(model)
    states = model.trajectory(x)[:-1]
    found = [
        _jacobians(lambda y, p=piece: p.field(p.start, y), state) * piece.length
        for piece, state in zip(pieces, states)
    ]
    return torch.linalg.eigvals(torch.stack(found).double())


@torch.no_grad()
def log_determinants(model: PointNet, x: Tensor) -> tuple[Tensor, Tensor]:
    """Return sign and logarithm of the determinant of the flow map at the lifted points.

    The map is the one of features to features ``(width → width)``, lift and head left out. The flow of a
    differential equation keeps the sign positive; where a net's is negative, its steps have folded the
    space over, which no flow can do.

    Args:
        model: A flow net or a neural ODE, stepped by a fixed-step scheme.
        x: Points ``(batch, d)``.

    Returns:
        Two tensors ``(batch,)``: signs −1, 0 or 1, and logarithms of the absolute values.

    Raises:
        ValueError: For a net that is no flow, or one with an adaptive scheme.
    """
    lifted = model.lift(model.inputs(x))
    scheme = _fixed_scheme(model)
    signs, logarithms = [], []
    for part in lifted.split(_CHUNK):
        jacobians = _jacobians(lambda y: flow(model, y, scheme)[0], part)
        sign, logarithm = torch.linalg.slogdet(jacobians.double())
        signs.append(sign)
        logarithms.append(logarithm)
    return torch.cat(signs), torch.cat(logarithms)


def _fixed_scheme(model: PointNet) -> Scheme:
    stretches(model)  # refuses what is no flow
    scheme: Scheme = model.scheme
    if scheme.kind == "adaptive":
        raise ValueError(f"scheme: {scheme.name!r} takes other steps for every batch")
    return scheme


def _jacobians(f: Callable[[Tensor], Tensor], states: Tensor) -> Tensor:
    """Return ∂f/∂y for each row of states ``(batch, width)``, ``(batch, width, width)``."""

    def of_one(y: Tensor) -> Tensor:
        return f(y[None])[0]

    return torch.cat([vmap(jacrev(of_one))(part) for part in states.split(_CHUNK)])
