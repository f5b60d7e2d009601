"""The history as people use it: found, marked, deleted and brought back, opened, put side by side."""

import re

import pytest
from looking import press, see
from playwright.sync_api import expect

from playground.experiment import Experiment
from playground.jobs import Jobs, studies
from playground.jobs.history import overview, thrown_away

PATIENCE = 90_000
SMALL = {"n_train": "100", "n_validation": "100", "epochs": "4", "network.width": "4"}
USER = "0123456789abcdef0123456789abcdef"
KEEPS_ITS_ID = f"localStorage.setItem('ode-net-playground-browser', '{USER}')"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def app(serve_app, home):
    return serve_app(home)


@pytest.fixture(scope="module")
def jobs(app, home):
    """The store as the browser of these tests sees it, with three trained runs."""
    made = Jobs(home, user=USER)
    made.ensure_engine()
    for name, changes in (
        ("first spiral", {"network.depth": "3"}),
        ("deep spiral", {"network.depth": "12"}),
        ("moons", {"data": "moons", "scheme": "euler"}),
    ):
        made.submit(Experiment().amended({**SMALL, **changes}), name=name)
    return made


@pytest.fixture
def history(jobs, open_lab, new_page, app):
    """history(link) opens the page in the browser whose runs they are, when all have been trained."""
    import time

    until = time.monotonic() + 120
    while not all(studies.is_done(run) for run in jobs.list_runs(USER)):
        assert time.monotonic() < until
        time.sleep(0.3)

    def open_page(link=""):
        page = new_page(width=1440, height=1000)
        page.set_default_timeout(PATIENCE)
        page.context.add_init_script(KEEPS_ITS_ID)
        page.goto(f"{app}/runs?{link}")
        see(page, "Runs: the history")
        return page

    return open_page


def run_id(jobs, name):
    return next(line.id for line in overview(jobs, USER) if line.name == name)


def count(page, words):
    expect(page.locator(".st-key-runs_count")).to_contain_text(words, timeout=PATIENCE)


def test_runs_are_found_and_the_link_keeps_it(history):
    page = history()
    count(page, "3 runs")
    box = page.get_by_role("textbox", name="Search")
    box.fill("spiral depth>5 dpeth<3")
    box.press("Enter")
    see(page, "no run has a field 'dpeth'; is 'depth' meant?")
    box.fill("spiral depth>5")
    box.press("Enter")
    count(page, "1 of 3 runs")
    expect(page).to_have_url(re.compile(r"search=spiral\+depth%3E5$"), timeout=PATIENCE)
    page.reload()
    count(page, "1 of 3 runs")
    press(page.get_by_role("button", name="Clear search and filters"))
    count(page, "3 runs")
    page.get_by_role("combobox", name="Data").click()
    page.get_by_role("option", name="Moons").click()
    count(page, "1 of 3 runs")


def test_what_is_said_of_a_run_survives_a_reload(history, jobs):
    chosen = run_id(jobs, "first spiral")
    page = history(f"chosen={chosen}")
    see(page, "epoch 4 of 4")
    press(page.get_by_role("button", name="Star", exact=True))
    for label, text in (("Tags", "talk, two words"), ("Note", "look at depth 2")):
        # The filter of the tags is called so as well, but is no box for text.
        box = page.locator(f".st-key-runs-{label.lower()}-{chosen}").get_by_role("textbox")
        box.fill(text)
        box.press("Control+Enter" if label == "Note" else "Enter")
    expect(page.get_by_role("button", name="Unstar")).to_be_visible(timeout=PATIENCE)
    page.wait_for_timeout(1500)
    page.reload()
    note = page.locator(f".st-key-runs-note-{chosen}").get_by_role("textbox")
    expect(note).to_have_value("look at depth 2", timeout=PATIENCE)
    expect(page.get_by_role("button", name="Unstar")).to_be_visible(timeout=PATIENCE)
    (line,) = overview(jobs, ids=[chosen])
    assert (line.starred, line.tags, line.note) == (True, ("talk", "two words"), "look at depth 2")


def test_a_deleted_run_comes_back(history, jobs):
    chosen = run_id(jobs, "moons")
    page = history(f"chosen={chosen}")
    press(page.get_by_role("button", name="Delete", exact=True))
    see(page, "Deleted: moons")
    count(page, "2 runs")
    assert [line.id for line in thrown_away(jobs, USER)] == [chosen]
    page.reload()
    count(page, "2 runs")
    press(page.get_by_role("button", name="Undo", exact=True))
    count(page, "3 runs")
    assert jobs.get(chosen).name == "moons"


def test_two_runs_are_put_side_by_side_by_their_boxes(history, jobs):
    page = history("sort=name")
    table = page.locator(".st-key-runs_table [data-testid=stDataFrame]")
    expect(table).to_contain_text("deep spiral", timeout=PATIENCE)
    place = table.bounding_box()
    for row in (1, 2):
        page.mouse.click(place["x"] + 16, place["y"] + 35 * row + 18)
        page.wait_for_timeout(1500)
    see(page, "2 runs side by side")
    expect(page.locator(".st-key-runs_side_by_side")).to_be_attached(timeout=PATIENCE)
    ids = {run_id(jobs, name) for name in ("deep spiral", "first spiral")}
    expect(page).to_have_url(re.compile("|".join(ids)), timeout=PATIENCE)


def test_a_run_is_replayed_and_opened_in_the_playground(history, jobs):
    chosen = run_id(jobs, "deep spiral")
    page = history(f"chosen={chosen}&replay=true")
    page.locator(".odenet[data-mode=flow][data-state=ok]").wait_for(timeout=2 * PATIENCE)
    page.get_by_role("button", name="Open in the playground").click()
    expect(page).to_have_url(re.compile(f"playground.*run={chosen}"), timeout=PATIENCE)
    expect(page.locator(".st-key-figures")).to_contain_text("finished", timeout=PATIENCE)
