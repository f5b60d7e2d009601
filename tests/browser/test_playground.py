"""The app as a person uses it: every assertion is on what is on the screen or in a download."""

import csv
import io
import json
import re
import time
from pathlib import Path

import pytest
from looking import DARK, boundary, download, flow, pixels, read, table
from playwright.sync_api import TimeoutError

from playground.experiment import Experiment
from playground.jobs import Jobs

SMALL = {"network.width": "4", "network.depth": "3", "n_train": "200", "n_validation": "200"}
LONG = {**SMALL, "epochs": "2000", "path": "torch"}  # compiled kernels would be done in a second


@pytest.fixture
def play(app, new_page):
    """Open the playground with small settings (changed by name) and wait for its first views."""

    def open_playground(query=None, width=1440, **options):
        fields = SMALL if query is None else query
        link = "&".join(f"{name}={value}" for name, value in fields.items())
        page = new_page(f"{app}/playground?{link}", width=width, height=1000, **options)
        flow(page).and_(page.locator("[data-state=ok]")).wait_for()
        expect_figures(page, "paused")
        return page

    return open_playground


def figures(page):
    return page.locator(".st-key-figures").inner_text()


def expect_figures(page, pattern, seconds=60):
    """Wait until the strip on top shows a pattern, and return the match."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = re.search(pattern, figures(page))
        if found:
            return found
        page.wait_for_timeout(100)
    raise AssertionError(f"{pattern!r} never came; the strip shows {figures(page)!r}")


def press(page, name):
    button = page.get_by_role("button", name=name, exact=True)
    try:
        button.click(timeout=15_000)
    except TimeoutError as error:
        raise AssertionError(f"no button {name!r}; the strip shows {figures(page)!r}") from error


def step_of(page):
    return int(read(boundary(page), "step") or -1)


def wait_step(page, condition, seconds=60):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition(step_of(page)):
            return step_of(page)
        page.wait_for_timeout(50)
    raise AssertionError(f"the boundary stayed at step {step_of(page)}")


def run_of(page):
    found = re.search(r"[?&]run=([a-z0-9]+)", page.url)
    assert found, page.url
    return found[1]


def wait_run(page, condition, seconds=30):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition(run_of(page)):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"the page stayed at run {run_of(page)}")


def test_home_moves_before_anything_was_trained(app, new_page, home):
    runs = len(Jobs(home).list_runs())
    page = new_page(app, width=1440)
    view = flow(page).and_(page.locator("[data-state=ok]"))
    view.wait_for()
    seen = {(read(view, "depth"), read(view, "frame"))}
    for _ in range(40):
        page.wait_for_timeout(100)
        seen.add((read(view, "depth"), read(view, "frame")))
    assert len(seen) > 10
    assert len(Jobs(home).list_runs()) == runs
    page.get_by_role("button", name="Train it live").click()
    expect_figures(page, "training|finished")
    assert wait_step(page, lambda step: step > 0)


def test_a_newcomer_trains_the_spiral(play):
    """The default experiment, untouched: 99 % on validation while all views move."""
    page = play({})
    assert Experiment().network.options.depth == 20
    before, node = pixels(boundary(page)), read(boundary(page), "node-id")
    press(page, "Train")
    steps, until = {step_of(page)}, time.monotonic() + 240
    while "finished" not in figures(page) and time.monotonic() < until:
        steps.add(step_of(page))
        page.wait_for_timeout(30)
    found = expect_figures(page, r"finished.*validation ([\d.]+) %")
    assert float(found[1]) >= 99
    assert len(steps) >= 3  # the map was seen at several states on the way
    assert (before != pixels(boundary(page))).mean() > 0.1
    assert read(boundary(page), "node-id") == node  # moved, never made anew
    marks = page.locator("[data-testid=stVegaLiteChart] canvas, [data-testid=stVegaLiteChart] svg")
    assert marks.count() >= 2


def test_pause_step_epoch_reset(play):
    page = play(LONG)
    start = figures(page)
    press(page, "Train")
    wait_step(page, lambda step: step > 0)
    press(page, "Pause")
    expect_figures(page, "paused")
    page.wait_for_timeout(500)
    held = step_of(page)
    page.wait_for_timeout(1000)
    assert step_of(page) == held
    press(page, "Step")
    assert wait_step(page, lambda step: step != held) == held + 1
    expect_figures(page, "paused")
    press(page, "Epoch")
    assert wait_step(page, lambda step: step > held + 1 and step >= held + 8) == held + 8
    expect_figures(page, "paused")
    press(page, "Reset")
    wait_step(page, lambda step: step == 0)
    expect_figures(page, "epoch 0 /")
    loss = re.compile(r"loss ([\d.]+)")
    assert loss.search(figures(page))[1] == loss.search(start)[1]  # the same initial weights


def test_share_link_in_a_second_browser(play, app, new_page):
    page = play({**SMALL, "data": "moons", "scheme": "heun2", "epochs": "3"})
    press(page, "Train")
    expect_figures(page, "finished")
    other = new_page(page.url, width=1440, height=1000)
    flow(other).and_(other.locator("[data-state=ok]")).wait_for()
    assert run_of(other) == run_of(page)
    expect_figures(other, "finished")
    assert "belongs to somebody else" in figures(other)
    assert step_of(other) == step_of(page)
    assert other.get_by_role("radio", name="Moons").get_attribute("aria-checked") == "true"
    chosen = other.locator("[data-testid=stSelectbox]", has_text="Integrator").locator("input")
    assert "Heun" in chosen.input_value()
    mine, theirs = pixels(boundary(page)), pixels(boundary(other))
    assert mine.shape == theirs.shape
    assert (mine == theirs).mean() > 0.99
    press(other, "Train")  # a run of their own
    wait_run(other, lambda run: run != run_of(page))
    wait_step(other, lambda step: step > 0)


def test_link_with_wrong_fields_says_so(app, new_page):
    page = new_page(f"{app}/playground?network.depth=9999&colour=red&scheme=rk9", width=1440)
    messages = page.locator("[data-testid=stAlert]")
    messages.first.wait_for()
    text = " ".join(messages.all_inner_texts())
    assert "network.depth" in text
    assert "1 to 500" in text
    assert "colour" in text
    assert "rk9" in text


def test_reload_in_mid_run(play):
    page = play(LONG)
    press(page, "Train")
    reached = wait_step(page, lambda step: step > 5)
    run = run_of(page)
    page.reload()
    flow(page).and_(page.locator("[data-state=ok]")).wait_for()
    expect_figures(page, "training")
    assert run_of(page) == run
    assert wait_step(page, lambda step: step > reached) > reached
    press(page, "Pause")  # still mine to steer
    expect_figures(page, "paused")


def test_changing_the_rate_does_not_reset(play, home):
    page = play(LONG)
    press(page, "Train")
    reached = wait_step(page, lambda step: step > 5)
    run = run_of(page)
    slider = page.locator(".stSlider", has_text="Learning rate").get_by_role("slider")
    slider.focus()
    slider.press("ArrowLeft")
    until = time.monotonic() + 90
    while not Jobs(home).amendments(run) and time.monotonic() < until:
        page.wait_for_timeout(100)
    reached = step_of(page)
    wait_step(page, lambda step: step > reached + 20)
    assert run_of(page) == run
    amendment = Jobs(home).amendments(run)[-1]
    assert amendment.changes["learning_rate"] < Experiment().optimizer.options.learning_rate
    press(page, "Pause")
    expect_figures(page, "paused")


def test_another_setting_makes_another_run_that_trains_on(play):
    page = play(LONG)
    press(page, "Train")
    wait_step(page, lambda step: step > 5)
    run = run_of(page)
    page.get_by_role("radio", name="Moons").click()
    wait_run(page, lambda now: now != run)
    assert "data=moons" in page.url
    wait_step(page, lambda step: step > 0)
    press(page, "Pause")
    expect_figures(page, "paused")


def saved(page, label):
    with page.expect_download() as waiting:
        page.get_by_role("button", name=label).click()
    return Path(waiting.value.path()).read_bytes()


def test_exports(play):
    page = play({**SMALL, "epochs": "2"})
    press(page, "Train")
    expect_figures(page, "finished")
    press(page, "Export")
    experiment = Experiment.model_validate_json(saved(page, "Experiment (JSON)"))
    assert experiment.network.options.width == 4
    assert experiment.epochs == 2
    rows = list(csv.DictReader(io.StringIO(saved(page, "Data (CSV)").decode())))
    assert len(rows) == 400
    assert set(rows[0]) == {"x1", "x2", "label", "set"}
    weights = saved(page, "Weights (safetensors)")
    header = json.loads(weights[8 : 8 + int.from_bytes(weights[:8], "little")])
    assert header["weight"]["shape"] == [3, 4, 4]
    script = saved(page, "Script (PyTorch)").decode()
    assert "import torch" in script
    assert "import playground" not in script
    metrics = list(csv.DictReader(io.StringIO(saved(page, "Metrics (CSV)").decode())))
    assert metrics[0]["step"] == "0"
    page.keyboard.press("Escape")
    chart = page.locator(".st-key-chart_menu\\:loss, [class*=st-key-chart_menu]").first
    with page.expect_download() as waiting:
        chart.get_by_role("button", name="SVG").click()
    assert Path(waiting.value.path()).read_text().startswith("<svg")
    with page.expect_download() as waiting:
        chart.get_by_role("button", name="PNG").click()
    assert Path(waiting.value.path()).read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_dark_theme(play):
    page = play(color_scheme="dark")
    background = page.locator(".stApp").evaluate("e => getComputedStyle(e).backgroundColor")
    assert background == f"rgb({', '.join(map(str, DARK))})"
    drawn = flow(page).evaluate("e => getComputedStyle(e).backgroundColor")
    assert drawn == background


def test_narrow_window_folds_the_controls_into_tabs(play):
    page = play(width=1024)
    page.get_by_role("tab", name="Network and training").click()
    assert page.get_by_text("Horizon T").is_visible()
    wide = play()
    assert wide.get_by_role("tab", name="Network and training").count() == 0


@pytest.mark.full
def test_three_inputs_can_be_chosen_for_the_axes(play):
    page = play({**SMALL, "data": "spiral_3d"})
    first = pixels(boundary(page))
    box = page.locator("[data-testid=stSelectbox]", has_text="Vertical")
    box.locator("input").click()
    page.get_by_role("option", name="x3").click()
    until = time.monotonic() + 90
    while time.monotonic() < until:
        now = pixels(boundary(page))
        if now.shape != first.shape or (now != first).mean() > 0.02:
            break
        page.wait_for_timeout(200)
    else:
        raise AssertionError("the map stayed the same")
    _, content = download(boundary(page), "CSV")
    assert list(table(content)[0])[:2] == ["x1", "x3"]


def test_refused_experiment_names_its_estimate(play):
    page = play({"path": "torch"})
    box = page.locator("[data-testid=stNumberInput]", has_text="Epochs").locator("input")
    box.fill("10000")
    box.press("Enter")
    until = time.monotonic() + 90
    while "epochs=10000" not in page.url and time.monotonic() < until:
        page.wait_for_timeout(100)
    batch = page.locator("[data-testid=stNumberInput]", has_text="Batch size").locator("input")
    batch.fill("1")
    batch.press("Enter")
    alert = page.locator("[data-testid=stAlert]", has_text="minutes")
    alert.wait_for()
    assert "legal is up to" in alert.inner_text()
