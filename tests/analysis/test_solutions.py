"""Schemes side by side on one problem, against closed forms and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from playground.analysis.convergence import fitted_order, measure
from playground.analysis.solutions import directions, solutions
from playground.integrators import INTEGRATORS
from playground.integrators.printed import as_written
from playground.systems import SYSTEMS


def test_euler_multiplies_by_one_minus_h_in_every_step() -> None:
    (euler,) = solutions(SYSTEMS["decay"].problem(rate=2.0), [3.0], 1.0, ["euler"], 10)
    np.testing.assert_allclose(euler.states[:, 0], 3.0 * 0.8 ** np.arange(11), rtol=1e-12)
    np.testing.assert_allclose(
        euler.errors, np.abs(euler.states[:, 0] - 3.0 * np.exp(-2.0 * euler.times)), rtol=1e-9
    )
    assert euler.evaluations == 10


def test_what_flies_away_ends_where_it_is_no_longer_finite() -> None:
    # h λ = 50: the state grows by 49 in each step and leaves the range of numbers.
    (euler,) = solutions(SYSTEMS["decay"].problem(rate=100.0), [1.0], 500.0, ["euler"], 1000)
    assert np.isfinite(euler.states).all()
    assert len(euler.times) < 1001
    assert euler.failure.startswith("flew away at t =")


def test_an_adaptive_scheme_keeps_its_steps_and_its_tolerance() -> None:
    problem = SYSTEMS["van_der_pol"].problem()
    (run,) = solutions(problem, [2.0, 0.0], 8.0, ["dopri5"], 1, {"rtol": 1e-8, "atol": 1e-10})
    known = solve_ivp(problem.field, (0, 8.0), [2.0, 0.0], "DOP853", rtol=1e-12, atol=1e-12).y[
        :, -1
    ]
    np.testing.assert_allclose(run.states[-1], known, atol=1e-5)
    kept = [size for _, size, kept in run.steps if kept]
    assert sum(kept) >= 8.0 - 1e-9
    assert run.errors[-1] < 1e-5


def test_an_underflow_is_said_in_words() -> None:
    # ẏ = y² from 1 becomes infinite at t = 1.
    problem = SYSTEMS["own"].problem(equations=("x^2",))
    fixed, adaptive = solutions(problem, [1.0], 2.0, ["euler", "dopri5"], 4)
    assert np.isnan(fixed.errors).all()  # nothing to compare with
    assert "step" in adaptive.failure


@pytest.mark.parametrize(
    ("name", "pair", "start"),
    [("oscillator", (0, 1), (1.0, 0.0)), ("lotka_volterra", (0, 1), (1.0, 1.0))],
)
def test_arrows_point_where_the_field_goes(name: str, pair: tuple[int, int], start: tuple) -> None:
    problem = SYSTEMS[name].problem()
    box = (0.5, 2.5, 0.5, 2.5)  # square, so that angles on the chart are angles in the plane
    for x, y, angle, speed in directions(problem, pair, start, box, n=5):
        velocity = problem.field(0.0, np.array([x, y]))
        assert speed == pytest.approx(np.hypot(*velocity))
        wanted = velocity / (speed or 1.0)
        found = np.array([np.sin(np.radians(angle)), np.cos(np.radians(angle))])
        if speed > 1e-9:
            np.testing.assert_allclose(found, wanted, atol=1e-9)


def test_arrows_of_one_component_stand_over_time() -> None:
    problem = SYSTEMS["cosine"].problem()
    rows = directions(problem, (-1, 0), [1.0], (0.0, 4.0, -2.0, 2.0), n=5)
    for t, y, angle, speed in rows:
        slope = y * np.cos(t)
        assert speed == pytest.approx(np.hypot(1.0, slope))
        assert np.tan(np.radians(90 - angle)) == pytest.approx(slope, abs=1e-9)


@pytest.mark.parametrize("name", ["euler", "heun2", "kutta3", "rk4"])
@pytest.mark.parametrize("problem", ["decay", "cosine", "logistic"])
def test_a_tableau_as_written_is_the_scheme_of_its_name(name: str, problem: str) -> None:
    entry, tableau = SYSTEMS[problem], INTEGRATORS[name].tableau
    solver = as_written(np.array(tableau.a), np.array(tableau.b), np.array(tableau.c))
    points = measure(entry.problem(), entry.start, entry.horizon, solver, [32, 64, 128, 256])
    assert fitted_order(points, 3.0) == pytest.approx(INTEGRATORS[name].order, abs=0.25)
    (other,) = solutions(entry.problem(), entry.start, entry.horizon, [name], 16)
    _, states = solver(entry.problem().field, np.array(entry.start), 0.0, entry.horizon, 16)
    np.testing.assert_allclose(states, other.states, rtol=1e-12)


def test_nodes_that_are_no_row_sums_show_on_a_problem_of_time_only() -> None:
    tableau = INTEGRATORS["heun2"].tableau
    shifted = as_written(np.array(tableau.a), np.array(tableau.b), np.array([0.0, 0.5]))
    orders = {}
    for problem in ("decay", "cosine"):
        entry = SYSTEMS[problem]
        points = measure(entry.problem(), entry.start, entry.horizon, shifted, [64, 128, 256, 512])
        orders[problem] = fitted_order(points, 3.0)
    assert orders["decay"] == pytest.approx(2, abs=0.1)
    assert orders["cosine"] == pytest.approx(1, abs=0.15)
