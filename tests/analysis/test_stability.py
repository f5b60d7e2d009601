"""Stability against values from the literature and from algebra."""

import numpy as np
import pytest

from playground.analysis.stability import (
    growth,
    imaginary_interval,
    is_stable,
    real_interval,
    region,
    stability_polynomial,
)
from playground.integrators import (
    INTEGRATORS,
    InlineTableau,
    RungeKutta,
    scheme_from_tableau,
    solve,
)

FIXED = [entry for entry in INTEGRATORS.values() if entry.kind != "adaptive"]


def by_name(entry):
    return entry.name


@pytest.mark.parametrize(
    ("name", "left", "height"),
    [
        ("euler", 2.0, 0.0),
        ("heun2", 2.0, 0.0),
        ("kutta3", 2.512745, 3**0.5),
        ("ssprk3", 2.512745, 3**0.5),
        ("rk4", 2.785294, 8**0.5),
        ("rk4_38", 2.785294, 8**0.5),
        ("ab2", 1.0, 0.0),
        ("taylor_multistep", 1.0, 0.0),
    ],
)
def test_intervals(name, left, height):
    assert real_interval(INTEGRATORS[name]) == pytest.approx((-left, 0), abs=1e-6)
    assert imaginary_interval(INTEGRATORS[name]) == pytest.approx((-height, height), abs=1e-6)


@pytest.mark.parametrize(
    ("name", "area"), [("euler", 3.14), ("ab2", 1.31), ("rk4", 12.7), ("taylor_multistep", 0.55)]
)
def test_areas(name, area):
    re, im = np.linspace(-4, 1, 251), np.linspace(-4, 4, 401)
    stable = region(INTEGRATORS[name], re, im) <= 1
    assert stable.shape == (401, 251)
    assert stable.sum() * (re[1] - re[0]) * (im[1] - im[0]) == pytest.approx(area, rel=0.02)


@pytest.mark.parametrize("entry", FIXED, ids=by_name)
def test_interval_ends_where_errors_begin_to_grow(entry):
    left, _ = real_interval(entry)
    _, height = imaginary_interval(entry)
    for end, direction in ((-left, -1), (height, 1j)):
        inside = np.linspace(0, end, 50)[1:-1]
        assert all(is_stable(entry, x * direction) for x in inside if end > 0)
        assert not is_stable(entry, (1.01 * end + 0.02) * direction)


@pytest.mark.parametrize("entry", FIXED, ids=by_name)
def test_growth_is_what_a_solution_does(entry):
    """On ẏ = λy the mean rate at which late steps grow is the growth at hλ."""
    rate = -1.2 * abs(real_interval(entry)[0])
    _, y = solve(lambda t, y: rate * y, 1.0, 0, 300, 300, entry.name)
    # Maxima over a stretch, because a pair of complex roots oscillates while it grows.
    early, late = (np.abs(y[end - 40 : end]).max() for end in (100, 300))
    assert (late / early) ** (1 / 200) == pytest.approx(float(growth(entry, rate)), rel=2e-3)


@pytest.mark.parametrize("entry", [e for e in FIXED if isinstance(e, RungeKutta)], ids=by_name)
def test_polynomial_follows_the_exponential_up_to_the_order(entry):
    coefficients = stability_polynomial(entry)
    factorials = np.cumprod([1, *range(1, entry.order + 1)])
    np.testing.assert_allclose(coefficients[: entry.order + 1], 1 / factorials, atol=1e-12)
    assert len(coefficients) == entry.stages + 1


def test_chebyshev_scheme_that_touches_the_limit_is_followed_to_its_end():
    """R(z) = T₂(1 + z/4) touches −1 at z = −4 and ends at −8."""
    scheme = scheme_from_tableau(InlineTableau(a=((), (1 / 8,)), b=(0, 1), order=1))
    assert real_interval(scheme)[0] == pytest.approx(-8, abs=1e-6)


def test_adaptive_schemes_have_no_region():
    for function in (real_interval, imaginary_interval):
        with pytest.raises(ValueError, match="'dopri5' has no fixed step"):
            function(INTEGRATORS["dopri5"])
