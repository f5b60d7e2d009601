"""The lessons, used as a reader does: each opens, one is tried and answered, and it stays so."""

import re

import pytest
from looking import PATIENCE, flow, see
from playwright.sync_api import expect

from playground.lessons import lessons


def trained(page, epochs):
    """Press Train, and wait until the run has ended."""
    page.get_by_role("button", name="Train", exact=True).click()
    see(page, rf"epoch {epochs} / {epochs}")


@pytest.fixture(scope="module")
def every(app, browser):
    """One page in which all lessons are opened, one after the other."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    yield page
    context.close()


def test_each_lesson_opens_from_the_one_before(app, every):
    errors = []
    every.on("pageerror", lambda error: errors.append(str(error)))
    listed = list(lessons().values())
    every.goto(f"{app}/lessons")
    begin = every.get_by_role("button", name="Begin")
    expect(begin).to_have_count(len(listed))
    expect(every.locator("[data-testid=stImage] img")).to_have_count(len(listed))
    begin.first.click()
    for number, lesson in enumerate(listed, 1):
        expect(every.get_by_role("heading", name=lesson.title)).to_be_visible(timeout=PATIENCE)
        expect(every.get_by_text(f"Lesson {number} of {len(listed)}")).to_be_visible()
        expect(every.get_by_text(lesson.question)).to_be_visible()
        # The trial above it is drawn first, which takes a cold server some seconds.
        expect(every.get_by_role("heading", name="Sources")).to_be_visible(timeout=PATIENCE)
        every.get_by_text("What happened", exact=True).click()
        expect(every.get_by_text("You have not said yet")).to_be_visible()
        expect(every.locator(".katex-error")).to_have_count(0)
        expect(every.get_by_test_id("stException")).to_have_count(0)
        expect(every).to_have_url(re.compile(rf"lesson={lesson.name}&trial=1"))
        if number < len(listed):
            every.get_by_role("button", name=f"Next: {listed[number].title}").click()
    assert errors == []


def test_a_lesson_is_tried_and_answered_and_stays_so(open_lab, app):
    link = "lesson=donut&trial=1&network.depth=5&epochs=3"
    page = open_lab("lessons", "The donut needs another dimension", link)
    lesson = lessons()["donut"]
    flow(page).and_(page.locator("[data-state=ok]")).wait_for()  # the initial weights
    page.get_by_text(lesson.prediction.choices[2]).click()
    trained(page, 3)
    page.get_by_text("What happened", exact=True).click()
    expect(page.get_by_text(f"You said: {lesson.prediction.choices[2]}")).to_be_visible()
    for choice in lesson.check.choices[:2]:
        page.get_by_text(choice.text).click()
        expect(page.get_by_text(choice.feedback)).to_be_visible()
    expect(page).to_have_url(re.compile(r"run=[0-9a-z]+"))
    assert "said=3" in page.url
    other = open_lab("lessons", "The donut needs another dimension", address=page.url)
    see(other, r"epoch 3 / 3")
    other.get_by_text("What happened", exact=True).click()
    expect(other.get_by_text(f"You said: {lesson.prediction.choices[2]}")).to_be_visible()
    other.get_by_role("button", name="Open in: Playground").click()
    expect(other).to_have_url(re.compile(r"/playground\?.*network\.depth=5"))
    see(other, r"epoch 3 / 3")


def test_a_trained_net_is_stepped_otherwise_in_the_lesson(open_lab):
    link = "lesson=is-it-an-ode&trial=1&epochs=2&n_train=200"
    page = open_lab("lessons", "Is your ResNet an ODE?", link)
    expect(page.get_by_text("It is drawn as soon as a training has come to rest.")).to_be_visible()
    trained(page, 2)
    expect(page.get_by_text("Accuracy over the work")).to_be_visible()
    expect(page.locator(".st-key-chart_menu-swap_accuracy")).to_be_visible()


def test_the_first_page_leads_to_lessons_and_laboratories(open_lab, app):
    page = open_lab("", "Watch it integrate")
    first = next(iter(lessons().values()))
    expect(page.get_by_role("button", name="Enter")).to_have_count(7)
    page.get_by_role("button", name="Begin").first.click()
    expect(page.get_by_role("heading", name=first.title)).to_be_visible()
