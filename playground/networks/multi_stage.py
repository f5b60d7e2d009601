"""A sum of small nets, each fitted to what the ones before it have left."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn

from playground.networks.base import NETWORKS, ChosenScheme, Network, PointNet
from playground.networks.inputs import InputFeatures, InputOptions
from playground.registry import Misfit, option


class MultiStageOptions(InputOptions):
    """Options of the multi-stage net."""

    stages: int = option(
        2, label="Stages", help="How many nets are fitted, one after the other.", ge=1, le=6
    )
    width: int = option(20, label="Units", help="Neurons in each hidden layer.", ge=1, le=512)
    depth: int = option(
        3, label="Hidden layers", help="Hidden layers of each stage's net.", ge=1, le=12
    )
    first: Literal["sine", "tanh"] = option(
        "sine",
        label="First layer",
        help="Function of the first hidden layer from stage 2 on; all other layers take tanh.",
    )
    kappa: Literal["fft", "sign_changes", "by_hand"] = option(
        "fft",
        label="κ from",
        help="From stage 2 on the inputs are multiplied by κ: twelve times the dominant frequency of "
        "what is left, three times the number of its sign changes, or a number of your own.",
        labels={"fft": "frequency", "sign_changes": "sign changes", "by_hand": "by hand"},
    )
    kappa_value: float = option(
        1.0,
        label="κ",
        help="Factor of the inputs from stage 2 on.",
        ge=0.1,
        le=10_000,
        when={"kappa": "by_hand"},
    )
    normalise: Literal["rms", "max", "none"] = option(
        "rms",
        label="Divide by",
        help="What is left is divided, before a stage learns it, by its root mean square, by its "
        "greatest value, or not at all.",
        labels={"rms": "RMS", "max": "maximum", "none": "nothing"},
    )

    def fit(self, n_features: int, scheme: str) -> None:
        """Add to the checks of the inputs that sign changes are counted along a line only."""
        super().fit(n_features, scheme)
        inputs = len(self.inputs) or n_features
        if self.kappa == "sign_changes" and inputs > 1:
            raise Misfit(
                "kappa",
                f"'sign_changes' is not legal with {inputs} inputs, along which nothing is in order; "
                "legal is 'fft' or 'by_hand'",
                "fft",
            )


class StageNet(nn.Module):
    """One stage: y = W tanh(… tanh(W φ(κ W z + b) + b) …) + b, φ the sine or tanh.

    κ multiplies the inputs and not the bias. Weights are drawn from a normal distribution of variance
    2/(inputs + outputs) cut off at two standard deviations, biases are zero.

    Args:
        widths: Inputs, hidden layers and outputs.
        sine: Whether the first hidden layer takes the sine.
    """

    def __init__(self, widths: Sequence[int], sine: bool) -> None:
        super().__init__()
        self.sine = sine
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))
        for layer in self.layers:
            std = math.sqrt(2 / sum(layer.weight.shape))
            nn.init.trunc_normal_(layer.weight, std=std, a=-2 * std, b=2 * std)
            nn.init.zeros_(layer.bias)

    def forward(self, z: Tensor, kappa: float | Tensor = 1.0) -> Tensor:
        """Return the outputs ``(batch, outputs)`` for mapped inputs ``(batch, inputs)``."""
        first, *middle, last = self.layers
        y = first(kappa * z)
        y = torch.sin(y) if self.sine else torch.tanh(y)
        for layer in middle:
            y = torch.tanh(layer(y))
        return last(y)


class MultiStageNet(PointNet):
    """u(x) = Σ ε_j u_j(κ_j z) of stages u_j, z the inputs mapped to [-1, 1].

    Which inputs are mapped to -1 and 1, ε and κ are no parameters: the training sets them. A stage whose
    ε is zero has not begun.

    Reference: Wang and Lai (2024), equation (7) of the lecture on it.
    """

    def __init__(self, n_features: int, n_outputs: int, options: MultiStageOptions) -> None:
        super().__init__()
        self.inputs = InputFeatures(n_features, options.inputs)
        self.lift = self.head = nn.Identity()
        n_inputs = self.inputs.n_outputs
        widths = [n_inputs, *[options.width] * options.depth, n_outputs]
        sines = [options.first == "sine" and i > 0 for i in range(options.stages)]
        self.stages = nn.ModuleList(StageNet(widths, sine) for sine in sines)
        self.n_outputs = n_outputs
        self.register_buffer("centre", torch.zeros(n_inputs))
        self.register_buffer("reach", torch.ones(n_inputs))
        self.register_buffer("scale", torch.ones(options.stages))
        self.register_buffer("kappa", torch.ones(options.stages))

    def mapped(self, x: Tensor) -> Tensor:
        """Return the inputs ``(batch, inputs)`` as the stages see them before κ."""
        return (self.inputs(x) - self.centre) / self.reach

    def stage(self, index: int, z: Tensor) -> Tensor:
        """Return the outputs of one stage for mapped inputs, before ε."""
        self.nfe += 1
        return self.stages[index](z, self.kappa[index])

    def states(self, y: Tensor) -> list[Tensor]:
        """Return the sum before any stage, which is zero, and after each, for inputs ``y``."""
        z = (y - self.centre) / self.reach
        sums = [y.new_zeros(len(y), self.n_outputs)]
        for index, scale in enumerate(self.scale.tolist()):
            begun = scale != 0
            sums.append(sums[-1] + self.scale[index] * self.stage(index, z) if begun else sums[-1])
        return sums

    def times(self) -> list[float]:
        """Return the numbers of stages that are summed."""
        return [float(i) for i in range(len(self.stages) + 1)]


def _make(
    n_features: int, n_outputs: int, options: MultiStageOptions, _: ChosenScheme
) -> nn.Module:
    return MultiStageNet(n_features, n_outputs, options)


NETWORKS.add(
    Network(
        name="multi_stage",
        label="Multi-stage net",
        summary="A sum of small nets, each fitted to what the ones before it have left.",
        reference="Wang and Lai (2024)",
        options=MultiStageOptions,
        make=_make,
        staged=True,
        formula=r"u_{n+1}(x) = u_n(x) + \varepsilon_n\, v_n(\hat\kappa_n x)",
    )
)
