"""A sweep of 200 small nets by the engine: how busy the cores are, and how fast the store answers.

Two workers train in processes of their own. What the benchmark asks of the store meanwhile is what a
page asks in every run: who trains what, the newest figures, and the state of the engine. The engine's
processes are told from others by their parents, so that whatever else the machine does is not counted.
"""

from __future__ import annotations

import os
import signal
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.load_server import cpu_seconds
from playground.experiment import Experiment
from playground.jobs import Jobs, studies
from playground.sweeping import Sweep, distinct, size, storing
from playground.sweeping.results import ended_of, rows

_WIDTHS, _DEPTHS, _RATES = (4, 8, 12, 16, 24), (1, 2, 3, 5), (0.001, 0.003, 0.01, 0.03, 0.1)
_BEAT = 0.5


def sweep() -> dict[str, float]:
    """Train 200 nets; print and return shares of the cores and latencies, busy against idle."""
    plan = Sweep(
        base=Experiment(n_train=1000, n_validation=500, epochs=40),
        grid={
            "network.width": _WIDTHS,
            "network.depth": _DEPTHS,
            "optimizer.learning_rate": _RATES,
        },
        repetitions=2,
    )
    with tempfile.TemporaryDirectory(prefix="sweep-") as home:
        jobs = Jobs(home)
        jobs.ensure_engine()
        try:
            _wait(lambda: jobs.engine_state().slots > 0)
            found = _measured(jobs, plan)
        finally:
            _end(jobs)
            jobs.store.close()
    _print(found)
    return found


def _measured(jobs: Jobs, plan: Sweep) -> dict[str, float]:
    points = plan.points()
    experiments = distinct(points)
    engine, slots = jobs.engine_state().pid, jobs.engine_state().slots
    estimated = size(plan).seconds
    began, cpu = time.perf_counter(), cpu_seconds(engine, below=True)
    storing.start(jobs, plan)
    handed = time.perf_counter() - began
    busy: list[float] = []
    while any(map(studies.is_going, studies.find(jobs, experiments))):
        busy.append(_latency(jobs, plan))
        time.sleep(_BEAT)
    wall = time.perf_counter() - began
    used = cpu_seconds(engine, below=True) - cpu
    idle = [_latency(jobs, plan) for _ in range(10)]  # of as many runs, when none trains
    runs = studies.find(jobs, experiments)
    ended = rows(points, experiments, ended_of(jobs, runs))
    trained = sum(row.mean("seconds") * row.ended for row in ended)
    return {
        "nets": len(experiments),
        "ended": sum(row.ended for row in ended),
        "slots": slots,
        "wall_seconds": wall,
        "handing_in_seconds": handed,
        "training_seconds": trained,
        "estimated_seconds": estimated,
        "share_of_slots": used / (wall * slots),
        "occupied": sum(run.ended - run.started for run in runs if run) / (wall * slots),
        "idle_ms": 1e3 * statistics.median(idle),
        "busy_ms": 1e3 * statistics.median(busy),
        "busy_worst_ms": 1e3 * max(busy),
        "load": os.getloadavg()[0],
    }


def _latency(jobs: Jobs, plan: Sweep) -> float:
    """Return the seconds that a page of this sweep spends on the store in one run."""
    began = time.perf_counter()
    points = plan.points()
    experiments = distinct(points)
    rows(points, experiments, ended_of(jobs, studies.find(jobs, experiments)))
    jobs.engine_state()
    return time.perf_counter() - began


def _wait(condition: Callable[[], object], seconds: float = 180.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"the engine was not ready in {seconds:.0f} s")
        time.sleep(0.1)


def _end(jobs: Jobs) -> None:
    """End the engine, and wait until it has."""
    pid = jobs.engine_state().pid
    if pid:
        os.kill(pid, signal.SIGTERM)
        _wait(lambda: not Path(f"/proc/{pid}").exists() or _is_zombie(pid), 30.0)


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def _print(found: dict[str, float]) -> None:
    print(
        f"sweep: {found['ended']:.0f} of {found['nets']:.0f} nets in {found['wall_seconds']:.1f} s"
    )
    print(f"  processor time of the engine / (wall × slots)  {found['share_of_slots']:6.2f}")
    print(f"  time that the slots had a run / (wall × slots) {found['occupied']:6.2f}")
    print(f"  training time / estimate                       {_ratio(found, 'training_seconds')}")
    print(f"  wall time / (estimate / slots)                 {_wall_ratio(found):6.2f}")
    print(f"  the store, idle                                {found['idle_ms']:6.1f} ms")
    busy = found["busy_ms"] / found["idle_ms"]
    print(f"  the store, meanwhile                           {busy:6.2f} × idle")
    print(f"  load of the machine                            {found['load']:6.2f}")


def _ratio(found: dict[str, float], name: str) -> str:
    return f"{found[name] / found['estimated_seconds']:6.2f}"


def _wall_ratio(found: dict[str, float]) -> float:
    return found["wall_seconds"] * found["slots"] / found["estimated_seconds"]
