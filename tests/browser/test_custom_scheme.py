"""A tableau written in a real browser: typed, refused, mended, trained with."""

import re
import time
from urllib.parse import parse_qs, urlsplit

import pytest
from looking import boundary, read
from playwright.sync_api import expect

from playground.experiment import Experiment

LINK = "network.width=4&network.depth=3&n_train=200&n_validation=200&scheme=custom"


@pytest.fixture
def page(app, new_page):
    page = new_page(f"{app}/playground?{LINK}", width=1440, height=1000)
    boundary(page).and_(page.locator("[data-state=ok]")).wait_for()
    cell(page, "a21").wait_for()
    return page


def cell(page, name):
    return page.get_by_label(name, exact=True)


def pick(page, name, option):
    page.get_by_role("combobox", name=name).click()
    page.get_by_role("option", name=option).first.click()


def use(page):
    page.get_by_role("button", name="Use this tableau").click()


def in_the_link(page):
    link = {k: v[-1] for k, v in parse_qs(urlsplit(page.url).query, keep_blank_values=True).items()}
    link.pop("run", None)
    experiment, messages = Experiment.from_query(link)
    assert messages == []
    return experiment


def wait_scheme(page, condition, seconds=30):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition(in_the_link(page).scheme.chosen):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"the scheme stayed {in_the_link(page).scheme}")


def test_three_stages_are_written_used_and_trained_with(page):
    pick(page, "Stages", "3")
    written = {"a21": "1/2", "a31": "-1", "a32": "2", "b1": "1/6", "b2": "2/3", "b3": "1/6"}
    cell(page, "b3").wait_for()
    for name, text in written.items():
        cell(page, name).fill(text)
    cell(page, "Name").fill("Kutta by hand")
    pick(page, "Order", "3")
    use(page)
    wait_scheme(page, lambda scheme: scheme.stages == 3)
    scheme = in_the_link(page).scheme.chosen
    assert (scheme.label, scheme.order) == ("Kutta by hand", 3)
    assert scheme.tableau.a[2] == (-1, 2, 0)
    for name, text in written.items():
        expect(cell(page, name)).to_have_value(text)
    expect(page.get_by_text("= 9 field evaluations (order 3)").first).to_be_visible()
    page.get_by_role("button", name="Train", exact=True).click()
    until = time.monotonic() + 180
    while int(read(boundary(page), "step") or 0) == 0 and time.monotonic() < until:
        page.wait_for_timeout(100)
    assert int(read(boundary(page), "step")) > 0


def test_refused_tableau_is_explained_and_nothing_typed_is_lost(page):
    before = in_the_link(page)
    cell(page, "a21").fill("1/2")
    cell(page, "b1").fill("1/3")
    use(page)
    alert = page.get_by_test_id("stAlert").filter(has_text="condition")
    expect(alert).to_contain_text("order 1 condition Σ bᵢ = 1 violated: the sum is 1.083")
    expect(cell(page, "a21")).to_have_value("1/2")
    expect(cell(page, "b1")).to_have_value("1/3")
    assert in_the_link(page) == before
    cell(page, "b1").fill("0")
    cell(page, "b2").fill("1")
    use(page)
    wait_scheme(page, lambda scheme: scheme.tableau.b == (0, 1))
    expect(alert).to_have_count(0)


def test_typed_cells_survive_another_number_of_stages(page):
    cell(page, "a21").fill("0.123")
    pick(page, "Stages", "3")
    cell(page, "b3").wait_for()
    expect(cell(page, "a21")).to_have_value("0.123")
    use(page)
    expect(page.get_by_test_id("stAlert").filter(has_text="condition")).to_be_visible()
    expect(cell(page, "a21")).to_have_value("0.123")


def test_known_scheme_fills_the_cells_over_what_was_typed(page):
    cell(page, "b1").fill("99")
    pick(page, "Start from", re.compile("^rk4 ·"))
    cell(page, "b4").wait_for()
    expect(cell(page, "b1")).to_have_value("1/6")
    expect(page.get_by_text("Not in use yet")).to_be_visible()
    use(page)
    wait_scheme(page, lambda scheme: scheme.order == 4)
    expect(page.get_by_text("Not in use yet")).to_have_count(0)


def test_box_goes_back_to_what_holds_and_says_why(page):
    box = page.get_by_role("spinbutton", name="Width")
    box.fill("99999")
    box.press("Enter")
    said = "network.width (Width): 99999 is not legal; legal is a whole number from 1 to 1024"
    expect(page.get_by_test_id("stAlert")).to_contain_text(said)
    expect(box).to_have_value("4")
    assert in_the_link(page).network.options.width == 4


def test_emptied_box_is_filled_again(page):
    box = page.get_by_role("spinbutton", name="Width")
    box.fill("")
    box.press("Enter")
    expect(box).to_have_value("4")
    assert in_the_link(page).network.options.width == 4
