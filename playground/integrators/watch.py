"""Keeping an eye on a solver that runs in another library: counts, limits, plain explanations."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from playground.integrators.base import Field
from playground.integrators.failure import SolverFailure


@dataclass
class SolverStats:
    """What a solver did.

    Attributes:
        evaluations: Calls of the field on the way forward.
        accepted: Steps that were kept (embedded schemes only).
        rejected: Attempted steps that were thrown away (embedded schemes only).
        steps: Every attempted step as its start, its size, and whether it was kept (embedded schemes
            only); kept where a list is given.
    """

    evaluations: int = 0
    accepted: int = 0
    rejected: int = 0
    steps: list[tuple[float, float, bool]] | None = None

    def judged(self, t: float, h: float, kept: bool) -> None:
        """Book an attempted step."""
        if kept:
            self.accepted += 1
        else:
            self.rejected += 1
        if self.steps is not None:
            self.steps.append((t, h, kept))


class Watch:
    """A field that counts, and that stops a solver which has no chance of finishing.

    torchdiffeq looks its callbacks up as attributes of the field and calls ``callback_step`` before
    it judges a step itself, so that every failure can be named here, forward and backward.
    """

    def __init__(
        self, scheme: Any, options: Any, f: Field, t_grid: Tensor, stats: SolverStats
    ) -> None:
        self.scheme = scheme
        self.options = options
        self.f = f
        self.start, self.end = float(t_grid[0]), float(t_grid[-1])
        self.time = self.start
        self.evaluations = 0
        self.attempts = {"forward": 0, "backward": 0}
        self.stats = stats
        if scheme.family != "stiff":
            self.callback_step = lambda t, y, h: self._attempt("forward", t, (y,), h)
        if scheme.family != "adams":
            self.callback_step_adjoint = lambda t, y, h: self._attempt("backward", t, y[1:], h)
        if scheme.family == "embedded":
            self.callback_accept_step = self._accept
            self.callback_reject_step = self._reject

    def __call__(self, t: Tensor, y: Tensor) -> Tensor:
        """Return the field's value; stiff solvers are judged here, for lack of callbacks."""
        self.evaluations += 1
        value = self.f(t, y)
        if self.scheme.family == "stiff":
            self._judge_evaluation(float(t.detach()), value)
        return value

    def forward_done(self) -> None:
        """Book the evaluations of the forward pass and start counting those of the backward one."""
        self.stats.evaluations += self.evaluations
        self.evaluations = 0

    def too_short(self) -> SolverFailure:
        """Return the failure of a stiff solver that ended before the last time."""
        return self._failure(
            "its step became smaller than the distance between numbers",
            "larger tolerances, or a shorter horizon",
        )

    def overflow(self) -> SolverFailure:
        """Return the failure of a solution that is not finite."""
        return self._failure(
            "the state is no longer finite, because the field drives it without bound",
            "a smaller learning rate, a shorter horizon, or more steps",
        )

    def _judge_evaluation(self, t: float, value: Tensor) -> None:
        self.time = t
        if not bool(torch.isfinite(value).all()):
            raise self._field_not_finite()
        limit = self.options.max_evaluations
        if self.evaluations > limit:
            raise self._failure(
                f"it has used all of max_evaluations = {limit} before t = {self.end:.4g}",
                "larger tolerances, a shorter horizon, or a larger limit",
            )

    def _attempt(self, way: str, t: Tensor, states: Iterable[Tensor], h: Tensor) -> None:
        """Judge a step that is about to be tried."""
        self.time = float(t.detach())
        self.attempts[way] += 1
        states = tuple(states)
        if not all(bool(torch.isfinite(y).all()) for y in states):
            raise self.overflow()
        if self.time + float(h.detach()) == self.time:
            raise self._underflow(states[0].dtype, float(h.detach()))
        limit = getattr(self.options, "max_steps", math.inf)
        if self.attempts[way] > limit:
            if self._beyond_precision(states[0].dtype):
                raise self._tolerance_too_small()
            goal = self.end if way == "forward" else self.start
            raise self._failure(
                f"it has used all of max_steps = {limit} before t = {goal:.4g}"
                f"{'' if way == 'forward' else ' on the way back with the adjoint'}",
                "larger tolerances, a shorter horizon, or a larger limit; if the field is stiff, "
                "radau or bdf",
            )

    def _underflow(self, dtype: torch.dtype, h: float) -> SolverFailure:
        """Find out why the step shrank to nothing; 0 exactly means that its error was not a number."""
        if h == 0:
            return self._field_not_finite()
        if self._beyond_precision(dtype):
            return self._tolerance_too_small()
        return self._failure(
            "its step shrank to nothing (underflow in dt): the field jumps or blows up there, or "
            "is too stiff for an explicit scheme",
            "larger tolerances, a smaller learning rate, or radau or bdf",
        )

    def _beyond_precision(self, dtype: torch.dtype) -> bool:
        return dtype == torch.float32 and self.options.rtol < 1e-6

    def _tolerance_too_small(self) -> SolverFailure:
        return self._failure(
            f"rtol = {self.options.rtol:g} asks for more digits than single precision has, so that "
            "steps are rejected for their rounding errors",
            "rtol = 1e-6 or more",
        )

    def _field_not_finite(self) -> SolverFailure:
        return self._failure(
            "the field returned a value that is not finite",
            "a smaller learning rate, or a shorter horizon",
        )

    def _failure(self, what: str, remedy: str) -> SolverFailure:
        text = f"{self.scheme.name} stopped at t = {self.time:.6g}: {what}. Try {remedy}."
        return SolverFailure(text, self.time)

    def _accept(self, t: Tensor, _y: Tensor, h: Tensor) -> None:
        self.stats.judged(float(t.detach()), float(h.detach()), True)

    def _reject(self, t: Tensor, _y: Tensor, h: Tensor) -> None:
        self.stats.judged(float(t.detach()), float(h.detach()), False)
