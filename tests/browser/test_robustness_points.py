"""One attack on points in a real browser: a stored run, ε moved, figures and rows that agree."""

import re
import time

import pytest
from looking import rows_of, see
from playwright.sync_api import expect

from playground.experiment import Experiment
from playground.jobs import Jobs

SECONDS = 1000.0
FIELDS = {
    "data": "moons",
    "n_train": "300",
    "n_validation": "200",
    "network": "neural_ode",
    "epochs": "15",
    "batch_size": "20",
    "optimizer": "adam",
}
ATTACK = "attack.steps=5&samples=150"


@pytest.fixture(scope="module")
def run(app, home):
    """The id of a trained run of somebody else in the home of the app."""
    jobs = Jobs(home, user="somebody")
    run_id = jobs.submit(Experiment().amended(FIELDS), instead_of=None)
    until = time.monotonic() + 180
    while (found := jobs.get(run_id)).status in ("queued", "running"):
        assert time.monotonic() < until, found
        time.sleep(0.3)
    assert found.status == "finished", found.reason
    return run_id


def figure(page, name):
    """The percentage that a metric shows."""
    metric = page.locator("[data-testid=stMetric]", has_text=name).first
    expect(metric).to_contain_text("%", timeout=90 * SECONDS)
    return float(re.search(r"([\d.]+) %", metric.inner_text()).group(1))


def settled(page, link):
    """Waits until the page has drawn what the link says."""
    expect(page).to_have_url(re.compile(link), timeout=60 * SECONDS)
    expect(page.locator("[data-testid=stApp]")).to_have_attribute(
        "data-test-script-state", "notRunning", timeout=60 * SECONDS
    )


def from_rows(rows):
    """The accuracy under attack, from the rows of the chart."""
    ends = {row["point"]: row["says"] == row["class"] for row in rows}
    return 100 * sum(ends.values()) / len(ends)


def test_a_larger_epsilon_flips_more_and_the_rows_say_the_same(open_lab, run):
    accuracies = []
    for eps in ("0", "0.3", "0.9"):
        page = open_lab(
            "robustness", "Where the attack takes the samples", f"run={run}&eps={eps}&{ATTACK}"
        )
        accuracies.append(figure(page, "Accuracy under attack"))
        clean = figure(page, "Clean accuracy")
        rows = rows_of(page, "attack")
        assert from_rows(rows) == pytest.approx(accuracies[-1], abs=0.06)
        flipped = {row["point"] for row in rows if row["state"] == "flipped"}
        see(page, f"{len(flipped)} of [0-9]+")
        for row in rows:
            assert row["state"] in ("holds", "flipped", "wrong already")
        if eps == "0":
            assert accuracies[0] == clean
    assert accuracies[0] > accuracies[2]
    assert accuracies[0] >= accuracies[1] >= accuracies[2]


def test_the_slider_moves_the_points_and_the_background_changes(open_lab, run):
    page = open_lab("robustness", "Where the attack takes the samples", f"run={run}&eps=0&{ATTACK}")
    clean = figure(page, "Accuracy under attack")
    slider = page.get_by_role("slider", name="ε")
    slider.focus()
    for _ in range(3):
        slider.press("PageUp")
    settled(page, "eps=0[.][1-9]")
    expect(
        page.locator("[data-testid=stMetric]", has_text="Accuracy under attack")
    ).not_to_contain_text(f"{clean:.1f} %", timeout=60 * SECONDS)
    assert figure(page, "Accuracy under attack") < clean
    page.get_by_role("radio", name="slope", exact=True).click()
    settled(page, "background=slope")
    see(page, "The colours say how fast the margin changes")
    page.get_by_role("tab", name="The step being taken").click()
    expect(page.locator(".katex").first).to_be_visible()
    assert page.locator("[data-testid=stException]").count() == 0


@pytest.mark.full
def test_the_link_shows_the_same_in_another_browser(open_lab, run):
    link = f"run={run}&eps=0.4&background=margin&attack.norm=l2&{ATTACK}"
    page = open_lab("robustness", "Where the attack takes the samples", link)
    mine = figure(page, "Accuracy under attack")
    see(page, "How fast the features move")
    depths = sorted({float(row["depth"]) for row in rows_of(page, "parting_distance")})
    speeds = rows_of(page, "parting_speed")
    assert depths[-1] == pytest.approx(10.0)  # twice the horizon
    assert {row["series"] for row in speeds} == {"clean", "attacked"}
    other = open_lab("", "Where the attack takes the samples", address=page.url)
    assert figure(other, "Accuracy under attack") == mine
    assert rows_of(other, "attack") == rows_of(page, "attack")


def test_an_attack_that_nobody_would_wait_for_is_not_begun(open_lab, run):
    link = f"run={run}&eps=0.3&samples=150&attack.steps=1000&attack.restarts=100"
    page = open_lab("robustness", "This attack would take about", link)
    see(page, "take fewer samples, steps or restarts")
    expect(page.locator("[data-testid=stMetric]")).to_have_count(0)
    expect(page.get_by_role("slider", name="ε")).to_be_visible()  # all can be changed


def test_without_a_run_the_page_offers_to_train_one(open_lab):
    page = open_lab("robustness", "There is no trained run to look at")
    expect(page.get_by_role("button", name="Train one in the playground")).to_be_visible()
