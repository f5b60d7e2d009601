"""Programs that runs can be handed to, where they are installed: asked for late, and by name."""

from __future__ import annotations

import importlib
from types import ModuleType


class ExtraMissing(ValueError):
    """A program that is not installed; the message says what to install."""


def wanted(module: str, package: str, what: str) -> ModuleType:
    """Return a module of an optional package.

    Args:
        module: Its dotted name.
        package: What pip calls the package.
        what: What it is wanted for, in words.

    Raises:
        ExtraMissing: If it cannot be imported.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ExtraMissing(
            f"{what} needs the package {package}, which is not installed here ({error}); "
            f"install it with 'pip install {package}' (an optional extra, see pyproject.toml)"
        ) from None
