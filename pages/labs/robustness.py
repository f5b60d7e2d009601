"""The robustness lab: nets under noise and attacks, and whether their robustness is real."""

from playground.ui.labs.robustness import robustness_page

robustness_page()
