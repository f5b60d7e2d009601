"""The problem of the integrators lab: its controls, and what is computed of it, remembered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from playground.analysis.convergence import (
    Measured,
    NoReference,
    measure,
    over_tolerances,
    reference,
    registered,
)
from playground.analysis.solutions import Solution, solutions
from playground.integrators import SolverFailure
from playground.systems import SYSTEMS, Problem
from playground.ui import state
from playground.ui.labs.formulas import own_formulas
from playground.ui.labs.integrators_settings import ADAPTIVE, FIXED, SHEET, Settings

_REMEMBERED = 256  # results of one kind, of all who look


@dataclass(frozen=True)
class Posed:
    """A problem with its initial state and its end, as a key to what is remembered of it.

    Attributes:
        name: Key in ``SYSTEMS``.
        options: Its parameters as JSON.
        start: State ``(dim,)`` at time 0.
        horizon: Time of the end.
    """

    name: str
    options: str
    start: tuple[float, ...]
    horizon: float

    @property
    def problem(self) -> Problem:
        """The problem."""
        entry = SYSTEMS[self.name]
        return entry.pose(entry.options.model_validate_json(self.options))


def posed(settings: Settings) -> Posed:
    """Return the problem that is set; an initial state that cannot be read is said and left out."""
    slot = settings.problem
    dim = slot.entry.pose(slot.options).dim
    usual = (tuple(slot.entry.start) + (0.0,) * dim)[:dim]
    start = usual
    if settings.start.strip():
        try:
            start = tuple(float(part) for part in settings.start.split(","))
            if len(start) != dim or not np.isfinite(start).all():
                raise ValueError
        except ValueError:
            state.say(
                f"start (Initial state): {settings.start!r} is not legal; legal are {dim} numbers "
                f"with commas between them; {', '.join(f'{x:g}' for x in usual)} is used."
            )
            start = usual
    horizon = settings.horizon or slot.entry.horizon
    return Posed(slot.name, slot.options.model_dump_json(), start, horizon)


def problem_controls(settings: Settings) -> None:
    """Draw the choice of the problem, its parameters, its initial state and its end."""
    form = SHEET.form
    own = own_formulas if settings.problem.name == "own" else None
    form.slot(settings.problem, "problem", Settings.model_fields["problem"], form=own)
    entry = settings.problem.entry
    st.latex(entry.pose(settings.problem.options).formula)
    st.caption(entry.summary)
    first, second = st.columns(2, gap="small")
    with first:
        form.field(settings, "start", placeholder=", ".join(f"{x:g}" for x in entry.start))
    with second:
        form.field(settings, "horizon", placeholder=f"{entry.horizon:g}")


def scheme_controls(settings: Settings) -> None:
    """Draw the choice of the schemes, and the tolerances where one of them has such."""
    SHEET.form.many(settings, "schemes", FIXED | ADAPTIVE)
    if any(name in ADAPTIVE for name in settings.schemes):
        first, second = st.columns(2, gap="small")
        with first:
            SHEET.form.field(settings, "rtol")
        with second:
            SHEET.form.field(settings, "atol")


@st.cache_data(max_entries=_REMEMBERED, show_spinner=False)
def solved(
    posed: Posed, schemes: tuple[str, ...], n_steps: int, tolerances: tuple[float, float]
) -> list[Solution]:
    """Return the solutions by some schemes."""
    options: dict[str, Any] = {"rtol": tolerances[0], "atol": tolerances[1]}
    return solutions(posed.problem, posed.start, posed.horizon, schemes, n_steps, options)


@st.cache_data(max_entries=_REMEMBERED, show_spinner=False)
def known(posed: Posed, n: int = 400) -> tuple[np.ndarray, np.ndarray] | str:
    """Return times ``(n,)`` and the solution ``(n, dim)``, or why there is none."""
    times = np.linspace(0.0, posed.horizon, n)
    try:
        return times, reference(posed.problem, posed.start, times)
    except NoReference as reason:
        return str(reason)


@st.cache_data(max_entries=_REMEMBERED, show_spinner=False)
def measured(posed: Posed, name: str, finest: int) -> list[Measured] | str:
    """Return the errors of a fixed-step scheme with 4, 8, 16, … steps, or why there are none."""
    steps = [2**k for k in range(2, finest.bit_length())]
    try:
        return measure(posed.problem, posed.start, posed.horizon, registered(name), steps)
    except NoReference as reason:
        return str(reason)


TOLERANCES = tuple(10.0**-k for k in range(2, 11))


@st.cache_data(max_entries=_REMEMBERED, show_spinner=False)
def tolerated(posed: Posed, name: str) -> list[Measured] | str:
    """Return the errors of an adaptive scheme with all ``TOLERANCES``, or why there are none."""
    try:
        return over_tolerances(posed.problem, posed.start, posed.horizon, name, TOLERANCES)
    except (NoReference, SolverFailure) as reason:
        return str(reason)
