"""The history of all runs."""

from playground.ui.results.runs import runs_page

runs_page()
