"""The command line: the same jobs without a browser."""

from __future__ import annotations

import argparse
import gzip
import json
import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from playground import cli_exports, cli_health, cli_papers, cli_runs, cli_sweeps

if TYPE_CHECKING:
    from playground.experiment import Experiment
    from playground.training.events import Snapshot

LISTED = (
    "datasets",
    "networks",
    "integrators",
    "systems",
    "optimizers",
    "schedules",
    "hardenings",
    "regularizers",
    "losses",
    "activations",
    "presets",
)  # named here, so that parsing a command does not import torch
APP = Path(__file__).parent.parent / "app.py"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: The words after ``python -m playground``; the process's own by default.

    Returns:
        The exit status: 0 when it went well, 1 when a training failed, 2 for wrong input.
    """
    parser, words = _parser(), list(sys.argv[1:] if argv is None else argv)
    arguments, rest = parser.parse_known_args(words)
    # What argparse calls a remainder must not begin with an option, which these always do.
    if rest and not hasattr(arguments, "options"):
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    arguments.options = words[1:]
    try:
        return arguments.run(arguments)
    except ValidationError as error:
        for problem in error.errors():
            where = ".".join(str(part) for part in problem["loc"])
            print(f"playground: {where}: {problem['msg']}", file=sys.stderr)
    except (ValueError, OSError) as error:
        print(f"playground: {error}", file=sys.stderr)
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m playground", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    train = commands.add_parser("train", help="train an experiment here and now")
    source = train.add_mutually_exclusive_group()
    source.add_argument("file", nargs="?", metavar="FILE", help="an experiment as JSON")
    source.add_argument("--preset", metavar="NAME", help="a named experiment, see 'list presets'")
    train.add_argument("--csv", metavar="FILE", help="learn a table of your own")
    train.add_argument(
        "--predict",
        metavar="COLUMNS",
        help="columns of the table to predict, by commas; several numbers are learned together",
    )
    train.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="change a field, such as network.depth=5; may be repeated",
    )
    train.add_argument("--json", action="store_true", help="end with one line of JSON")
    train.add_argument(
        "--repetitions",
        type=int,
        default=1,
        metavar="N",
        help="train with N pairs of seeds at once; report mean, deviation and spread",
    )
    train.add_argument("--weights", metavar="FILE", help="write the weights as safetensors")
    train.add_argument("--recording", metavar="FILE", help="write a recording of the run (gzip)")
    train.set_defaults(run=_train)

    bench = commands.add_parser("bench", help="time the program against its peers, side by side")
    bench.add_argument("names", nargs="*", help="which; 'python -m benchmarks --help' lists them")
    bench.set_defaults(run=_bench, options=[])

    listing = commands.add_parser("list", help="list a registry")
    listing.add_argument("what", nargs="?", choices=LISTED, help="all by default")
    listing.add_argument("--json", action="store_true", help="print one line of JSON")
    listing.set_defaults(run=_list)

    for more in (cli_papers, cli_sweeps, cli_runs, cli_exports, cli_health):
        more.add_commands(commands)

    engine = commands.add_parser("engine", help="start the engine that trains in the background")
    engine.set_defaults(run=_engine)

    app = commands.add_parser("app", help="start the app in the browser")
    app.epilog = "further options are passed on to 'streamlit run', such as --server.port=8502"
    app.set_defaults(run=_app, options=[])
    return parser


def _experiment(arguments: argparse.Namespace) -> Experiment:
    from playground.experiment import Experiment
    from playground.presets import presets

    if arguments.preset:
        known = presets()
        if arguments.preset not in known:
            raise ValueError(
                f"preset: {arguments.preset!r} is not known; legal is {', '.join(known)}"
            )
        experiment = known[arguments.preset].experiment
    elif arguments.file:
        text = Path(arguments.file).read_text(encoding="utf-8")
        experiment = Experiment.model_validate_json(text)
    else:
        experiment = Experiment()
    if arguments.csv:
        experiment = _on_table(experiment, arguments.csv, arguments.predict)
    elif arguments.predict:
        raise ValueError("--predict names columns of a table, and --csv names none")
    changes = dict(_assignment(text) for text in arguments.set)
    return experiment.amended(changes) if changes else experiment


def _on_table(experiment: Experiment, file: str, columns: str | None) -> Experiment:
    """Return the experiment on a CSV file, which is kept as an upload is; say what else changed."""
    from playground.datasets import TableError, read_upload, store

    names = [name.strip() for name in (columns or "").split(",") if name.strip()]
    try:
        read = read_upload(Path(file).read_bytes(), label=names[-1] if names else None)
        key = store(read.table.with_targets(names[:-1]))
    except TableError as error:
        raise ValueError(f"{file}: {error}") from None
    outputs = {"data.outputs": str(len(names))} if len(names) > 1 else {}
    adapted, notes = experiment.adapted({"data": "table", "data.hash": key, **outputs})
    for note in [*(read.notes if not outputs else ()), *notes]:
        print(f"playground: {note}", file=sys.stderr)
    return adapted


def _assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"--set: {text!r} is not of the form FIELD=VALUE")
    return name.strip(), value.strip()


def _train(arguments: argparse.Namespace) -> int:
    import torch

    from playground.progress import Progress
    from playground.training import events as e
    from playground.training import refusal, train
    from playground.training.weights import weights_only

    experiment = _experiment(arguments)
    torch.set_num_threads(1)  # as the engine does: small nets lose time by sharing their steps
    if (why := refusal(experiment)) is not None:
        raise ValueError(why)
    if arguments.repetitions != 1:
        return _repeat(arguments, experiment)
    progress, metrics, checkpoint, ending = Progress(experiment.epochs), None, None, None
    snapshots: list[bytes] = []
    for event in train(experiment):
        if isinstance(event, e.Started):
            progress.say(f"{event.parameters:,} parameters on {event.reason}")
            for notice in event.notices:
                progress.say(f"note: {notice}")
        elif isinstance(event, e.Metrics):
            metrics = event
            progress.show(event)
        elif isinstance(event, e.Checkpoint):
            checkpoint = event
        elif isinstance(event, e.Snapshot) and arguments.recording:
            snapshots.append(event)
        elif isinstance(event, e.Finished | e.Stopped | e.Diverged | e.Failed):
            ending = event
    progress.close()
    status = type(ending).__name__.lower()
    progress.say(f"{status}: {ending.reason}")
    if arguments.weights and checkpoint is not None:
        Path(arguments.weights).write_bytes(weights_only(checkpoint.payload))
    if snapshots:
        _record(Path(arguments.recording), experiment, snapshots)
    if arguments.json:
        print(json.dumps(_result(status, ending.reason, metrics), allow_nan=False))
    return 0 if status in ("finished", "stopped") else 1


def _repeat(arguments: argparse.Namespace, experiment: Experiment) -> int:
    from playground.progress import Progress
    from playground.training.repetitions import repeat

    if arguments.weights or arguments.recording:
        raise ValueError("--weights and --recording keep one run; leave --repetitions out")
    progress = Progress(experiment.epochs * arguments.repetitions)
    began = time.perf_counter()
    found = repeat(experiment, arguments.repetitions, told=progress.told)
    progress.close()
    result: dict[str, Any] = {"repetitions": arguments.repetitions}
    for quantity in ("validation_accuracy", "validation_loss", "train_accuracy", "train_loss"):
        summary = found.summary(quantity)
        if summary is not None:
            spread = {"std": summary.std, "least": summary.least, "greatest": summary.greatest}
            result |= {quantity: summary.mean, f"{quantity}_spread": spread}
            progress.say(f"{quantity.replace('_', ' ')}: {_words(summary)}")
    runs = [_result(o.status, o.reason, o.metrics) for o in found.outcomes]
    statuses = {run["status"] for run in runs}
    result |= {"status": statuses.pop() if len(statuses) == 1 else "mixed", "runs": runs}
    result["seconds"] = round(time.perf_counter() - began, 3)
    if arguments.json:
        print(json.dumps(result, allow_nan=False))
    return 0 if all(run["status"] in ("finished", "stopped") for run in runs) else 1


def _words(summary: Any) -> str:
    """Return a summary as people write it."""
    std = "" if summary.std is None else f" ± {summary.std:.2g}"
    spread = f"{summary.least:.4g} to {summary.greatest:.4g}"
    return f"{summary.mean:.4g}{std} ({spread}, {summary.count} repetitions)"


def _record(file: Path, experiment: Experiment, snapshots: list[Snapshot]) -> None:
    """Write a recording that is small enough to ship: forty frames of a hundred points."""
    from playground.training import retell

    recording = retell(experiment, snapshots, seconds=math.inf)
    if recording is None:
        raise ValueError(f"--recording {file}: fewer than two moments of this run can be drawn")
    recording = recording.thinned(40, 100)
    file.write_bytes(gzip.compress(recording.pack(), mtime=0))


def _result(status: str, reason: str, metrics: Any) -> dict[str, Any]:
    from playground.training.painter import finite

    names = ("validation_accuracy", "validation_loss", "train_accuracy", "train_loss")
    figures = {name: getattr(metrics, name, None) for name in names}
    return {
        **finite({name: float("nan") if v is None else v for name, v in figures.items()}),
        "epochs": metrics.epoch if metrics else 0,
        "steps": metrics.step if metrics else 0,
        "seconds": round(metrics.seconds, 3) if metrics else 0.0,
        "status": status,
        "reason": reason,
    }


def _registries() -> dict[str, Any]:
    from playground.datasets import DATASETS
    from playground.hardening import HARDENINGS
    from playground.integrators import INTEGRATORS
    from playground.losses import LOSSES
    from playground.networks import ACTIVATIONS, NETWORKS
    from playground.optimizers import OPTIMIZERS
    from playground.presets import presets
    from playground.regularizers import REGULARIZERS
    from playground.schedules import SCHEDULES
    from playground.systems import SYSTEMS

    return {
        "datasets": DATASETS,
        "networks": NETWORKS,
        "integrators": INTEGRATORS,
        "systems": SYSTEMS,
        "optimizers": OPTIMIZERS,
        "schedules": SCHEDULES,
        "hardenings": HARDENINGS,
        "regularizers": REGULARIZERS,
        "losses": LOSSES,
        "activations": ACTIVATIONS,
        "presets": presets(),
    }


def _list(arguments: argparse.Namespace) -> int:
    registries = _registries()
    chosen = {arguments.what: registries[arguments.what]} if arguments.what else registries
    if arguments.json:
        rows = {
            kind: [{"name": e.name, "label": e.label, "summary": e.summary} for e in all_.values()]
            for kind, all_ in chosen.items()
        }
        print(json.dumps(rows))
        return 0
    for kind, all_ in chosen.items():
        print(kind)
        for entry in all_.values():
            print(f"  {entry.name:22s} {entry.summary}")
    return 0


def _bench(arguments: argparse.Namespace) -> int:
    from benchmarks.__main__ import main as bench_main

    bench_main(arguments.options)
    return 0


def _engine(_: argparse.Namespace) -> int:
    from playground.jobs.engine import main as engine_main

    return engine_main()


def _app(arguments: argparse.Namespace) -> int:
    options = arguments.options
    address = _server_option(options, "address", "127.0.0.1")
    host = "127.0.0.1" if address in ("0.0.0.0", "::") else address
    url = f"http://{host}:{_server_option(options, 'port', '8501')}"
    python = [sys.executable, "-m"]
    server = subprocess.Popen([*python, "streamlit", "run", str(APP), *options], cwd=APP.parent)
    warming = subprocess.Popen([*python, "playground.ui.warm", url], cwd=APP.parent)
    asked_to_end = threading.Event()

    def end(*_: object) -> None:  # services and containers end with this signal
        asked_to_end.set()
        server.terminate()

    signal.signal(signal.SIGTERM, end)
    try:
        code = server.wait()
        return 0 if asked_to_end.is_set() else code
    except KeyboardInterrupt:  # Ctrl-C reaches the server as well, which ends in its own time
        return server.wait()
    finally:
        warming.terminate()


def _server_option(options: Sequence[str], name: str, default: str) -> str:
    """Return a server setting as Streamlit will find it: option, environment, default."""
    flag = f"--server.{name}"
    for word, following in zip(options, [*options[1:], ""]):
        if word.startswith(f"{flag}="):
            return word.partition("=")[2]
        if word == flag:
            return following
    return os.environ.get(f"STREAMLIT_SERVER_{name.upper()}", default)
