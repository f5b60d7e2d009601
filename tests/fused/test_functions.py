"""The activations of the kernels against the exact ones, number by number."""

import math

import numpy as np
import pytest
import torch

from playground.fused import plan, predict
from playground.networks import ACTIVATIONS, build

GRID = np.concatenate([np.linspace(-30, 30, 6001), np.linspace(-1e-3, 1e-3, 101), [-200.0, 200.0]])


def _single_neuron(activation):
    """Return a net that applies the activation to its input and does nothing else."""
    net = build("mlp", n_features=1, n_classes=1, width=1, depth=1, activation=activation, seed=0)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.fill_(1.0 if parameter.ndim == 2 else 0.0)
    return net


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_single_precision_is_within_a_few_units_of_the_last_digit(activation):
    x = torch.tensor(GRID, dtype=torch.float32)[:, None]
    ours = predict(plan(_single_neuron(activation)), x).double()
    exact = ACTIVATIONS[activation].function(x.double())
    assert float(((ours - exact).abs() / exact.abs().clamp(min=1.0)).max()) <= 3e-7


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_what_is_not_finite_stays_visible(activation, dtype):
    net = _single_neuron(activation).to(dtype)
    ends = torch.tensor([[math.nan], [math.inf], [-math.inf]], dtype=dtype)
    ours, theirs = predict(plan(net), ends), net(ends).detach()
    assert bool(ours[0].isnan())
    assert torch.equal(ours[1:].isfinite(), theirs[1:].isfinite())
    finite = theirs.isfinite()
    torch.testing.assert_close(ours[finite], theirs[finite], rtol=0, atol=1e-6)
