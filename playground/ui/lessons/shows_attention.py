"""Shows of the attention laboratory: two nets trained side by side, and where they look."""

from __future__ import annotations

from playground.ui.labs.attention_maps import draw_maps
from playground.ui.labs.attention_scores import draw_scores
from playground.ui.labs.attention_settings import SHEET
from playground.ui.labs.attention_solver import draw_solver
from playground.ui.labs.attention_train import draw_training
from playground.ui.lessons.shows import embed

_LAB = {"label": "Attention", "page": "pages/labs/attention.py", "sheet": SHEET}

embed(
    "attention.train",
    summary="Classic and neural ODE attention learn the same images.",
    draw=draw_training,
    **_LAB,
)
embed(
    "attention.maps",
    summary="Where both nets look in an image, over the time of the flow.",
    draw=draw_maps,
    **_LAB,
)
embed(
    "attention.scores",
    summary="Scores and times of both nets beside those of the paper.",
    draw=draw_scores,
    **_LAB,
)
embed(
    "attention.solver",
    summary="What the solver costs, and what another one makes of the same net.",
    draw=draw_solver,
    **_LAB,
)
