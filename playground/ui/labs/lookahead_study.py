"""The study of the Lookahead lab: trained by the engine, read from the store, compared."""

from __future__ import annotations

from playground.jobs import RunRecord, studies
from playground.ui import state
from playground.ui.labs.lookahead_found import Found, Study
from playground.ui.labs.lookahead_results import closer, courses, results
from playground.ui.labs.lookahead_settings import SHEET, Settings
from playground.ui.labs.studying import draw_study


def draw_comparison(study: Study, settings: Settings) -> None:
    """Draw the button that trains, the progress, and what has come out so far."""
    draw_study(SHEET, study.flat, lambda runs: _compared(study, settings, runs))


def _compared(study: Study, settings: Settings, flat: list[RunRecord | None]) -> None:
    seeds = len(study.experiments[0])
    rows = [flat[i : i + seeds] for i in range(0, len(flat), seeds)]
    ended = [run.id for run in flat if studies.is_done(run)]
    found = Found(rows, studies.figures(state.jobs(), ended))
    if ended:
        results(study, found, settings)
    closer(settings)
    if ended:
        courses(study, found, settings)
