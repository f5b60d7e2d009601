"""Sweeps as a person makes them: fields are chosen, nets trained, stopped and gone on with, compared."""

import csv
import io
import json
import re
import time
from pathlib import Path
from urllib.parse import urlencode

from looking import fresh, press, rows_of, see
from playwright.sync_api import expect

from playground.experiment import Experiment
from playground.jobs import Jobs, studies
from playground.sweeping import Sweep, distinct
from playground.ui.results.sweeps_settings import encoded

PATIENCE = 120_000


def link(seed, **more):
    """A link to a sweep of small nets that nobody has trained yet."""
    base = Experiment(n_train=60, n_validation=40, epochs=2, data_seed=seed)
    fields = {"base": "own", "own": encoded(base), "repetitions": "2"}
    fields |= {"values_1": "1, 2", "values_2": "euler, rk4"}
    return urlencode({**fields, **more})


def seed():
    return int(fresh().partition("=")[2])


def saved(page, name):
    with page.expect_download() as waiting:
        page.get_by_role("button", name=name, exact=True).click()
    return Path(waiting.value.path()).read_text()


def test_a_sweep_is_trained_and_shown_in_four_ways(open_lab):
    page = open_lab("sweeps", "Sweeps: many settings", link(seed()))
    see(page, "8 trainings, about .* good to a factor of about three")
    press(page.get_by_role("button", name="Train 8 nets"))
    see(page, "8 of 8 nets are trained", PATIENCE)
    table = list(csv.DictReader(io.StringIO(saved(page, "Table (CSV)"))))
    assert [(row["network.depth"], row["scheme"]) for row in table] == [
        ("1", "euler"), ("1", "rk4"), ("2", "euler"), ("2", "rk4"),
    ]  # fmt: skip
    assert [row["NFE"] for row in table] == ["1.0", "4.0", "2.0", "8.0"]
    accuracies = [float(row["accuracy, %"]) for row in table]
    best = float(see(page, r"accuracy ([\d.]+)").group(1))
    assert abs(best - max(accuracies)) < 0.01
    whole = json.loads(saved(page, "Sweep and results (JSON)"))
    assert Sweep.model_validate(whole["sweep"]).n_runs == 8
    page.get_by_role("radio", name="Heat map").click()
    cells = rows_of(page, "map")
    assert sorted(float(cell["mean"]) for cell in cells) == sorted(accuracies)
    page.get_by_role("radio", name="Curves").click()
    curves = rows_of(page, "curves")
    assert {row["panel"] for row in curves} == {"depth = 1", "depth = 2"}
    assert {row["epoch"] for row in curves} == {"0", "1", "2"}
    page.get_by_role("radio", name="Pareto").click()
    page.get_by_role("radio", name="NFE").click()
    see(page, "The front")
    front = [row for row in rows_of(page, "pareto") if row["front"] == "True"]
    assert max(float(row["score"]) for row in front) == max(accuracies)
    again = open_lab("", "The front", address=page.url)  # all of it is in the link
    expect(again.get_by_role("radio", name="NFE")).to_be_checked(timeout=PATIENCE)


def test_a_sweep_is_stopped_goes_on_and_is_opened_again(open_lab, home):
    made = link(seed(), repetitions="20", values_1="1, 2, 3", name="long one")
    page = open_lab("sweeps", "Sweeps: many settings", made)
    press(page.get_by_role("button", name="Train 120 nets"))
    see(page, r"\b[1-9]\d? of 120 nets", PATIENCE)
    press(page.get_by_role("button", name="Stop the study"))
    others = page.get_by_role("button", name=re.compile("Train the other"))
    expect(others).to_be_visible(timeout=PATIENCE)
    jobs = Jobs(home)
    with jobs.store.reading() as db:
        plans = db.execute("SELECT plan FROM sweeps WHERE name = 'long one'").fetchall()
    sweep = Sweep.from_json(plans[-1]["plan"])
    experiments = distinct(sweep.points())
    before = {run.id for run in studies.find(jobs, experiments) if studies.is_done(run)}
    assert before
    page.get_by_text("My sweeps (1)").click()
    page.locator(".st-key-sweeps-open button").first.click()
    see(page, "Back to the form")
    expect(page).to_have_url(re.compile("kept="), timeout=PATIENCE)
    press(page.get_by_role("button", name=re.compile("Train the other")))
    deadline = time.monotonic() + PATIENCE / 1000
    while time.monotonic() < deadline:
        after = {run.id for run in studies.find(jobs, experiments) if studies.is_done(run)}
        if len(after) > len(before) + 2:
            break
        time.sleep(0.5)
    assert before < after
    press(page.get_by_role("button", name="Stop the study"))
    delete = page.locator(".st-key-sweeps-delete button").first
    if not delete.is_visible():
        page.get_by_text("My sweeps (1)").click()
    delete.click()
    see(page, r"My sweeps \(0\)")
    see(page, "Take another base")


def test_fields_and_values_are_chosen_and_what_is_wrong_is_said(open_lab):
    page = open_lab("sweeps", "Sweeps: many settings", "base=spiral")
    see(page, r"network\.depth \(4\) × scheme \(3\)")
    values = page.get_by_role("textbox", name="Its values")
    values.fill("1, many")
    values.press("Enter")
    see(page, "network.depth: 'many' is not legal; legal is a whole number")
    values.fill("1, 0")
    values.press("Enter")
    see(page, "network.depth = 0")
    page.get_by_role("combobox", name="First field").click()
    page.keyboard.type("Early stop")  # the list is long, and only what is in sight is drawn
    page.get_by_role("option", name="Early stop").click()
    see(page, r"early_stop \(2\) × scheme \(3\)")  # the proposal, not what was typed
    page.get_by_role("combobox", name="Second field").click()
    page.get_by_role("option", name="none").click()
    see(page, r"early_stop \(2\)$")
    expect(page.get_by_role("button", name="Train 4 nets")).to_be_visible(timeout=PATIENCE)
