"""A tableau as it is being written: texts in cells, which need not be a method yet."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from pydantic import TypeAdapter, ValidationError

from playground.integrators import InlineTableau
from playground.integrators.tableau import Coefficient

LONGEST_NAME = 40
_DENOMINATORS = 1000  # fractions with greater ones are better read as decimals
_COEFFICIENT: TypeAdapter[float] = TypeAdapter(Coefficient)

Row = tuple[str, ...]


@dataclass(frozen=True)
class Draft:
    """The texts in the form.

    Attributes:
        label: Name of the method.
        order: Declared order.
        a: One row of texts a stage, below the diagonal only: the first is empty.
        b: One text a stage.
    """

    label: str
    order: int
    a: tuple[Row, ...]
    b: Row

    @classmethod
    def of(cls, method: Any, label: str) -> Draft:
        """Return the texts of what has stage coefficients ``a``, weights ``b`` and an ``order``."""
        rows = tuple(
            tuple(text_of(x) for x in (*row, *[0.0] * i)[:i]) for i, row in enumerate(method.a)
        )
        return cls(label, method.order, rows, tuple(text_of(x) for x in method.b))

    @property
    def stages(self) -> int:
        """Number of stages."""
        return len(self.b)

    def resized(self, stages: int) -> Draft:
        """Return the same with stages cut off at the end, or empty ones added there."""
        rows = self.a[:stages] + tuple(("",) * i for i in range(self.stages, stages))
        weights = (self.b + ("",) * stages)[:stages]
        return Draft(self.label, self.order, rows, weights)

    def node(self, stage: int) -> str:
        """Return the node c of a stage (from 0), the sum of its row; ``?`` while it is unreadable."""
        try:
            return text_of(sum(map(number_of, self.a[stage])), digits=4)
        except ValueError:
            return "?"

    def method(self) -> InlineTableau:
        """Return the checked tableau.

        Raises:
            ValueError: If a cell is no number, or if the numbers are no method of the declared order;
                the message names every such cell, or the condition and by how much it is missed.
        """
        faults: list[str] = []
        rows = [
            [_read(text, f"a{i + 1}{j + 1}", faults) for j, text in enumerate(row)]
            for i, row in enumerate(self.a)
        ]
        weights = [_read(text, f"b{i + 1}", faults) for i, text in enumerate(self.b)]
        if not 1 <= len(self.label) <= LONGEST_NAME:
            faults.append(
                f"name: {self.label[:LONGEST_NAME]!r} is not legal; legal are 1 to {LONGEST_NAME} "
                "characters"
            )
        if faults:
            raise ValueError("; ".join(faults))
        tree = {"label": self.label, "a": rows, "b": weights, "order": self.order}
        try:
            return InlineTableau.model_validate(tree)
        except ValidationError as error:
            raise ValueError(error.errors()[0]["msg"].removeprefix("Value error, ")) from None


def text_of(x: float, digits: int | None = None) -> str:
    """Return a coefficient as a short fraction where it is one, else with these digits, or exactly."""
    near = Fraction(x).limit_denominator(_DENOMINATORS)
    exact = float(near) == x
    if exact or (digits and abs(float(near) - x) <= 1e-12 * max(1, abs(x))):
        return str(near)
    return f"{x:.{digits}g}" if digits else repr(x)


def number_of(text: str) -> float:
    """Return the number in a cell: a decimal or a fraction, 0 where it is empty.

    Raises:
        pydantic.ValidationError: If the text is none.
    """
    plain = text.strip().replace("−", "-")
    return _COEFFICIENT.validate_python(plain or "0")


def _read(text: str, cell: str, faults: list[str]) -> float:
    """Return the number in a cell, an empty one counting as zero; note a cell that holds none."""
    try:
        return number_of(text)
    except ValidationError:
        faults.append(
            f"{cell}: {text[:30]!r} is not legal; legal is a number or a fraction such as 1/3, "
            "from -100 to 100"
        )
        return 0.0
