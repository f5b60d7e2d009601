"""A class on one server: students that set, train and watch over real WebSockets, all at once.

Each student is a tab (``load_tab``) that does what a browser does with the server: it sends all its
controls along, lets fragments run by their clocks, and fetches live pictures. Two trainings go on
all the time beside what the students train.
"""

from __future__ import annotations

import asyncio
import os
import random
import secrets
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks.load_server import App, app, calibration, cpu_seconds, memory
from benchmarks.load_student import Log, Student
from benchmarks.load_tab import Tab
from playground.experiment import Experiment
from playground.jobs import Jobs, Refused
from playground.ui.warm import visit

_SOAK_SECONDS = 900.0
_ARRIVAL = 0.4  # seconds between two students who come
_PAUSE = 5.0  # mean seconds between two actions of one student
_VISITS = 10.0  # seconds between two strangers who open the first page meanwhile
_BEAT = 1.0
_ENDING = 60.0  # seconds for the last runs to come to their ends
_LAST = {"epochs": "2"}
_LONG = {"epochs": "10000"}  # the most that is legal; one that has ended is followed by another
_SHORT = {"epochs": "300"}  # counted as short, so that the last slot takes it


def load(sessions: int = 30, seconds: float = 60.0, *, soak: bool = False) -> dict[str, Any]:
    """Let a class work for a while; print and return what it lived through.

    Args:
        sessions: Students.
        seconds: How long they work, when all have come.
        soak: Work for fifteen minutes, and tell how memory and latency go with time.
    """
    if sessions < 1 or seconds <= 0:
        raise ValueError(f"sessions is {sessions}, seconds is {seconds}; both must be positive")
    seconds = _SOAK_SECONDS if soak else seconds
    loop = calibration()
    with tempfile.TemporaryDirectory(prefix="load-") as home, app(Path(home)) as served:
        for page in ("", "playground"):
            visit(served.url, page)
        ready(served)
        _say("the server is warm")
        found = asyncio.run(_Class(served, sessions, seconds).measured())
    found |= {"loop_ms": loop, "loop_after_ms": calibration(), "cores": os.cpu_count()}
    show(found)
    return found


def _say(what: str) -> None:
    print(f"load: {what}", file=sys.stderr, flush=True)


def ready(served: App) -> None:
    """Wait until the engine can train. Raises TimeoutError if it cannot in three minutes."""
    until = time.monotonic() + 180.0
    while not served.jobs.engine_state().slots:
        if time.monotonic() > until:
            raise TimeoutError("the engine was not ready in three minutes")
        time.sleep(0.2)


class _Class:
    """The students of one server, and what is measured while they work."""

    def __init__(self, served: App, sessions: int, seconds: float) -> None:
        self._app, self._seconds, self._sessions = served, seconds, sessions
        self._log, self._jobs = Log(), served.jobs
        self._trained: set[str] = set()  # runs that were seen to have trained
        self._curve: list[tuple[float, float]] = []  # seconds, megabytes
        self._visits: list[float] = []

    async def measured(self) -> dict[str, Any]:
        """Let all come, work, and leave; return the figures."""
        await self._warm_up()
        cold = memory(self._app.pid)
        beside = asyncio.create_task(self._train_beside())
        watch = asyncio.create_task(self._look_at_store())
        students, listening = await self._arrive()
        arrived = list(self._log.paints)
        self._log.paints.clear()
        _say("all have come")
        began, cpu = time.monotonic(), self._cpu()
        counts = Counter(runs=sum(s.tab.runs for s in students))
        counts["beats"] = sum(s.tab.beats for s in students)
        counts["answers"] = self._log.answers
        visits = asyncio.create_task(self._visit(began))
        await asyncio.gather(*(s.work(began + self._seconds) for s in students))
        wall = time.monotonic() - began
        used = {name: now - cpu[name] for name, now in self._cpu().items()}
        visits.cancel()
        warm = memory(self._app.pid)
        if beside.done():
            raise RuntimeError("nothing trained beside the class") from beside.exception()
        beside.cancel()
        took = [seconds for at, _, seconds in self._log.echoes if at >= began]
        _say(
            f"all have worked ({len(took)} echoes, p95 {spread('', took)['_p95'] or 0:.2f} s, "
            f"server {used['server'] / wall:.2f} cores); their last runs end"
        )
        lost = await self._end(students)
        watch.cancel()
        for student in students:
            student.leave()
            await student.tab.close()
        await asyncio.gather(*listening)
        done = {
            "runs": sum(s.tab.runs for s in students) - counts["runs"],
            "beats": sum(s.tab.beats for s in students) - counts["beats"],
            "answers": self._log.answers - counts["answers"],
            "pictures": sum(at >= began for at in self._log.pictures),
        }
        errors = [*self._log.errors, *(e for s in students for e in s.tab.errors)]
        echoes = [took for at, _, took in self._log.echoes if began <= at <= began + wall]
        return {
            "sessions": self._sessions,
            "seconds": wall,
            "interactions": len(echoes),
            **spread("echo", echoes),
            **spread("home", self._visits),
            **spread("arrival", arrived),
            "memory_mb_a_session": (warm - cold) / self._sessions,
            "memory_mb": warm,
            **done,
            "server_cpu_share": used["server"] / wall,
            "engine_cpu_share": used["engine"] / wall,
            "client_cpu_share": used["client"] / wall,
            "server_ms_an_interaction": 1e3 * used["server"] / max(1, len(echoes)),
            **lost,
            "errors": len(errors),
            "first_errors": [f"{n} × {text}" for text, n in Counter(errors).most_common(8)],
            "by_action_ms": self._by_action(),
            "memory_mb_by_minute": _by_minute(self._curve, began),
            "memory_slope_mb_a_minute": _slope(self._curve, began),
            "echo_slope_ms_a_minute": _slope(
                [(at, 1e3 * s) for at, _, s in self._log.echoes], began
            ),
            "log_errors": _troubles(self._app.log),
        }

    async def _warm_up(self) -> None:
        """Let one student open both pages, so that what is cached for all is there."""
        student = self._student(_PAUSE)
        student.log = Log()
        listening = await student.visit()
        await student.open_playground()
        await student.press("step")
        student.leave()
        await student.tab.close()
        await listening

    def _student(self, pause: float) -> Student:
        dice = random.Random(secrets.randbits(32))
        tab = Tab(self._app.url, user=secrets.token_hex(16))
        return Student(tab, self._log, dice, pause)

    async def _arrive(self) -> tuple[list[Student], list[asyncio.Task]]:
        students = [self._student(_PAUSE) for _ in range(self._sessions)]

        async def come(late: float, student: Student) -> asyncio.Task:
            await asyncio.sleep(late)
            listening = await student.visit()
            await student.open_playground()
            return listening

        coming = (come(_ARRIVAL * place, student) for place, student in enumerate(students))
        return students, list(await asyncio.gather(*coming))

    async def _visit(self, began: float) -> None:
        """Let a stranger open the first page every now and then, and go."""
        while True:
            await asyncio.sleep(min(_VISITS, self._seconds / 5))
            visitor = self._student(_PAUSE)
            visitor.log = Log()
            listening = await visitor.visit()
            self._visits += visitor.log.paints
            self._log.errors += visitor.log.errors + visitor.tab.errors
            await visitor.tab.close()
            await listening
            self._curve.append((time.monotonic(), memory(self._app.pid)))

    async def _train_beside(self) -> None:
        """Keep two runs training: a long one, and in the other slot one after the other."""
        held: dict[str, str | None] = {"long": None, "short": None}
        while True:
            for name, settings in (("long", _LONG), ("short", _SHORT)):
                jobs = Jobs(self._app.home, user=f"beside-{name}")
                with suppress(Refused):
                    if held[name] is None or not jobs.get(held[name]).unfinished:
                        held[name] = jobs.submit(Experiment().amended(settings))
            await asyncio.sleep(_BEAT)

    async def _look_at_store(self) -> None:
        """Note which runs have trained, to ask for them in the end."""
        while True:
            with self._jobs.store.reading() as db:
                rows = db.execute("SELECT id FROM runs WHERE step > 0").fetchall()
            self._trained.update(row["id"] for row in rows)
            await asyncio.sleep(_BEAT)

    async def _end(self, students: Sequence[Student]) -> dict[str, int]:
        """Let each student train a last short run to its end; return what was lost."""
        changes = [
            (s.tab.link.get(name), text) for s in students for name, text in s.wanted.items()
        ]
        for student in students:
            with suppress(KeyError):
                await student.tab.set("field:epochs", float(_LAST["epochs"]))
        await asyncio.gather(
            *(s.tab.wait(lambda s=s: s.tab.link.get("epochs") == "2", 30.0) for s in students)
        )
        await asyncio.gather(*(self._last_run(student) for student in students))
        last = [student.tab.link.get("run") for student in students]
        until = time.monotonic() + _ENDING
        while any(self._status(run) != "finished" for run in last) and time.monotonic() < until:
            await asyncio.sleep(_BEAT)
        missing = [run for run in self._trained if self._status(run) is None]
        return {
            "changes": len(changes),
            "changes_lost": sum(found != text for found, text in changes),
            "runs_trained": len(self._trained),
            "runs_lost": len(missing),
            "last_runs_not_finished": sum(self._status(run) != "finished" for run in last),
        }

    async def _last_run(self, student: Student) -> None:
        """Press Train, unless the run that follows the last change trains by itself.

        One that does not is there first: it draws its first picture, and rests.
        """
        until = time.monotonic() + _ENDING
        while self._status(student.tab.link.get("run")) in ("queued", "running"):
            if time.monotonic() > until:
                return
            await asyncio.sleep(_BEAT)
        if self._status(student.tab.link.get("run")) == "paused":
            await student.press("train")

    def _status(self, run: str | None) -> str | None:
        try:
            return self._jobs.get(run).status
        except Refused:
            return None

    def _cpu(self) -> dict[str, float]:
        return {
            "server": cpu_seconds(self._app.pid),
            "engine": cpu_seconds(self._app.engine, below=True),
            "client": time.process_time(),
        }

    def _by_action(self) -> dict[str, float]:
        took: dict[str, list[float]] = {}
        for _, what, seconds in self._log.echoes:
            took.setdefault(what, []).append(1e3 * seconds)
        return {what: statistics.median(each) for what, each in sorted(took.items())}


def spread(name: str, seconds: Sequence[float]) -> dict[str, float | None]:
    """Return median, 95th percentile and maximum of some times."""
    ordered = sorted(seconds)
    if not ordered:
        return {f"{name}_{part}": None for part in ("p50", "p95", "max")}
    late = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    return {
        f"{name}_p50": statistics.median(ordered),
        f"{name}_p95": late,
        f"{name}_max": ordered[-1],
    }


def _slope(points: Sequence[tuple[float, float]], since: float) -> float | None:
    """Return the slope a minute of values over seconds, without the first fifth of the time."""
    points = [(at, value) for at, value in points if at >= since]
    if len(points) < 3:
        return None
    first, last = points[0][0], points[-1][0]
    kept = [(at / 60, value) for at, value in points if at >= first + (last - first) / 5]
    if len({at for at, _ in kept}) < 2:
        return None
    return statistics.linear_regression(*zip(*kept)).slope


def _by_minute(points: Sequence[tuple[float, float]], since: float) -> list[float]:
    """Return the median of values in each minute, the last one of which may be a short one."""
    minutes: dict[int, list[float]] = {}
    for at, value in points:
        minutes.setdefault(int((at - since) // 60), []).append(value)
    return [statistics.median(minutes[minute]) for minute in sorted(minutes)]


def _troubles(log: Path) -> int:
    """Return the number of tracebacks in the server's log, and tell the first of them in full."""
    _, *found = log.read_text(errors="replace").split("Traceback (most recent call last)")
    for text in found[:4]:
        _say(f"a traceback in the server's log{text[:4000]}")
    return len(found)


def show(found: dict[str, Any]) -> None:
    """Print the figures."""

    def line(what: str, text: str) -> None:
        print(f"  {what:46s} {text}")

    def times(name: str) -> str:
        if found[f"{name}_p50"] is None:
            return "none"
        p50, p95, worst = (found[f"{name}_{part}"] for part in ("p50", "p95", "max"))
        return f"p50 {p50:.2f} s, p95 {p95:.2f} s, max {worst:.2f} s"

    print(
        f"load: {found['sessions']} students for {found['seconds']:.0f} s on {found['cores']} cores"
    )
    line(
        "calibration loop, before and after",
        "{loop_ms:.1f} ms, {loop_after_ms:.1f} ms".format_map(found),
    )
    line(
        "a control changed or a button pressed → echo", f"{times('echo')} ({found['interactions']})"
    )
    line("first page, meanwhile", times("home"))
    line("first page, all coming at once", times("arrival"))
    per, whole = found["memory_mb_a_session"], found["memory_mb"]
    line("memory of the server a session", f"{per:.1f} MB ({whole:.0f} MB in all)")
    line("runs of the page, of fragments", f"{found['runs']}, {found['beats']}")
    line("live pictures, answers in all", f"{found['pictures']}, {found['answers']}")
    shares = (found[f"{part}_cpu_share"] for part in ("server", "engine", "client"))
    line(
        "cores used: server, engine, this benchmark", ", ".join(f"{share:.2f}" for share in shares)
    )
    line(
        "processor time of the server an interaction", f"{found['server_ms_an_interaction']:.0f} ms"
    )
    line("changes not in the last link", f"{found['changes_lost']} of {found['changes']}")
    line("runs that trained and are gone", f"{found['runs_lost']} of {found['runs_trained']}")
    line("last runs that did not finish", str(found["last_runs_not_finished"]))
    line("errors; tracebacks in the log", f"{found['errors']}; {found['log_errors']}")
    for text in found["first_errors"]:
        print(f"    {text[:160]}")
    line("memory, minute by minute", " ".join(f"{mb:.0f}" for mb in found["memory_mb_by_minute"]))
    if found["memory_slope_mb_a_minute"] is not None:
        line("memory, growth", f"{found['memory_slope_mb_a_minute']:+.2f} MB a minute")
    if found["echo_slope_ms_a_minute"] is not None:
        line("echo, growth", f"{found['echo_slope_ms_a_minute']:+.1f} ms a minute")
