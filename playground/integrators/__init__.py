"""Integrators as coefficients and metadata, listed in ``INTEGRATORS``; ``solve`` runs any."""

# Importing the families fills the registry, in the order in which selectors list them.
# isort: off
from playground.integrators import runge_kutta, multistep, adaptive_schemes

# isort: on
from playground.integrators.adaptive import integrate
from playground.integrators.adjoint import solve_adjoint
from playground.integrators.base import INTEGRATORS, Scheme
from playground.integrators.failure import SolverFailure
from playground.integrators.multistep import Multistep
from playground.integrators.runge_kutta import RungeKutta, scheme_from_tableau
from playground.integrators.solve import resolve, solve, typed_options
from playground.integrators.tableau import InlineTableau, Tableau
from playground.integrators.watch import SolverStats

__all__ = [
    "INTEGRATORS",
    "InlineTableau",
    "Multistep",
    "RungeKutta",
    "Scheme",
    "SolverFailure",
    "SolverStats",
    "Tableau",
    "integrate",
    "resolve",
    "scheme_from_tableau",
    "solve",
    "solve_adjoint",
    "typed_options",
]

FAMILIES = (runge_kutta, multistep, adaptive_schemes)
