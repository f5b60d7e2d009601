"""What papers print, as data: their experiments, their figures, and what comes out here.

    PAPERS["001/table1"]                       one table of one paper: a Table, or a Study
    trainings(paper, "code", 4)                its experiments, cell by cell, with their seeds
    report(paper, trainings, outcomes)         printed beside reproduced, with a verdict in words
    study.compute(study.order(), tell)         what takes more than trainings: figures and pictures

``playground.papers.running`` trains tables, here or by the engine; ``playground.papers.studied`` keeps
what studies came to.
"""

from __future__ import annotations

from playground.papers import (  # noqa: F401 (they register what they hold)
    seed_000,
    seed_000_rivals,
    seed_000_schemes,
    seed_001,
    seed_001_figures,
    seed_001_multiclass,
    seed_001_pictures,
    seed_001_statements,
    seed_001_workings,
    seed_002,
    seed_003,
    seed_003_attention,
    seed_004,
)
from playground.papers.found import Found, Panel
from playground.papers.paper import (
    PAPERS,
    Cell,
    Order,
    Paper,
    Printed,
    Quantity,
    Study,
    Table,
    Tell,
    Training,
    trainings,
)
from playground.papers.reports import Line, Outcome, Report, report, study_report
from playground.papers.seed_001 import DEPTHS
from playground.papers.verdicts import Verdict, judge

__all__ = [
    "DEPTHS",
    "PAPERS",
    "Cell",
    "Found",
    "Line",
    "Order",
    "Outcome",
    "Panel",
    "Paper",
    "Printed",
    "Quantity",
    "Report",
    "Study",
    "Table",
    "Tell",
    "Training",
    "Verdict",
    "judge",
    "report",
    "study_report",
    "trainings",
]
