"""The integrators lab in a real browser: every view is opened and used, and its link shows the same."""

import re

import pytest
from playwright.sync_api import expect

SECONDS = 1000.0
HEADINGS = {
    "Solve": "The field and the paths through it",
    "Converge": "Error over the work",
    "Stability": "Regions of stability",
    "Tableau": "Where it is stable",
    "As printed": "What the order plot says",
    "Switch after training": "There is no trained run to look at",
    "Adjoint": "Four ways to one gradient",
    "Topology": "nothing has been trained yet",
}


@pytest.fixture
def lab(app, new_page):
    """lab(query) opens the page; at the end of the test no page may have failed."""
    errors = []

    def open_lab(query="", **options):
        page = new_page(f"{app}/integrators?{query}", width=1440, height=1000, **options)
        page.on("pageerror", lambda error: errors.append(str(error)))
        expect(page.get_by_role("radiogroup").first).to_be_visible(timeout=60 * SECONDS)
        return page

    yield open_lab
    assert errors == []


def view(page, name):
    page.get_by_role("radio", name=name, exact=True).click()
    expect(page.get_by_text(HEADINGS[name]).first).to_be_visible(timeout=60 * SECONDS)


def charts(page, at_least=1):
    drawn = page.locator("[data-testid=stVegaLiteChart] .marks")
    expect(drawn.nth(at_least - 1)).to_be_visible(timeout=60 * SECONDS)
    return drawn


def address_has(page, pattern):
    expect(page).to_have_url(re.compile(pattern), timeout=30 * SECONDS)


def choose(page, label, option):
    page.get_by_role("combobox", name=re.compile(f"^(Selected .*)?{label}")).first.click()
    page.get_by_role("option", name=option, exact=True).click()


def test_every_view_is_one_click_away(lab):
    page = lab()
    for name in HEADINGS:
        view(page, name)
        if name not in ("Switch after training", "Topology"):
            charts(page)
        assert page.locator("[data-testid=stException]").count() == 0


def test_another_problem_another_picture_and_a_reload_keeps_it(lab):
    page = lab("schemes=euler,rk4&n_steps=20")
    charts(page, 3)
    choose(page, "Problem", "Logistic growth")
    expect(page.get_by_text("y over time")).to_be_visible(timeout=30 * SECONDS)
    address_has(page, "problem=logistic")
    page.reload()
    expect(page.get_by_text("y over time")).to_be_visible(timeout=60 * SECONDS)
    charts(page, 3)
    address_has(page, "problem=logistic.*n_steps=20")


def test_adaptive_steps_are_drawn_and_an_underflow_is_explained(lab):
    page = lab("schemes=dopri5&problem=van_der_pol")
    expect(page.get_by_text("Steps that the adaptive schemes tried")).to_be_visible(
        timeout=60 * SECONDS
    )
    charts(page, 4)
    page = lab("schemes=dopri5&problem=own&problem.equations=x^2&start=1&horizon=2")
    expect(page.get_by_text("There is nothing to compare with")).to_be_visible(timeout=60 * SECONDS)
    warning = page.locator("[data-testid=stAlert]", has_text="step")
    expect(warning.first).to_be_visible(timeout=30 * SECONDS)


def test_a_tableau_is_edited_judged_and_trained(lab):
    page = lab("view=tableau")
    expect(page.get_by_text("A method of order 4.")).to_be_visible(timeout=60 * SECONDS)
    cell = page.get_by_role("textbox", name="b1", exact=True)
    cell.fill("1/7")
    cell.press("Enter")
    expect(page.get_by_text("the weights do not sum to 1")).to_be_visible(timeout=30 * SECONDS)
    expect(page.get_by_role("button", name="Use in the playground")).to_be_disabled()
    address_has(page, "tableau=.*1%2F7")
    cell.fill("1/6")
    cell.press("Enter")
    expect(page.get_by_text("A method of order 4.")).to_be_visible(timeout=30 * SECONDS)
    page.get_by_role("button", name="Use in the playground").click()
    address_has(page, r"playground\?.*scheme=custom.*scheme.label=from")
    expect(page.locator(".st-key-figures")).to_contain_text("paused", timeout=60 * SECONDS)


@pytest.mark.full
def test_a_trained_net_takes_other_schemes_and_shows_its_eigenvalues(lab):
    page = lab("view=swap")
    page.get_by_role("button", name="Train one in the playground").click()
    finished = page.locator(".st-key-figures", has_text="finished")
    expect(finished).to_be_visible(timeout=120 * SECONDS)
    page.get_by_role("button", name="Labs").click()
    page.get_by_role("menuitem", name="Integrators").click()
    expect(
        page.get_by_text(re.compile("what it learned is a flow|errors of its scheme"))
    ).to_be_visible(timeout=60 * SECONDS)
    charts(page, 2)
    view(page, "Stability")
    page.get_by_text("Layers of a trained net").click()
    expect(page.get_by_text("Which layers are outside?")).to_be_visible(timeout=60 * SECONDS)
    address_has(page, "layers=true")


def test_one_dimension_more_in_this_browser_and_in_another(lab):
    page = lab("view=topology")
    page.get_by_role("button", name="Train both nets").click()
    caption = "at the lifted points"
    expect(page.get_by_text(caption)).to_be_visible(timeout=120 * SECONDS)
    expect(page.get_by_text("Width 1")).to_be_visible()
    expect(page.get_by_text("Width 2")).to_be_visible()
    charts(page, 4)
    address_has(page, "narrow=.*wide=")
    other = lab(page.url.split("?")[1])
    expect(other.get_by_text(caption)).to_be_visible(timeout=60 * SECONDS)
    charts(other, 4)
