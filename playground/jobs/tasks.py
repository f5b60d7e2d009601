"""What is sent to a slot: names only, so that the engine itself never imports torch."""

from __future__ import annotations


def train_run(home: str, run_id: str, attempt: int) -> None:
    """Train a run; see ``playground.jobs.worker.run``."""
    from playground.jobs.worker import run

    run(home, run_id, attempt)


def draw_view(home: str, run_id: str, view_version: int) -> None:
    """Draw a resting run; see ``playground.jobs.worker.draw``."""
    from playground.jobs.worker import draw

    draw(home, run_id, view_version)
