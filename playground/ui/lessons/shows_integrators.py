"""The shows of the integrators lab: what a scheme does before any training."""

from __future__ import annotations

from playground.ui.labs.integrators_settings import FIXED, SHEET, Settings
from playground.ui.labs.solve import draw_solved
from playground.ui.labs.stability import draw_regions
from playground.ui.lessons.shows import embed


def _schemes(settings: Settings) -> None:
    SHEET.form.many(settings, "schemes", FIXED)


_COMMON = {
    "label": "Integrators",
    "page": "pages/labs/integrators.py",
    "sheet": SHEET,
    "controls": {"schemes": _schemes},
}
embed(
    "integrators.solve",
    summary="One problem, several schemes: solutions and errors.",
    draw=draw_solved,
    **_COMMON,
)
embed(
    "integrators.stability",
    summary="Regions of stability and their intervals on the axes.",
    draw=draw_regions,
    **_COMMON,
)
