"""A tableau that is being tried out: its line in the link, its cells, its numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.integrators import INTEGRATORS, RungeKutta
from playground.ui.labs.sketch import Sketch

EXPLICIT = [n for n, s in INTEGRATORS.items() if isinstance(s, RungeKutta) and n != "custom"]
cells = st.text(alphabet="0123456789/.-", max_size=6)


def fault(line: str) -> str:
    try:
        Sketch.read(line)
    except ValueError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("name", EXPLICIT)
def test_every_scheme_survives_the_link(name: str) -> None:
    tableau = INTEGRATORS[name].tableau
    sketch = Sketch.of(tableau)
    assert Sketch.read(sketch.line()) == sketch
    a, b, c = sketch.numbers()
    np.testing.assert_allclose(a, np.array(tableau.a), rtol=1e-11)
    np.testing.assert_allclose(b, tableau.b, rtol=1e-11)
    np.testing.assert_allclose(c, tableau.c, rtol=1e-11)


@given(st.integers(1, 8).flatmap(
    lambda s: st.tuples(
        st.tuples(*(st.tuples(*[cells] * i) for i in range(s))),
        st.tuples(*[cells] * s),
        st.tuples(*[cells] * s),
    )
))  # fmt: skip
def test_any_texts_survive_the_link(rows: tuple) -> None:
    sketch = Sketch(*rows)
    assert Sketch.read(sketch.line()) == sketch


@given(st.text(max_size=60))
def test_junk_is_refused_in_words(line: str) -> None:
    assert fault(line) == "" or fault(line).startswith("tableau: ")


def test_a_cell_takes_a_decimal_comma_and_no_sign_that_parts_cells() -> None:
    sketch = Sketch.of(INTEGRATORS["rk4"].tableau).with_cell("a32", "0,5;")
    assert sketch.a[2][1] == "0.5"
    assert Sketch.read(sketch.line()).a[2][1] == "0.5"


def test_every_cell_that_holds_no_number_is_named() -> None:
    sketch = Sketch.of(INTEGRATORS["heun2"].tableau).with_cell("a21", "x").with_cell("b2", "1/0")
    with pytest.raises(ValueError, match=r"a21: 'x'; b2: '1/0' not legal"):
        sketch.numbers()


def test_stages_are_added_empty_and_cut_off_at_the_end() -> None:
    sketch = Sketch.of(INTEGRATORS["heun2"].tableau)
    more = sketch.resized(3)
    assert (more.stages, more.a[2], more.b) == (3, ("", ""), (*sketch.b, ""))
    assert more.resized(2) == sketch
