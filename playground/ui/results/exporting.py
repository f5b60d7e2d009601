"""Runs taken home from the page of the runs, and brought back."""

from __future__ import annotations

from collections.abc import Sequence

from playground.jobs import RunRecord


def draw_export(runs: Sequence[RunRecord]) -> None:
    """Draw the downloads of the runs that are chosen."""


def draw_import() -> None:
    """Draw the place where an exported run is brought back."""
