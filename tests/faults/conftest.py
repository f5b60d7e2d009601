"""Two real servers of the app on one store, for all tests of faults; one engine works for both."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil
import pytest

from benchmarks.load_server import App, end_all, server
from playground.jobs import Jobs, Refused
from tests.jobs.troubles import until

KEY = "sesame-9f2-open"
LOST_SECONDS = 3  # for which a server keeps what belongs to a tab that is gone
_SETTINGS = {
    "PLAYGROUND_TEACHER_KEY": KEY,
    "PLAYGROUND_WORKERS": "1",  # each takes seconds to start
    "STREAMLIT_SERVER_DISCONNECTED_SESSION_TTL": str(LOST_SECONDS),
    "STREAMLIT_SERVER_WEBSOCKET_PING_INTERVAL": "4",
}


@pytest.fixture(scope="package")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of the store; it is empty when both servers start at once."""
    folder = tmp_path_factory.mktemp("faults")
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="package")
def servers(home: Path) -> Iterator[list[App]]:
    """Two servers that were started in the same moment, and visited by their own warming up."""
    with ExitStack() as running, ThreadPoolExecutor() as threads:
        made = [server(home, f"app-{name}.log", **_SETTINGS) for name in "ab"]
        running.callback(end_all, home)
        found = list(threads.map(running.enter_context, made))
        until(lambda: found[0].jobs.engine_state().slots, 180.0)
        yield found


@pytest.fixture
def alive(servers: list[App]) -> list[App]:
    """Those of the servers that no test has ended yet, one at least."""
    found = [served for served in servers if psutil.pid_exists(served.pid)]
    assert found
    return found


@pytest.fixture
def served(alive: list[App]) -> App:
    """One of the servers."""
    return alive[0]


@pytest.fixture(autouse=True)
def nothing_trains_on(servers: list[App], home: Path) -> Iterator[None]:
    """Runs that a test leaves behind would take the slots from all tests after it."""
    yield
    for run in Jobs(home).list_runs(kind=None):
        if run.status in ("queued", "running"):
            with suppress(Refused):
                Jobs(home, user=run.user).stop(run.id)
