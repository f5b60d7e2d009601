"""A browser that is gone in mid-run: the run goes on to its end, and the server lets the session go."""

from __future__ import annotations

import asyncio
import time

import psutil
import pytest

from benchmarks.load_server import App
from playground.jobs import Jobs
from playground.ui.feed import WATCH_SECONDS
from tests.faults.conftest import LOST_SECONDS
from tests.faults.tabs import PATIENCE, HeardTab, at, figures, link_of, until, whole

EPOCHS = 300
USER = "1" * 32


def connections(served: App) -> int:
    """Return how many connections people have to a server."""
    port = int(served.url.rpartition(":")[2])
    return sum(
        c.status == psutil.CONN_ESTABLISHED and c.laddr.port == port
        for c in psutil.Process(served.pid).net_connections("tcp")
    )


async def train(tab: HeardTab, jobs: Jobs) -> str:
    """Press Train, and return the run's id when it trains and its pictures come."""
    assert await tab.wait(lambda: tab.shows("train") and "run" in tab.link, PATIENCE), tab.errors
    await tab.click("train")
    run = tab.link["run"]
    await until(lambda: jobs.get(run).step > 0)
    await until(lambda: _watched(jobs, run) > time.time() + WATCH_SECONDS / 2)
    return run


def _watched(jobs: Jobs, run: str) -> float:
    with jobs.store.reading() as db:
        return db.execute("SELECT watched_until FROM runs WHERE id = ?", (run,)).fetchone()[0]


@pytest.mark.parametrize("lose", [HeardTab.vanish, HeardTab.fall_asleep])
def test_run_goes_on_to_its_end_without_its_browser(served: App, lose: object) -> None:
    async def story() -> None:
        jobs, before = served.jobs, figures(served.url)
        async with at(served.url, USER, "playground", link_of(epochs=str(EPOCHS))) as tab:
            run = await train(tab, jobs)
            assert figures(served.url)["active_sessions"] == before["active_sessions"] + 1
            lose(tab)
            last = jobs.get(run)
            assert last.status == "running"
            await until(lambda: figures(served.url)["active_sessions"] == before["active_sessions"])
            await until(lambda: jobs.get(run).status != "running")
            ended = jobs.get(run)
            assert ended.status == "finished"
            assert ended.step > last.step  # it had not ended before its browser
            assert whole(jobs, run, EPOCHS)
            # Nobody looks any more on behalf of the one who is gone, and no connection is left.
            await until(lambda: _watched(jobs, run) < time.time())
            await until(lambda: connections(served) == 0)

    asyncio.run(story())


def test_who_comes_back_soon_finds_the_session_and_who_comes_late_the_run(served: App) -> None:
    async def story() -> None:
        jobs, link = served.jobs, link_of(epochs=str(EPOCHS), weight_seed="5")
        async with at(served.url, USER, "playground", link) as tab:
            run = await train(tab, jobs)
            before = figures(served.url)
            tab.vanish()
        for late, event in ((0.0, "reconnect"), (LOST_SECONDS + 0.5, "connect")):
            await asyncio.sleep(late)
            back = HeardTab(served.url, USER, "playground", f"{link}&run={run}")
            back.session = tab.session
            await back.open()
            listening = asyncio.create_task(back.listen())
            assert await back.wait(lambda back=back: back.link.get("run") == run, PATIENCE)
            now = figures(served.url)
            counts = {
                name: now[f'session_events_total{{type="{name}"}}']
                - before[f'session_events_total{{type="{name}"}}']
                for name in ("connect", "reconnect")
            }
            assert counts == {"connect": 0, "reconnect": 0, event: 1}, event
            assert (back.session == tab.session) == (event == "reconnect")
            assert back.errors == []
            before = now
            back.vanish()
            await listening
        assert jobs.get(run).status in ("running", "finished")

    asyncio.run(story())
