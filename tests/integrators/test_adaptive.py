"""The solvers of other libraries: counts, gradients, and failures in plain words."""

import math
import pickle
import warnings

import pytest
import torch
from torch import nn

from playground.integrators import INTEGRATORS, SolverFailure, SolverStats, integrate, typed_options
from playground.integrators.adaptive import STIFF_CHUNK
from playground.integrators.adaptive_schemes import Adaptive

ADAPTIVE = [entry for entry in INTEGRATORS.values() if isinstance(entry, Adaptive)]
EMBEDDED = [entry for entry in ADAPTIVE if entry.family == "embedded"]
STIFF = [entry for entry in ADAPTIVE if entry.family == "stiff"]


def by_name(entry):
    return entry.name


def run(name, f, y0, end=1.0, *, adjoint=False, params=None, stats=None, grid=None, **options):
    entry = INTEGRATORS[name]
    grid = torch.tensor([0.0, end], dtype=torch.float64) if grid is None else grid
    return integrate(
        entry,
        typed_options(name, options),
        f,
        y0,
        grid,
        adjoint=adjoint,
        params=params,
        stats=stats,
    )


class Swirl(nn.Module):
    """A small nonlinear field in double precision."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(2, 2).double()
        with torch.no_grad():
            self.linear.weight.copy_(torch.tensor([[0.3, -1.2], [1.1, 0.2]]))
            self.linear.bias.copy_(torch.tensor([0.1, -0.3]))

    def forward(self, t, y):
        return torch.tanh(self.linear(y)) + 0.1 * t


@pytest.mark.parametrize("entry", EMBEDDED, ids=by_name)
def test_steps_and_evaluations_are_counted(entry):
    """Two evaluations find the first step; every attempt then costs the declared stages."""
    calls, stats = [], SolverStats()

    def f(t, y):
        calls.append(float(t))
        return -25 * (y - torch.cos(t))

    run(entry.name, f, torch.ones(1, 1, dtype=torch.float64), 2.0, stats=stats)
    assert stats.evaluations == len(calls) == 2 + entry.stages * (stats.accepted + stats.rejected)
    assert stats.accepted > 3


@pytest.mark.parametrize("entry", ADAPTIVE, ids=by_name)
def test_the_end_does_not_depend_on_the_times_in_between(entry):
    y0 = torch.tensor([[1.0, 0.5]], dtype=torch.float64)
    grid = torch.linspace(0, 2, 9, dtype=torch.float64)
    with torch.no_grad():
        two, nine = run(entry.name, Swirl(), y0, 2.0), run(entry.name, Swirl(), y0, grid=grid)
    assert nine.shape == (9, 1, 2)
    torch.testing.assert_close(nine[-1], two[-1], rtol=0, atol=1e-13)


@pytest.mark.parametrize("entry", ADAPTIVE, ids=by_name)
def test_adjoint_gradient(entry):
    """Every scheme has one; in the limit of tight tolerances it is the true gradient."""
    y0 = torch.tensor([[1.0, 0.5], [-0.4, 0.2]], dtype=torch.float64, requires_grad=True)
    tight = {"steps": 60} if entry.family == "adams" else {"rtol": 1e-7, "atol": 1e-9}
    if entry.order < 3:
        tight |= {
            "rtol": 1e-4 if entry.name == "adaptive_heun" else 1e-6
        }  # fehlberg2 is optimistic
    bound = 2e-3 if entry.order < 3 else 1e-5
    gradients = []
    for name, options, adjoint in (
        ("dopri8", {"rtol": 1e-10, "atol": 1e-12}, False),
        (entry.name, tight, True),
    ):
        field = Swirl()
        end = run(name, field, y0, 1.5, adjoint=adjoint, **options)[-1]
        gradients.append(torch.autograd.grad((end**2).sum(), [y0, *field.parameters()]))
    for exact, found in zip(*gradients):
        torch.testing.assert_close(found, exact, rtol=0, atol=bound)


@pytest.mark.parametrize("entry", [e for e in ADAPTIVE if e.differentiable], ids=by_name)
def test_gradient_through_the_solver(entry):
    y0 = torch.tensor([[1.0, 0.5]], dtype=torch.float64, requires_grad=True)
    field = Swirl()
    (gradient,) = torch.autograd.grad(run(entry.name, field, y0)[-1].sum(), y0)
    h = 1e-4
    for j in range(2):
        e = torch.zeros(1, 2, dtype=torch.float64)
        e[0, j] = h
        with torch.no_grad():
            ends = [run(entry.name, field, y0 + s * e, rtol=1e-6)[-1].sum() for s in (1, -1)]
        assert float(gradient[0, j]) == pytest.approx(float(ends[0] - ends[1]) / (2 * h), abs=0.05)


@pytest.mark.parametrize("entry", STIFF, ids=by_name)
def test_stiff_schemes_refuse_to_lose_a_gradient(entry):
    y0 = torch.zeros(1, 2, dtype=torch.float64)
    with pytest.raises(ValueError, match=f"no gradient flows through '{entry.name}'"):
        run(entry.name, Swirl(), y0)
    with pytest.raises(ValueError, match="no gradient flows"):
        run(entry.name, lambda t, y: -y, y0.requires_grad_())


@pytest.mark.parametrize("entry", STIFF, ids=by_name)
def test_stiff_schemes_solve_what_explicit_ones_crawl_through(entry):
    def f(t, y):
        return -1e5 * (y - torch.cos(t)) - torch.sin(t)

    y0 = torch.ones(1, 1, dtype=torch.float64)
    stats = SolverStats()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        end = run(entry.name, f, y0, 3.0, stats=stats)[-1]
    assert float(end) == pytest.approx(math.cos(3.0), abs=1e-3)
    assert stats.evaluations < 1000
    with pytest.raises(SolverFailure, match=r"max_steps = 300 .* radau or bdf"):
        run("dopri5", f, y0, 3.0, max_steps=300)


@pytest.mark.parametrize("entry", STIFF, ids=by_name)
def test_stiff_schemes_take_samples_in_portions(entry):
    """A dense Jacobian of the whole batch would be far too large."""
    sizes = set()

    def f(t, y):
        sizes.add(y.numel())
        return -y * torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)

    y0 = torch.linspace(-1, 1, 300, dtype=torch.float64).reshape(100, 3)
    with torch.no_grad():
        end = run(entry.name, f, y0)[-1]
    assert max(sizes) <= STIFF_CHUNK
    factors = torch.exp(-torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64))
    torch.testing.assert_close(end, y0 * factors, rtol=0, atol=1e-3)


@pytest.mark.filterwarnings("ignore:Functional iteration")
@pytest.mark.parametrize("entry", ADAPTIVE, ids=by_name)
def test_blow_up_is_explained(entry):
    """ẏ = y² from 1 reaches infinity at t = 1."""
    with pytest.raises(SolverFailure, match=rf"{entry.name} stopped at t = .*Try ") as caught:
        run(entry.name, lambda t, y: y**2, torch.ones(1, 1, dtype=torch.float64), 2.0)
    if entry.family != "adams":  # which notices at its next step only
        assert caught.value.time == pytest.approx(1, abs=0.05)


@pytest.mark.filterwarnings("ignore:Functional iteration")
@pytest.mark.parametrize("entry", ADAPTIVE, ids=by_name)
def test_broken_field_is_named(entry):
    def f(t, y):
        return torch.where(t > 0.5, math.nan, 1.0) * y

    with pytest.raises(SolverFailure, match=r"not finite|no longer finite"):
        run(entry.name, f, torch.ones(1, 1, dtype=torch.float64))


def test_tolerance_below_single_precision_is_named():
    with pytest.raises(SolverFailure, match="more digits than single precision"):
        run(
            "dopri5", lambda t, y: 9 * torch.cos(40 * y), torch.ones(4, 2), rtol=1e-12, max_steps=50
        )


def test_limits_are_named():
    y0 = torch.ones(1, 1, dtype=torch.float64)

    def f(t, y):
        return torch.cos(200 * t) * y

    with pytest.raises(SolverFailure, match="max_steps = 5 before t = 1") as caught:
        run("dopri5", f, y0, max_steps=5)
    assert 0 < caught.value.time < 1
    with pytest.raises(SolverFailure, match="max_evaluations = 100 before t = 1"):
        run("radau", f, y0, max_evaluations=100)


def test_failure_on_the_way_back_is_named():
    """A contracting field explodes backward in time, so the adjoint needs more steps."""
    y0 = torch.full((1, 2), 2.0, dtype=torch.float64, requires_grad=True)

    class Contraction(nn.Module):
        def forward(self, t, y):
            return -8 * y**3 - 30 * y

    stats = SolverStats()
    run("dopri5", Contraction(), y0, stats=stats)
    limit = stats.accepted + stats.rejected
    end = run("dopri5", Contraction(), y0, adjoint=True, max_steps=limit)[-1]
    with pytest.raises(SolverFailure, match="on the way back with the adjoint"):
        end.sum().backward()


def test_failure_survives_the_way_between_processes():
    failure = pickle.loads(pickle.dumps(SolverFailure("stopped", 0.5)))
    assert str(failure) == "stopped"
    assert failure.time == 0.5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"grid": torch.tensor([0.0])}, "at least two"),
        ({"grid": torch.tensor([0.0, 1.0, 1.0])}, "strictly"),
        ({"grid": torch.tensor([0.0, math.inf])}, "not finite"),
        ({"y0": torch.tensor([math.nan])}, "y0"),
        ({"adjoint": True}, "params: the adjoint needs them"),
        ({"name": "rk4"}, "'rk4' takes single steps"),
    ],
)
def test_wrong_input_is_named(arguments, message):
    arguments = {"name": "dopri5", "f": lambda t, y: -y, "y0": torch.ones(1)} | arguments
    with pytest.raises(ValueError, match=message):
        run(**arguments)


def test_adjoint_of_a_plain_function_with_its_parameters():
    rate = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
    y0 = torch.ones(1, dtype=torch.float64)
    end = run("dopri5", lambda t, y: -rate * y, y0, adjoint=True, params=[rate], rtol=1e-8)[-1]
    end.sum().backward()
    assert float(rate.grad) == pytest.approx(-math.exp(-0.5), abs=1e-5)
