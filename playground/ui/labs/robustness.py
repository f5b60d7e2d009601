"""The robustness lab: nets under noise and attacks, and whether their robustness is real."""

from __future__ import annotations

from playground.ui.browser import browser
from playground.ui.labs import (
    robustness_attack,
    robustness_checks,
    robustness_curves,
    robustness_table,
)
from playground.ui.labs.charting import title, view_switch
from playground.ui.labs.robustness_settings import SHEET, VIEWS

_DRAWN = {
    "attack": robustness_attack.view,
    "curves": robustness_curves.view,
    "checks": robustness_checks.view,
    "table": robustness_table.view,
}


def robustness_page() -> None:
    """Draw the page."""
    browser()
    settings = SHEET.open()
    title(SHEET, "Robustness: noise, attacks, and whether it is real")
    view_switch(SHEET, VIEWS)
    _DRAWN[settings.view](settings)
    SHEET.close()
