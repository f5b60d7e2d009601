"""Neural ODEs: one field shared by the whole depth, with or without time and added dimensions."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn

from playground.integrators import INTEGRATORS
from playground.integrators.adaptive import integrate
from playground.integrators.adjoint import solve_adjoint
from playground.networks.activations import ACTIVATIONS
from playground.networks.base import NETWORKS, ChosenScheme, Network, PointNet
from playground.networks.flow_net import StepSize
from playground.networks.inputs import InputFeatures, Lift, LiftOptions
from playground.networks.mlp import ActivationName, activation_option
from playground.registry import Misfit, option


def fit_solver(gradient: str, scheme: str) -> None:
    """Say whether a gradient of this kind can be had from a scheme.

    Raises:
        Misfit: Of the gradient, if it is to go through the steps of a scheme that passes none back.
    """
    if gradient == "solver" and not INTEGRATORS[scheme].differentiable:
        raise Misfit(
            "gradient",
            f"'solver' is not legal with {scheme!r}, which passes no gradient back; legal is "
            "'adjoint'",
            "adjoint",
        )


class NeuralODEOptions(LiftOptions, StepSize):
    """Options of the neural ODE."""

    width: int = option(
        3,
        label="Width",
        help="Components of the state: inputs plus augmented dimensions (none: a plain neural ODE).",
        ge=1,
        le=1024,
    )
    depth: int = option(
        20,
        label="Steps",
        help="Steps of a fixed scheme over the horizon; an adaptive one chooses its own and is "
        "shown at so many times.",
        ge=1,
        le=500,
    )
    hidden: int = option(
        32, label="Hidden width", help="Neurons in each hidden layer of the field.", ge=1, le=1024
    )
    hidden_layers: int = option(
        1, label="Hidden layers", help="Hidden layers of the field.", ge=0, le=8
    )
    activation: ActivationName = activation_option()
    time_dependent: bool = option(
        False,
        label="Field sees t",
        help="Give the time to the field as one more input, so that it may change on the way.",
    )
    head: Literal["affine", "none"] = option(
        "affine",
        label="Head",
        help="An affine map of the last state, or none: its first components are the outputs, and the "
        "flow has to do it alone.",
        advanced=True,
    )
    gradient: Literal["solver", "adjoint"] = option(
        "solver",
        label="Gradient",
        help="Backpropagate through the solver's steps (exact), or integrate the adjoint backward "
        "in time (little memory, not exact).",
    )

    def fit(self, n_features: int, scheme: str) -> None:
        """Add to the checks of the lift that a gradient can be had from the solver."""
        super().fit(n_features, scheme)
        fit_solver(self.gradient, scheme)

    def fit_outputs(self, n_outputs: int) -> None:
        """Say whether the state has a component for each output, where it is read without a head."""
        if self.head == "none" and self.width < n_outputs:
            raise Misfit(
                "head",
                f"'none' is not legal for {n_outputs} outputs of a state of width {self.width}; legal is "
                f"'affine', or a width of {n_outputs} or more",
                "affine",
            )


class FirstComponents(nn.Module):
    """The first components of a state ``(batch, width)`` as the outputs ``(batch, n_outputs)``."""

    def __init__(self, n_outputs: int) -> None:
        super().__init__()
        self.n_outputs = n_outputs

    def forward(self, y: Tensor) -> Tensor:
        """Return the outputs."""
        return y[..., : self.n_outputs]


def _head(options: NeuralODEOptions, n_outputs: int) -> nn.Module:
    if options.head == "affine":
        return nn.Linear(options.width, n_outputs)
    options.fit_outputs(n_outputs)
    return FirstComponents(n_outputs)


class SharedField(nn.Module):
    """An MLP ``f(t, y)`` on states ``(batch, width)`` that counts its evaluations."""

    def __init__(self, options: NeuralODEOptions) -> None:
        super().__init__()
        first = options.width + options.time_dependent
        widths = [first, *[options.hidden] * options.hidden_layers, options.width]
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))
        self.activation = ACTIVATIONS[options.activation].function
        self.time_dependent = options.time_dependent
        self.calls = 0

    def forward(self, t: Tensor | float, y: Tensor) -> Tensor:
        """Return the velocity at time ``t`` and state ``y``."""
        self.calls += 1
        if self.time_dependent:
            time = torch.as_tensor(t, dtype=y.dtype, device=y.device)
            y = torch.cat([y, time.expand(*y.shape[:-1], 1)], dim=-1)
        for layer in self.layers[:-1]:
            y = self.activation(layer(y))
        return self.layers[-1](y)


class SharedFlow(PointNet):
    """What all nets share whose one field moves the state from 0 to T.

    Subclasses set ``field``, which counts its ``calls``, and call ``_flow``.
    """

    is_flow = True
    field: nn.Module

    def _flow(self, options: NeuralODEOptions, chosen: ChosenScheme) -> None:
        self.scheme = chosen.scheme
        self.scheme_options = chosen.options
        self.n_steps = options.depth
        self.step = options.step_size(options.depth)
        self.adjoint = options.gradient == "adjoint"

    @property
    def nfe(self) -> int:
        """Field evaluations since it was last set to zero."""
        return self.field.calls

    @nfe.setter
    def nfe(self, value: int) -> None:
        if "_modules" in self.__dict__ and "field" in self._modules:
            self.field.calls = value

    @property
    def horizon(self) -> float:
        """The time T at which the state is read."""
        return self.step * self.n_steps

    def final(self, y: Tensor) -> Tensor:
        """Return the state at T, by way of the adjoint where it was chosen and a gradient is due."""
        if self.scheme.kind == "adaptive":
            grid = torch.tensor([0.0, self.horizon], dtype=y.dtype, device=y.device)
            return self._integrate(y, grid)[-1]
        if self.adjoint and torch.is_grad_enabled():
            return solve_adjoint(self.field, y, 0.0, self.horizon, self.n_steps, self.scheme)
        return self.states(y)[-1]

    def states(self, y: Tensor) -> list[Tensor]:
        """Return the state at ``n_steps + 1`` equidistant times."""
        if self.scheme.kind == "adaptive":
            grid = torch.tensor(self.times(), dtype=y.dtype, device=y.device)
            return list(self._integrate(y, grid))
        states, history = [y], ()
        for i in range(self.n_steps):
            y, history = self.scheme.step(self.field, i * self.step, y, self.step, history)
            states.append(y)
        return states

    def _integrate(self, y: Tensor, grid: Tensor) -> Tensor:
        adjoint = self.adjoint and torch.is_grad_enabled()
        return integrate(self.scheme, self.scheme_options, self.field, y, grid, adjoint=adjoint)

    def times(self) -> list[float]:
        """Return the times of the states."""
        return [i * self.step for i in range(self.n_steps + 1)]


class NeuralODE(SharedFlow):
    """ẏ = f_θ(y) or f_θ(t, y) on [0, T], lifted to ``width`` components (Dupont et al. 2019)."""

    def __init__(
        self, n_features: int, n_outputs: int, options: NeuralODEOptions, chosen: ChosenScheme
    ) -> None:
        super().__init__()
        self.inputs = InputFeatures(n_features, options.inputs)
        self.lift = Lift(self.inputs.n_outputs, options.width, options.lift)
        self.field = SharedField(options)
        self.head = _head(options, n_outputs)
        self._flow(options, chosen)


NETWORKS.add(
    Network(
        name="neural_ode",
        label="Neural ODE",
        summary="One field shared by all depths, integrated to the horizon; a width above the "
        "inputs makes it an augmented neural ODE.",
        reference="Chen et al. (2018); Dupont, Doucet and Teh (2019)",
        options=NeuralODEOptions,
        make=NeuralODE,
        uses_scheme=True,
        formula=r"\dot y = f_\theta(y)",
    )
)
