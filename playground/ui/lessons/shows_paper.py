"""The show of what a paper prints: computed anew by one button, and put beside it."""

from __future__ import annotations

from playground.ui.lessons.shows import embed
from playground.ui.results.papers import draw_entry
from playground.ui.results.papers_settings import SHEET

embed(
    "paper",
    label="Papers",
    summary="A table, figure or claim of a paper, printed beside reproduced.",
    page="pages/results/papers.py",
    sheet=SHEET,
    draw=draw_entry,
)
