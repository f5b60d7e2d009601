"""Shows of the integrators laboratory on orders: of known schemes, and of a tableau that is written."""

from __future__ import annotations

from playground.ui.labs.converge import draw_orders
from playground.ui.labs.integrators_settings import FIXED, SHEET, Settings
from playground.ui.labs.tableau import draw_sketch
from playground.ui.lessons.shows import embed

_LAB = {"label": "Integrators", "page": "pages/labs/integrators.py", "sheet": SHEET}


def _schemes(settings: Settings) -> None:
    SHEET.form.many(settings, "schemes", FIXED)


embed(
    "order.converge",
    summary="Errors of schemes over the step, and the order that is observed.",
    draw=draw_orders,
    controls={"schemes": _schemes},
    **_LAB,
)
embed(
    "order.tableau",
    summary="A tableau whose cells can be changed, and its order on three problems.",
    draw=draw_sketch,
    **_LAB,
)
