"""Initial value problems to try schemes on: classics with their parameters, and own formulas.

A field takes a time and a state ``(…, dim)`` in NumPy and returns the velocity in the same shape, so
that one call draws a whole plane of arrows.
"""

# Importing the modules fills the registry, in the order in which selectors list the problems.
# isort: off
from playground.systems import classics, own

# isort: on
from playground.systems.base import SYSTEMS, Problem, System

__all__ = ["SYSTEMS", "Problem", "System", "classics", "own"]
