"""The list of order conditions against the schemes whose orders are known."""

from __future__ import annotations

import numpy as np
import pytest

from playground.analysis.gradients import adjoint_coefficients
from playground.integrators import INTEGRATORS, RungeKutta
from playground.integrators.conditions import (
    order_conditions,
    reached_order,
    row_sums,
    symplecticity,
)

TABLEAUS = {n: s.tableau for n, s in INTEGRATORS.items() if isinstance(s, RungeKutta)}


@pytest.mark.parametrize("name", TABLEAUS)
def test_every_scheme_reaches_its_order_and_no_more(name: str) -> None:
    t = TABLEAUS[name]
    assert reached_order(t.a, t.b, t.c) == t.order
    assert all(each.holds for each in row_sums(t.a, t.c))


def test_the_numbers_of_conditions_are_those_of_rooted_trees() -> None:
    found = [each.order for each in order_conditions([[0.0]], [1.0], [0.0])]
    assert [found.count(order) for order in range(1, 6)] == [1, 1, 2, 4, 9]


def test_misprints_are_found() -> None:
    printed = [[0, 0], [0.5, 0]], [0.5, 0.5], [0, 0.5]  # "Improved Euler": order 1
    assert reached_order(*printed) == 1
    (broken,) = [each for each in order_conditions(*printed, up_to=2) if not each.holds]
    assert (broken.text, broken.value, broken.wanted) == ("Σ bᵢ cᵢ = 1/2", 0.25, 0.5)
    assert reached_order([[0.0]], [0.9], [0.0]) == 0
    shifted = TABLEAUS["rk4"]
    nodes = [*shifted.c[:-1], 0.9]
    assert [each.holds for each in row_sums(shifted.a, nodes)] == [True, True, True, False]
    assert reached_order(shifted.a, shifted.b, nodes) == 1


@pytest.mark.parametrize("name", [n for n, t in TABLEAUS.items() if 0 not in t.b])
def test_the_partner_makes_the_pair_symplectic_and_the_tableau_itself_does_not(name: str) -> None:
    t = TABLEAUS[name]
    assert symplecticity(t.a, t.b, adjoint_coefficients(t)) < 1e-15
    assert symplecticity(t.a, t.b, t.a) > 0.01


def test_the_midpoint_rule_that_is_implicit_is_its_own_partner() -> None:
    assert symplecticity([[0.5]], [1.0], [[0.5]]) == 0
    gauss = 3**0.5 / 6
    a = np.array([[0.25, 0.25 - gauss], [0.25 + gauss, 0.25]])
    assert symplecticity(a, [0.5, 0.5], a) < 1e-16
