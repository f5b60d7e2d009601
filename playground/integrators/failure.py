"""What is raised when a solver cannot go on."""

from __future__ import annotations


class SolverFailure(Exception):
    """A solver that chooses its own steps gave up.

    Attributes:
        time: Time that was reached, where known.

    The text says what happened, at which time, and what to try.
    """

    def __init__(self, message: str, time: float | None = None) -> None:
        super().__init__(message)
        self.time = time
