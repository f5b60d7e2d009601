"""What if: one field of a run is changed, and the two are laid over each other."""

from __future__ import annotations

from playground.jobs import RunRecord


def draw_what_if(run: RunRecord) -> None:
    """Draw the choice of a field and its new value, and the button that trains the other run."""
