"""Four ways to one gradient: the identities of the discrete adjoint."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from playground.analysis.gradients import (
    WAYS,
    Net,
    adjoint_coefficients,
    backward_errors,
    compare,
    random_net,
)
from playground.integrators import INTEGRATORS, RungeKutta
from playground.networks import ACTIVATIONS

TABLEAUS = [n for n, s in INTEGRATORS.items() if isinstance(s, RungeKutta)]
WITH_ZEROS = [n for n in TABLEAUS if 0 in INTEGRATORS[n].tableau.b]


def example(name: str, *, layers=6, dim=4, h=0.3, activation=torch.tanh, seed=0):
    torch.manual_seed(seed)
    k = torch.randn(layers, dim, dim, dtype=torch.float64)
    b = torch.randn(layers, dim, dtype=torch.float64)
    y, target = torch.randn(2, 5, dim, dtype=torch.float64)
    return Net(k, b, h, INTEGRATORS[name], activation), y, target


def test_there_are_tableaus_of_both_kinds() -> None:
    assert {"midpoint", "heun3"} <= set(WITH_ZEROS)
    assert {"euler", "heun2", "kutta3", "rk4", "rk4_38"} <= set(TABLEAUS) - set(WITH_ZEROS)


@pytest.mark.parametrize("name", TABLEAUS)
def test_multipliers_are_exact_for_every_tableau(name: str) -> None:
    case = example(name)
    known = WAYS["autograd"].gradient(*case)
    assert WAYS["multipliers"].gradient(*case).distance(known) < 1e-12


@pytest.mark.parametrize("name", [n for n in TABLEAUS if n not in WITH_ZEROS])
def test_the_partner_tableau_is_exact_where_no_weight_is_zero(name: str) -> None:
    case = example(name)
    known = WAYS["autograd"].gradient(*case)
    assert WAYS["partner"].gradient(*case).distance(known) < 1e-12
    a, beta = INTEGRATORS[name].tableau.a, INTEGRATORS[name].tableau.b
    partner = adjoint_coefficients(INTEGRATORS[name].tableau)
    for i in range(len(beta)):
        for j in range(len(beta)):
            held = beta[i] * partner[i][j] + beta[j] * a[j][i] - beta[i] * beta[j]
            assert abs(held) < 1e-15


@pytest.mark.parametrize("name", WITH_ZEROS)
def test_a_zero_weight_has_no_partner(name: str) -> None:
    with pytest.raises(ValueError, match="divide by every one"):
        WAYS["partner"].gradient(*example(name))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_is_pulled_back(name: str) -> None:
    activation = ACTIVATIONS[name].function
    case = example("rk4", activation=activation, h=0.1)
    known = WAYS["autograd"].gradient(*case)
    for way in ("multipliers", "partner"):
        assert WAYS[way].gradient(*case).distance(known) < 1e-12


def test_autograd_is_that_of_a_module_as_anyone_writes_it() -> None:
    net, y, target = example("euler")
    layers = nn.ModuleList(nn.Linear(4, 4, dtype=torch.float64) for _ in net.k)
    for layer, k, b in zip(layers, net.k, net.b):
        layer.weight.data, layer.bias.data = k.clone(), b.clone()
    state = y
    for layer in layers:
        state = state + net.h * torch.tanh(layer(state))
    (((state - target) ** 2).sum() / 2).backward()
    ours = WAYS["autograd"].gradient(net, y, target)
    torch.testing.assert_close(ours.k, torch.stack([layer.weight.grad for layer in layers]))
    torch.testing.assert_close(ours.b, torch.stack([layer.bias.grad for layer in layers]))


@pytest.mark.parametrize(
    ("name", "order"), [("euler", 1), ("midpoint", 2), ("kutta3", 3), ("rk4", 4)]
)
def test_integrating_backward_errs_with_the_order_of_the_scheme(name: str, order: int) -> None:
    """More, shorter steps through the same weights: the error falls like h^p, but it is there."""
    distances = []
    for split in (1, 4, 8):
        net, y, target = example(name, layers=3)
        k, b = (x.repeat_interleave(split, dim=0) for x in (net.k, net.b))
        finer = Net(k, b, net.h / split, net.scheme)
        known = WAYS["autograd"].gradient(finer, y, target)
        distances.append(WAYS["backward"].gradient(finer, y, target).distance(known))
    assert distances[0] > 1e-5
    assert distances[1] / distances[2] == pytest.approx(2**order, rel=0.2)


def test_what_is_kept_is_what_is_said() -> None:
    case = example("rk4", layers=20)
    kept = {name: way.gradient(*case).kept for name, way in WAYS.items()}
    number = 5 * 4 * 8  # bytes of one state
    assert kept["backward"] == number
    assert kept["multipliers"] == kept["partner"] == 21 * number
    assert kept["autograd"] > 20 * 4 * number  # at least a value for each stage
    assert [name for name, way in WAYS.items() if not way.exact] == ["backward"]


@pytest.mark.parametrize(("name", "order"), [("euler", 1), ("heun2", 2), ("heun3", 3), ("rk4", 4)])
def test_integrating_backward_misses_by_the_order_of_the_scheme(name: str, order: int) -> None:
    layers = (16, 32, 64)
    errors = backward_errors(INTEGRATORS[name], 4, 2.0, 6, 1, layers)
    slopes = np.diff(np.log(errors)) / np.diff(np.log(layers))
    # Of a scheme of even order the step back undoes the leading error of the step forward.
    assert (slopes < -order + 0.35).all()
    assert (slopes > -order - 1.35).all()


def test_all_ways_are_compared_and_what_cannot_be_gone_says_why() -> None:
    found = {each.way: each for each in compare(*random_net(INTEGRATORS["heun3"], 3, 5, 1.0, 4, 2))}
    assert found["autograd"].difference == 0.0
    assert found["multipliers"].difference < 1e-12
    assert found["partner"].difference is None
    assert "weight 2 is 0" in found["partner"].refused
    assert found["backward"].kept < found["multipliers"].kept < found["autograd"].kept


def test_a_random_net_is_that_of_its_seed() -> None:
    one, y0, target = random_net(INTEGRATORS["rk4"], 3, 5, 1.0, 4, seed=2)
    same, y1, _ = random_net(INTEGRATORS["rk4"], 3, 5, 1.0, 4, seed=2)
    other, _, _ = random_net(INTEGRATORS["rk4"], 3, 5, 1.0, 4, seed=3)
    torch.testing.assert_close(one.k, same.k, rtol=0, atol=0)
    torch.testing.assert_close(y0, y1, rtol=0, atol=0)
    assert not torch.equal(one.k, other.k)
    assert (one.h, y0.shape, target.shape, y0.dtype) == (0.2, (4, 3), (4, 3), torch.float64)
