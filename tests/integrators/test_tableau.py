"""Tableaus refuse to exist unless they are what they claim to be."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from playground.integrators import (
    INTEGRATORS,
    InlineTableau,
    RungeKutta,
    Tableau,
    resolve,
    scheme_from_tableau,
    solve,
)
from playground.integrators.trees import condition, density, elementary_weight, nodes, trees

RK4_A = ((0, 0, 0, 0), (0.5, 0, 0, 0), (0, 0.5, 0, 0), (0, 0, 1, 0))
RK4_B = (1 / 6, 1 / 3, 1 / 3, 1 / 6)
RK4_C = (0, 0.5, 0.5, 1)

RUNGE_KUTTA = [entry for entry in INTEGRATORS.values() if isinstance(entry, RungeKutta)]


def test_rooted_trees_are_complete_and_distinct():
    counts = [len(set(trees(n))) for n in range(1, 9)]
    assert counts == [1, 1, 2, 4, 9, 20, 48, 115]  # OEIS A000081
    assert all(nodes(tree) == 5 for tree in trees(5))


def test_order_conditions_of_order_four_are_the_classical_eight():
    found = {condition(tree) for n in range(1, 5) for tree in trees(n)}
    assert found == {
        "Σ bᵢ = 1",
        "Σ bᵢ cᵢ = 1/2",
        "Σ bᵢ cᵢ² = 1/3",
        "Σ bᵢ aᵢⱼ cⱼ = 1/6",
        "Σ bᵢ cᵢ³ = 1/4",
        "Σ bᵢ cᵢ aᵢⱼ cⱼ = 1/8",
        "Σ bᵢ aᵢⱼ cⱼ² = 1/12",
        "Σ bᵢ aᵢⱼ aⱼₖ cₖ = 1/24",
    }


@pytest.mark.parametrize("entry", RUNGE_KUTTA, ids=lambda entry: entry.name)
def test_declared_order_is_the_highest_one(entry):
    """No built-in scheme undersells itself: one order more violates a condition."""
    a, b, c = (np.array(x) for x in (entry.tableau.a, entry.tableau.b, entry.tableau.c))
    defects = [elementary_weight(t, a, b, c) - 1 / density(t) for t in trees(entry.order + 1)]
    assert max(map(abs, defects)) > 1e-3
    assert (entry.order, entry.stages) == (entry.tableau.order, len(b))


@pytest.mark.parametrize(
    ("a", "b", "c", "order", "message"),
    [
        (RK4_A, RK4_B, (0, 0.5, 0.5, 0.5), 4, "row sum condition c4 = Σ a4ⱼ violated"),
        (RK4_A, RK4_B, (0.5, 0.5, 0.5, 1), 4, "row sum condition c1"),
        (RK4_A, (1 / 4,) * 4, RK4_C, 4, r"order 3 condition Σ bᵢ"),
        (RK4_A, (1 / 6, 1 / 3, 1 / 3, 1 / 3), RK4_C, 4, "order 1 condition Σ bᵢ = 1 violated"),
        (RK4_A, RK4_B, RK4_C, 5, "order 5 condition"),
        (RK4_A, RK4_B, RK4_C, 6, "order: 6 is not in 1 to 5"),
        (RK4_A[:3], RK4_B, RK4_C, 4, "a: has 3 rows but b has 4"),
        ((*RK4_A[:3], (0, 0, 1)), RK4_B, RK4_C, 4, "a: row 4 has 3 entries"),
        (RK4_A, RK4_B, RK4_C[:3], 4, "c: has 3 nodes"),
        (((0.5,),), (1,), (0.5,), 1, r"a: entry \(1, 1\) is 0.5"),
        (((0, 0), (math.nan, 0)), (0, 1), (0, 0.5), 1, "a: nan is not a finite number"),
        (((0,),), (math.inf,), (0,), 1, "b: inf is not a finite number"),
        ((), (), (), 1, "at least one stage"),
    ],
)
def test_wrong_tableau_is_refused_by_name(a, b, c, order, message):
    with pytest.raises(ValueError, match=message):
        Tableau(a, b, c, order)


def test_impostor_with_valid_row_sums_is_found_out():
    """Order 4 on every linear autonomous problem, order 2 in truth: R(z) is that of RK4."""
    a = [[], [1 / 4], [0, 1 / 3], [0, 0, 1 / 2]]
    with pytest.raises(ValueError, match=r"order 3 condition Σ bᵢ cᵢ² = 1/3 violated.*order 2"):
        Tableau.of(a, [0, 0, 0, 1], 4)
    impostor = RungeKutta(
        **{
            "name": "impostor",
            "label": "",
            "summary": "",
            "formula": "",
            "tableau": Tableau.of(a, [0, 0, 0, 1], 2),
            "order": 2,
            "stages": 4,
        }
    )
    y, _ = impostor.step(lambda t, y: -y, 0.0, 1.0, 0.1)
    assert y == pytest.approx(solve(lambda t, y: -y, 1.0, 0, 0.1, 1, "rk4")[1][-1], abs=1e-15)


@given(st.floats(0.05, 1), st.floats(1e-3, 1), st.sampled_from([-1, 1]))
def test_two_stage_family(alpha, shift, sign):
    """Every method of the family has order 2; pushed off it, the violated condition is named."""
    b = [1 - 1 / (2 * alpha), 1 / (2 * alpha)]
    assert Tableau.of([[], [alpha]], b, 2).c == (0, alpha)
    with pytest.raises(ValueError, match="order 1 condition Σ bᵢ = 1 violated"):
        Tableau.of([[], [alpha]], [b[0], b[1] + sign * shift], 2)
    with pytest.raises(ValueError, match="order 2 condition Σ bᵢ cᵢ = 1/2 violated"):
        Tableau.of([[], [alpha + sign * shift]], b, 2)
    with pytest.raises(ValueError, match="row sum condition c2"):
        Tableau([[0, 0], [alpha, 0]], b, [0, alpha + sign * shift], 2)


@given(st.floats(0.1, 0.45), st.floats(0.7, 1))
def test_three_stage_family_has_order_three_but_not_four(c2, c3):
    b2 = (c3 / 2 - 1 / 3) / (c2 * (c3 - c2))
    b3 = (1 / 3 - c2 / 2) / (c3 * (c3 - c2))
    a32 = 1 / (6 * b3 * c2)
    a, b = [[], [c2], [c3 - a32, a32]], [1 - b2 - b3, b2, b3]
    assert Tableau.of(a, b, 3).stages == 3
    with pytest.raises(ValueError, match="order 4 condition"):
        Tableau.of(a, b, 4)


def test_inline_tableau_reads_fractions_and_short_rows():
    inline = InlineTableau.model_validate(
        {"label": "mine", "a": [[], ["1/2"], ["-1", 2]], "b": ["1/6", "2/3", "1/6"], "order": 3}
    )
    scheme = scheme_from_tableau(inline)
    assert (scheme.label, scheme.order, scheme.stages, scheme.kind) == (
        "mine",
        3,
        3,
        "runge_kutta",
    )
    assert scheme.tableau == INTEGRATORS["kutta3"].tableau
    assert scheme.formula == INTEGRATORS["kutta3"].formula
    again = InlineTableau.model_validate_json(inline.model_dump_json())
    assert again == inline
    assert resolve("custom", again).tableau == resolve("custom", inline).tableau == scheme.tableau


def test_custom_defaults_to_ralston():
    assert resolve("custom") == resolve("custom", {}) == scheme_from_tableau(InlineTableau())
    assert INTEGRATORS["custom"].tableau == INTEGRATORS["ralston2"].tableau


def test_custom_solves_with_the_tableau_in_its_options():
    def f(t, y):
        return y * np.cos(t)

    euler = solve(f, 1.0, 0, 2, 7, "custom", a=[[]], b=[1], order=1)[1]
    assert np.array_equal(euler, solve(f, 1.0, 0, 2, 7, "euler")[1])


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"a": [[]] * 9, "b": [1 / 9] * 9, "order": 1}, "a"),
        ({"a": [[], [101]], "b": [1, 0], "order": 1}, "a"),
        ({"a": [[], ["1/0"]]}, "a"),
        ({"a": [[], ["one/half"]]}, "a"),
        ({"b": [0.5, 0.6]}, "order 1 condition"),
        ({"b": []}, "b"),
        ({"order": 3}, "order 3 condition"),
        ({"order": 6}, "order"),
        ({"b": [math.nan, 1]}, "b"),
        ({"label": ""}, "label"),
        ({"c": [0, 1]}, "c"),
    ],
)
def test_wrong_inline_tableau_names_the_field(options, field):
    with pytest.raises(ValidationError, match=field):
        resolve("custom", options)


_junk = st.one_of(st.floats(), st.integers(), st.text(max_size=5), st.none())


@given(st.lists(st.lists(_junk, max_size=3), max_size=3), st.lists(_junk, max_size=3), _junk)
def test_junk_is_answered_with_a_message(a, b, order):
    try:
        inline = InlineTableau.model_validate({"a": a, "b": b, "order": order})
    except ValidationError:
        return
    assert math.fsum(scheme_from_tableau(inline).tableau.b) == pytest.approx(1)
