"""Shows of the Lookahead laboratory: a thesis's toy once and three hundred times, and nets with it."""

from __future__ import annotations

from playground.ui.labs.lookahead_nets import draw_nets
from playground.ui.labs.lookahead_settings import NET_RATES, SHEET, Settings
from playground.ui.labs.lookahead_spread import draw_spread
from playground.ui.labs.lookahead_thesis import draw_courses
from playground.ui.lessons.shows import embed

_LAB = {"label": "Lookahead", "page": "pages/labs/lookahead.py", "sheet": SHEET}


def _rates(settings: Settings) -> None:
    SHEET.form.many(settings, "rates", {rate: rate for rate in NET_RATES})


embed(
    "lookahead.thesis",
    summary="Nine panels of a thesis, on the axis and with the gradient that are chosen.",
    draw=draw_courses,
    **_LAB,
)
embed(
    "lookahead.distribution",
    summary="The same from hundreds of initial weights.",
    draw=draw_spread,
    **_LAB,
)
embed(
    "lookahead.nets",
    summary="Nets that learn from mini-batches, with Lookahead and without.",
    draw=draw_nets,
    controls={"rates": _rates},
    **_LAB,
)
