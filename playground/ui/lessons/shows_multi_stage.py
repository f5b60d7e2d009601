"""Shows of the multi-stage laboratory: a fit in stages, and the figures of the lecture on it."""

from __future__ import annotations

from playground.ui.labs.multi_stage_fit import draw_fit
from playground.ui.labs.multi_stage_plateau import plateau
from playground.ui.labs.multi_stage_settings import SHEET
from playground.ui.lessons.shows import embed

_LAB = {"label": "Multi-stage nets", "page": "pages/labs/multi_stage.py", "sheet": SHEET}

embed(
    "multi_stage.fit",
    summary="Nets that fit what the nets before them have left.",
    draw=draw_fit,
    **_LAB,
)
embed(
    "multi_stage.plateau",
    summary="Single stages of many sizes, several seeds of each.",
    draw=plateau,
    **_LAB,
)
