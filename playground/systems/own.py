"""Problems that people type."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field, model_validator

from playground.formula import LONGEST, Formula, FormulaError
from playground.registry import Misfit, Options, option
from playground.systems.base import Problem, stack, system

_TIME = "t"
_VARIABLES = ("x", "y", "z")


class Own(Options):
    """One right-hand side for each component, of t and of the components x, y, z."""

    equations: tuple[Annotated[str, Field(max_length=LONGEST)], ...] = option(
        ("y", "-x - 0.2*y + sin(t)"),
        label="Right-hand sides",
        help="One formula for each component, of t and of x, y, z as far as there are such.",
        min_length=1,
        max_length=len(_VARIABLES),
    )

    @model_validator(mode="after")
    def _are_formulas(self) -> Own:
        self.read()
        return self

    def read(self) -> list[Formula]:
        """Return the formulas.

        Raises:
            Misfit: For a text that is none; the message names the component and the place.
        """
        names = _VARIABLES[: len(self.equations)]
        formulas = []
        for name, text in zip(names, self.equations):
            try:
                formulas.append(Formula(text, (_TIME, *names)))
            except FormulaError as error:
                raise Misfit("equations", f"the formula of {name}: {error}") from None
        return formulas


@system(
    "own",
    "Own formulas",
    [1.0, 0.0],
    10.0,
    "Right-hand sides that you type.",
    options=Own,
)
def _own(o: Own) -> Problem:
    names, formulas = _VARIABLES[: len(o.equations)], o.read()

    def field(t: float, y: np.ndarray) -> np.ndarray:
        values = {_TIME: np.asarray(t), **{name: y[..., i] for i, name in enumerate(names)}}
        return stack(*(formula(**values) for formula in formulas))

    text = r",\quad ".join(
        rf"\dot {name} = \texttt{{{_plain(e)}}}" for name, e in zip(names, o.equations)
    )
    return Problem(field, names, text)


def _plain(text: str) -> str:
    """Return a formula as LaTeX's typewriter text; all its signs are known, see ``Formula``."""
    return "".join(
        {"^": r"\char94 ", "_": r"\_"}.get(sign, sign) for sign in " ".join(text.split())
    )
