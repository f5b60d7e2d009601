"""Initial value problems: their closed forms and fields against SciPy and against each other."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.integrate import solve_ivp

from playground.systems import SYSTEMS


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_closed_form_is_the_solution(name: str) -> None:
    system = SYSTEMS[name]
    problem = system.problem()
    times = np.linspace(0, system.horizon, 30)
    known = solve_ivp(
        problem.field, (0, system.horizon), system.start, "Radau" if system.stiff else "DOP853",
        times, rtol=1e-10, atol=1e-12,
    )  # fmt: skip
    assert known.success
    assert known.y.shape == (problem.dim, 30)
    if problem.exact is not None:
        exact = problem.exact(times, np.array(system.start))
        np.testing.assert_allclose(known.y.T, exact, atol=1e-6)


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_field_takes_a_whole_plane_of_states(name: str) -> None:
    problem = SYSTEMS[name].problem()
    states = np.random.default_rng(1).normal(size=(3, 4, problem.dim))
    together = problem.field(0.7, states)
    assert together.shape == states.shape
    for i in range(3):
        for j in range(4):
            np.testing.assert_allclose(together[i, j], problem.field(0.7, states[i, j]), rtol=1e-13)


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_option_changes_the_field(name: str) -> None:
    system = SYSTEMS[name]
    state = np.full(system.dim, 0.3)
    for field_name, field in system.options.model_fields.items():
        if name == "own":
            continue
        other = {field_name: field.default * 1.5 or 0.5}
        before, after = system.problem(), system.problem(**other)
        assert not np.allclose(before.field(0.5, state), after.field(0.5, state))
        assert before.formula != after.formula


def test_what_is_conserved_is_conserved() -> None:
    """First integrals, which no closed form is needed for."""
    o = SYSTEMS["lotka_volterra"].options()
    x, y = np.random.default_rng(2).uniform(0.2, 3, (2, 50))
    velocity = SYSTEMS["lotka_volterra"].problem().field(0.0, np.stack([x, y], -1))
    gradient = np.stack([o.gain - o.death / x, o.hunt - o.birth / y], -1)
    np.testing.assert_allclose((gradient * velocity).sum(-1), 0, atol=1e-12)
    velocity = SYSTEMS["pendulum"].problem().field(0.0, np.stack([x, y], -1))
    np.testing.assert_allclose(np.sin(x) * velocity[:, 0] + y * velocity[:, 1], 0, atol=1e-14)


def test_half_a_turn_reflects_the_line() -> None:
    exact = SYSTEMS["reflection"].problem().exact
    for x in (-2.0, -0.5, 1.0):
        np.testing.assert_allclose(
            exact(np.array([1.0]), np.array([x, 0.0]))[0], [-x, 0], atol=1e-15
        )


def test_own_formulas_are_solved_and_own_mistakes_are_named() -> None:
    own = SYSTEMS["own"]
    problem = own.problem(equations=["-z", "x*y + t", "min(x, y)^2"])
    np.testing.assert_allclose(problem.field(2.0, np.array([1.0, 2.0, 3.0])), [-3, 4, 1])
    assert problem.variables == ("x", "y", "z")
    for equations, words in (
        (["x", "x + q"], "formula of y: 'q' is not known"),
        (["y"], "formula of x: 'y' is not known"),
        ([], "at least 1"),
        (["x"] * 4, "at most 3"),
    ):
        with pytest.raises(ValidationError, match=words):
            own.problem(equations=equations)
