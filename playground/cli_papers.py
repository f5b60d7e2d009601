"""``python -m playground paper``: tables and figures of papers, printed beside reproduced."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playground.papers import Line, Paper, Report, Study, Table


def add_commands(commands: Any) -> None:
    """Add ``paper list`` and ``paper run`` to the commands of the program."""
    paper = commands.add_parser("paper", help="compute tables and figures of papers anew")
    actions = paper.add_subparsers(required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="list them")
    listing.add_argument("--json", action="store_true", help="print one line of JSON")
    listing.set_defaults(run=_list)
    run = actions.add_parser("run", help="compute one, printed beside reproduced")
    run.add_argument("name", help="such as 001/table1, see 'paper list'")
    run.add_argument(
        "--repetitions", type=int, metavar="N", help="of each cell; the paper's by default"
    )
    run.add_argument("--reduced", action="store_true", help="the quick protocol, labelled as such")
    run.add_argument("--variant", default="", metavar="NAME", help="see 'paper list'")
    run.add_argument("--here", action="store_true", help="compute in this process, keep nothing")
    run.add_argument("--report", metavar="FOLDER", help="write the report there, as a file of JSON")
    run.add_argument("--json", action="store_true", help="end with one line of JSON")
    run.set_defaults(run=_run)
    document = actions.add_parser("document", help="print reports as one page of Markdown")
    document.add_argument("folder", metavar="FOLDER", help="where 'paper run --report' wrote them")
    document.set_defaults(run=_document)


def _list(arguments: argparse.Namespace) -> int:
    from playground.papers import PAPERS, Table

    if arguments.json:
        rows = [
            {
                "name": paper.name,
                "label": paper.label,
                "summary": paper.summary,
                "reference": paper.reference,
                "variants": dict(paper.variants),
                "kind": "table" if isinstance(paper, Table) else "study",
                "trainings": len(paper.cells) * paper.repetitions
                if isinstance(paper, Table)
                else None,
                "seconds": None if isinstance(paper, Table) else paper.seconds,
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
    from playground.papers import PAPERS, Table

    if arguments.name not in PAPERS:
        raise ValueError(PAPERS.unknown(arguments.name))
    paper = PAPERS[arguments.name]
    began = time.perf_counter()
    compute = _table if isinstance(paper, Table) else _study
    found, whole = compute(paper, arguments)
    took = time.perf_counter() - began
    _print(paper, found, took)
    told = {**found.to_dict(), "wall_seconds": round(took, 3)}
    if arguments.report:
        _write(Path(arguments.report), told)
    if arguments.json:
        print(json.dumps(told, allow_nan=False))
    return 0 if whole else 1


def _table(paper: Table, arguments: argparse.Namespace) -> tuple[Report, bool]:
    from playground.jobs import Jobs
    from playground.papers import report, trainings
    from playground.papers.running import by_engine, here

    variant = paper.variant(arguments.variant)
    made = trainings(paper, variant, arguments.repetitions, reduced=arguments.reduced)
    outcomes = (
        here(made, progress=_told) if arguments.here else by_engine(made, Jobs(), progress=_told)
    )
    found = report(paper, made, outcomes, variant=variant, reduced=arguments.reduced)
    return found, all(outcome.metrics is not None for outcome in outcomes)


def _study(paper: Study, arguments: argparse.Namespace) -> tuple[Report, bool]:
    from playground.jobs import Jobs
    from playground.papers import study_report
    from playground.papers.studied import Studied

    order = paper.order(arguments.variant, arguments.repetitions, reduced=arguments.reduced)
    began = time.monotonic()
    found = paper.compute(order, _share)
    took = time.monotonic() - began
    print(file=sys.stderr)
    if not arguments.here:
        Studied(Jobs().store).save(paper, order, found, took)
    return study_report(paper, order, found, took, time.time()), True


def _share(what: str, share: float) -> None:
    print(f"\r{100 * share:3.0f} %  {what:<70.70s}", end="", file=sys.stderr, flush=True)


def _write(folder: Path, told: dict[str, Any]) -> None:
    """Write a report without its pictures' data, which are large and can be had again."""
    from playground.papers.document import file_name

    folder.mkdir(parents=True, exist_ok=True)
    brief = {**told, "panels": []}
    path = folder / f"{file_name(told['paper'], told['variant'])}.json"
    path.write_text(json.dumps(brief, allow_nan=False, indent=1) + "\n", encoding="utf-8")


def _document(arguments: argparse.Namespace) -> int:
    from playground.papers.document import markdown
    from playground.papers.reports import Report

    files = sorted(Path(arguments.folder).glob("*.json"))
    if not files:
        raise ValueError(
            f"folder: {arguments.folder!r} holds no reports; 'paper run --report' does"
        )
    trees = [json.loads(path.read_text(encoding="utf-8")) for path in files]
    print(markdown([Report.from_dict(tree) for tree in trees]), end="")
    return 0


def _told(done: int, total: int) -> None:
    print(f"\r{done} of {total} trainings have ended", end="", file=sys.stderr, flush=True)
    if done == total:
        print(file=sys.stderr)


def _print(paper: Paper, found: Report, took: float) -> None:
    print(f"{paper.label} ({paper.reference}), {paper.variants[found.variant]}")
    if found.reduced:
        print(f"Reduced protocol: {found.reduced}.")
    print(
        f"{len(found.runs)} trainings, {took:.1f} s; repetitions of each cell: {found.repetitions}"
    )
    for note in found.notes:
        print(f"Note: {note}")
    for panel in found.panels:
        print(f"Picture: {panel.title} ({panel.chart})")
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
    from playground.papers.reports import figure

    bound = "" if line.relation == "=" else f"{line.relation} "
    printed = bound + figure(line.printed, line.printed_std, digits)
    own = figure(line.mean, line.std, digits)
    verdict = line.verdict
    where = f"{line.row:12s} {line.column:>16s}"
    return f"{where} {printed:>15s} {own:>15s}  {verdict.kind}: {verdict.words}"
