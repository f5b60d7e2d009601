"""Tableaus as texts: what is typed comes back, what is wrong is named."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.integrators import INTEGRATORS, InlineTableau, RungeKutta, scheme_from_tableau
from playground.ui.tableau_draft import Draft, text_of

KNOWN = [name for name, scheme in INTEGRATORS.items() if isinstance(scheme, RungeKutta)]
RK4 = Draft.of(INTEGRATORS["rk4"].tableau, "Mine")


@pytest.mark.parametrize("name", KNOWN)
def test_texts_of_a_known_scheme_are_that_scheme(name):
    known = INTEGRATORS[name].tableau
    assert scheme_from_tableau(Draft.of(known, "Mine").method()).tableau == known


def test_fractions_are_shown_as_fractions():
    assert RK4.a == ((), ("1/2",), ("0", "1/2"), ("0", "0", "1"))
    assert RK4.b == ("1/6", "1/3", "1/3", "1/6")
    assert [RK4.node(i) for i in range(4)] == ["0", "1/2", "1/2", "1"]


@given(st.floats(-100, 100))
def test_any_coefficient_survives_as_text(x):
    draft = Draft("Mine", 1, ((), (text_of(x),)), ("1", "0"))
    assert draft.method().a[1][0] == x


def test_rows_that_leave_out_zeros_are_filled_up():
    inline = InlineTableau(label="x", a=((), (1,), ()), b=(0.5, 0.5, 0), order=2)
    assert Draft.of(inline, "x").a == ((), ("1",), ("0", "0"))


def test_stages_are_added_empty_and_cut_off_at_the_end():
    more = RK4.resized(6)
    assert more.stages == 6
    assert more.a[5] == ("",) * 5
    assert more.b == (*RK4.b, "", "")
    assert more.resized(4) == RK4
    assert scheme_from_tableau(more.method()).tableau.b == (*INTEGRATORS["rk4"].tableau.b, 0, 0)


@pytest.mark.parametrize(
    ("text", "value"),
    [("", 0), (" 1/3 ", 1 / 3), ("−1/2", -0.5), ("2e-1", 0.2), ("- 1 / 4", -0.25)],
)
def test_numbers_as_people_write_them(text, value):
    assert Draft("x", 1, ((), (text,)), ("1", "")).method().a[1] == (value,)


@pytest.mark.parametrize(
    "text",
    [
        "1/0",
        "x",
        "1,5",
        "nan",
        "inf",
        "101",
        "-1e3",
        "1e9/3",
        "__import__('os')",
        "9" * 5000 + "/7",
    ],
)
def test_cell_that_holds_no_coefficient_is_named(text):
    with pytest.raises(ValueError, match=r"^a21: .* is not legal; legal is a number or a fraction"):
        Draft("x", 1, ((), (text,)), ("1", "0")).method()


def test_every_wrong_cell_is_named_and_the_name_too():
    draft = Draft("", 1, ((), ("x",)), ("y", "1"))
    with pytest.raises(ValueError, match=r"a21: 'x' .*; b1: 'y' .*; name: ''"):
        draft.method()


@pytest.mark.parametrize(
    ("a", "b", "order", "words"),
    [
        (((), ("1",)), ("1/2", "1/3"), 1, "order 1 condition Σ bᵢ = 1 violated: the sum is 0.8333"),
        (
            ((), ("1",)),
            ("1/4", "3/4"),
            2,
            "order 2 condition Σ bᵢ cᵢ = 1/2 violated: the sum is 0.75",
        ),
        (((), ("1/2",)), ("0", "1"), 3, "these coefficients reach order 2, not order 3"),
    ],
)
def test_condition_that_is_missed_is_named(a, b, order, words):
    with pytest.raises(ValueError, match=words.replace("+", r"\+")):
        Draft("x", order, a, b).method()


@settings(deadline=None)
@given(
    st.lists(st.text(max_size=8), min_size=3, max_size=3), st.text(max_size=45), st.integers(1, 5)
)
def test_anything_typed_gives_a_method_or_words(cells, label, order):
    draft = Draft(label, order, ((), (cells[0],)), (cells[1], cells[2]))
    assert isinstance(draft.node(1), str)
    with suppress(ValueError):  # and nothing else
        assert isinstance(draft.method(), InlineTableau)
