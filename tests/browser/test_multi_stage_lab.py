"""The multi-stage lab as a person uses it: train two stages, read the table, add one, break a formula."""

import math
import random
import re
from functools import partial

import pytest
from looking import fresh, rows_of, see
from playwright.sync_api import expect

PATIENCE = 90_000
SHORT = "optimizer.adam_steps=150&lbfgs=150&n_train=120"


@pytest.fixture
def lab(open_lab):
    """Open the lab by a link and wait until it is drawn."""
    return partial(open_lab, "multi_stage", "fit what is left, again and again", patience=PATIENCE)


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def press_until(page, name, words):
    """Press, and again if the page was being drawn anew, as a person would."""
    for _ in range(3):
        press(page, name)
        try:
            expect(page.get_by_text(re.compile(words)).first).to_be_visible(timeout=PATIENCE / 3)
            return
        except AssertionError:
            continue
    see(page, words)


def control(page, key):
    return page.locator(f".st-key-multi_stage--{key.replace('.', '-')}")


def finished(page, stages):
    many = f"all {stages} stages are done" if stages > 1 else "all"
    see(page, rf"Finished: {many}")
    heading = page.get_by_role("heading", name=re.compile(f"What is left after stage {stages}"))
    expect(heading).to_be_visible(timeout=PATIENCE)


def table(page):
    """The rows of the table of the stages, as a screen reader gets them."""
    grid = page.get_by_test_id("stDataFrame").first.locator("table")
    expect(grid.locator("tbody tr").first).to_be_attached(timeout=PATIENCE)
    names = [cell.text_content() for cell in grid.locator("thead th").all()]
    rows = grid.locator("tbody tr").all()
    cells = [[cell.text_content() for cell in row.locator("td").all()] for row in rows]
    return [dict(zip(names, row)) for row in cells]


def test_two_stages_are_trained_the_table_read_and_a_third_added(lab, new_page):
    page = lab(f"{SHORT}&{fresh()}")
    see(page, "Not trained yet: 2 stages")
    press(page, "Train")
    finished(page, 2)
    first, second = table(page)
    assert [first["stage"], second["stage"]] == ["1", "2"]
    assert float(second["MSE / 2"]) < 0.05 * float(first["MSE / 2"])
    assert float(second["RMS"]) < float(first["RMS"])
    assert float(second["ε"]) == pytest.approx(float(first["RMS"]), rel=0.02)
    assert float(second["κ"]) == pytest.approx(12 * float(second["f_d before"]), rel=0.02)
    assert "1,680 (1,802)" in second["weights (and biases)"]
    # The picture of what is left has the error that the table names.
    left = [float(row["value"]) for row in rows_of(page, "residual_2")]
    assert max(map(abs, left)) == pytest.approx(float(second["max. between"]), rel=0.1)
    courses = rows_of(page, "loss")
    assert {row["series"] for row in courses} == {"at the points", "between them"}
    # Somebody else, by the link: the same run, and nothing has to be trained again.
    other = new_page(page.url, width=1440, height=1000)
    expect(other.get_by_role("heading", name=re.compile("after stage 2"))).to_be_visible(
        timeout=PATIENCE
    )
    assert table(other) == [first, second]
    press(page, "Add a stage")
    finished(page, 3)
    page.wait_for_url(re.compile("network.stages=3"), timeout=PATIENCE)
    third = table(page)
    assert [{**row, "s": ""} for row in third[:2]] == [{**row, "s": ""} for row in (first, second)]
    assert float(third[2]["MSE / 2"]) < float(second["MSE / 2"])


@pytest.mark.full
def test_a_fit_is_paused_and_goes_on_and_its_moments_are_looked_at(lab):
    page = lab(f"optimizer.adam_steps=9000&lbfgs=1000&n_train=2000&{fresh()}")
    press(page, "Train")
    see(page, "Stage 1 of 2")
    press_until(page, "Pause", "Paused: ")
    before = rows_of(page, "residual_1")
    slider = page.locator("[class*=st-key-multi_stage-moment]").get_by_role("slider")
    slider.press("ArrowLeft")
    for _ in range(60):
        if rows_of(page, "residual_1") != before:
            break
        page.wait_for_timeout(500)
    assert rows_of(page, "residual_1") != before
    press(page, "Go on")
    see(page, "Stage 1 of 2")
    press_until(page, "Stop", "Stopped: ")


def test_switches_reach_the_link_and_the_link_the_net(lab):
    page = lab(f"{SHORT}&network.kappa=by_hand&network.kappa_value=4&{fresh()}")
    page.get_by_role("tab", name="Training").click()
    control(page, "optimizer.scale").get_by_role("radio", name="as it is").click()
    page.wait_for_url(re.compile("optimizer.scale=none"), timeout=PATIENCE)
    page.get_by_role("tab", name="Stages").click()
    control(page, "network.first").get_by_role("radio", name="tanh").click()
    page.wait_for_url(re.compile("network.first=tanh"), timeout=PATIENCE)
    press(page, "Train")
    finished(page, 2)
    assert table(page)[1]["κ"] == "4"


@pytest.mark.full
def test_a_formula_over_the_plane_and_what_is_said_of_a_bad_one(lab):
    page = lab(f"{SHORT}&data.function=formula&data.formula=sin(2*x)*y&{fresh()}")
    box = control(page, "data.formula").get_by_role("textbox")
    box.fill("sin(x")
    box.press("Enter")
    see(page, r"data.formula.*at character \d+")
    box = control(page, "data.formula").get_by_role("textbox")
    box.fill("x*y + cos(3*x)")
    box.press("Enter")
    page.wait_for_url(re.compile(r"data.formula=x"), timeout=PATIENCE)
    press(page, "Train")
    finished(page, 2)
    cells = rows_of(page, "fit")
    assert len(cells) > 900
    for cell in random.sample(cells, 20):
        x, y = (float(cell[n]) / 2 + float(cell[f"{n}2"]) / 2 for n in "xy")
        assert float(cell["value"]) == pytest.approx(x * y + math.cos(3 * x), abs=0.2)


@pytest.mark.full
def test_own_numbers_are_fitted(lab):
    page = lab(f"optimizer.adam_steps=200&lbfgs=300&{fresh()}")
    lines = ["t,height", *(f"{i / 60},{(i / 60 - 0.3) ** 2}" for i in range(61))]
    page.get_by_text("Own data", exact=True).click()
    page.locator("[data-testid=stFileUploader] input").set_input_files(
        {"name": "own.csv", "mimeType": "text/csv", "buffer": "\n".join(lines).encode()}
    )
    see(page, "61 rows, 1 input, fits 'height'")
    press(page, "Use this file")
    page.wait_for_url(re.compile("data=table"), timeout=PATIENCE)
    press(page, "Train")
    finished(page, 2)
    # The second stage may well fit the gaps between so few points; the first does not.
    assert float(table(page)[0]["RMS between"]) < 0.05


@pytest.mark.full
def test_a_figure_is_trained_by_one_button(lab):
    page = lab(f"view=figure1&protocol=look&first={random.randrange(9000)}")
    see(page, "0 of 5 nets are trained")
    press(page, "Train 5 nets")
    see(page, "5 of 5 nets are trained")
    see(page, r"ends? with (a|the lower) loss")
    names = {row["series"] for row in rows_of(page, "courses")}
    assert len(names) == 5
    page.get_by_role("radio", name="Magnitudes").click()
    see(page, r"\d+ of 18 nets are trained")
    page.get_by_role("radio", name="The plateau").click()
    see(page, r"\d+ of 14 nets are trained")
