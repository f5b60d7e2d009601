"""Printed beside reproduced: the lines of a table, with their verdicts and their runs."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from playground.papers.found import Found, Panel
from playground.papers.paper import Cell, Order, Paper, Quantity, Study, Table, Training
from playground.papers.verdicts import Verdict, judge, spread
from playground.training.events import Metrics


@dataclass(frozen=True)
class Outcome:
    """How one training ended.

    Attributes:
        run: Id of its run in the store; empty where it was trained outside of it.
        status: ``finished``, ``stopped``, ``diverged`` or ``failed``.
        reason: Why, in words.
        metrics: Its last figures, ``None`` if there were none.
    """

    run: str
    status: str
    reason: str
    metrics: Metrics | None


@dataclass(frozen=True)
class Line:
    """One quantity of one cell.

    Attributes:
        row: Row of the table.
        column: Column of the table.
        quantity: Short name of the quantity.
        printed: Printed mean, ``None`` where nothing legible is printed.
        printed_std: Printed standard deviation.
        values: One for each repetition, in the units of the table; ``None`` where there is no figure.
        mean: Of those that there are.
        std: Of a sample of them.
        verdict: Of the comparison.
        relation: ``=``, or ``≤`` or ``≥`` where the paper claims a bound.
    """

    row: str
    column: str
    quantity: str
    printed: float | None
    printed_std: float | None
    values: tuple[float | None, ...]
    mean: float | None
    std: float | None
    verdict: Verdict
    relation: str = "="


@dataclass(frozen=True)
class Report:
    """A table computed anew.

    Attributes:
        paper: Name of the table.
        variant: How it was computed.
        reduced: What was left out, in words; empty for the protocol of the paper.
        repetitions: Trainings of each cell.
        seconds: Of the processor that all trainings took together, as their metrics tell.
        lines: Its lines.
        runs: Of each training its cell, repetition, run id, epochs, ending and reason.
        doubts: What is doubtful about the table itself.
        created: When it was computed, in seconds since 1970.
        panels: Pictures.
        notes: What has to be said of this computation.
    """

    paper: str
    variant: str
    reduced: str
    repetitions: int
    seconds: float
    lines: tuple[Line, ...]
    runs: tuple[Mapping[str, Any], ...]
    doubts: tuple[str, ...]
    created: float
    panels: tuple[Panel, ...] = ()
    notes: tuple[str, ...] = ()

    def count(self, kind: str) -> int:
        """Return how many lines have a verdict of this kind."""
        return sum(line.verdict.kind == kind for line in self.lines)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as a tree of plain values without NaN, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, tree: Mapping[str, Any]) -> Report:
        """Return the report that ``to_dict`` told; what else is in the tree is left out.

        Raises:
            KeyError, TypeError: If it is something else.
        """
        known = {name: tree[name] for name in cls.__dataclass_fields__}
        lines = [
            Line(**{**line, "values": tuple(line["values"]), "verdict": Verdict(**line["verdict"])})
            for line in tree["lines"]
        ]
        panels = tuple(Panel(**panel) for panel in tree["panels"])
        whole = {"lines": tuple(lines), "panels": panels, "runs": tuple(tree["runs"])}
        told = {"doubts": tuple(tree["doubts"]), "notes": tuple(tree["notes"])}
        return cls(**{**known, **whole, **told})


def report(
    paper: Table,
    made: Sequence[Training],
    outcomes: Sequence[Outcome],
    *,
    variant: str,
    reduced: bool,
    created: float | None = None,
) -> Report:
    """Put what came out beside what is printed.

    Args:
        paper: The table.
        made: Its trainings.
        outcomes: How each of them ended, in the same order.
        variant: How it was computed.
        reduced: Whether the quick protocol was taken.
        created: When it was computed, in seconds since 1970; now when absent.
    """
    by_cell: dict[Cell, list[Outcome]] = {}
    for training, outcome in zip(made, outcomes, strict=True):
        by_cell.setdefault(training.cell, []).append(outcome)
    repetitions = max(map(len, by_cell.values()))
    words = paper.reduced_words if reduced else ""
    lines = [
        _line(paper, name, cell, [_value(each, quantity) for each in found], words)
        for name, quantity in paper.quantities.items()
        for cell, found in by_cell.items()
    ]
    known = [outcome.metrics for outcome in outcomes if outcome.metrics is not None]
    return Report(
        paper=paper.name,
        variant=variant,
        reduced=words,
        repetitions=repetitions,
        seconds=sum(metrics.seconds for metrics in known),
        lines=tuple(lines),
        runs=tuple(map(_run, made, outcomes)),
        doubts=paper.doubts,
        created=time.time() if created is None else created,
    )


def study_report(
    study: Study, order: Order, found: Found, seconds: float, created: float
) -> Report:
    """Put what a study came to beside what is printed.

    Args:
        study: The study.
        order: How it was computed.
        found: What came out.
        seconds: How long it took.
        created: When it was computed, in seconds since 1970.
    """
    words = study.reduced_words if order.reduced else ""
    lines = [
        _line(study, name, cell, found.values[name, *cell], words)
        for name in study.quantities
        for cell in study.cells
        if (name, *cell) in found.values
    ]
    return Report(
        paper=study.name,
        variant=order.variant,
        reduced=words,
        repetitions=order.repetitions,
        seconds=seconds,
        lines=tuple(lines),
        runs=found.runs,
        doubts=study.doubts,
        created=created,
        panels=found.panels,
        notes=found.notes,
    )


def _line(
    paper: Paper, name: str, cell: Cell, values: Sequence[float | None], reduced: str
) -> Line:
    quantity, printed = paper.quantities[name], paper.printed.get((name, *cell))
    known = [value for value in values if value is not None]
    mean = printed.mean if printed else None
    std = printed.std if printed else None
    return Line(
        *cell,
        name,
        mean,
        std,
        tuple(values),
        statistics.fmean(known) if known else None,
        spread(known),
        judge(
            known,
            mean,
            std,
            paper.repetitions,
            point=quantity.point,
            why_not=f"the protocol is reduced: {reduced}" if reduced else "",
            relation=printed.relation if printed else "=",
            exact=quantity.exact,
        ),
        printed.relation if printed else "=",
    )


def _value(outcome: Outcome, quantity: Quantity) -> float | None:
    value = getattr(outcome.metrics, quantity.field, None)
    return None if value is None or not math.isfinite(value) else quantity.scale * value


def figure(mean: float | None, std: float | None, digits: int) -> str:
    """Return a figure with its spread as a person reads it; very small ones by powers of ten."""
    if mean is None:
        return "–"
    tiny = mean != 0 and abs(mean) < 0.5 * 10**-digits
    style = ".1e" if tiny else f",.{digits}f"
    return f"{mean:{style}}" + ("" if std is None else f" ± {std:{style}}")


def _run(training: Training, outcome: Outcome) -> dict[str, Any]:
    row, column = training.cell
    return {
        "row": row,
        "column": column,
        "repetition": training.repetition + 1,
        "run": outcome.run,
        "epochs": outcome.metrics.epoch if outcome.metrics else 0.0,
        "status": outcome.status,
        "reason": outcome.reason,
    }
