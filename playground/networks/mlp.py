"""Nets without an integrator: the plain MLP and the StandardNet of constant width."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from playground.networks.activations import ACTIVATIONS
from playground.networks.base import NETWORKS, ChosenScheme, Network, PointNet, stacked_linear
from playground.networks.inputs import InputFeatures, InputOptions, Lift, LiftOptions
from playground.registry import option

ActivationName = Literal["tanh", "relu", "softplus", "logistic", "sine", "gelu", "linear"]


def activation_option(default: str = "tanh") -> ActivationName:
    """Declare the activation as an option."""
    return option(
        default, label="Activation", help="Function applied to every component of a layer."
    )


class MLPOptions(InputOptions):
    """Options of the plain MLP."""

    width: int = option(8, label="Width", help="Neurons in each hidden layer.", ge=1, le=1024)
    depth: int = option(2, label="Hidden layers", help="Number of hidden layers.", ge=0, le=100)
    activation: ActivationName = activation_option()


class MLP(PointNet):
    """A multilayer perceptron: affine maps and activations, widths free to change at both ends."""

    def __init__(self, n_features: int, n_outputs: int, options: MLPOptions) -> None:
        super().__init__()
        self.inputs = InputFeatures(n_features, options.inputs)
        self.lift = nn.Identity()
        widths = [self.inputs.n_outputs] + [options.width] * options.depth
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))
        self.activation = ACTIVATIONS[options.activation].function
        self.head = nn.Linear(widths[-1], n_outputs)

    def states(self, y: Tensor) -> list[Tensor]:
        """Return the activations of the inputs and of every hidden layer; widths may differ."""
        states = [y]
        for layer in self.layers:
            states.append(self.activation(layer(states[-1])))
        self.nfe += len(self.layers)
        return states

    def trajectory(self, x: Tensor) -> Tensor:
        """Return the states, the narrower ones padded with zeros, so that all have one width."""
        states = self.states(self.inputs(x))
        width = max(state.shape[-1] for state in states)
        padded = [functional.pad(state, (0, width - state.shape[-1])) for state in states]
        return torch.stack(padded)

    def times(self) -> list[float]:
        """Return the layer numbers."""
        return [float(i) for i in range(len(self.layers) + 1)]


class StandardNetOptions(LiftOptions):
    """Options of the StandardNet."""

    depth: int = option(5, label="Depth", help="Number of layers.", ge=1, le=500)
    activation: ActivationName = activation_option()


class StandardNet(PointNet):
    """y ← σ(K y + b), one (K, b) a layer: equation (2.6) of Giesecke and Kröner (2021)."""

    def __init__(self, n_features: int, n_outputs: int, options: StandardNetOptions) -> None:
        super().__init__()
        self.inputs = InputFeatures(n_features, options.inputs)
        self.lift = Lift(self.inputs.n_outputs, options.width, options.lift)
        self.weight, self.bias = stacked_linear(options.depth, options.width)
        self.activation = ACTIVATIONS[options.activation].function
        self.head = nn.Linear(options.width, n_outputs)

    def states(self, y: Tensor) -> list[Tensor]:
        """Return the features at every layer."""
        states = [y]
        for weight, bias in zip(self.weight.unbind(), self.bias.unbind()):
            states.append(self.activation(functional.linear(states[-1], weight, bias)))
        self.nfe += len(states) - 1
        return states

    def times(self) -> list[float]:
        """Return the layer numbers."""
        return [float(i) for i in range(len(self.weight) + 1)]


def _mlp(n_features: int, n_outputs: int, options: MLPOptions, _: ChosenScheme) -> MLP:
    return MLP(n_features, n_outputs, options)


def _standard(
    n_features: int, n_outputs: int, options: StandardNetOptions, _: ChosenScheme
) -> StandardNet:
    return StandardNet(n_features, n_outputs, options)


NETWORKS.add(
    Network(
        name="mlp",
        label="MLP",
        summary="A plain multilayer perceptron, as in TensorFlow Playground.",
        options=MLPOptions,
        make=_mlp,
        formula=r"y_{l+1} = \sigma(K_l y_l + b_l)",
    )
)
NETWORKS.add(
    Network(
        name="standard_net",
        label="StandardNet",
        summary="A feed-forward net of constant width without residual connections.",
        reference="Giesecke and Kröner (2021), equation (2.6)",
        options=StandardNetOptions,
        make=_standard,
        formula=r"y_{l+1} = \sigma(K_l y_l + b_l)",
    )
)
