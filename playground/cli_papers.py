"""``python -m playground paper``: tables of papers, printed beside reproduced."""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playground.papers import Line, Paper, Report


def add_commands(commands: Any) -> None:
    """Add ``paper list`` and ``paper run`` to the commands of the program."""
    paper = commands.add_parser("paper", help="compute tables of papers anew")
    actions = paper.add_subparsers(required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="list the tables")
    listing.add_argument("--json", action="store_true", help="print one line of JSON")
    listing.set_defaults(run=_list)
    run = actions.add_parser("run", help="compute a table, printed beside reproduced")
    run.add_argument("name", help="such as 001/table1, see 'paper list'")
    run.add_argument(
        "--repetitions", type=int, metavar="N", help="of each cell; the paper's by default"
    )
    run.add_argument("--reduced", action="store_true", help="the quick protocol, labelled as such")
    run.add_argument("--variant", default="", metavar="NAME", help="see 'paper list'")
    run.add_argument("--here", action="store_true", help="train in this process, keep no runs")
    run.add_argument("--json", action="store_true", help="end with one line of JSON")
    run.set_defaults(run=_run)


def _list(arguments: argparse.Namespace) -> int:
    from playground.papers import PAPERS

    if arguments.json:
        rows = [
            {
                "name": paper.name,
                "label": paper.label,
                "summary": paper.summary,
                "reference": paper.reference,
                "variants": dict(paper.variants),
                "trainings": len(paper.cells) * paper.repetitions,
                "reduced": paper.reduced_words,
                "doubts": list(paper.doubts),
            }
            for paper in PAPERS.values()
        ]
        print(json.dumps(rows))
        return 0
    for paper in PAPERS.values():
        print(f"{paper.name:14s} {paper.summary}")
        for name, words in paper.variants.items():
            print(f"{'':14s}   --variant {name}: {words}")
    return 0


def _run(arguments: argparse.Namespace) -> int:
    from playground.jobs import Jobs
    from playground.papers import PAPERS, report, trainings
    from playground.papers.running import by_engine, here

    if arguments.name not in PAPERS:
        raise ValueError(PAPERS.unknown(arguments.name))
    paper = PAPERS[arguments.name]
    variant = arguments.variant or next(iter(paper.variants))
    made = trainings(paper, variant, arguments.repetitions, reduced=arguments.reduced)
    began = time.perf_counter()
    outcomes = (
        here(made, progress=_told) if arguments.here else by_engine(made, Jobs(), progress=_told)
    )
    took = time.perf_counter() - began
    found = report(paper, made, outcomes, variant=variant, reduced=arguments.reduced)
    _print(paper, found, took)
    if arguments.json:
        print(json.dumps({**found.to_dict(), "wall_seconds": round(took, 3)}, allow_nan=False))
    return 0 if all(outcome.metrics is not None for outcome in outcomes) else 1


def _told(done: int, total: int) -> None:
    print(f"\r{done} of {total} trainings have ended", end="", file=sys.stderr, flush=True)
    if done == total:
        print(file=sys.stderr)


def _print(paper: Paper, found: Report, took: float) -> None:
    print(f"{paper.label} ({paper.reference}), {paper.variants[found.variant]}")
    if found.reduced:
        print(f"Reduced protocol: {found.reduced}.")
    print(f"{len(found.runs)} trainings in {took:.1f} s, {found.repetitions} for each cell")
    for name, quantity in paper.quantities.items():
        print(f"{quantity.label}: printed, reproduced, verdict")
        for line in found.lines:
            if line.quantity == name:
                print(f"  {_words(line, quantity.digits)}")
    kinds = ("agrees", "differs", "cannot be judged")
    print(", ".join(f"{kind}: {found.count(kind)}" for kind in kinds))
    for doubt in found.doubts:
        print(f"Doubt: {doubt}")


def _words(line: Line, digits: int) -> str:
    where = f"{line.row:12s} {line.column:>16s}"
    figures = (
        _figure(line.printed, line.printed_std, digits),
        _figure(line.mean, line.std, digits),
    )
    verdict = line.verdict
    return f"{where} {figures[0]:>15s} {figures[1]:>15s}  {verdict.kind}: {verdict.words}"


def _figure(mean: float | None, std: float | None, digits: int) -> str:
    if mean is None:
        return "-"
    return f"{mean:.{digits}f}" + ("" if std is None else f" ± {std:.{digits}f}")
