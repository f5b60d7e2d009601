"""The continuous adjoint: close to the gradient of the net, not equal, and better with finer steps."""

import numpy as np
import pytest
import torch
from torch import nn

from playground.integrators import INTEGRATORS, solve, solve_adjoint

FIXED = [entry for entry in INTEGRATORS.values() if entry.kind != "adaptive"]
T = 3.0


class Field(nn.Module):
    """tanh(Ky + b + t/5), with one frozen parameter and one that it never uses."""

    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(3)
        self.K = nn.Parameter(torch.randn(4, 4, generator=generator, dtype=torch.float64) * 0.6)
        self.b = nn.Parameter(torch.randn(4, generator=generator, dtype=torch.float64))
        self.frozen = nn.Parameter(torch.full((), 0.2, dtype=torch.float64), requires_grad=False)
        self.unused = nn.Parameter(torch.ones(2, dtype=torch.float64))

    def forward(self, t, y):
        return torch.tanh(y @ self.K + self.b + self.frozen * t)


def start():
    generator = torch.Generator().manual_seed(5)
    return torch.randn(6, 4, generator=generator, dtype=torch.float64).requires_grad_()


def gradients(name, n_steps, adjoint):
    field, y0 = Field(), start()
    if adjoint:
        y = solve_adjoint(field, y0, 0.0, T, n_steps, INTEGRATORS[name])
    else:
        y = solve(field, y0, 0.0, T, n_steps, name)[1][-1]
    (y**3).sum().backward()
    return torch.cat([y0.grad.flatten(), field.K.grad.flatten(), field.b.grad])


def gap(name, n_steps):
    """Relative distance of the adjoint's gradient from that of the discrete net."""
    discrete, continuous = (gradients(name, n_steps, adjoint) for adjoint in (False, True))
    return float((continuous - discrete).norm() / discrete.norm())


@pytest.mark.parametrize("entry", FIXED, ids=lambda entry: entry.name)
def test_forward_is_the_same_net(entry):
    field, y0 = Field(), start()
    y = solve_adjoint(field, y0, 0.0, T, 10, entry)
    assert torch.equal(y, solve(field, y0, 0.0, T, 10, entry.name)[1][-1])


@pytest.mark.parametrize(("name", "least", "most"), [("rk4", 1e-6, 1e-3), ("euler", 2e-2, 5e-1)])
def test_gradient_is_close_but_not_equal_at_coarse_steps(name, least, most):
    assert least < gap(name, 10) < most  # h = 0.3


@pytest.mark.parametrize("entry", FIXED, ids=lambda entry: entry.name)
def test_gradient_converges_at_the_order_of_the_scheme(entry):
    steps = (24, 48, 96)
    gaps = [gap(entry.name, n) for n in steps]
    order = -np.polyfit(np.log(steps), np.log(gaps), 1)[0]
    assert order > entry.order - 0.3


def test_only_what_is_trained_gets_a_gradient():
    field, y0 = Field(), start()
    solve_adjoint(field, y0, 0.0, T, 5, INTEGRATORS["rk4"]).sum().backward()
    assert field.frozen.grad is None
    assert torch.equal(field.unused.grad, torch.zeros(2, dtype=torch.float64))


def test_constant_field_has_the_identity_as_gradient():
    class Constant(nn.Module):
        def forward(self, t, y):
            return torch.ones_like(y)

    y0 = start()
    solve_adjoint(Constant(), y0, 0.0, T, 5, INTEGRATORS["rk4"]).sum().backward()
    assert torch.equal(y0.grad, torch.ones_like(y0))


def test_nothing_is_recorded_on_the_way_forward():
    """The point of the adjoint: memory does not grow with the depth."""

    class Watching(Field):
        recording = False

        def forward(self, t, y):
            value = super().forward(t, y)
            self.recording |= value.requires_grad
            return value

    field = Watching()
    solve_adjoint(field, start(), 0.0, T, 5, INTEGRATORS["rk4"])
    assert not field.recording


def test_second_derivative_is_refused():
    field, y0 = Field(), start()
    end = solve_adjoint(field, y0, 0.0, T, 5, INTEGRATORS["rk4"])
    (gradient,) = torch.autograd.grad((end**2).sum(), y0, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        gradient.sum().backward()


@pytest.mark.parametrize(
    ("name", "n_steps", "message"), [("dopri5", 5, "brings its own"), ("rk4", 0, "n_steps: 0")]
)
def test_wrong_input_is_named(name, n_steps, message):
    with pytest.raises(ValueError, match=message):
        solve_adjoint(Field(), start(), 0.0, T, n_steps, INTEGRATORS[name])
