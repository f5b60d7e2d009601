"""The integrators lab: what a scheme does before any training, and what a trained net did with it."""

from __future__ import annotations

from playground.ui.browser import browser
from playground.ui.labs import (
    adjoint,
    converge,
    printed,
    solve,
    stability,
    swap,
    tableau,
    topology,
)
from playground.ui.labs.charting import title, view_switch
from playground.ui.labs.integrators_settings import SHEET, VIEWS

_VIEWS = {
    "solve": solve.view,
    "converge": converge.view,
    "stability": stability.view,
    "tableau": tableau.view,
    "printed": printed.view,
    "swap": swap.view,
    "adjoint": adjoint.view,
    "topology": topology.view,
}


def integrators_page() -> None:
    """Draw the page."""
    browser()
    settings = SHEET.open()
    title(SHEET, "Integrators: what a scheme does before any training")
    view_switch(SHEET, VIEWS)
    _VIEWS[settings.view](settings)
    SHEET.close()
