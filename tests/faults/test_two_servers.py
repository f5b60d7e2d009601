"""Two servers on one store: each shows and steers what the other has begun, and outlives it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import urllib.request
from pathlib import Path

import psutil
import pytest

from benchmarks.load_server import App, at_home
from benchmarks.load_tab import Getter
from playground.analysis.frames import MAGIC
from playground.jobs import Jobs
from tests.faults.tabs import PATIENCE, HeardTab, at, link_of, until, whole

USER = "2" * 32


def engines(home: Path) -> list[int]:
    """Return the processes at a home that were started as engines."""
    return [pid for pid in at_home(home) if psutil.Process(pid).cmdline()[-1:] == ["engine"]]


def health(served: App) -> dict[str, object]:
    with urllib.request.urlopen(f"{served.url}/health", timeout=PATIENCE) as answer:
        return json.load(answer)


async def sees(tab: HeardTab, *keys: str) -> bool:
    return await tab.wait(lambda: tab.shows(*keys), PATIENCE)


async def first_picture(served: App, run: str) -> bytes:
    """Return the first live picture of a run that a server hands out."""
    getter, status = Getter(served.url), 0
    while status != 200:
        status, _, frame = await getter.get(f"/live/{run}")
        assert status in (200, 204)
    getter.close()
    return frame


def test_two_servers_that_start_at_once_have_one_engine(alive: list[App], home: Path) -> None:
    assert len(alive) == 2
    assert engines(home) == [alive[0].engine]
    told = [health(served) for served in alive]
    assert told[0]["engine"] == "ready"
    assert told[0]["slots"] >= 1
    assert told[0] == told[1]


def test_run_of_one_server_is_followed_and_steered_through_the_other(
    alive: list[App], home: Path
) -> None:
    if len(alive) < 2:
        pytest.skip("one of the servers has been ended")

    async def story() -> None:
        one, other = alive
        jobs = Jobs(home, user=USER)
        async with at(one.url, USER, "playground", link_of(epochs="5000")) as here:
            assert await sees(here, "train", "flow")
            run = here.link["run"]
            await here.click("train")
            await until(lambda: jobs.get(run).step > 0)
            async with at(other.url, USER, "playground", f"run={run}") as there:
                assert await sees(there, "pause")
                assert there.link["run"] == run
                assert (await first_picture(other, run))[:4] == MAGIC
                assert await sees(here, "pause")
                await there.click("pause")
                await until(lambda: jobs.get(run).status == "paused")
                assert await sees(here, "train")  # by its own beat
                rests = jobs.get(run).step
                await here.click("train")  # which goes on from there
                await until(lambda: jobs.get(run).step > rests)
                await there.ask()
                assert await sees(there, "pause")
                assert here.errors == there.errors == []
        assert engines(home) == [one.engine]

    asyncio.run(story())


def test_server_that_ends_takes_nothing_with_it(alive: list[App], home: Path) -> None:
    """The one that has started the engine is killed while a run that was begun through it trains."""
    if len(alive) < 2:
        pytest.skip("one of the servers has been ended")

    async def story() -> None:
        jobs, engine = Jobs(home, user=USER), alive[0].engine
        above = psutil.Process(engine).ppid()
        killed, other = sorted(alive, key=lambda served: served.pid != above)
        before = {run.id for run in Jobs(home).list_runs()}
        async with (
            at(killed.url, USER, "playground", link_of(epochs="300", data_seed="3")) as here,
            at(other.url, USER, "playground", link_of(data_seed="4")) as there,
        ):
            assert await sees(here, "train")
            assert await sees(there, "train")
            run = here.link["run"]
            await here.click("train")
            await until(lambda: jobs.get(run).step > 0)
            here._closing = True  # it will be told that the server hung up
            os.kill(killed.pid, signal.SIGKILL)
            assert jobs.get(run).status == "running"
            await there.set("field:network.depth", 6.0)
            assert await there.wait(lambda: there.link.get("network.depth") == "6", PATIENCE)
            assert await sees(there, "train")
            await until(lambda: jobs.get(run).status == "finished")
            await there.click("train")
            own = there.link["run"]
            await until(lambda: jobs.get(own).step > 0)
            assert there.errors == []
            async with at(other.url, USER, "playground", f"run={run}") as back:
                assert await sees(back, "train")  # what the other has left is shown here
                assert back.link["run"] == run
        assert engines(home) == [engine]
        assert whole(jobs, run, 300)
        assert before <= {run.id for run in Jobs(home).list_runs()}
        with sqlite3.connect(home / "store.sqlite") as db:
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        db.close()

    asyncio.run(story())
