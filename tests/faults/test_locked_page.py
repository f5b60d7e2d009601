"""A store that another process holds: who only looks does not wait, who clicks waits or is told."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from benchmarks.load_server import App, app
from playground.jobs import Jobs
from tests.faults.tabs import PATIENCE, at, link_of, until
from tests.jobs.troubles import held_by_another
from tests.jobs.troubles import until as until_ready

HELD = 4.0  # seconds
ADA, BOB, EVE = ("9" * 31 + last for last in "abc")


def test_click_waits_for_a_store_that_is_held_and_other_pages_do_not(
    served: App, home: Path
) -> None:
    async def story() -> None:
        jobs = Jobs(home)
        async with (
            at(served.url, ADA, "playground", link_of(epochs="20")) as ada,
            at(served.url, BOB, "playground", link_of(epochs="21")) as bob,
        ):
            for tab in (ada, bob):
                assert await tab.wait(lambda tab=tab: tab.shows("train") and "run" in tab.link, 60)
            run, before = ada.link["run"], bob.link["run"]
            await until(lambda: {jobs.get(each).status for each in (run, before)} == {"paused"})
            with held_by_another(home, "EXCLUSIVE"):
                free_at = time.monotonic() + HELD
                await ada.click("train")
                await bob.set("field:network.depth", 7.0)
                async with at(served.url, EVE, "playground", f"run={run}") as eve:
                    assert await eve.wait(lambda: eve.shows("train", "flow"), HELD)
                    assert eve.link["run"] == run
                    assert time.monotonic() < free_at
                    assert eve.errors == []
                await asyncio.sleep(free_at - time.monotonic())
                assert jobs.get(run).status == "paused"
            await until(lambda: jobs.get(run).status == "finished")
            assert await bob.wait(
                lambda: bob.link["run"] != before and bob.link["network.depth"] == "7", PATIENCE
            )
            await until(lambda: bob.shows("train"))
            await bob.click("train")
            await until(lambda: jobs.get(bob.link["run"]).status == "finished")
            assert ada.errors == bob.errors == []

    asyncio.run(story())


@pytest.mark.full
@pytest.mark.slow
def test_click_on_a_store_that_nobody_can_read_is_told_and_the_page_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a network drive: there a lock keeps readers out too, for longer than anybody waits."""
    monkeypatch.setenv("PLAYGROUND_JOURNAL", "delete")

    async def story(served: App) -> None:
        async with at(served.url, ADA, "playground", link_of(epochs="20")) as tab:
            assert await tab.wait(lambda: tab.shows("train") and "run" in tab.link, PATIENCE)
            run, jobs = tab.link["run"], served.jobs
            await until(lambda: jobs.get(run).status == "paused")
            with held_by_another(tmp_path, "EXCLUSIVE"):
                await tab.click("train")
                await until(lambda: tab.errors)
            assert all("does not answer" in words for words in tab.errors)
            tab.errors.clear()
            assert await tab.wait(lambda: tab.shows("train"), PATIENCE)
            await tab.click("train")
            await until(lambda: jobs.get(run).status == "finished")

    with app(tmp_path, PLAYGROUND_WORKERS="1") as served:
        until_ready(lambda: served.jobs.engine_state().slots, 180.0)
        asyncio.run(story(served))
