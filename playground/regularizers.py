"""Regularisers: what is added to the loss because of how the features move, not of what comes out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from playground.integrators import INTEGRATORS, Scheme
from playground.networks import NETWORKS
from playground.registry import Entry, Misfit, Options, Registry, option

ONWARD = "rk4"
"""What continues a flow whose own solver chooses its steps."""


@dataclass(frozen=True, kw_only=True)
class Regularizer(Entry):
    """A regulariser.

    Attributes:
        words: What is added to the loss, for those who ask why compiled kernels are not taken; empty
            where nothing is.
        passed: ``(options, net, x) -> (outputs, term)``: the outputs ``(batch, n_outputs)`` of a net
            that ``rests``, and what is added to the loss.
        evaluations: ``(options, steps, stages) -> count``: field evaluations beside those of the net.
    """

    words: str = ""
    passed: Callable[[Any, Any, Tensor], tuple[Tensor, Tensor]] | None = None
    evaluations: Callable[[Any, int, int], int] = lambda *_: 0


REGULARIZERS: Registry[Regularizer] = Registry("regularizer")


class SteadyStateOptions(Options):
    """Options of the steady-state loss."""

    weight: float = option(
        0.1,
        label="Weight λ",
        help="Factor of the term; the authors' code has 0.01.",
        ge=0,
        le=1000,
    )
    interval: Literal["double", "authors"] = option(
        "double",
        label="At rest during",
        help="From T to 2T, where the modulus stands outside the integral as in equation (6): how far "
        "the features get; or from 0.9 T to 1.5 T as in the authors' code, where it stands inside: how "
        "long their way is. A net of layers goes on with the field of its last layer.",
        labels={"double": "T to 2T", "authors": "0.9 T to 1.5 T (authors' code)"},
    )
    from_epoch: int = option(
        0,
        label="From epoch",
        help="Epochs that are trained without the term; the authors' code begins after 5.",
        ge=0,
        le=10000,
        advanced=True,
    )

    def span(self, n_steps: int) -> tuple[int, int]:
        """Return the first step of the interval and the number of its steps.

        Args:
            n_steps: Steps from 0 to T. The borders of the interval are rounded to whole steps.
        """
        if self.interval == "double":
            return n_steps, n_steps
        first = round(0.9 * n_steps)
        return first, max(round(1.5 * n_steps) - first, 1)


def onward(scheme: Scheme) -> Scheme:
    """Return what continues a flow beyond its horizon: its own scheme, if that takes given steps."""
    return INTEGRATORS[ONWARD] if scheme.kind == "adaptive" else scheme


def at_rest(options: SteadyStateOptions, net: Any, x: Tensor) -> tuple[Tensor, Tensor]:
    """Return the outputs of a flow, and how much it still moves where it should be at rest.

    Equation (6) of Yan et al. (2020) has λ Σ |∫ f dt| over [T, 2T], which is |z(2T) − z(T)|; their code
    has ∫ |f| dt over [0.9 T, 1.5 T]. Both are averaged over samples and components, as their code does.

    The flow is continued by its own scheme with its own step h, T / h steps to each horizon. A
    multistep scheme begins anew. A solver that chooses its steps is followed by as many steps of rk4 as
    the net is shown at (its option ``depth``). Beyond T a net with one field goes on with that field,
    also where it sees the time; one with a field for each layer with that of the last, and with
    the steps h with which its layers began where they are learned.

    Args:
        options: See there.
        net: A net that ``rests``.
        x: Inputs ``(batch, …)``.

    Returns:
        The outputs ``(batch, n_outputs)``, whose evaluations alone are counted, and λ times the mean.
    """
    first, count = options.span(net.n_steps)
    y = net.lift(net.inputs(x))
    if options.interval == "double":
        state = start = net.final(y)
    else:
        states = net.states(y)
        state, start = states[-1], states[first]
    outputs = net.head(state)
    counted = net.nfe
    if options.interval == "double":
        moved = _moved(net, start, first, count) - start
    else:
        # The length of the way is one more component of a state (2, batch, …).
        way = _moved(net, torch.stack([start, torch.zeros_like(start)]), first, count, _with_length)
        moved = way[1]
    net.nfe = counted
    return outputs, options.weight * moved.abs().mean()


def _moved(net: Any, y: Tensor, first: int, count: int, of: Any = lambda f: f) -> Tensor:
    """Return the state after some steps from step ``first`` on, by the fields that ``of`` makes."""
    scheme, history = onward(net.scheme), ()
    for i in range(first, first + count):
        y, history = scheme.step(of(net.field_of(i)), i * net.step, y, net.step, history)
    return y


def _with_length(f: Callable[[float, Tensor], Tensor]) -> Callable[[float, Tensor], Tensor]:
    """Return the velocity of the state and of the length of each component's way."""

    def both(t: float, pair: Tensor) -> Tensor:
        velocity = f(t, pair[0])
        return torch.stack([velocity, velocity.abs()])

    return both


def _evaluations(options: SteadyStateOptions, steps: int, stages: int) -> int:
    return options.span(steps)[1] * stages


def misfit(name: str, options: Any, network: Any, scheme: str) -> Misfit | None:
    """Return why a regulariser does not fit a net, ``None`` where it does.

    Args:
        name: The regulariser.
        options: Its options.
        network: The slot of the network.
        scheme: The integrator.

    Returns:
        A misfit of the regulariser (without a field) or of one of its options.
    """
    if not REGULARIZERS[name].words:
        return None
    if not network.entry.rests:
        flows = ", ".join(n for n, entry in NETWORKS.items() if entry.rests)
        return Misfit(
            "",
            f"{name!r} is not legal with {network.name!r}, which is no flow that could go on beyond T; "
            f"legal is none, or one of the networks {flows}",
        )
    adjoint = getattr(network.options, "gradient", "solver") == "adjoint"
    if options.interval == "authors" and (adjoint or INTEGRATORS[scheme].kind == "adaptive"):
        why = "the adjoint" if adjoint else f"{scheme!r}"
        return Misfit(
            "interval",
            f"'authors' is not legal with {why}, which keeps no state at 0.9 T; legal is double",
            "double",
        )
    return None


REGULARIZERS.add(
    Regularizer(
        name="none", label="none", summary="The loss alone, and the penalties of the weights."
    )
)
REGULARIZERS.add(
    Regularizer(
        name="steady_state",
        label="steady state",
        summary="The features should stop at the horizon T: what they still move beyond it is added to "
        "the loss (TisODE).",
        reference="Yan, Du, Tan and Feng (2020), equation (6)",
        options=SteadyStateOptions,
        words="a regulariser is added to the loss",
        passed=at_rest,
        evaluations=_evaluations,
    )
)
