"""Sweeps: a grid or a list of settings, trained by the engine, found again, and compared."""

from playground.sweeping.plan import Point, Sweep, distinct
from playground.sweeping.results import Row, best, front_of, pareto
from playground.sweeping.size import Size, size, too_large

__all__ = [
    "Point",
    "Row",
    "Size",
    "Sweep",
    "best",
    "distinct",
    "front_of",
    "pareto",
    "size",
    "too_large",
]
