"""The Lookahead lab: what slow weights bring, in the thesis's toy and in the playground's nets."""

from __future__ import annotations

from playground.ui.browser import browser
from playground.ui.labs import lookahead_nets, lookahead_spread, lookahead_thesis
from playground.ui.labs.charting import title, view_switch
from playground.ui.labs.lookahead_settings import SHEET, VIEWS

_VIEWS = {
    "thesis": lookahead_thesis.view,
    "distribution": lookahead_spread.view,
    "nets": lookahead_nets.view,
}


def lookahead_page() -> None:
    """Draw the page."""
    browser()
    settings = SHEET.open()
    title(SHEET, "Lookahead: what slow weights bring, and what they cost")
    view_switch(SHEET, VIEWS)
    _VIEWS[settings.view](settings)
    SHEET.close()
