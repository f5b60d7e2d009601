"""The dynamics lab: a neural ODE fitted to samples of a system, beside the truth."""

from playground.ui.labs.dynamics import dynamics_page

dynamics_page()
