"""The route of the live pictures, asked as a server asks it; the store is real."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response

from playground.classroom import classes, open_class
from playground.classroom.watch import news
from playground.jobs import Jobs
from playground.jobs.artifacts import Folder
from playground.ui import feed
from tests.ui.test_state import ADA, small, tab

__all__ = ["tab"]
APP = Path(__file__).resolve().parents[2] / "app.py"


@pytest.fixture
def jobs(tab: dict) -> Iterator[Jobs]:
    feed._runs.cache_clear()
    yield Jobs(user=ADA)
    feed._runs.cache_clear()


def set_status(jobs: Jobs, run: str, status: str) -> None:
    with jobs.store.writing() as db:
        db.execute("UPDATE runs SET status = ? WHERE id = ?", (status, run))


def show(jobs: Jobs, run: str, frame: bytes) -> None:
    Folder(jobs.store.runs_folder, run).write_live(frame)


def ask(run: str, known: str = "", *, leaves: bool = False, code: str = "") -> Response:
    """Ask for the newest frame; whoever ``leaves`` has closed the page."""

    async def receive() -> dict:
        if leaves:
            return {"type": "http.disconnect"}
        return await asyncio.Event().wait()

    scope = {
        "type": "http",
        "method": "GET",
        "path": f"/live/{run}",
        "path_params": {"run_id": run, "code": code} if code else {"run_id": run},
        "query_string": f"known={known}".encode(),
        "headers": [],
    }
    # In a thread of its own: a browser that other tests drive has an event loop in this one.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, feed.newest(Request(scope, receive))).result()


def test_a_new_frame_is_answered_at_once_and_only_once(jobs: Jobs, monkeypatch) -> None:
    monkeypatch.setattr(feed, "PATIENCE", 0.1)
    run = jobs.submit(small())
    show(jobs, run, b"one")
    first = ask(run)
    assert (first.status_code, first.body) == (200, b"one")
    assert first.headers["Cache-Control"] == "no-store"
    again = ask(run, first.headers["X-Version"])
    assert (again.status_code, again.body) == (204, b"")
    assert "X-Run" not in again.headers
    show(jobs, run, b"two")
    assert ask(run, first.headers["X-Version"]).body == b"two"


def test_an_asker_waits_for_the_next_frame(jobs: Jobs) -> None:
    run = jobs.submit(small())
    show(jobs, run, b"one")
    known = ask(run).headers["X-Version"]
    later = threading.Timer(0.2, show, (jobs, run, b"two"))
    later.start()
    assert ask(run, known).body == b"two"
    later.join()


@pytest.mark.parametrize("status", ["paused", "finished", "diverged", "stopped", "failed"])
def test_a_run_that_rests_says_so_after_its_last_frame(jobs: Jobs, status: str) -> None:
    run = jobs.submit(small())
    show(jobs, run, b"last")
    set_status(jobs, run, status)
    last = ask(run)
    assert last.body == b"last"
    rests = ask(run, last.headers["X-Version"])
    assert (rests.status_code, rests.headers["X-Run"]) == (204, "rests")


def test_whoever_asks_is_looking(jobs: Jobs) -> None:
    run = jobs.submit(small())
    show(jobs, run, b"one")
    ask(run)
    with jobs.store.reading() as db:
        (until,) = db.execute("SELECT watched_until FROM runs WHERE id = ?", (run,)).fetchone()
    assert until > time.time()


def test_nobody_waits_for_an_asker_who_left(jobs: Jobs, monkeypatch) -> None:
    monkeypatch.setattr(feed, "PATIENCE", 60.0)
    assert ask(jobs.submit(small()), leaves=True).status_code == 204


@pytest.mark.parametrize("run", ["nothere", "..", "../../etc", "a" * 500, "%00", "'; DROP TABLE"])
def test_what_is_no_run_is_not_found(jobs: Jobs, run: str) -> None:
    assert ask(run).status_code == 404


def test_whoever_follows_hears_at_once_that_another_run_is_shown(jobs: Jobs) -> None:
    first, second = jobs.submit(small()), jobs.submit(small())
    code = open_class(jobs, "Numerics").code
    for run in (first, second):
        show(jobs, run, b"one")
    classes.show(jobs, code, first)
    news(jobs, code, anew=True)
    known = ask(first, code=code).headers["X-Version"]

    def change() -> None:
        classes.show(jobs, code, second)

    later = threading.Timer(0.2, change)
    later.start()
    ended = ask(first, known, code=code)
    later.join()
    assert (ended.status_code, ended.headers["X-Run"]) == (204, "rests")
    assert ask(first, code=code).status_code == 204  # not even a picture that is there
    assert ask(first).body == ask(second, code=code).body == b"one"


def test_a_class_that_is_gone_ends_no_feed(jobs: Jobs) -> None:
    run = jobs.submit(small())
    show(jobs, run, b"one")
    assert ask(run, code="ZZZZZ").body == b"one"


def test_the_app_serves_the_route_below_its_address(monkeypatch) -> None:
    monkeypatch.setattr(feed.st, "get_option", lambda name: "/class/")
    paths = [route.path for route in feed.routes()]
    assert paths == ["/class/live/{run_id}", "/class/live/{run_id}/{code}"]
    assert feed.feed_of("abc") == "/class/live/abc"
    assert feed.feed_of("abc", "ABCDE") == "/class/live/abc/ABCDE"


def test_streamlit_finds_the_app_in_the_file() -> None:
    from streamlit.web.server.app_discovery import discover_asgi_app

    found = discover_asgi_app(APP)
    assert (found.is_asgi_app, found.app_name) == (True, "app")


def test_of_many_who_wait_each_looks_less_often(jobs: Jobs) -> None:
    with contextlib.ExitStack() as stack:
        crowds = [stack.enter_context(feed._waiting()) for _ in range(3 * feed.FEW)]
        assert {crowd() for crowd in crowds} == {3.0}
    with feed._waiting() as alone:
        assert alone() == 1.0
