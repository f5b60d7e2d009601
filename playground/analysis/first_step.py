"""The first step of a scheme: where the field is asked, what it answers, and where the step ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from playground.analysis.convergence import registered
from playground.systems import Problem


@dataclass(frozen=True)
class Evaluation:
    """One evaluation of the field.

    Attributes:
        time: At which time.
        state: In which state ``(dim,)``.
        slope: What the field is there ``(dim,)``.
    """

    time: float
    state: np.ndarray
    slope: np.ndarray


@dataclass(frozen=True)
class FirstStep:
    """One step of a scheme from the beginning of a problem.

    Attributes:
        size: Its length in time.
        start: State ``(dim,)`` at time 0.
        evaluations: Those of the field, in their order.
        end: State ``(dim,)`` behind it.
    """

    size: float
    start: np.ndarray
    evaluations: tuple[Evaluation, ...]
    end: np.ndarray


def first_step(problem: Problem, y0: Sequence[float], size: float, scheme: str) -> FirstStep:
    """Take one step and write down every evaluation.

    Args:
        problem: The problem.
        y0: State ``(dim,)`` at time 0.
        size: Length of the step.
        scheme: Name in ``INTEGRATORS`` of a scheme with fixed steps; a multistep scheme takes the step of
            the method by which it begins.
    """
    start = np.asarray(y0, float)
    held: list[Evaluation] = []

    def written(t: float, y: np.ndarray) -> np.ndarray:
        slope = np.asarray(problem.field(t, y), float)
        held.append(Evaluation(float(t), np.array(y, float), slope))
        return slope

    with np.errstate(all="ignore"):
        _, states = registered(scheme)(written, start, 0.0, size, 1)
    return FirstStep(size, start, tuple(held), np.asarray(states[-1], float))
