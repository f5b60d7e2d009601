"""The show of the dynamics laboratory: a neural ODE learns a system from samples."""

from __future__ import annotations

from playground.ui.labs.dynamics import draw_dynamics
from playground.ui.labs.dynamics_settings import SHEET
from playground.ui.lessons.shows import embed

embed(
    "dynamics",
    label="Dynamics",
    summary="A neural ODE is fitted to samples, and its field drawn beside the true one.",
    page="pages/labs/dynamics.py",
    sheet=SHEET,
    draw=draw_dynamics,
)
