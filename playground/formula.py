"""Formulas that people type: a walk over an allow-list, never an evaluation of Python.

The text is parsed into Python's syntax tree, each node of which has to be on the list below; what
comes out is arithmetic on float64 arrays. A power tower becomes infinite, it does not hang.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

LONGEST = 400  # characters
_DEEPEST = 40  # levels of the tree

Values = Mapping[str, np.ndarray]
Node = Callable[[Values], np.ndarray]

FUNCTIONS: dict[str, tuple[int, Callable[..., Any]]] = {
    "sin": (1, np.sin),
    "cos": (1, np.cos),
    "tan": (1, np.tan),
    "exp": (1, np.exp),
    "log": (1, np.log),
    "sqrt": (1, np.sqrt),
    "abs": (1, np.abs),
    "sign": (1, np.sign),
    "sinh": (1, np.sinh),
    "cosh": (1, np.cosh),
    "tanh": (1, np.tanh),
    "arctan": (1, np.arctan),
    "min": (2, np.minimum),
    "max": (2, np.maximum),
}
CONSTANTS = {"pi": math.pi, "e": math.e}
_OPERATORS: dict[type[ast.operator], Callable[..., Any]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Pow: np.power,
}
_SIGNS: dict[type[ast.unaryop], Callable[..., Any]] = {ast.USub: np.negative, ast.UAdd: np.positive}


class FormulaError(ValueError):
    """A text that is no formula; the message says what, where, and what is legal.

    Attributes:
        position: Place of the first wrong character, counted from 1.
    """

    def __init__(self, message: str, position: int) -> None:
        super().__init__(f"{message}, at character {position}")
        self.position = position


@dataclass(frozen=True)
class Formula:
    """A typed formula of named variables.

    ``+ - * / **`` (also written ``^``), brackets, numbers, pi, e, and the names in ``FUNCTIONS``.

    Attributes:
        text: What was typed.
        variables: Names that stand for values.

    Raises:
        FormulaError: For anything else.
    """

    text: str
    variables: tuple[str, ...]
    _value: Node = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        value = _Reader(self.text, self.variables).read()
        object.__setattr__(self, "_value", value)

    def __call__(self, **values: ArrayLike) -> np.ndarray:
        """Return the value in float64, in the common shape of the variables.

        What has none (a logarithm of a negative number) is nan, what is too large is inf.

        Raises:
            TypeError: When a variable is missing.
        """
        arrays = {
            name: np.asarray(values[name], np.float64) for name in self.variables if name in values
        }
        missing = [name for name in self.variables if name not in arrays]
        if missing:
            raise TypeError(f"no value for {', '.join(missing)}")
        shape = np.broadcast_shapes(*(array.shape for array in arrays.values()))
        with np.errstate(all="ignore"):
            return np.broadcast_to(self._value(arrays), shape)


def _is_legal(sign: str) -> bool:
    return sign.isascii() and (sign.isprintable() or sign.isspace()) and sign not in "#;\\"


class _Reader:
    """Reads one formula; keeps the text, so that a mistake can be shown where it stands."""

    def __init__(self, text: str, variables: Sequence[str]) -> None:
        self.text = text
        self.variables = variables

    def read(self) -> Node:
        if not self.text.strip():
            raise FormulaError("the formula is empty", 1)
        if len(self.text) > LONGEST:
            raise FormulaError(f"a formula has at most {LONGEST} characters", LONGEST + 1)
        strange = next((i for i, sign in enumerate(self.text) if not _is_legal(sign)), None)
        if strange is not None:
            raise FormulaError(f"{self.text[strange]!r} is not part of a formula", strange + 1)
        line = "".join(" " if sign.isspace() else sign for sign in self.text)
        line = line.strip().replace("^", "**")
        try:
            tree = ast.parse(line, mode="eval")
        except SyntaxError as error:  # without a column where the text ends too early
            at = self._place(error.offset - 1 if error.offset else len(line))
            raise FormulaError(f"this is not a formula ({self._hint(at)})", at) from None
        except (ValueError, RecursionError, MemoryError):
            raise FormulaError("this is not a formula", 1) from None
        return self._node(tree.body, 0)

    def _hint(self, at: int) -> str:
        if re.match(r"[\d.]+[a-zA-Z(]", self.text[at - 1 :]):
            return "a product needs its *, as in 2*x"
        return "a sign, a number or a bracket is missing or too many"

    def _place(self, column: int) -> int:
        """Return the place in the text as typed, where a power may be one sign, of a column as parsed."""
        typed = self.text
        place = len(typed) - len(typed.lstrip())
        seen = 0
        while place < len(typed) and seen < column:
            seen += 2 if typed[place] == "^" else 1
            place += 1
        return min(place + 1, len(typed))

    def _wrong(self, node: ast.AST, what: str) -> FormulaError:
        return FormulaError(what, self._place(node.col_offset))

    def _node(self, node: ast.expr, depth: int) -> Node:
        if depth > _DEEPEST:
            raise self._wrong(node, f"brackets may go {_DEEPEST} levels deep")
        if isinstance(node, ast.Constant):
            return self._number(node)
        if isinstance(node, ast.Name):
            return self._name(node)
        if isinstance(node, ast.UnaryOp) and type(node.op) in _SIGNS:
            sign, inner = _SIGNS[type(node.op)], self._node(node.operand, depth + 1)
            return lambda values: sign(inner(values))
        if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
            apply = _OPERATORS[type(node.op)]
            left, right = self._node(node.left, depth + 1), self._node(node.right, depth + 1)
            return lambda values: apply(left(values), right(values))
        if isinstance(node, ast.Call):
            return self._call(node, depth)
        raise self._wrong(
            node,
            "legal are + - * / **, brackets, numbers, pi, e, functions and " + self._variables(),
        )

    def _number(self, node: ast.Constant) -> Node:
        if isinstance(node.value, bool) or not isinstance(node.value, (int, float)):
            raise self._wrong(node, f"{node.value!r} is not a number")
        try:
            number = np.float64(node.value)
        except OverflowError:
            number = np.float64("inf")
        if not np.isfinite(number):
            raise self._wrong(node, "this number is too large")
        return lambda _values: number

    def _name(self, node: ast.Name) -> Node:
        name = node.id
        if name in self.variables:
            return lambda values: values[name]
        if name in CONSTANTS:
            constant = np.float64(CONSTANTS[name])
            return lambda _values: constant
        if name in FUNCTIONS:
            raise self._wrong(
                node, f"{name} needs its argument in brackets, as in {name}({self._any()})"
            )
        raise self._wrong(
            node,
            f"{name!r} is not known; legal are {self._variables()}, {', '.join(CONSTANTS)} and the "
            f"functions {', '.join(FUNCTIONS)}",
        )

    def _call(self, node: ast.Call, depth: int) -> Node:
        name = node.func.id if isinstance(node.func, ast.Name) else None
        if name not in FUNCTIONS:
            if name in self.variables or name in CONSTANTS or name is None:
                raise self._wrong(node, "a product needs its *, as in 2*(x + 1)")
            raise self._wrong(node, f"{name!r} is not a function; legal are {', '.join(FUNCTIONS)}")
        wanted, apply = FUNCTIONS[name]
        if node.keywords or len(node.args) != wanted:
            raise self._wrong(
                node,
                f"{name} takes {wanted} argument{'s' if wanted > 1 else ''}, not "
                f"{len(node.args) + len(node.keywords)}",
            )
        inner = [self._node(argument, depth + 1) for argument in node.args]
        return lambda values: apply(*(argument(values) for argument in inner))

    def _any(self) -> str:
        return self.variables[0] if self.variables else "1"

    def _variables(self) -> str:
        return "the variables " + ", ".join(self.variables) if self.variables else "no variables"
