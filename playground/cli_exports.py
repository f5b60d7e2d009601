"""``python -m playground export`` and ``import``: runs taken home and brought back, without a browser."""

from __future__ import annotations

from typing import Any


def add_commands(commands: Any) -> None:
    """Add them to the commands of the program."""
