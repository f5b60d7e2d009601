"""Sanity checks as a person uses them: press the button, read the verdict, find the report again."""

import json
import re
import time
from functools import partial
from pathlib import Path

import pytest
from looking import rows_of, see
from playwright.sync_api import expect

from playground.jobs import Jobs
from playground.jobs.reports import Reports
from tests.jobs.attacked import moons, scaled_head

PATIENCE = 120_000
EFFORT = "samples=60&checks.steps=10&checks.restarts=3&checks.count=5&checks.spsa_samples=30"
QUICK = f"view=checks&{EFFORT}&checks.spsa_steps=5&checks.spsa_directions=16"


@pytest.fixture
def lab(open_lab):
    """Open the view by a link and wait until it is drawn."""
    return partial(open_lab, "robustness", "Robustness: noise, attacks", patience=PATIENCE)


@pytest.fixture(scope="module")
def jobs(app, home):
    return Jobs(home, user="somebody")


@pytest.fixture(scope="module")
def run(jobs):
    """A run that the app's engine has trained."""
    return trained(jobs, weight_seed=1)


def trained(jobs, **values):
    jobs.ensure_engine()
    run_id, end = jobs.submit(moons(**values)), time.monotonic() + PATIENCE / 1000
    while jobs.get(run_id).status in ("queued", "running"):
        assert time.monotonic() < end, "the training took too long"
        time.sleep(0.2)
    assert jobs.get(run_id).status == "finished"
    return run_id


def check(page):
    page.get_by_role("button", name="Check this run").click()
    expect(page.locator(".st-key-check_table")).to_be_visible(timeout=PATIENCE)


def test_a_run_is_checked_and_the_report_is_found_again(lab, jobs, run, new_page):
    page = lab(f"{QUICK}&run={run}&checks.greatest=2")
    see(page, r"Up to about .* on a core of its own")
    check(page)
    see(page, "No sign of gradient masking: all 7 checks that were made held")
    cells = page.locator(".st-key-check_table")
    expect(cells).to_contain_text("A larger ε never helps the model", timeout=PATIENCE)
    assert len(re.findall("not checked", cells.text_content())) >= 2  # transfer and solver
    (kept,) = Reports(jobs.store).of(run)
    rows = rows_of(page, "attack_checks")
    drawn = [(row["attack"], float(row["eps"])) for row in rows]
    assert drawn == [(curve.label, eps) for curve in kept.report.curves for eps in curve.epsilons]
    shares = [accuracy for curve in kept.report.curves for accuracy in curve.accuracies]
    assert [float(row["accuracy"]) for row in rows] == pytest.approx(shares)
    with page.expect_download(timeout=PATIENCE) as waiting:
        page.get_by_role("button", name="Report (JSON)").click()
    told = json.loads(Path(waiting.value.path()).read_text())
    assert told["made"]["evaluation"]["steps"] == 10
    assert told["report"]["clean"] == kept.report.clean
    page.reload()
    see(page, "No sign of gradient masking")
    assert rows_of(page, "attack_checks") == rows
    visitor = lab(address=page.url)  # another browser, whose user has no run
    see(visitor, "No sign of gradient masking")
    assert rows_of(visitor, "attack_checks") == rows
    assert len(Reports(jobs.store).of(run)) == 1


@pytest.mark.full
def test_hidden_gradients_are_suspected_and_an_earlier_report_is_one_click_away(lab, jobs):
    masked = trained(jobs, weight_seed=2)
    scaled_head(jobs, masked, 1e4)
    page = lab(f"{QUICK}&run={masked}")
    check(page)
    see(page, "This robustness may not be real")
    expect(page.locator(".st-key-check_table")).to_contain_text("violated", timeout=PATIENCE)
    page.get_by_role("radio", name="margin").click()
    see(page, "There is no report with these settings")
    check(page)
    see(page, "No sign of gradient masking")
    page.get_by_role("button", name=re.compile("cross-entropy, 10 steps")).click()
    see(page, "This robustness may not be real")
    expect(page.get_by_role("radio", name="cross-entropy")).to_be_checked(timeout=PATIENCE)


def test_a_check_stops_when_asked(lab, jobs, run):
    page = lab(f"view=checks&run={run}&samples=400&checks.steps=500&checks.restarts=20")
    page.get_by_role("button", name="Check this run").click()
    see(page, r"PGD, ε = ")
    page.get_by_role("button", name="Stop").click()
    see(page, r"Stopped by hand\. Nothing was stored")
    expect(page.get_by_role("button", name="Check this run")).to_be_visible(timeout=PATIENCE)
