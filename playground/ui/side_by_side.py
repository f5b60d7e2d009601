"""Runs beside each other: what differs in their settings, their curves in one chart, their views."""

from __future__ import annotations

from collections.abc import Sequence

from playground.jobs import RunRecord


def draw_side_by_side(runs: Sequence[RunRecord]) -> None:
    """Draw a comparison of any runs: differences first, then curves overlaid, then their views."""
