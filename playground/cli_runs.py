"""``python -m playground runs``: the history, without a browser.

What somebody trained in a browser belongs to that browser. All runs are listed here, because whoever
can call this can read the store; to change others' runs takes the teacher's key, which is read from
``PLAYGROUND_TEACHER_KEY`` as the server reads it.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playground.jobs import Jobs
    from playground.jobs.history import Line

Act = Callable[["Jobs", argparse.Namespace], None]
_FIGURES = (
    "train_loss",
    "validation_loss",
    "train_accuracy",
    "validation_accuracy",
    "nfe_forward",
    "nfe_backward",
    "seconds",
)
_PLAIN = (
    *("id", "name", "status", "reason", "kind", "created", "started", "ended", "epoch", "step"),
    *("device", "path", "parameters", "starred", "tags", "note"),
)


def add_commands(commands: Any) -> None:
    """Add ``runs list``, ``runs show`` and so on to the commands of the program."""
    runs = commands.add_parser("runs", help="the history of runs: list, mark, steer, compare")
    actions = runs.add_subparsers(required=True, metavar="ACTION")

    listing = _action(actions, "list", "list runs, the newest first", _list)
    listing.add_argument(
        "--search",
        default="",
        metavar="TEXT",
        help="such as 'spiral depth>20 accuracy>0.9 -tag:old'; every setting is a field",
    )
    listing.add_argument("--sort", default="created", metavar="FIELD", help="such as accuracy")
    listing.add_argument("--rising", action="store_true", help="the smallest first")
    listing.add_argument("--limit", type=int, default=30, metavar="N", help="at most; 0 for all")
    listing.add_argument(
        "--kind", choices=("training", "study", "all"), default="all", help="all by default"
    )
    shown = _action(actions, "show", "show a run with its settings", _show)
    shown.add_argument("id")
    compared = _action(actions, "compare", "differences in settings, then figures", _compare)
    compared.add_argument("ids", nargs="+", metavar="ID")

    for name, text, act in (
        ("star", "mark runs", lambda jobs, a: _marks().star(jobs, a.ids)),
        ("unstar", "take the mark away", lambda jobs, a: _marks().star(jobs, a.ids, False)),
        ("delete", "put runs in the trash", lambda jobs, a: _marks().throw_away(jobs, a.ids)),
        ("undelete", "take runs out of the trash", _undelete),
        ("resume", "let runs go on", lambda jobs, a: _each(jobs.resume, a.ids)),
        ("stop", "end runs after their present step", lambda jobs, a: _each(jobs.stop, a.ids)),
    ):
        _change(actions, name, text, act).add_argument("ids", nargs="+", metavar="ID")
    for name, text, act in (
        ("tag", "add tags to a run", lambda jobs, a: _marks().tag(jobs, [a.id], a.tags)),
        ("untag", "take tags off a run", lambda jobs, a: _marks().untag(jobs, [a.id], a.tags)),
    ):
        words = _change(actions, name, text, act)
        words.add_argument("id")
        words.add_argument("tags", nargs="+", metavar="TAG")
    for name, text, act in (
        ("note", "say something of a run", lambda jobs, a: _marks().set_note(jobs, a.id, a.text)),
        ("rename", "give a run a name", lambda jobs, a: jobs.rename(a.id, a.text.strip())),
    ):
        said = _change(actions, name, text, act)
        said.add_argument("id")
        said.add_argument("text", metavar="TEXT", help="empty takes it away")


def _action(
    actions: Any, name: str, text: str, run: Callable[[argparse.Namespace], int]
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=text, description=text)
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    parser.set_defaults(run=run)
    return parser


def _change(actions: Any, name: str, text: str, act: Act) -> argparse.ArgumentParser:
    """Add a command that changes runs and then says how they are."""

    def run(arguments: argparse.Namespace) -> int:
        from playground.jobs.history import overview

        jobs, ids = _jobs(), [*getattr(arguments, "ids", ()), *filter(None, [_one(arguments)])]
        act(jobs, arguments)
        lines = overview(jobs, ids=ids)
        for line in lines:
            print(_row(line), file=sys.stderr)
        if name == "delete":
            print(f"{len(ids)} in the trash; 'runs undelete' brings back", file=sys.stderr)
        if arguments.json:
            print(json.dumps({"ids": ids, "runs": [_told(line, jobs) for line in lines]}))
        return 0

    return _action(actions, name, text, run)


def _one(arguments: argparse.Namespace) -> str | None:
    return getattr(arguments, "id", None)


def _jobs() -> Jobs:
    """Return the store for the user of this command line, with the server's own key."""
    from playground.jobs import Jobs, read_settings

    return Jobs(key=read_settings().teacher_key)


def _marks() -> Any:
    from playground.jobs import marks

    return marks


def _each(act: Callable[[str], None], ids: Sequence[str]) -> None:
    for run_id in ids:
        act(run_id)


def _undelete(jobs: Jobs, arguments: argparse.Namespace) -> None:
    back = _marks().put_back(jobs, arguments.ids)
    missing = [run_id for run_id in arguments.ids if run_id not in back]
    if missing:
        raise ValueError(f"not in the trash: {', '.join(missing)}")


def _list(arguments: argparse.Namespace) -> int:
    from playground.jobs.history import overview
    from playground.jobs.search import ordered, parse

    if arguments.limit < 0:
        raise ValueError(f"--limit: {arguments.limit} is not legal; legal is 0 (all) or more")
    jobs, search = _jobs(), parse(arguments.search)
    lines = overview(jobs, kind=None if arguments.kind == "all" else arguments.kind)
    for message in (*search.messages, *search.unknown(lines)):
        print(f"playground: --search: {message}", file=sys.stderr)
    found = ordered(search.among(lines), arguments.sort, falling=not arguments.rising)
    shown = found[: arguments.limit or None]
    if arguments.json:
        rows = [_told(line, jobs) for line in shown]
        print(json.dumps({"runs": rows, "found": len(found)}, allow_nan=False))
        return 0
    for line in shown:
        print(_row(line))
    print(f"{len(shown)} of {len(found)} runs that were found", file=sys.stderr)
    return 0


def _row(line: Line) -> str:
    share = "" if line.validation_accuracy is None else f"{100 * line.validation_accuracy:.1f} %"
    size = "×".join(f"{n:g}" for n in (line.width, line.depth) if n is not None)
    what = " ".join(filter(None, (line.data, line.network, line.scheme, size)))
    day = time.strftime("%Y-%m-%d %H:%M", time.localtime(line.created))
    said = " ".join([line.name, *(f"#{tag}" for tag in line.tags)]).strip()
    star = "*" if line.starred else " "
    return f"{line.id} {star} {day}  {line.status:9s} {share:>7s}  {what}  {said}".rstrip()


def _told(line: Line, jobs: Jobs, *, settings: bool = False) -> dict[str, Any]:
    """Return a run for JSON: all but whose it is, which is a secret of its owner."""
    told = {name: getattr(line, name) for name in (*_PLAIN, *_FIGURES)}
    told |= {"data": line.data, "network": line.network, "scheme": line.scheme}
    told |= {"own": line.user == jobs.user}
    return told | ({"settings": dict(line.settings)} if settings else {})


def _lines(jobs: Jobs, ids: Sequence[str]) -> list[Line]:
    from playground.jobs.history import overview

    for run_id in ids:
        jobs.get(run_id)  # says which one is not there
    return overview(jobs, ids=ids)


def _show(arguments: argparse.Namespace) -> int:
    jobs = _jobs()
    (line,) = _lines(jobs, [arguments.id])
    if arguments.json:
        print(json.dumps(_told(line, jobs, settings=True), allow_nan=False))
        return 0
    print(_row(line))
    for name in ("reason", "note"):
        if getattr(line, name):
            print(f"{name}: {getattr(line, name)}")
    for name in _FIGURES:
        value = getattr(line, name)
        if value is not None:
            print(f"  {name:24s} {value:g}")
    for name, text in line.settings.items():
        print(f"  {name:24s} {text}")
    return 0


def _compare(arguments: argparse.Namespace) -> int:
    from playground.jobs.history import differences

    jobs = _jobs()
    lines = _lines(jobs, arguments.ids)
    if len(lines) < 2:
        raise ValueError("compare takes two runs or more, each of them once")
    different = differences(lines)
    figures = {name: [getattr(line, name) for line in lines] for name in _FIGURES}
    if arguments.json:
        told = {"runs": [line.id for line in lines], "settings": different, "figures": figures}
        print(json.dumps(told, allow_nan=False))
        return 0
    _columns("", [line.id for line in lines])
    _columns("", [line.name for line in lines])
    print("settings that differ" if different else "no setting differs")
    for name, texts in different.items():
        _columns(name, ["-" if text is None else text for text in texts])
    print("last figures")
    for name, values in figures.items():
        _columns(name, ["-" if value is None else f"{value:.6g}" for value in values])
    return 0


def _columns(name: str, texts: Sequence[str]) -> None:
    print(f"  {name:26s}" + "".join(f" {text[:20]:>20s}" for text in texts))
