"""Typed formulas: right where they are legal, refused with a place where they are not."""

from __future__ import annotations

import ast
import math
import string
import time

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as some

from playground.formula import CONSTANTS, FUNCTIONS, LONGEST, Formula, FormulaError

X = np.linspace(-2.0, 2.0, 41)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x", X),
        ("2*x + 1", 2 * X + 1),
        ("-x^2", -(X**2)),
        ("(-x)**2", X**2),
        ("2^3^2", np.full_like(X, 512.0)),
        ("x/4 - -x", X / 4 + X),
        ("sin(pi*x) + cos(x)", np.sin(np.pi * X) + np.cos(X)),
        ("exp(-x*x)*tanh(3*x)", np.exp(-X * X) * np.tanh(3 * X)),
        ("max(x, 0) - min(x, 0)", np.abs(X)),
        ("1/2", np.full_like(X, 0.5)),
        ("  sqrt(\n  abs(x))", np.sqrt(np.abs(X))),
        ("log(e**x)", X),
        ("1e-3*x + .5", 0.001 * X + 0.5),
    ],
)
def test_arithmetic_is_that_of_numpy(text: str, value: np.ndarray) -> None:
    answer = Formula(text, ("x",))(x=X)
    assert answer.dtype == np.float64
    np.testing.assert_allclose(answer, value, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_is_the_one_of_its_name(name: str) -> None:
    arguments, _ = FUNCTIONS[name]
    second = {"min": min, "max": max, "abs": abs, "sign": lambda v: math.copysign(1, v)}
    known = second.get(name) or getattr(math, {"arctan": "atan"}.get(name, name))
    points = [0.3, 0.7][:arguments]
    text = f"{name}({', '.join(['x', 'y'][:arguments])})"
    answer = Formula(text, ("x", "y"))(x=0.3, y=0.7)
    assert float(answer) == pytest.approx(known(*points), rel=1e-15)


@pytest.mark.parametrize(
    ("text", "position", "says"),
    [
        ("", 1, "empty"),
        ("   ", 1, "empty"),
        ("2x", 1, "needs its *"),
        ("x +", 3, "missing"),
        ("x + foo", 5, "'foo' is not known"),
        ("x^2 + foo", 7, "'foo' is not known"),
        ("x\n+ foo", 5, "'foo' is not known"),
        ("sin x", 5, "missing"),
        ("sin + x", 1, "sin needs its argument"),
        ("sin(x, x)", 1, "sin takes 1 argument, not 2"),
        ("max(x)", 1, "max takes 2 arguments, not 1"),
        ("sin(x=1)", 1, "argument"),
        ("x(2)", 1, "needs its *"),
        ("open(x)", 1, "'open' is not a function"),
        ("x.real", 1, "legal are"),
        ("x[0]", 1, "legal are"),
        ("x if x else x", 1, "legal are"),
        ("x < 1", 1, "legal are"),
        ("x % 2", 1, "legal are"),
        ("x // 2", 1, "legal are"),
        ("lambda: x", 1, "legal are"),
        ("[x for x in x]", 1, "legal are"),
        ("(x := 1)", 2, "legal are"),
        ("'x'", 1, "not a number"),
        ("True", 1, "not a number"),
        ("1j", 1, "not a number"),
        ("...", 1, "not a number"),
        ("1e999", 1, "too large"),
        ("9" * 350, 1, "too large"),
        ("x + π", 5, "'π' is not part"),
        ("x" * (LONGEST + 1), LONGEST + 1, "at most"),
        ("x\0", 2, "not part"),
        ("x # y", 3, "not part"),
        ("(" * 250 + "x", None, "not a formula"),
        ("-" * 60 + "x", None, "levels deep"),
        ("__import__('os')", 1, "not a function"),
        ("x)+(x", None, "not a formula"),
    ],
)
def test_what_is_no_formula_is_refused_where_it_goes_wrong(
    text: str, position: int | None, says: str
) -> None:
    with pytest.raises(FormulaError) as refused:
        Formula(text, ("x",))
    assert says in str(refused.value)
    if position is not None:
        assert refused.value.position == position


def test_a_power_tower_becomes_infinite_at_once() -> None:
    began = time.process_time()
    assert np.isinf(Formula("9**9**9**9**9", ())())
    assert time.process_time() - began < 1


def test_values_without_a_value_are_nan_and_nothing_warns() -> None:
    formula = Formula("log(x) + 1/x + (-1)**0.5", ("x",))
    with np.errstate(all="raise"):
        assert np.isnan(formula(x=[-1.0, 0.0])).all()


def test_a_constant_takes_the_shape_of_the_variables() -> None:
    assert Formula("3", ("x", "y"))(x=np.zeros((4, 1)), y=np.zeros(5)).shape == (4, 5)
    with pytest.raises(TypeError, match="no value for y"):
        Formula("x", ("x", "y"))(x=1.0)


@settings(max_examples=300, deadline=None)
@given(some.text(alphabet=string.printable, max_size=60))
def test_any_text_is_a_formula_or_refused_with_a_place_in_it(text: str) -> None:
    try:
        answer, place = Formula(text, ("x",))(x=X), 1
    except FormulaError as refused:
        answer, place = X, refused.position
    assert answer.shape == X.shape
    assert 1 <= place <= max(len(text), 1)


_LEAVES = some.sampled_from(["x", "y", "2", "0.5", "pi"])
_TREES = some.recursive(
    _LEAVES,
    lambda inner: some.one_of(
        some.builds("({} {} {})".format, inner, some.sampled_from("+-*/"), inner),
        some.builds("{}({})".format, some.sampled_from(["sin", "cos", "tanh", "exp"]), inner),
        some.builds("-{}".format, inner),
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(_TREES, some.floats(-3, 3), some.floats(-3, 3))
def test_a_formula_is_what_python_would_compute(text: str, x: float, y: float) -> None:
    # The tests' own text, made above, so that the interpreter may be the second opinion.
    names = {name: getattr(math, name) for name in ("sin", "cos", "tanh", "exp")}
    tree = compile(ast.parse(text, mode="eval"), "formula", "eval")
    try:
        known = eval(tree, {"__builtins__": {}}, {**names, **CONSTANTS, "x": x, "y": y})
    except (OverflowError, ZeroDivisionError):
        assume(False)
    answer = float(Formula(text, ("x", "y"))(x=x, y=y))
    assert answer == pytest.approx(known, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000 + "x" + ")" * 10_000,
        "sin(" * 60 + "x" + ")" * 60,
        "-" * 5000 + "x",
        "x" + "^x" * 5000,
        "x" + "+x" * 100_000,
        "max(" * 70 + "x" + ",x)" * 70,
        "9" * 100_000,
        "1e" + "9" * 400,
        "x**" * 300 + "x",
    ],
    ids=lambda text: f"{text[:6]}…{len(text)}",
)
def test_a_formula_without_end_is_refused_at_once(text: str) -> None:
    began = time.process_time()
    with pytest.raises(FormulaError) as refused:
        Formula(text, ("x",))
    assert len(str(refused.value)) < 300
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    "text",
    [
        "х + 1",
        "ｘ + 1",
        "sіn(x)",
        "x − 1",
        "x ∗ 2",
        "x⁄2",
        "٣*x",
        "x²",
        "x\u200b+1",
        "x\u202e+1",
        "𝑥 + 1",
        "ℯ**x",
        "x ; import os",
        "x.__class__",
        "x[0]",
        "lambda: x",
        "(x := 1)",
        "f'{x}'",
        "x if x else x",
    ],
)
def test_signs_that_only_look_right_are_refused_where_they_stand(text: str) -> None:
    with pytest.raises(FormulaError) as refused:
        Formula(text, ("x",))
    assert 1 <= refused.value.position <= len(text)
