"""``python -m playground sweep``: many settings trained, without a browser."""

from __future__ import annotations

from typing import Any


def add_commands(commands: Any) -> None:
    """Add them to the commands of the program."""
