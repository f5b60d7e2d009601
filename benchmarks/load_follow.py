"""A class that follows: how late thirty pages show what the teacher has just begun to train."""

from __future__ import annotations

import asyncio
import os
import secrets
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks.load import ready, spread
from benchmarks.load_server import App, app, calibration, cpu_seconds, memory
from benchmarks.load_student import Log, Student
from benchmarks.load_tab import Tab
from playground.classroom import open_class, show
from playground.experiment import Experiment
from playground.jobs import Jobs, Refused
from playground.ui.warm import visit

_ARRIVAL = 0.3  # seconds between two students who come
_EVERY = 10.0  # seconds between two runs that the teacher shows
_PATIENCE = 30.0
_LONG = {"epochs": "10000"}  # the most that is legal, and longer than it is shown


def follow(sessions: int = 30, seconds: float = 60.0) -> dict[str, Any]:
    """Let a class follow a teacher who begins another run every ten seconds; print what it saw.

    Args:
        sessions: Students, each with a page that follows.
        seconds: How long the teacher teaches, when all have come.
    """
    if sessions < 1 or seconds <= 0:
        raise ValueError(f"sessions is {sessions}, seconds is {seconds}; both must be positive")
    loop = calibration()
    with tempfile.TemporaryDirectory(prefix="follow-") as home, app(Path(home)) as served:
        visit(served.url, "playground")
        ready(served)
        found = asyncio.run(_measured(served, sessions, seconds))
    found |= {"loop_ms": loop, "loop_after_ms": calibration(), "cores": os.cpu_count()}
    _show(found)
    return found


class _Follower(Student):
    """A student whose page shows what the teacher does, and who notes when a run began to show."""

    def __post_init__(self) -> None:
        self.shown: dict[str, float] = {}
        super().__post_init__()

    def _watch(self, address: str) -> None:
        if address:
            run = address.rsplit("/live/", 1)[-1].split("/")[0]
            self.shown.setdefault(run, time.monotonic())
        super()._watch(address)


async def _measured(served: App, sessions: int, seconds: float) -> dict[str, Any]:
    teacher = Jobs(served.home, user=secrets.token_hex(16))
    code = open_class(teacher, "Load").code
    cold = memory(served.pid)
    log = Log()
    followers = [await _come(served, code, log) for _ in range(sessions)]
    began, cpu = time.monotonic(), _cpu(served)
    pictures, late, missed, run = len(log.pictures), [], 0, None
    while time.monotonic() - began < seconds:
        asked = time.monotonic()
        run = teacher.submit(
            Experiment(weight_seed=secrets.randbelow(10_000)).amended(_LONG), instead_of=run
        )
        show(teacher, code, run)
        await asyncio.sleep(_EVERY)
        while time.monotonic() - asked < _PATIENCE and not all(
            run in f.shown for f, _ in followers
        ):
            await asyncio.sleep(0.1)
        late += [f.shown[run] - asked for f, _ in followers if run in f.shown]
        missed += sum(run not in f.shown for f, _ in followers)
    wall = time.monotonic() - began
    used = {name: now - cpu[name] for name, now in _cpu(served).items()}
    found = {
        "followers": sessions,
        "seconds": wall,
        "shown": len(late),
        "missed": missed,
        **spread("late", late),
        "pictures_a_second": (len(log.pictures) - pictures) / wall / sessions,
        "memory_mb_a_session": (memory(served.pid) - cold) / sessions,
        **{f"{name}_cpu_share": share / wall for name, share in used.items()},
        "errors": [*log.errors, *(e for f, _ in followers for e in f.tab.errors)][:8],
    }
    with suppress(Refused):
        teacher.stop(run)
    for follower, listening in followers:
        follower.leave()
        await follower.tab.close()
        await listening
    return found


async def _come(served: App, code: str, log: Log) -> tuple[_Follower, asyncio.Task]:
    tab = Tab(served.url, secrets.token_hex(16), "playground", f"follow={code}")
    follower = _Follower(tab, log, None, 0.0)
    await tab.open()
    listening = asyncio.create_task(tab.listen())
    if not await tab.wait(lambda: tab.link.get("follow") == code, _PATIENCE):
        log.errors.append("a page does not follow")
    await asyncio.sleep(_ARRIVAL)
    return follower, listening


def _cpu(served: App) -> dict[str, float]:
    return {
        "server": cpu_seconds(served.pid),
        "engine": cpu_seconds(served.engine, below=True),
        "client": time.process_time(),
    }


def _show(found: dict[str, Any]) -> None:
    print(
        f"follow: {found['followers']} students for {found['seconds']:.0f} s on {found['cores']} cores"
    )
    for what, text in (
        ("calibration loop, before and after", "{loop_ms:.1f} ms, {loop_after_ms:.1f} ms"),
        (
            "a run begun → shown to a student",
            "p50 {late_p50:.2f} s, p95 {late_p95:.2f} s, max {late_max:.2f} s ({shown})",
        ),
        ("not shown within 30 s", "{missed}"),
        ("live pictures a second and student", "{pictures_a_second:.2f}"),
        ("memory of the server a session", "{memory_mb_a_session:.1f} MB"),
        (
            "cores used: server, engine, this benchmark",
            "{server_cpu_share:.2f}, {engine_cpu_share:.2f}, {client_cpu_share:.2f}",
        ),
        ("errors", "{errors}"),
    ):
        print(f"  {what:46s} {text.format_map(found)}")
