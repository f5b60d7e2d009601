"""``python -m playground export`` and ``import``: runs taken home and brought back, without a browser."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playground.jobs import Jobs

_ENDINGS = {
    ".csv": "csv",
    ".json": "json",
    ".parquet": "parquet",
    ".zip": "zip",
    ".png": "png",
    ".svg": "svg",
    ".safetensors": "weights",
    ".py": "script",
}
FORMATS = (*_ENDINGS.values(), "mlflow", "tensorboard")
QUANTITIES = ("validation_loss", "train_loss", "validation_accuracy", "train_accuracy")
_ONE_EACH = ("weights", "script")  # a file for each run
_FOLDERS = ("mlflow", "tensorboard")
_SUFFIX = {name: ending for ending, name in _ENDINGS.items()}


def add_commands(commands: Any) -> None:
    """Add them to the commands of the program."""
    export = commands.add_parser("export", help="write runs to files that other programs read")
    export.add_argument("ids", nargs="+", metavar="ID", help="which runs")
    export.add_argument("--to", required=True, metavar="FILE|DIR", help="where to")
    export.add_argument(
        "--format", choices=FORMATS, help="by the ending of FILE where it is not said"
    )
    export.add_argument(
        "--table",
        choices=("metrics", "runs"),
        help="of csv and parquet: the figures (the default in a FILE) or the settings; both in a DIR",
    )
    export.add_argument(
        "--quantity", choices=QUANTITIES, default=QUANTITIES[0], help="of png and svg"
    )
    export.add_argument("--force", action="store_true", help="write over files that are there")
    export.add_argument("--json", action="store_true", help="end with one line of JSON")
    export.set_defaults(run=_export)
    bring = commands.add_parser("import", help="bring back runs that were exported as zip")
    bring.add_argument("file", metavar="FILE", help="what 'export --format zip' has written")
    bring.add_argument("--json", action="store_true", help="end with one line of JSON")
    bring.set_defaults(run=_import)


def _export(arguments: argparse.Namespace) -> int:
    from playground.jobs import Jobs

    jobs, ids = Jobs(), list(dict.fromkeys(arguments.ids))
    chosen = arguments.format or _ENDINGS.get(Path(arguments.to).suffix.lower())
    if chosen is None:
        raise ValueError(
            f"--to {arguments.to!r} has no ending that says the format; legal are "
            f"{', '.join(_ENDINGS)}, or --format with one of {', '.join(FORMATS)}"
        )
    for run_id in ids:
        jobs.get(run_id)  # none is written where one is unknown
    if chosen in _FOLDERS:
        written = _handed_over(jobs, ids, chosen, arguments.to)
    else:
        written = _written(jobs, ids, chosen, arguments)
    for each in written:
        print(each, file=sys.stderr)
    if arguments.json:
        print(json.dumps({"format": chosen, "runs": ids, "written": written}))
    return 0


def _handed_over(jobs: Jobs, ids: Sequence[str], chosen: str, to: str) -> list[str]:
    if chosen == "mlflow":
        from playground.exchange.mlflow_export import to_mlflow

        return to_mlflow(jobs, ids, to)
    from playground.exchange.tensorboard_export import to_tensorboard

    return [str(folder) for folder in to_tensorboard(jobs, ids, to)]


def _written(
    jobs: Jobs, ids: Sequence[str], chosen: str, arguments: argparse.Namespace
) -> list[str]:
    """Write files; return their names."""
    to = Path(arguments.to)
    is_folder = to.is_dir() or arguments.to.endswith("/") or not to.suffix
    makers = _makers(jobs, ids, chosen, arguments, is_folder)
    files = {(to / name if is_folder else to): make for name, make in makers.items()}
    if len(makers) > 1 and not is_folder:
        raise ValueError(
            f"--to {arguments.to!r} is one file, and {len(makers)} are to be written; name a folder"
        )
    if not arguments.force:
        for file in files:
            if file.exists():
                raise ValueError(f"{file} is there already; --force writes over it")
    made = {file: make() for file, make in files.items()}
    for file, data in made.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return [str(file) for file in made]


def _makers(
    jobs: Jobs,
    ids: Sequence[str],
    chosen: str,
    arguments: argparse.Namespace,
    is_folder: bool,
) -> dict[str, Callable[[], bytes]]:
    """Return what makes each file, by the name that it has in a folder."""
    from playground.exchange import tables
    from playground.exchange.archive import archive
    from playground.exchange.parts import script_of, weights_of

    if chosen in ("csv", "parquet"):
        make = tables.as_csv if chosen == "csv" else tables.as_parquet
        both = ("metrics", "runs") if is_folder else ("metrics",)
        return {
            f"{which}.{chosen}": lambda which=which: make(tables.table_of(jobs, ids, which))
            for which in ([arguments.table] if arguments.table else both)
        }
    if chosen in _ONE_EACH:
        make_one = weights_of if chosen == "weights" else script_of
        return {f"{i}{_SUFFIX[chosen]}": lambda i=i: make_one(jobs, i) for i in ids}
    if chosen == "json":
        return {"runs.json": lambda: tables.as_json(jobs, ids)}
    if chosen == "zip":
        return {"runs.zip": lambda: archive(jobs, ids)}
    return {f"curves.{chosen}": lambda: _picture(jobs, ids, chosen, arguments.quantity)}


def _picture(jobs: Jobs, ids: Sequence[str], chosen: str, quantity: str) -> bytes:
    from playground.charts.exports import chart_png, chart_svg
    from playground.charts.run_curves import QUANTITIES as NAMES
    from playground.charts.run_curves import run_curves
    from playground.exchange.tables import metrics_table

    chart, rows = run_curves(metrics_table(jobs, ids), quantity)
    if rows.empty:
        raise ValueError(f"these runs have no {NAMES[quantity]} to draw")
    return (chart_png if chosen == "png" else chart_svg)(chart, rows)


def _import(arguments: argparse.Namespace) -> int:
    from playground.exchange.importing import bring
    from playground.exchange.reading import MAX_FILE_BYTES
    from playground.jobs import Jobs

    file = Path(arguments.file)
    if file.stat().st_size > MAX_FILE_BYTES:
        raise ValueError(f"{file} is larger than the {MAX_FILE_BYTES // 10**6} MB that are read")
    jobs = Jobs()
    new = bring(jobs, file.read_bytes())
    for run_id in new:
        run = jobs.get(run_id)
        print(f"{run_id}  {run.status:9s} {run.name}", file=sys.stderr)
    if arguments.json:
        print(json.dumps({"runs": new}))
    return 0
