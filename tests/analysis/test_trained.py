"""Looks at trained nets: other schemes, residual Jacobians, folds."""

from __future__ import annotations

import math

import pytest
import torch

from playground.analysis.trained import (
    flow,
    log_determinants,
    residual_eigenvalues,
    stretches,
    swap,
)
from playground.integrators import INTEGRATORS
from playground.networks import build

FIXED = [name for name, scheme in INTEGRATORS.items() if scheme.kind != "adaptive"]


def net(scheme: str = "rk4", family: str = "rk_net", **options):
    values = {"width": 4, "depth": 6, **options}
    return build(family, n_features=2, n_classes=2, scheme=scheme, seed=3, **values).double()


def points(n: int = 12) -> torch.Tensor:
    return torch.randn(n, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("family", ["rk_net", "neural_ode"])
@pytest.mark.parametrize("name", FIXED)
def test_a_net_with_its_own_scheme_is_itself(name: str, family: str) -> None:
    model, x = net(name, family), points()
    lifted = model.lift(model.inputs(x))
    end, calls = flow(model, lifted, INTEGRATORS[name])
    torch.testing.assert_close(end, model.final(lifted), rtol=1e-13, atol=1e-13)
    model.nfe = 0
    model(x)
    assert calls == model.nfe
    labels = model(x).argmax(dim=1)
    own = swap(model, x, labels, name)
    assert (own.accuracy, own.agreement) == (1, 1)
    assert own.distance < 1e-12


def test_finer_steps_of_any_scheme_meet_in_the_same_flow() -> None:
    model, x = net("euler", horizon=2.0), points()
    lifted = model.lift(model.inputs(x))
    fine, _ = flow(model, lifted, INTEGRATORS["rk4"], substeps=64)
    for name in ("euler", "heun2", "rk4", "ab2"):
        gaps = [
            float((flow(model, lifted, INTEGRATORS[name], substeps=m)[0] - fine).abs().max())
            for m in (1, 4, 16)
        ]
        assert gaps[0] > gaps[1] > gaps[2] > 0


def test_a_shared_field_takes_any_number_of_steps() -> None:
    model, x = net("rk4", "neural_ode"), points()
    lifted = model.lift(model.inputs(x))
    _, calls = flow(model, lifted, INTEGRATORS["heun2"], n_steps=7)
    assert calls == 14
    assert sum(stretch.length for stretch in stretches(model, 7)) == pytest.approx(model.horizon)


@pytest.mark.parametrize("activation", ["tanh", "relu", "sine"])
def test_eigenvalues_are_those_of_the_written_out_jacobian(activation: str) -> None:
    model, x = net(activation=activation), points(5)
    found = residual_eigenvalues(model, x)
    assert found.shape == (6, 5, 4)
    states = model.trajectory(x)
    slope = {
        "tanh": lambda z: 1 - torch.tanh(z) ** 2,
        "relu": lambda z: (z > 0).double(),
        "sine": torch.cos,
    }[activation]
    with torch.no_grad():
        for layer in (0, 5):
            inner = states[layer] @ model.weight[layer].T + model.bias[layer]
            for i in range(5):
                jacobian = model.step * slope(inner[i])[:, None] * model.weight[layer]
                known = torch.linalg.eigvals(jacobian)
                torch.testing.assert_close(
                    found[layer, i].abs().sort().values, known.abs().sort().values
                )


def test_the_determinant_of_a_linear_flow_is_the_exponential_of_its_trace() -> None:
    """det exp(TA) = exp(T tr A): with a linear field and fine steps (Liouville)."""
    model = net("rk4", activation="linear", depth=200, horizon=1.0)
    with torch.no_grad():
        model.weight[:] = 0.3 * torch.randn(4, 4, dtype=torch.float64)
    sign, logarithm = log_determinants(model, points())
    assert (sign == 1).all()
    trace = float(torch.diagonal(model.weight[0]).sum())
    torch.testing.assert_close(logarithm, torch.full_like(logarithm, trace), rtol=1e-8, atol=1e-8)


def test_one_coarse_step_of_euler_folds_and_fine_ones_do_not() -> None:
    """y + h f(y) with h f' < −1 turns the line around, as the reflection asks for."""
    model = net("euler", width=2, depth=1, horizon=2.0, activation="linear")
    with torch.no_grad():
        model.weight[0] = torch.diag(torch.tensor([-1.0, 0.5], dtype=torch.float64))
    sign, _ = log_determinants(model, points())
    assert (sign == -1).all()
    lifted = model.lift(model.inputs(points()))
    fine, _ = flow(model, lifted, INTEGRATORS["euler"], substeps=400)
    exact = lifted * torch.exp(torch.tensor([-2.0, 1.0], dtype=torch.float64))
    shift = model.bias[0] * torch.tensor(
        [(1 - math.exp(-2)), (math.e - 1) / 0.5], dtype=torch.float64
    )
    torch.testing.assert_close(fine, exact + shift.detach(), rtol=0.02, atol=0.02)


def test_what_cannot_be_looked_at_is_refused_in_words() -> None:
    model = net()
    lifted = model.lift(model.inputs(points()))
    labels = torch.zeros(12, dtype=torch.long)
    for act, words in (
        (lambda: flow(model, lifted, INTEGRATORS["dopri5"]), "chooses its own steps"),
        (lambda: flow(model, lifted, INTEGRATORS["rk4"], substeps=0), "substeps: 0"),
        (lambda: stretches(model, 3), "can only be divided"),
        (lambda: swap(model, points(), labels, "nothing"), "nothing"),
        (lambda: log_determinants(net("dopri5"), points()), "other steps for every batch"),
        (lambda: stretches(build("mlp", n_features=2, n_classes=2)), "has no flow"),
    ):
        with pytest.raises(ValueError, match=words):
            act()
