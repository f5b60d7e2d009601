"""``python -m playground sweep``: many settings trained, without a browser."""

from __future__ import annotations

import argparse
import json
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playground.sweeping import Row, Size, Sweep

_ABOUT = """\
Train a grid or a list of settings, and print what came of each. The trainings are kept: whatever has
ended is not trained again, so that the same command resumes a sweep.

  sweep FILE          train a sweep; - reads it from standard input
  sweep list          list the sweeps that are kept
  sweep stop ID       stop what trains or waits of one; what has ended stays
  sweep resume ID     train what is missing of one
"""
_FILE = """\
FILE is JSON:

  {
    "name": "Schemes by depth",
    "base": {"preset": "spiral", "epochs": 10},
    "grid": {"scheme": ["euler", "rk4"], "network.depth": [1, 3, 10]},
    "repetitions": 3,
    "priority": 0
  }

base         a preset by name, a preset with changed fields (as above), or a whole experiment as
             'train FILE' takes it
grid         values of each field; all combinations are trained. Fields are named as in
             'train --set FIELD=VALUE'
list         instead of grid: settings one by one, [{"scheme": "euler", "network.depth": 30}, ...]
repetitions  of each setting, with data and weights of their own; 1 by default
priority     among your own sweeps the greater comes first, -9 to 9

assets/sweeps/schemes.json is an example.
"""


def add_commands(commands: Any) -> None:
    """Add ``sweep`` to the commands of the program."""
    sweep = commands.add_parser(
        "sweep",
        help="train a grid or a list of settings",
        description=_ABOUT,
        epilog=_FILE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    sweep.add_argument("what", metavar="FILE", help="a sweep as JSON; or list, stop, resume")
    sweep.add_argument("id", nargs="?", default="", metavar="ID", help="of stop and resume")
    sweep.add_argument("--estimate", action="store_true", help="only say its size and time")
    sweep.add_argument("--here", action="store_true", help="train in this process, keep no runs")
    sweep.add_argument(
        "--repetitions", type=int, metavar="N", help="of each setting, in place of the file's"
    )
    sweep.add_argument("--json", action="store_true", help="end with one line of JSON")
    sweep.set_defaults(run=_sweep)


def _sweep(arguments: argparse.Namespace) -> int:
    what, key = arguments.what, arguments.id
    if what in ("stop", "resume"):
        if not key:
            raise ValueError(f"sweep {what}: ID is missing; 'sweep list' lists them")
        return _stop(arguments) if what == "stop" else _train(arguments, _kept(key))
    if key:
        raise ValueError(f"ID: {key!r} is not legal with {what!r}; legal with stop and resume")
    return _list(arguments) if what == "list" else _train(arguments, _read(what))


def _read(file: str) -> Sweep:
    from playground.sweeping import Sweep

    text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    return Sweep.from_json(text)


def _kept(key: str) -> Sweep:
    from playground.jobs import Jobs
    from playground.sweeping import storing

    return storing.get(Jobs(), key).sweep


def _list(arguments: argparse.Namespace) -> int:
    from playground.jobs import Jobs
    from playground.sweeping import storing

    found = storing.kept(Jobs())
    if arguments.json:
        listed = [
            {"id": each.id, "name": each.name, "created": each.created, **json.loads(each.plan)}
            for each in found
        ]
        print(json.dumps(listed))
        return 0
    for each in found:
        created = time.strftime("%Y-%m-%d %H:%M", time.localtime(each.created))
        print(f"{each.id}  {created}  {storing.in_short(each)}")
    return 0


def _stop(arguments: argparse.Namespace) -> int:
    from playground.jobs import Jobs
    from playground.sweeping import storing

    storing.stop(Jobs(), _kept(arguments.id))
    return 0


def _train(arguments: argparse.Namespace, sweep: Sweep) -> int:
    from playground.jobs import Jobs, read_settings
    from playground.sweeping import Sweep, size, too_large
    from playground.sweeping.running import by_engine, here

    if arguments.repetitions is not None:
        changed = {"repetitions": arguments.repetitions}
        sweep = Sweep.model_validate({**dict(sweep), **changed})
    settings = read_settings()
    why = too_large(sweep, settings)
    if why and not arguments.estimate:
        raise ValueError(why)
    needed = size(sweep)
    if arguments.estimate:
        return _say_size(needed, settings.workers, why, as_json=arguments.json)
    print(f"{needed.words(settings.workers)}.", file=sys.stderr)
    began = time.perf_counter()
    train = here if arguments.here else partial(by_engine, jobs=Jobs())
    found = train(sweep, progress=_told)
    took = time.perf_counter() - began
    _print(sweep, found, took)
    if arguments.json:
        print(json.dumps(_result(sweep, found, needed, took), allow_nan=False))
    return 0 if all(row.ended == sweep.repetitions for row in found) else 1


def _say_size(needed: Size, slots: int, why: str, *, as_json: bool) -> int:
    print(f"{needed.words(slots)}.")
    low, high = needed.parameters
    print(f"{low:,} parameters" if low == high else f"{low:,} to {high:,} parameters")
    if why:
        print(f"This server does not take it: {why}.")
    if as_json:
        print(json.dumps({**needed.to_dict(), "refused": why}))
    return 0


def _told(done: int, total: int) -> None:
    print(f"\r{done} of {total} trainings have ended", end="", file=sys.stderr, flush=True)
    if done == total:
        print(file=sys.stderr)


def _result(sweep: Sweep, found: Sequence[Row], needed: Size, took: float) -> dict[str, Any]:
    from playground.sweeping import best, front_of
    from playground.sweeping.results import COSTS

    chosen = best(found)
    return {
        "sweep": json.loads(sweep.to_json()),
        "estimate": needed.to_dict(),
        "points": [row.to_dict() for row in found],
        "best": None if chosen is None else chosen.place,
        "front": {cost: [row.place for row in front_of(found, cost)] for cost in COSTS},
        "wall_seconds": round(took, 3),
    }


def _print(sweep: Sweep, found: Sequence[Row], took: float) -> None:
    from playground.sweeping import best
    from playground.sweeping.results import QUANTITIES

    fields = sweep.fields
    print(f"{sweep.n_points} settings × {sweep.repetitions} in {took:.1f} s")
    cells = [
        [*fields, *(label.lower() for label in QUANTITIES.values()), "ended", "failed"],
        *(
            [
                *(_word(row.point.values.get(field)) for field in fields),
                *(_figure(row, quantity) for quantity in QUANTITIES),
                f"{row.ended}",
                f"{row.failed}",
            ]
            for row in found
        ),
    ]
    widths = [max(len(line[i]) for line in cells) for i in range(len(cells[0]))]
    for line in cells:
        print("  ".join(cell.rjust(width) for cell, width in zip(line, widths)))
    chosen = best(found)
    if chosen is not None:
        words = ", ".join(f"{field} = {_word(x)}" for field, x in chosen.point.values.items())
        print(f"Best: {words}")


def _word(value: object) -> str:
    return "none" if value is None else str(value)


def _figure(row: Row, quantity: str) -> str:
    found = row.figures.get(quantity)
    if found is None:
        return "-"
    if quantity == "parameters":
        return f"{found.mean:,.0f}"
    return f"{found.mean:.4g}" + ("" if found.std is None else f" ± {found.std:.2g}")
