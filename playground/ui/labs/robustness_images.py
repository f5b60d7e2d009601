"""Images under attack; stands for the view until it is written."""

from __future__ import annotations

from playground.jobs import RunRecord
from playground.ui.labs.robustness_settings import Settings


def controls(settings: Settings, run: RunRecord) -> None:
    """Draw what can be set for images only, in the left column, below the shared controls."""


def results(settings: Settings, run: RunRecord) -> None:
    """Draw what came out, in the right column."""
