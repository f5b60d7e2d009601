"""The dynamics lab as a person uses it: train, watch, change, bring own samples, come back."""

import csv
import io
import math
import re
from pathlib import Path

import pytest
from playwright.sync_api import TimeoutError, expect

SMALL = "n_trajectories=4&n_samples=30&width=12&iterations=150&problem=oscillator&horizon=8"
SLOW = 60_000  # milliseconds that a busy machine may take


@pytest.fixture
def lab(app, new_page):
    """lab(link) opens the lab and waits until its charts stand there; page errors fail the test."""
    errors = []

    def open_lab(link=SMALL):
        page = new_page(width=1440, height=1000)
        page.set_default_timeout(SLOW)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{app}/dynamics?{link}")
        page.get_by_text("Loss of the batch").wait_for()
        return page

    yield open_lab
    assert errors == []


def button(page, name):
    return page.get_by_role("button", name=name, exact=True)


def train(page, first=True):
    button(page, "Train" if first else "Train again").click()
    expect(button(page, "Stop")).to_be_visible(timeout=SLOW)
    expect(button(page, "Train again")).to_be_visible(timeout=2 * SLOW)


def rows(page, chart):
    """The rows of a chart, as a spreadsheet would get them."""
    menu = page.locator(f".st-key-chart_menu-{chart}")
    for last in (False, False, True):  # a click on what is being drawn anew goes to nobody
        try:
            with page.expect_download(timeout=SLOW / 3) as waiting:
                menu.get_by_role("button", name="CSV").click()
            break
        except TimeoutError:
            if last:
                raise
    return list(csv.DictReader(io.StringIO(Path(waiting.value.path()).read_text())))


def error(page, name):
    text = page.locator("[data-testid=stMetric]", has_text=name)
    return text.locator("[data-testid=stMetricValue]")


def test_a_fit_is_watched_to_its_end(lab):
    page = lab()
    expect(error(page, "Field, whole box")).to_have_text("–")
    assert {row["series"] for row in rows(page, "learned_field")} == {"true"}
    button(page, "Train").click()
    expect(page.get_by_text(re.compile(r"Iteration [\d,]+ of 150"))).to_be_visible(timeout=SLOW)
    expect(button(page, "Train again")).to_be_visible(timeout=2 * SLOW)
    expect(page.get_by_text("All 150 iterations are done.")).to_be_visible()
    losses = [float(row["loss"]) for row in rows(page, "loss")]
    assert len(losses) == 150
    assert sum(losses[-10:]) < sum(losses[:10]) / 3
    learned = [row for row in rows(page, "learned_field") if row["series"] == "learned"]
    assert {row["trajectory"] for row in learned} == {"1", "2", "3", "4"}
    assert {row["part"] for row in learned} == {"trained", "beyond"}
    # The oscillator goes round in circles; what was learned keeps near them while it was trained.
    far = [
        abs(math.hypot(float(r["x"]), float(r["y"])) - 1) for r in learned if r["trajectory"] == "1"
    ]
    assert max(far[: len(far) // 2]) < 0.5
    shown = float(error(page, "Field, whole box").inner_text().rstrip(" %"))
    assert 0 < shown < 60
    evaluated = {row["value"] for row in rows(page, "nfe")}
    assert {float(value) for value in evaluated} == {16.0}


@pytest.mark.full
def test_the_iterations_can_be_gone_through_again(lab):
    page = lab()
    train(page)
    last = error(page, "Field, whole box").inner_text()
    slider = page.get_by_role("slider", name="Fields and trajectories after iteration")
    slider.focus()
    slider.press("Home")
    expect(page.get_by_text("The learned field after 0 iterations")).to_be_visible()
    expect(error(page, "Field, whole box")).not_to_have_text(last)
    slider.press("End")
    expect(error(page, "Field, whole box")).to_have_text(last)


def test_a_fit_is_stopped(lab):
    page = lab(f"{SMALL}&iterations=20000".replace("iterations=150&", ""))
    button(page, "Train").click()
    expect(page.get_by_text(re.compile(r"Iteration [1-9][\d,]* of 20,000"))).to_be_visible(
        timeout=SLOW
    )
    button(page, "Stop").click()
    expect(page.get_by_text(re.compile("Stopped by hand"))).to_be_visible(timeout=SLOW)
    expect(button(page, "Train again")).to_be_visible()


@pytest.mark.full
def test_another_system_stops_the_fit_and_begins_anew(lab):
    page = lab(f"{SMALL}&iterations=20000".replace("iterations=150&", ""))
    button(page, "Train").click()
    expect(page.get_by_text(re.compile(r"Iteration [1-9][\d,]* of 20,000"))).to_be_visible(
        timeout=SLOW
    )
    page.get_by_role("combobox", name=re.compile("System")).click()
    page.get_by_role("option", name="Pendulum").click()
    expect(button(page, "Train")).to_be_visible(timeout=SLOW)
    expect(page.get_by_text("Press Train:")).to_be_visible()
    expect(error(page, "Field, whole box")).to_have_text("–")
    page.wait_for_url(re.compile("problem=pendulum"))
    # Nothing learned is drawn any more: the heading names no iterations.
    expect(page.get_by_text("The learned field", exact=True)).to_be_visible()


@pytest.mark.full
def test_a_reload_keeps_the_settings_and_the_fit(lab):
    page = lab()
    page.get_by_role("tab", name="Network").click()
    width = page.get_by_role("spinbutton", name="Width")
    width.fill("9")
    width.press("Enter")
    page.wait_for_url(re.compile("width=9"))
    train(page)
    shown = error(page, "Field, whole box").inner_text()
    page.reload()
    expect(error(page, "Field, whole box")).to_have_text(shown, timeout=SLOW)
    page.get_by_role("tab", name="Network").click()
    expect(page.get_by_role("spinbutton", name="Width")).to_have_value("9")


def upload(page, content):
    page.locator("input[type=file]").set_input_files(
        {"name": "own.csv", "mimeType": "text/csv", "buffer": content.encode()}
    )


def test_own_samples_are_fitted(lab):
    page = lab()
    page.get_by_text("own CSV", exact=True).click()
    expect(page.get_by_text("no file has been uploaded yet")).to_be_visible(timeout=SLOW)
    upload(page, "t,x\n0,1\n1,two\n2,3\n")
    expect(page.get_by_text("row 3, column 'x': 'two' is not a number")).to_be_visible(timeout=SLOW)
    expect(button(page, "Use this file")).to_have_count(0)
    lines = [f"{k},{t / 10},{k * math.exp(-t / 20)}" for k in (1, 2) for t in range(40)]
    upload(page, "trajectory,t,level\n" + "\n".join(lines))
    expect(page.get_by_text("80 samples of 2 trajectories, states level")).to_be_visible(
        timeout=SLOW
    )
    button(page, "Use this file").click()
    page.wait_for_url(re.compile("table=[0-9a-f]{64}"))
    expect(page.get_by_text("The samples", exact=True)).to_be_visible(timeout=SLOW)
    train(page)
    expect(error(page, "Field, whole box")).to_have_text("–")
    assert float(error(page, "Path, trained time").inner_text().rstrip(" %")) < 50
    page.reload()
    expect(error(page, "Path, trained time")).to_contain_text("%", timeout=SLOW)


def test_what_a_link_gets_wrong_is_said(lab):
    page = lab(f"{SMALL}&depth=9&problem.frequency=0&scheme=radau&gradient=direct")
    for words in ("depth", "problem.frequency", "gradient"):
        expect(page.get_by_text(re.compile(f"In the link: {words}"))).to_be_visible(timeout=SLOW)
    page.get_by_role("tab", name="Network").click()
    expect(page.get_by_text("Hidden layers", exact=True)).to_be_visible()
