"""The app as a server for benchmarks: started on an empty store, measured from outside, ended."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from playground.jobs import Jobs

ROOT = Path(__file__).resolve().parents[1]
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class App:
    """A server that runs: its address, its home, its log, and the processes of server and engine."""

    url: str
    home: Path
    log: Path
    pid: int

    @property
    def jobs(self) -> Jobs:
        """Its store, as a visitor without runs sees it."""
        return Jobs(self.home, user="benchmark")

    @property
    def engine(self) -> int:
        """Process id of its engine, 0 while there is none."""
        return self.jobs.engine_state().pid or 0


@contextmanager
def app(home: Path, **environment: str) -> Iterator[App]:
    """Start the app on an empty store, and end it and its engine afterwards.

    Args:
        home: An empty folder.
        environment: Settings beside those of this process.
    """
    # So that what was started here is ended too, whoever ends this.
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        with server(home, **environment) as served:
            yield served
    finally:
        end_all(home)
        signal.signal(signal.SIGTERM, before)


@contextmanager
def server(home: Path, log: str = "app.log", **environment: str) -> Iterator[App]:
    """Start one server of the app, and end it afterwards, if it still runs; its engine goes on.

    Args:
        home: The folder of its store, which others may serve as well.
        log: Name of the file in it that takes what the server writes.
        environment: Settings beside those of this process.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "playground", "app"]
    command += [f"--server.port={port}", "--server.headless=true"]
    own = {**os.environ, "PLAYGROUND_HOME": str(home), **environment}
    with (home / log).open("wb") as output:
        shell = subprocess.Popen(
            command, cwd=ROOT, env=own, start_new_session=True, stdout=output, stderr=output
        )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{url}/_stcore/health")
        yield App(url, home, home / log, _server(shell.pid))
    finally:
        with suppress(ProcessLookupError):
            os.killpg(shell.pid, signal.SIGINT)
        shell.wait()


def end_all(home: Path, seconds: float = 10.0) -> None:
    """End the engine of a home with its workers, which outlive the app, and wait until they have."""
    until, sign = time.monotonic() + seconds, signal.SIGTERM
    while pids := at_home(home):
        if time.monotonic() > until:
            sign, until = signal.SIGKILL, time.monotonic() + seconds
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, sign)
        time.sleep(0.5)


def at_home(home: Path) -> list[int]:
    """Return the processes that were told that this folder is their home."""
    wanted, found = f"PLAYGROUND_HOME={home}".encode(), []
    for pid in _processes():
        with suppress(OSError):  # it has just ended, or is somebody else's
            if wanted in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                found.append(pid)
    return found


def wait_for(address: str, seconds: float = 60.0) -> None:
    """Return as soon as an address answers.

    Raises:
        TimeoutError: If it does not.
    """
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with suppress(OSError), urllib.request.urlopen(address, timeout=2):
            return
        time.sleep(0.1)
    raise TimeoutError(f"no answer from {address} in {seconds:.0f} s")


def _server(parent: int) -> int:
    """Return the process that serves: the child of the command that runs Streamlit."""
    for pid, (above, _) in _processes().items():
        with suppress(OSError):
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            if above == parent and b"streamlit" in words:
                return pid
    raise RuntimeError("the server is not among the processes")


def _processes() -> dict[int, tuple[int, int]]:
    """Return parent and ticks of the processor, ended children included, of all processes."""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):  # it has just ended
                fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
                found[int(folder.name)] = int(fields[1]), sum(map(int, fields[11:15]))
    return found


def cpu_seconds(pid: int, *, below: bool = False) -> float:
    """Return the processor time of a process, and (``below``) of all below it."""
    processes = _processes()
    found, total = [pid], 0
    while found:
        one = found.pop()
        total += processes.get(one, (0, 0))[1]
        if below:
            found += [child for child, (above, _) in processes.items() if above == one]
    return total / _TICKS


def memory(pid: int) -> float:
    """Return the megabytes that a process has in memory (its resident set)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def calibration(rounds: int = 9) -> float:
    """Return the median milliseconds of a loop that no part of this program can make faster."""
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        digest = b""
        for _ in range(20_000):
            digest = hashlib.sha256(digest).digest()
        took.append(1e3 * (time.perf_counter() - began))
    return statistics.median(took)
