"""What papers print, as data: their experiments, their figures, and what comes out here.

    PAPERS["001/table1"]                       one table of one paper
    trainings(paper, "code", 4)                its experiments, cell by cell, with their seeds
    report(paper, trainings, outcomes)         printed beside reproduced, with a verdict in words

``playground.papers.running`` trains them, here or by the engine.
"""

from __future__ import annotations

from playground.papers.paper import PAPERS, Cell, Paper, Printed, Quantity, Training, trainings
from playground.papers.reports import Line, Outcome, Report, report
from playground.papers.seed_001 import DEPTHS
from playground.papers.verdicts import Verdict, judge

__all__ = [
    "DEPTHS",
    "PAPERS",
    "Cell",
    "Line",
    "Outcome",
    "Paper",
    "Printed",
    "Quantity",
    "Report",
    "Training",
    "Verdict",
    "judge",
    "report",
    "trainings",
]
