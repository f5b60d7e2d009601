"""The steppers: which points they visit, what they give back, and that gradients flow."""

import math

import numpy as np
import pytest
import torch
import torchdiffeq
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.integrators import INTEGRATORS, Multistep, RungeKutta, resolve, solve

FIXED = [entry for entry in INTEGRATORS.values() if entry.kind != "adaptive"]
RUNGE_KUTTA = [entry for entry in FIXED if isinstance(entry, RungeKutta)]
MULTISTEP = [entry for entry in FIXED if isinstance(entry, Multistep)]


def by_name(entry):
    return entry.name


class Spy:
    """A field that remembers where it was asked."""

    def __init__(self, f):
        self.f = f
        self.calls = []

    def __call__(self, t, y):
        self.calls.append((t, np.copy(y)))
        return self.f(t, y)


def curl(t, y):
    return np.array([y[1] * np.cos(t), -y[0] + t])


def tensor_curl(t, y):
    return torch.stack([y[1] * math.cos(t), -y[0] + t])


@pytest.mark.parametrize("h", [0.3, -0.2])
@pytest.mark.parametrize("entry", RUNGE_KUTTA, ids=by_name)
def test_stages_are_visited_once_each_at_their_nodes(entry, h):
    tableau, t, y = entry.tableau, 0.7, np.array([1.0, -2.0])
    spy = Spy(curl)
    following, history = entry.step(spy, t, y, h)
    assert history == ()
    assert len(spy.calls) == entry.stages
    slopes = np.zeros((entry.stages, 2))
    for i, (time, state) in enumerate(spy.calls):
        expected = y + h * np.array(tableau.a[i]) @ slopes
        assert time == pytest.approx(t + tableau.c[i] * h, abs=1e-15)
        np.testing.assert_allclose(state, expected, atol=1e-14)
        slopes[i] = curl(time, expected)
    np.testing.assert_allclose(following, y + h * np.array(tableau.b) @ slopes, atol=1e-14)


def test_classical_method_by_hand():
    """One step on ẏ = t + y from (0, 1) with h = 1: slopes 1, 2, 2.5, 4.5."""
    spy = Spy(lambda t, y: t + y)
    y, _ = INTEGRATORS["rk4"].step(spy, 0.0, 1.0, 1.0)
    assert [(t, float(y)) for t, y in spy.calls] == [(0, 1), (0.5, 1.5), (0.5, 2), (1, 3.5)]
    assert y == pytest.approx(1 + (1 + 2 * 2 + 2 * 2.5 + 4.5) / 6)


@pytest.mark.parametrize("entry", MULTISTEP, ids=by_name)
def test_multistep_asks_once_a_step_and_reuses_the_rest(entry):
    spy, n = Spy(curl), 9
    t, y = solve(spy, [1.0, 0.0], 0, 1, n, entry.name)
    starting = entry.steps - 1
    starter = INTEGRATORS[entry.starter]
    assert len(spy.calls) == starting * starter.stages + n - starting
    for (time, state), i in zip(spy.calls[starting * starter.stages :], range(starting, n)):
        assert time == pytest.approx(t[i])
        np.testing.assert_array_equal(state, y[i])
    np.testing.assert_array_equal(
        y[: starting + 1], solve(curl, [1.0, 0.0], 0, 1, n, starter.name)[1][: starting + 1]
    )


@pytest.mark.parametrize("entry", MULTISTEP, ids=by_name)
def test_multistep_keeps_no_more_history_than_it_needs(entry):
    y, history = np.array([1.0, 0.0]), ()
    for i in range(6):
        former = y
        y, history = entry.step(curl, i * 0.1, y, 0.1, history)
        assert len(history) == min(i + 1, entry.steps - 1)
        np.testing.assert_array_equal(history[0][0], former)
        np.testing.assert_array_equal(history[0][1], curl(i * 0.1, former))


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("ab2", lambda y, f, h: y[-1] + h * (1.5 * f[-1] - 0.5 * f[-2])),
        ("taylor_multistep", lambda y, f, h: 1.5 * y[-1] - y[-2] + 0.5 * y[-3] + h * f[-1]),
    ],
)
def test_multistep_rules_as_printed(name, rule):
    t, y = solve(curl, [1.0, 0.0], 0, 1, 8, name)
    f = [curl(s, x) for s, x in zip(t, y)]
    for i in range(INTEGRATORS[name].steps, 8):
        np.testing.assert_allclose(y[i + 1], rule(y[: i + 1], f[: i + 1], 1 / 8), atol=1e-14)


@pytest.mark.parametrize("entry", INTEGRATORS.values(), ids=by_name)
def test_numpy_and_torch_agree(entry):
    start = [0.4, -1.0]
    t, y = solve(curl, np.array(start), 0.5, 3, 10, entry.name)
    with torch.no_grad():
        tt, ty = solve(
            tensor_curl, torch.tensor(start, dtype=torch.float64), 0.5, 3, 10, entry.name
        )
    assert isinstance(y, np.ndarray)
    assert y.dtype == np.float64
    assert isinstance(ty, torch.Tensor)
    assert t.shape == tuple(tt.shape) == (11,)
    assert y.shape == tuple(ty.shape) == (11, 2)
    np.testing.assert_allclose(tt.numpy(), t, atol=1e-15)
    # Rounding may tip the step control of an adaptive scheme, so that these only agree to tolerance.
    np.testing.assert_allclose(ty.numpy(), y, rtol=0, atol=1e-12 if entry in FIXED else 1e-3)


@pytest.mark.parametrize("entry", INTEGRATORS.values(), ids=by_name)
def test_backward_in_time_returns(entry):
    start = np.array([0.4, -1.0])
    _, there = solve(curl, start, 0, 1, 64, entry.name)
    t, back = solve(curl, there[-1], 1, 0, 64, entry.name)
    assert t[0] == 1
    assert t[-1] == 0
    np.testing.assert_allclose(back[-1], start, atol=0.05 if entry.order == 1 else 2e-3)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("euler", "euler"),
        ("midpoint", "midpoint"),
        ("heun2", "heun2"),
        ("heun3", "heun3"),
        ("rk4_38", "rk4"),
    ],
)
def test_agrees_with_torchdiffeq(ours, theirs):
    def f(t, y):
        return torch.stack([y[1] * torch.cos(torch.as_tensor(t, dtype=y.dtype)), -y[0] + t])

    y0 = torch.tensor([1.0, -0.5], dtype=torch.float64)
    t, y = solve(f, y0, 0, 2, 20, ours)
    torch.testing.assert_close(y, torchdiffeq.odeint(f, y0, t, method=theirs), rtol=0, atol=1e-12)


@pytest.mark.parametrize("entry", FIXED, ids=by_name)
def test_gradient_through_solve(entry):
    """Autograd against finite differences, for the start and a parameter of the field."""
    generator = torch.Generator().manual_seed(0)
    y0 = torch.randn(2, 3, dtype=torch.float64, generator=generator, requires_grad=True)
    K = torch.randn(3, 3, dtype=torch.float64, generator=generator, requires_grad=True)

    def end(y0, K):
        return solve(lambda t, y: torch.tanh(y @ K + t), y0, 0, 1, 4, entry.name)[1][-1]

    assert torch.autograd.gradcheck(end, (y0, K))


@pytest.mark.parametrize("entry", FIXED, ids=by_name)
def test_learned_step_size(entry):
    """A tensor h gives the state of a number h, and its gradient."""
    y0 = torch.tensor([[0.3, -0.8]], dtype=torch.float64)

    def end(h):
        y, history, t = y0, (), 0.0
        for _ in range(4):
            y, history = entry.step(lambda t, y: torch.tanh(y.flip(-1) + t), t, y, h, history)
            t = t + h
        return y

    h = torch.tensor(0.25, dtype=torch.float64, requires_grad=True)
    torch.testing.assert_close(end(h), end(0.25), rtol=0, atol=1e-14)
    assert torch.autograd.gradcheck(end, (h,))


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from([entry.name for entry in FIXED]),
    st.lists(st.floats(-5, 5), min_size=1, max_size=4),
    st.integers(1, 12),
    st.floats(-2, 2),
    st.floats(0.1, 2),
)
def test_constant_field_is_integrated_exactly(name, velocity, n_steps, t0, length):
    velocity = np.array(velocity)
    t, y = solve(lambda t, y: velocity, np.zeros_like(velocity), t0, t0 + length, n_steps, name)
    assert t[0] == t0
    assert len(t) == len(y) == n_steps + 1
    np.testing.assert_allclose(y, (t - t0)[:, None] * velocity, atol=1e-12)


def test_kinds_of_state():
    def decay(t, y):
        return -y

    assert solve(decay, 1, 0, 1, 2, "rk4")[1].dtype == np.float64
    assert solve(decay, np.ones((2, 3), np.float32), 0, 1, 2, "rk4")[1].dtype == np.float32
    assert solve(decay, torch.ones(2, 3), 0, 1, 2, "rk4")[1].shape == (3, 2, 3)
    assert solve(decay, torch.ones(2, dtype=torch.int64), 0, 1, 2, "rk4")[1].dtype == torch.float32


def test_overflow_is_kept_rather_than_hidden():
    with np.errstate(over="ignore"):
        _, y = solve(lambda t, y: y**3, 10.0, 0, 50, 50, "euler")
    assert not np.isfinite(y[-1])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_steps": 0}, "n_steps: 0"),
        ({"n_steps": 2.5}, "n_steps: 2.5"),
        ({"n_steps": True}, "n_steps: True"),
        ({"t0": math.nan}, "t0: nan"),
        ({"t1": math.inf}, "t1: inf"),
        ({"t1": 0.0}, "t1: 0.0 equals t0"),
        ({"y0": [1.0, math.inf]}, "y0"),
        ({"y0": torch.tensor([math.nan])}, "y0"),
        ({"name": "rk5"}, "unknown scheme 'rk5'; known are euler"),
        ({"name": "rk4", "rtol": 1e-3}, "rtol"),
        ({"name": "dopri5", "rtol": -1}, "rtol"),
    ],
)
def test_wrong_input_is_named(change, message):
    arguments = {"y0": 1.0, "t0": 0.0, "t1": 1.0, "n_steps": 3, "name": "euler"} | change
    with pytest.raises(ValueError, match=message):
        solve(lambda t, y: -y, **arguments)


def test_adaptive_schemes_take_no_single_step():
    with pytest.raises(ValueError, match="'dopri5' chooses its own steps"):
        resolve("dopri5").step(lambda t, y: -y, 0.0, 1.0, 0.1)


@pytest.mark.parametrize("entry", INTEGRATORS.values(), ids=by_name)
def test_entries_tell_about_themselves(entry):
    assert entry.label
    assert entry.summary.endswith(".")
    assert entry.formula.count("{") == entry.formula.count("}")
    assert "y_" in entry.formula
    assert entry.order >= 1
    assert entry.reference
    assert resolve(entry.name).formula == entry.formula
