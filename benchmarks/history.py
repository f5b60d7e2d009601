"""What the history of a thousand runs costs: its list, a filter, a sort, and one mark."""

from __future__ import annotations

import hashlib
import os
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable

from playground.experiment import Experiment
from playground.jobs import Jobs
from playground.jobs.history import overview
from playground.jobs.marks import set_tags
from playground.jobs.queries import insert_run
from playground.jobs.records import new_id
from playground.jobs.search import ordered, parse

RUNS, METRICS = 1000, 200
ROUNDS = 15
_SEARCH = "network:rk depth>20 accuracy>0.8 -tag:old"
_COLUMNS = (
    *("run", "step", "epoch", "train_loss", "validation_loss", "train_accuracy"),
    *("validation_accuracy", "nfe_forward", "nfe_backward", "learning_rate", "gradient_norm"),
    *("seconds", "samples_per_second"),
)


def history() -> dict[str, float]:
    """Fill a store, time what its page asks for beside a loop that tells how fast this machine is now.

    Returns:
        Milliseconds: the median of each part, and of the loop.
    """
    with tempfile.TemporaryDirectory() as home:
        jobs = Jobs(home, user="ada")
        run_ids = fill(jobs, RUNS, METRICS)
        began = time.perf_counter()
        lines = overview(jobs, "ada")
        first = 1e3 * (time.perf_counter() - began)
        search = parse(_SEARCH)
        result = {"first list": first} | _timed(
            {
                "calibration loop": _calibration,
                "list": lambda: overview(jobs, "ada"),
                "filter": lambda: search.among(lines),
                "list, filter and order": lambda: ordered(
                    search.among(overview(jobs, "ada")), "accuracy"
                ),
                "tags of one run": lambda: set_tags(jobs, random.choice(run_ids), ["a", "b"]),
            }
        )
        size = os.path.getsize(jobs.store.home / "store.sqlite") / 1e6
        jobs.store.close()
    print(f"history: {RUNS} runs × {METRICS} metrics, {size:.0f} MB, {len(lines)} lines")
    for name, took in result.items():
        print(f"  {name:26s} {took:9.2f} ms  {took / result['calibration loop']:6.2f} × the loop")
    return result


def fill(jobs: Jobs, runs: int, metrics: int) -> list[str]:
    """Put runs of many settings into a store, each with so many rows of metrics; return their ids."""
    chance, now, ids = random.Random(1), time.time(), []
    texts = [_experiment(i).model_dump_json() for i in range(runs)]
    insert = (
        f"INSERT INTO metrics ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"
    )
    with jobs.store.writing() as db:
        for i, text in enumerate(texts):
            values = {"id": new_id(), "user": jobs.user, "kind": "training", "experiment": text}
            values |= {"status": "finished", "created": now - 60 * i, "queued_since": now - 60 * i}
            values |= {"ended": now - 60 * i, "step": 47 * metrics, "epoch": float(metrics)}
            values |= {"parameters": 5474, "device": "cpu", "name": f"run {i}" if i % 3 else ""}
            insert_run(db, values)
            ids.append(values["id"])
            level = chance.uniform(0.6, 1.0)
            db.executemany(insert, [_row(values["id"], m, level) for m in range(1, metrics + 1)])
            if i % 5 == 0:
                _tag(db, values["id"], "old" if i % 10 else "talk")
    return ids


def _experiment(i: int) -> Experiment:
    return Experiment().amended(
        {
            "network.depth": str(2 + i % 60),
            "network.width": str(4 + i % 12),
            "scheme": ("rk4", "euler", "heun2")[i % 3],
            "data": ("spiral", "moons", "squares", "circle")[i % 4],
            "weight_seed": str(i),
        }
    )


def _row(run_id: str, m: int, level: float) -> tuple[object, ...]:
    share = level * m / (m + 10)
    return (
        run_id,
        47 * m,
        float(m),
        1 - share,
        1.1 - share,
        share,
        share,
        80,
        0,
        1e-3,
        0.1,
        m,
        9e4,
    )


def _tag(db: sqlite3.Connection, run_id: str, tag: str) -> None:
    db.execute("INSERT INTO tags (run, tag) VALUES (?, ?)", (run_id, tag))


def _calibration() -> None:
    """Keep one core busy with what no part of this program can make faster."""
    digest = b""
    for _ in range(20_000):
        digest = hashlib.sha256(digest).digest()


def _timed(parts: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Return the median milliseconds of parts that are timed in turn, so that noise meets all alike."""
    times: dict[str, list[float]] = {name: [] for name in parts}
    for _ in range(ROUNDS):
        for name, part in parts.items():
            began = time.perf_counter()
            part()
            times[name].append(1e3 * (time.perf_counter() - began))
    return {name: statistics.median(took) for name, took in times.items()}
