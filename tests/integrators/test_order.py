"""Every scheme converges at the order it declares, on problems that an impostor does not survive."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from playground.integrators import INTEGRATORS, RungeKutta, Tableau, solve

PROBLEMS = {
    "linear": (lambda t, y: -y, 1.0, np.exp(-2.0)),
    "non-autonomous": (lambda t, y: y * np.cos(t), 1.0, np.exp(np.sin(2.0))),
    "logistic": (lambda t, y: y * (1 - y), 0.1, 1 / (1 + 9 * np.exp(-2.0))),
}
FIXED = [name for name, entry in INTEGRATORS.items() if entry.kind != "adaptive"]
ADAPTIVE = [name for name, entry in INTEGRATORS.items() if entry.kind == "adaptive"]
TOLERANT = [name for name in ADAPTIVE if "steps" not in INTEGRATORS[name].options.model_fields]


def slope(steps, errors):
    """Return the order at which errors fall, from a straight line through the logarithms."""
    return -np.polyfit(np.log(steps), np.log(errors), 1)[0]


def observed_order(run, problem, steps=(24, 48, 96)):
    f, y0, exact = PROBLEMS[problem]
    return slope(steps, [abs(run(f, y0, n) - exact) for n in steps])


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("name", FIXED)
def test_order_of_fixed_steps(name, problem):
    def run(f, y0, n):
        return solve(f, y0, 0, 2, n, name)[1][-1]

    assert observed_order(run, problem) == pytest.approx(INTEGRATORS[name].order, abs=0.3)


@pytest.mark.filterwarnings("ignore:Functional iteration")
@pytest.mark.parametrize("problem", PROBLEMS)
def test_order_of_implicit_adams(problem):
    def run(f, y0, n):
        return solve(f, y0, 0, 2, 1, "implicit_adams", steps=n, rtol=1e-12, atol=1e-14)[1][-1]

    assert observed_order(run, problem) > INTEGRATORS["implicit_adams"].order - 0.3


def test_shifted_nodes_lower_the_order_where_time_matters():
    """Why the row sums are checked: nobody sees the fault on a linear autonomous problem."""
    rk4 = INTEGRATORS["rk4"]
    shifted = object.__new__(Tableau)
    for key, value in (("a", rk4.tableau.a), ("b", rk4.tableau.b), ("order", 4)):
        object.__setattr__(shifted, key, value)
    object.__setattr__(shifted, "c", (0.0, 0.0, 0.5, 0.5))
    fake = replace(rk4, tableau=shifted)
    assert isinstance(fake, RungeKutta)

    def run(f, y, n):
        for i in range(n):
            y, _ = fake.step(f, i * 2 / n, y, 2 / n)
        return y

    assert observed_order(run, "linear") == pytest.approx(4, abs=0.3)
    assert observed_order(run, "non-autonomous") == pytest.approx(1, abs=0.3)
    with pytest.raises(ValueError, match="row sum"):
        Tableau(shifted.a, shifted.b, shifted.c, 4)


def swing(t, y):
    """A pendulum that is pushed in time with cos t."""
    return np.array([y[1], -np.sin(y[0]) + 0.3 * np.cos(t)])


def accurate(name, rtol=1e-5):
    """Return options under which a solver meets a tolerance."""
    options = INTEGRATORS[name].options.model_fields
    if "steps" in options:
        return {"steps": 100}
    limit = {"max_steps": 20_000} if "max_steps" in options else {}
    return {"rtol": rtol, "atol": rtol, **limit}


def reference(times):
    """Return the swing from (1, 0) at some times, to 12 digits."""
    ends, start = (times[0], times[-1]), [1.0, 0.0]
    return solve_ivp(swing, ends, start, t_eval=times, rtol=1e-12, atol=1e-13, method="DOP853").y.T


@pytest.mark.parametrize("name", TOLERANT)
def test_adaptive_error_follows_the_tolerance(name):
    def error(rtol):
        t, y = solve(swing, [1.0, 0.0], 0, 4, 1, name, **accurate(name, rtol))
        return np.abs(y[-1] - reference(t)[-1]).max()

    loose, tight = error(1e-3), error(1e-5)
    # The error estimate of fehlberg2 is that optimistic.
    assert tight < (1000 if name == "fehlberg2" else 30) * 1e-5
    assert tight < loose / 8


@pytest.mark.parametrize("name", ADAPTIVE)
def test_adaptive_solution_is_right_at_every_time_asked_for(name):
    t, y = solve(swing, [1.0, 0.0], 0, 4, 12, name, **accurate(name))
    assert y.shape == (13, 2)
    # Between its steps a solver interpolates, and bosh3 does so poorly.
    assert np.abs(y - reference(t)).max() < (1e-2 if name in ("fehlberg2", "bosh3") else 1e-3)
