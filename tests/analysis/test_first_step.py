"""The first step with its numbers: as by hand, and as the solution that the page draws."""

import numpy as np
import pytest

from playground.analysis.first_step import first_step
from playground.analysis.solutions import solutions
from playground.integrators import INTEGRATORS
from playground.systems import SYSTEMS

FIXED = [name for name, e in INTEGRATORS.items() if e.kind != "adaptive" and name != "custom"]
COSINE = SYSTEMS["cosine"].pose(SYSTEMS["cosine"].options())


def test_the_classical_method_asks_where_its_tableau_says():
    y, h = 1.3, 0.4

    def f(t, y):
        return y * np.cos(t)

    k1 = f(0.0, y)
    k2 = f(h / 2, y + h / 2 * k1)
    k3 = f(h / 2, y + h / 2 * k2)
    k4 = f(h, y + h * k3)
    found = first_step(COSINE, (y,), h, "rk4")
    assert [e.time for e in found.evaluations] == pytest.approx([0, h / 2, h / 2, h])
    assert [float(e.slope[0]) for e in found.evaluations] == pytest.approx([k1, k2, k3, k4])
    assert found.end == pytest.approx([y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)])


@pytest.mark.parametrize("name", FIXED)
def test_the_step_is_the_first_one_of_the_solution(name):
    found = first_step(COSINE, (1.3,), 0.1, name)
    (drawn,) = solutions(COSINE, (1.3,), 0.8, [name], 8)
    assert found.evaluations
    for each in found.evaluations:
        assert each.slope == pytest.approx(COSINE.field(each.time, each.state))
    assert found.end == pytest.approx(drawn.states[1], rel=1e-12)
