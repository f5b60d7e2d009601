"""Sweeps: many settings trained, and compared."""

from playground.ui.results.sweeps import sweeps_page

sweeps_page()
