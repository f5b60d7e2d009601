"""A run is taken home from the playground, brought back, and seen as it was."""

import re
from pathlib import Path

from looking import boundary, download, flow

from playground.exchange.importing import bring
from playground.jobs import Jobs

LINK = "network.width=4&network.depth=3&n_train=200&n_validation=200&epochs=2&data_seed=77"


PATIENCE = 90_000  # the engine may only now be starting


def settled(page):
    """Wait until the views show a run at rest; return the numbers of the boundary and the run."""
    flow(page).and_(page.locator("[data-state=ok]")).wait_for()
    figures = page.locator(".st-key-figures")
    figures.get_by_text("finished").first.wait_for()
    page.wait_for_timeout(1500)
    _, cells = download(boundary(page), "CSV")
    return cells, re.search(r"[?&]run=([a-z0-9]+)", page.url)[1]


def test_a_run_is_exported_and_brought_back(app, home, new_page):
    page = new_page(f"{app}/playground?{LINK}", width=1440, height=1000)
    page.set_default_timeout(PATIENCE)
    flow(page).and_(page.locator("[data-state=ok]")).wait_for()
    page.get_by_role("button", name="Train", exact=True).click()
    before, old = settled(page)
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Run (zip)").click()
    data = Path(waiting.value.path()).read_bytes()
    (new,) = bring(Jobs(home, user="somebody else"), data)
    other = new_page(f"{app}/playground?run={new}", width=1440, height=1000)
    other.set_default_timeout(PATIENCE)
    after, shown = settled(other)
    assert shown == new != old
    assert after == before
    other.get_by_text("This run belongs to somebody else").first.wait_for()
