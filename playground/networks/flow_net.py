"""The layered flow net: one field a layer, stepped by any scheme.

EulerNet, RK4Net and the Taylor multistep net are settings of this one class.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from playground.integrators import INTEGRATORS
from playground.integrators.adaptive import integrate
from playground.networks.activations import ACTIVATIONS
from playground.networks.base import NETWORKS, ChosenScheme, Network, PointNet, stacked_linear
from playground.networks.inputs import InputFeatures, Lift, LiftOptions
from playground.networks.mlp import ActivationName, activation_option
from playground.registry import Misfit, Options, option

Field = Callable[[float, Tensor], Tensor]


class StepSize(Options):
    """How far the flow goes: a horizon T shared by all layers, or a step h of each."""

    step_by: Literal["horizon", "step"] = option(
        "horizon",
        label="Step size given as",
        help="The horizon T keeps the distance fixed when the depth changes (h = T/L); a fixed h "
        "makes deeper nets flow further (T = h L).",
    )
    horizon: float = option(
        5.0,
        label="Horizon T",
        help="Time that the features flow, shared equally by the layers.",
        ge=0.01,
        le=100,
        log=True,
        when={"step_by": "horizon"},
    )
    step: float = option(
        0.05,
        label="Step h",
        help="Time that one layer covers.",
        ge=0.0001,
        le=10,
        log=True,
        when={"step_by": "step"},
    )

    def step_size(self, depth: int) -> float:
        """Return the time that one of ``depth`` layers covers."""
        return self.horizon / depth if self.step_by == "horizon" else self.step


class FlowNetOptions(LiftOptions, StepSize):
    """Options of the layered flow net."""

    depth: int = option(20, label="Depth", help="Number of layers.", ge=1, le=500)
    activation: ActivationName = activation_option()
    learned_steps: Literal["no", "free", "simplex"] = option(
        "no",
        label="Learned step sizes",
        help="Train the step of every layer as well: each one freely, or as shares of the fixed "
        "horizon (Benning et al. 2019).",
        advanced=True,
    )

    def fit(self, n_features: int, scheme: str) -> None:
        """Add to the checks of the lift that learned steps have a scheme that can use them."""
        super().fit(n_features, scheme)
        if not INTEGRATORS[scheme].differentiable:
            legal = ", ".join(n for n, entry in INTEGRATORS.items() if entry.differentiable)
            raise Misfit(
                "scheme",
                f"{scheme!r} passes no gradient back, which a layered net needs (a neural ODE "
                f"trained by the adjoint does not); legal is {legal}",
            )
        if self.learned_steps != "no" and INTEGRATORS[scheme].kind != "runge_kutta":
            raise Misfit(
                "learned_steps",
                f"{self.learned_steps!r} needs a Runge-Kutta scheme, because {scheme!r} assumes "
                "equal steps or chooses its own; legal here is 'no'",
                "no",
            )


class LearnedSteps(nn.Module):
    """Step sizes as parameters: free, or as softmax shares that always add up to the horizon."""

    def __init__(self, depth: int, step: float, mode: str) -> None:
        super().__init__()
        self.total = step * depth if mode == "simplex" else None
        start = torch.zeros(depth) if mode == "simplex" else torch.full((depth,), step)
        self.raw = nn.Parameter(start)

    def forward(self) -> Tensor:
        """Return the step sizes ``(depth,)``."""
        return self.raw if self.total is None else self.total * torch.softmax(self.raw, 0)


class FlowNet(PointNet):
    """Features that flow: ẏ = σ(K(t) y + b(t)) with (K, b) constant inside each layer.

    Equation (2.12) of Giesecke and Kröner (2021): all stages of a layer see the same weights. An
    adaptive scheme restarts at every layer border, where the field jumps.
    """

    is_flow = True
    rests = True

    def __init__(
        self, n_features: int, n_outputs: int, options: FlowNetOptions, chosen: ChosenScheme
    ) -> None:
        super().__init__()
        self.inputs = InputFeatures(n_features, options.inputs)
        self.lift = Lift(self.inputs.n_outputs, options.width, options.lift)
        self.weight, self.bias = stacked_linear(options.depth, options.width)
        self.activation = ACTIVATIONS[options.activation].function
        self.head = nn.Linear(options.width, n_outputs)
        self.scheme = chosen.scheme
        self.scheme_options = chosen.options
        self.step = options.step_size(options.depth)
        learns = options.learned_steps != "no"
        self.learned = (
            LearnedSteps(options.depth, self.step, options.learned_steps) if learns else None
        )

    def steps(self) -> list[float] | tuple[Tensor, ...]:
        """Return the step size of every layer: numbers, or scalars with a gradient if learned."""
        if self.learned is None:
            return [self.step] * len(self.weight)
        return self.learned().unbind()

    def field(self, layer: int) -> Field:
        """Return the field ``f(t, y)`` of one layer; every call is counted."""
        return self._field(self.weight[layer], self.bias[layer])

    def _field(self, weight: Tensor, bias: Tensor) -> Field:
        def f(_t: float, y: Tensor) -> Tensor:
            self.nfe += 1
            return self.activation(functional.linear(y, weight, bias))

        return f

    @property
    def n_steps(self) -> int:
        """Steps to the horizon, one for each layer."""
        return len(self.weight)

    def field_of(self, step: int) -> Field:
        """Return the field of a step; beyond the last layer the flow goes on with its field."""
        return self.field(min(step, self.n_steps - 1))

    def states(self, y: Tensor) -> list[Tensor]:
        """Return the features at every layer border."""
        states, history, t = [y], (), 0.0
        for weight, bias, h in zip(self.weight.unbind(), self.bias.unbind(), self.steps()):
            f = self._field(weight, bias)
            if self.scheme.kind == "adaptive":
                grid = torch.tensor([t, t + h], dtype=y.dtype, device=y.device)
                y = integrate(self.scheme, self.scheme_options, f, y, grid)[-1]
            else:
                y, history = self.scheme.step(f, t, y, h, history)
            t = t + h
            states.append(y)
        return states

    def times(self) -> list[float]:
        """Return the time of every layer border."""
        times = [0.0]
        for h in self.steps():
            times.append(times[-1] + float(h))
        return times


NETWORKS.add(
    Network(
        name="rk_net",
        label="Flow net",
        summary="A residual net read as an integrator: one field a layer, stepped by the scheme "
        "(EulerNet, RK4Net, Taylor multistep net).",
        reference="Giesecke and Kröner (2021), equation (2.12)",
        options=FlowNetOptions,
        make=FlowNet,
        uses_scheme=True,
        formula=r"\dot y = \sigma(K_l y + b_l)",
    )
)
