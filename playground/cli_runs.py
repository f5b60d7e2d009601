"""``python -m playground runs``: the history, without a browser."""

from __future__ import annotations

from typing import Any


def add_commands(commands: Any) -> None:
    """Add them to the commands of the program."""
