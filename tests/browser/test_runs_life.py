"""What happens to runs while people click: back, refusals, another tab, a dead engine, a teacher."""

import os
import re
import signal

import pytest
from looking import boundary, flow
from playwright.sync_api import expect

from playground.jobs import Jobs

SMALL = {"network.width": "4", "network.depth": "3", "n_train": "200", "n_validation": "200"}
# An adaptive solver takes its time, so that there is a middle of the run to do something in.
LONG = {"network": "neural_ode", "scheme": "dopri5", "n_train": "200", "n_validation": "200"}
SECONDS = 1000.0


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def app(serve_app, home):
    """The address of an app in which each browser may train one run at a time."""
    return serve_app(home, {"MAX_RUNS_PER_USER": "1", "TEACHER_KEY": "sesame"})


def link(app, fields):
    return f"{app}/playground?" + "&".join(f"{name}={value}" for name, value in fields.items())


@pytest.fixture
def play(app, new_page):
    """play(fields) opens the playground and waits for its first views."""

    def open_playground(fields):
        page = new_page(link(app, fields), width=1440, height=1000)
        return at_rest(page)

    return open_playground


def at_rest(page):
    flow(page).and_(page.locator("[data-state=ok]")).wait_for(timeout=180 * SECONDS)
    shows(page, r"paused|stopped|finished")
    return page


def shows(page, pattern, seconds=60):
    strip = page.locator(".st-key-figures")
    expect(strip).to_contain_text(re.compile(pattern), timeout=seconds * SECONDS)


def says(page, pattern, seconds=30):
    alerts = page.locator("[data-testid=stAlert]", has_text=re.compile(pattern))
    expect(alerts.first).to_be_visible(timeout=seconds * SECONDS)


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def choose(page, name):
    page.get_by_role("radio", name=name, exact=True).click()


def chosen(page, name):
    radio = page.get_by_role("radio", name=name, exact=True)
    expect(radio).to_have_attribute("aria-checked", "true", timeout=30 * SECONDS)


def address_has(page, pattern):
    expect(page).to_have_url(re.compile(pattern), timeout=30 * SECONDS)


def run_of(page):
    return re.search(r"[?&]run=([a-z0-9]+)", page.url)[1]


def test_the_engine_is_killed_in_mid_run(play, home):
    page = play({**LONG, "epochs": "20"})
    press(page, "Train")
    shows(page, r"training.*epoch [1-9]")
    run, jobs = run_of(page), Jobs(home)
    before = jobs.engine_state().pid
    os.kill(before, signal.SIGKILL)
    # Nobody touches the page: it notices by itself, says so, and the run goes on to its end.
    says(page, "engine had ended and was started again")
    shows(page, r"finished[\s\S]*epoch 20 / 20", seconds=200)
    assert jobs.engine_state().pid != before
    record = jobs.get(run)
    assert (record.status, record.step) == ("finished", 20 * 7)
    steps = [metrics.step for metrics in jobs.metrics(run)]
    assert steps == sorted(set(steps))
    assert steps[-1] == 20 * 7
    assert record.attempt > 1


def test_back_and_forward_restore_settings_and_runs(play):
    page = play({**SMALL, "epochs": "2000", "path": "torch"})
    choose(page, "Moons")
    address_has(page, "data=moons")
    shows(page, "paused")
    press(page, "Step")
    expect(boundary(page)).to_have_attribute("data-step", "1", timeout=60 * SECONDS)
    moons = run_of(page)
    choose(page, "Circle")
    address_has(page, "data=circle")
    chosen(page, "Circle")
    page.go_back()
    address_has(page, f"data=moons.*run={moons}")
    chosen(page, "Moons")
    expect(boundary(page)).to_have_attribute("data-step", "1", timeout=30 * SECONDS)
    page.go_back()  # its run never trained, so there is another one of the same settings
    address_has(page, "data=spiral.*run=")
    chosen(page, "Spiral")
    shows(page, "paused")
    page.go_forward()
    address_has(page, f"data=moons.*run={moons}")
    chosen(page, "Moons")
    page.get_by_role("link", name="Home").click()
    page.get_by_text("Watch it integrate").wait_for()
    page.go_back()
    address_has(page, f"data=moons.*run={moons}")
    chosen(page, "Moons")


@pytest.mark.full
def test_an_edit_under_a_cap_of_one_trains_on(play, home):
    page = play({**LONG, "epochs": "2000"})
    press(page, "Train")
    shows(page, r"training.*epoch [1-9]")
    run = run_of(page)
    choose(page, "Moons")
    address_has(page, f"data=moons.*run=(?!{run})")
    shows(page, r"training.*epoch [1-9]")
    # A second tab of the same browser looks at its settings, but may not train them as well.
    other = page.context.new_page()
    # Long enough not to be done before the first tab is refused.
    other.goto(page.url.split("?")[0] + "?data=circle&path=torch&epochs=2000")
    at_rest(other)
    press(other, "Train")
    says(other, "PLAYGROUND_MAX_RUNS_PER_USER")
    press(page, "Pause")
    shows(page, "paused")
    press(other, "Train")
    shows(other, "training")
    press(page, "Go on")  # and now it is this tab's turn to be refused
    says(page, "PLAYGROUND_MAX_RUNS_PER_USER")
    choose(page, "Circle")
    shows(page, "paused")
    press(page, "Train")
    says(page, "PLAYGROUND_MAX_RUNS_PER_USER")
    press(other, "Reset")
    shows(other, "paused")


def test_a_refused_edit_is_said_beside_the_views(play):
    page = play({**SMALL, "n_train": "20000", "batch_size": "1", "path": "torch"})
    box = page.locator("[data-testid=stNumberInput]", has_text="Epochs").locator("input")
    run = run_of(page)
    box.fill("10000")
    box.press("Enter")
    note = page.locator(".st-key-disagreement")
    expect(note).to_contain_text("other settings than the form", timeout=30 * SECONDS)
    assert run_of(page) == run
    press(page, "Back to what is shown")
    expect(note).to_have_count(0, timeout=30 * SECONDS)
    expect(box).to_have_value("40")


def test_edited_settings_in_a_link_win_over_its_run(play, app, new_page):
    page = play({**SMALL, "epochs": "3"})
    run = run_of(page)
    other = new_page(page.url.replace("weight_seed=1", "weight_seed=77"), width=1440, height=1000)
    says(other, "not those of the run")
    at_rest(other)
    address_has(other, f"weight_seed=77.*run=(?!{run})")


def test_the_teacher_steers_the_run_of_somebody_else(play, new_page):
    page = play({**LONG, "epochs": "2000"})
    press(page, "Train")
    shows(page, r"training.*epoch [1-9]")
    teacher = new_page(page.url, width=1440, height=1000)
    shows(teacher, "belongs to somebody else: Train starts")
    press(teacher, "Share")
    teacher.get_by_text("Teacher", exact=True).click()
    for key, answer in (("guess", "not the key of this server"), ("sesame", "holds the teacher")):
        field = teacher.get_by_label("Teacher's key", exact=True)
        field.fill(key)
        field.press("Tab")
        press(teacher, "Use the key")
        teacher.get_by_text(answer).wait_for()
    teacher.keyboard.press("Escape")
    shows(teacher, "with the teacher's key you steer it")
    press(teacher, "Pause")
    shows(teacher, "paused")
    shows(page, "paused")
