"""The integrators lab: solve, converge, stability, before any training."""

from playground.ui.labs.integrators import integrators_page

integrators_page()
