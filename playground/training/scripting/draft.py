"""A script while it is being written: imports, constants and blocks of code, each added once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from textwrap import dedent, indent
from typing import Any

LINE = 100  # characters of a line

_STANDARD = {
    "argparse",
    "base64",
    "collections",
    "collections.abc",
    "dataclasses",
    "functools",
    "io",
}
_STANDARD |= {"itertools", "math", "sys", "typing"}


@dataclass
class Draft:
    """What the parts of a script add to.

    Attributes:
        imports: Import statements.
        constants: Lines of the block of constants at the top.
        blocks: Functions and classes, in their order.
    """

    imports: set[str] = field(default_factory=set)
    constants: list[str] = field(default_factory=list)
    blocks: list[str] = field(default_factory=list)

    def need(self, *statements: str) -> None:
        """Add import statements."""
        self.imports.update(statements)

    def constant(self, name: str, value: Any, comment: str = "") -> None:
        """Add a constant with the exact literal of its value; a long tuple gets several lines."""
        code = literal(value)
        if isinstance(value, tuple) and len(f"{name} = {code}  # {comment}") > LINE:
            self.constants += [f"{name} = (  # {comment}" if comment else f"{name} = ("]
            self.constants += [*filled([f"{literal(item)}," for item in value]), ")"]
        else:
            self.expression(name, code, comment)

    def has(self, name: str) -> bool:
        """Return whether there is a constant of this name."""
        return any(line.startswith(f"{name} = ") for line in self.constants)

    def expression(self, name: str, code: str, comment: str = "") -> None:
        """Add a constant that is computed."""
        self.constants.append(f"{name} = {code}" + (f"  # {comment}" if comment else ""))

    def heading(self, text: str) -> None:
        """Add a comment above the constants that follow."""
        self.constants += ["", f"# {text}"]

    def block(self, code: str) -> None:
        """Add a function or a class."""
        self.blocks.append(block(code))

    def import_lines(self) -> str:
        """Return the imports, the standard library's first, each part sorted."""
        standard = {line for line in self.imports if line.split()[1] in _STANDARD}
        parts = [sorted(part, key=_import_order) for part in (standard, self.imports - standard)]
        return "\n\n".join("\n".join(part) for part in parts)


def _import_order(line: str) -> tuple[bool, str]:
    return line.startswith("from"), line


def block(code: str) -> str:
    """Return code without its common indentation and the empty lines around it."""
    return dedent(code).strip("\n")


def body(lines: Iterable[str], depth: int) -> str:
    """Return lines indented by ``depth`` levels, as the inside of a template that starts in column 0.

    The first line gets no indentation, because the template's own stands before it.
    """
    return indent("\n".join(lines), "    " * depth).lstrip(" ")


def literal(value: Any) -> str:
    """Return Python code for a plain value; texts cannot leave their quotes, whatever they hold."""
    if isinstance(value, str):
        code = repr(value)  # escapes what is not printable, direction marks and lone surrogates too
        return f'"{code[1:-1]}"' if code[0] == "'" and '"' not in code else code
    if isinstance(value, tuple):
        items = [literal(item) for item in value]
        return f"({', '.join(items)}{',' if len(items) == 1 else ''})"
    return repr(value)


def number(value: float) -> str:
    """Return an expression whose value is exactly this number: ``2``, ``1 / 3`` or ``0.2928932``."""
    close = Fraction(value).limit_denominator(10_000)
    if close.numerator / close.denominator != value:
        return repr(value)
    if close.denominator == 1:
        return str(close.numerator)
    return f"{close.numerator} / {close.denominator}"


def times(symbol: str, weight: float) -> str:
    """Return ``symbol · weight`` with the rounding of that product: ``h``, ``h / 2``, ``h * (1 / 6)``."""
    sign, size = ("-" if weight < 0 else ""), number(abs(weight))
    if size == "1":
        return f"{sign}{symbol}"
    numerator, _, denominator = size.partition(" / ")
    if not denominator:
        return f"{sign}{size} * {symbol}"
    halves = int(denominator) & (int(denominator) - 1) == 0
    if numerator == "1" and halves:  # dividing by a power of two rounds as little as multiplying
        return f"{sign}{symbol} / {denominator}"
    return f"{sign}{symbol} * ({size})"


def added(start: str, terms: Sequence[tuple[str, str]]) -> list[str]:
    """Return ``start + Σ factor·tensor`` as one link of a chain of fused additions a term."""
    return [start] + [f".add({tensor}, alpha={factor})" for tensor, factor in terms]


def wrapped(before: str, chain: Sequence[str], after: str, depth: int = 1) -> list[str]:
    """Return ``before chain after`` on one line, or the chain on lines of its own if that is long.

    ``before`` ends with an opening bracket where ``after`` closes one; brackets are added otherwise.
    """
    line = before + "".join(chain) + after
    if len(line) + 4 * depth <= LINE:
        return [line]
    if not after:
        before, after = f"{before}(", ")"
    links = list(chain)
    if len(links) > 1 and not links[0].startswith("("):
        links[:2] = [links[0] + links[1]]
    return [before, *(f"    {link}" for link in links), after]


def wrapped_call(before: str, function: str, arguments: Sequence[str]) -> list[str]:
    """Return a call on one line, or with an argument a line if that is long."""
    line = f"{before}{function}({', '.join(arguments)})"
    if len(line) + 4 <= LINE:
        return [line]
    return [f"{before}{function}(", *(f"    {argument}," for argument in arguments), ")"]


def filled(items: Iterable[str]) -> list[str]:
    """Return items side by side on indented lines, as many as each line holds."""
    lines: list[str] = []
    for item in items:
        if lines and len(lines[-1]) + 1 + len(item) <= LINE:
            lines[-1] += f" {item}"
        else:
            lines.append(f"    {item}")
    return lines


def ended(text: str) -> str:
    """Return a sentence with one full stop at its end, fit for a docstring."""
    return text.replace("\\", "/").replace('"', "'").rstrip(".") + "."
