"""What explains: the glossary with its ways on, and the button beside each view."""

import re

from playwright.sync_api import expect


def test_the_glossary_is_searched_and_leads_on(open_lab):
    page = open_lab("glossary", "Glossary and references", "term=stiffness")
    card = page.locator(".st-key-glossary_term")
    expect(card.get_by_role("heading", name="stiffness")).to_be_visible()
    expect(card.get_by_role("link", name="10.1007/978-3-642-05221-7")).to_have_attribute(
        "href", "https://doi.org/10.1007/978-3-642-05221-7"
    )
    card.get_by_role("button", name="region of stability").click()
    expect(card.get_by_role("heading", name="region of stability")).to_be_visible()
    expect(page).to_have_url(re.compile("term=region"))

    box = page.get_by_role("textbox", name="Search")
    box.fill("spectrum")
    box.press("Enter")
    pills = page.get_by_role("radiogroup", name="Words")
    expect(pills.get_by_role("radio", name="residual spectrum")).to_be_visible()
    expect(pills.get_by_role("radio", name="augmentation")).to_have_count(0)

    page.get_by_role("link", name="Integrators: Stability").click()
    expect(page.get_by_text("Regions of stability")).to_be_visible()


def test_a_word_that_is_not_there_and_markup_are_text(open_lab):
    page = open_lab("glossary", "There is no word", "term=%3Cb%3Ebold%3C%2Fb%3E")
    expect(page.get_by_text("<b>bold</b>")).to_be_visible()
    page.get_by_role("radio", name="References").click()
    expect(page.get_by_role("link", name="arXiv:1806.07366")).to_be_visible()


def test_what_is_seen_is_explained_view_by_view(open_lab):
    page = open_lab("integrators", "Regions of stability", "view=stability")
    page.get_by_role("button", name="What am I seeing?").click()
    told = page.get_by_test_id("stPopoverBody")
    expect(told).to_contain_text("Inside its border a scheme lets nothing grow")
    page.keyboard.press("Escape")
    page.get_by_role("radio", name="Solve").click()
    page.get_by_text("Error over time").first.wait_for()
    page.get_by_role("button", name="What am I seeing?").click()
    expect(told).to_contain_text("rejected steps where the problem is hard")
    page.keyboard.press("Escape")
    # The step being taken stands there with the numbers of this problem.
    page.get_by_text("The first step, with its numbers").first.click()
    expect(page.locator("annotation").filter(has_text="h &= T/n").first).to_be_attached()
