"""Observed orders, references and the record of adaptive steps."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from playground.analysis.convergence import (
    Measured,
    NoReference,
    fitted_order,
    measure,
    over_tolerances,
    reference,
    registered,
    solve_adaptively,
)
from playground.integrators import INTEGRATORS, SolverFailure, solve
from playground.integrators.printed import PRINTED
from playground.systems import SYSTEMS

PROBLEMS = {"decay": 2.0, "cosine": 3.0, "logistic": 3.0}  # and the time at which they end
STEPS = (20, 40, 80, 160, 320, 640)
FIXED = [name for name, scheme in INTEGRATORS.items() if scheme.kind != "adaptive"]
EMBEDDED = [n for n, s in INTEGRATORS.items() if getattr(s, "family", "") == "embedded"]


def observed(solver, system: str, steps=STEPS) -> float | None:
    start = [0.2] if system == "logistic" else [1.0]
    problem = SYSTEMS[system].problem()
    return fitted_order(measure(problem, start, PROBLEMS[system], solver, steps))


@pytest.mark.parametrize("system", PROBLEMS)
@pytest.mark.parametrize("name", FIXED)
def test_every_scheme_shows_its_declared_order(name: str, system: str) -> None:
    order = observed(registered(name), system)
    assert order == pytest.approx(INTEGRATORS[name].order, abs=0.15)


@pytest.mark.parametrize("name", [n for n, entry in PRINTED.items() if entry.order > 0])
@pytest.mark.parametrize("system", ["cosine", "logistic"])
def test_printed_formulas_have_the_order_that_is_said(name: str, system: str) -> None:
    assert observed(PRINTED[name].solve, system) == pytest.approx(PRINTED[name].order, abs=0.1)


@pytest.mark.parametrize("system", PROBLEMS)
def test_the_printed_rk2_does_not_converge(system: str) -> None:
    printed = PRINTED["rk2"]
    assert printed.order == 0
    start = [0.2] if system == "logistic" else [1.0]
    points = measure(
        SYSTEMS[system].problem(), start, PROBLEMS[system], printed.solve, (20, 80, 320, 1280)
    )
    errors = [point.error for point in points]
    assert min(errors) > 0.01
    assert errors[-1] == pytest.approx(
        errors[-2], rel=0.05
    )  # it goes somewhere, to the wrong place


def test_what_was_meant_is_better_than_what_was_printed() -> None:
    for entry in PRINTED.values():
        if entry.order < entry.claimed:
            best = max(INTEGRATORS[name].order for name in entry.corrected)
            assert best == entry.claimed


def test_evaluations_are_those_of_the_scheme() -> None:
    problem = SYSTEMS["oscillator"].problem()
    for name in FIXED:
        (point,) = measure(problem, [1.0, 0.0], 1.0, registered(name), [12])
        starts = INTEGRATORS[INTEGRATORS[name].starter] if name == "ab2" else None
        extra = 0 if starts is None else starts.stages - 1
        assert point.evaluations == 12 * INTEGRATORS[name].stages + extra
        assert point.step == pytest.approx(1 / 12)


def test_errors_fall_at_the_price_of_evaluations() -> None:
    problem = SYSTEMS["lotka_volterra"].problem()
    points = measure(problem, [1.0, 1.0], 5.0, registered("rk4"), (50, 100, 200))
    known = solve_ivp(problem.field, (0, 5), [1.0, 1.0], "LSODA", rtol=1e-12, atol=1e-12).y[:, -1]
    _, states = solve(problem.field, [1.0, 1.0], 0.0, 5.0, 100, "rk4")
    assert points[1].error >= 0.999 * np.abs(states[-1] - known).max()
    assert points[0].error > points[1].error > points[2].error


def test_a_solution_that_flies_away_has_an_infinite_error() -> None:
    problem = SYSTEMS["stiff"].problem(rate=1000)
    points = measure(problem, [0.0], 3.0, registered("euler"), (500, 3000))
    assert points[0].error == np.inf
    assert points[1].error < 0.01


def test_a_problem_without_an_end_is_named() -> None:
    blow_up = SYSTEMS["own"].problem(equations=["x*x"])
    with pytest.raises(NoReference, match="up to t = 1"):
        reference(blow_up, [1.0], np.array([0.0, 2.0]))
    np.testing.assert_allclose(reference(blow_up, [1.0], np.array([0.0, 0.5]))[-1], 2, rtol=1e-9)


def test_a_fit_leaves_out_rounding_and_what_is_no_error_yet() -> None:
    steps = 2.0 ** -np.arange(12)
    errors = np.maximum(steps**4, 1e-15)
    errors[:2] = 1.0
    points = [Measured(1, h, e, 1) for h, e in zip(steps, errors)]
    assert fitted_order(points) == pytest.approx(4, abs=0.01)
    assert fitted_order(points[:2]) is None
    assert fitted_order([]) is None


@pytest.mark.parametrize("name", EMBEDDED)
def test_attempted_steps_are_recorded_whole(name: str) -> None:
    problem = SYSTEMS["van_der_pol"].problem(damping=5)
    run = solve_adaptively(problem, [2.0, 0.0], 20.0, name, rtol=1e-5, atol=1e-7, max_steps=50_000)
    kept = [(t, h) for t, h, kept in run.steps if kept]
    assert any(
        not kept for _, _, kept in run.steps
    )  # the turns of this problem take it by surprise
    ends = np.array([t + h for t, h in kept])
    np.testing.assert_allclose([t for t, _ in kept[1:]], ends[:-1], atol=1e-12)
    assert ends[-1] == pytest.approx(20.0)
    known = reference(problem, [2.0, 0.0], run.times)
    assert np.abs(run.states[-1] - known[-1]).max() < 0.05


def test_a_tighter_tolerance_costs_more_and_errs_less() -> None:
    problem = SYSTEMS["lotka_volterra"].problem()
    points = over_tolerances(problem, [1.0, 1.0], 10.0, "dopri5", (1e-3, 1e-5, 1e-7, 1e-9))
    assert [p.evaluations for p in points] == sorted(p.evaluations for p in points)
    assert [p.error for p in points] == sorted((p.error for p in points), reverse=True)
    assert points[-1].error < 1e-6


def test_an_underflow_is_explained() -> None:
    blow_up = SYSTEMS["own"].problem(equations=["x*x"])
    with pytest.raises(SolverFailure, match="Try"):
        solve_adaptively(blow_up, [1.0], 2.0, "dopri5")
