"""The views of the playground as a person meets them: the end of a run, its replay, other axes."""

import csv
import io
import re
import time
from pathlib import Path

import pytest
from looking import boundary, count_sent, download, flow, pixels, read, settle, table

from playground.experiment import Experiment
from playground.jobs import Jobs

SMALL = {"network.width": "4", "network.depth": "3", "n_train": "200", "n_validation": "200"}
STEPS = 10  # of one epoch of SMALL, with batches of 20


@pytest.fixture
def play(app, new_page):
    """Open the playground with small settings, changed by name, and wait for its first views."""

    def open_playground(**fields):
        query = {**SMALL, "batch_size": "20", **fields}
        link = "&".join(f"{name.replace('__', '.')}={value}" for name, value in query.items())
        page = new_page(f"{app}/playground?{link}", width=1440, height=1100)
        # The engine may have to start first.
        flow(page).and_(page.locator("[data-state=ok]")).wait_for(timeout=90_000)
        wait_for(page, "paused")
        return page

    return open_playground


def wait_for(page, pattern, seconds=60):
    """Wait until the strip on top shows a pattern."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        text = page.locator(".st-key-figures").inner_text()
        if re.search(pattern, text):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"{pattern!r} never came; the strip shows {text!r}")


def train(page):
    page.get_by_role("button", name="Train", exact=True).click()
    wait_for(page, "finished")


def wait_for_recording(page):
    for view in (flow(page), boundary(page)):
        view.and_(page.locator(":not([data-frames='0']):not([data-frames='1'])")).wait_for()
        settle(view)


def epoch_slider(page):
    return flow(page).get_by_role("slider", name="epoch")


def test_the_end_is_on_the_screen_and_the_time_machine_ready(play):
    page = play(epochs="6")
    train(page)
    wait_for_recording(page)
    assert [read(view, "step") for view in (flow(page), boundary(page))] == [str(6 * STEPS)] * 2
    assert int(read(flow(page), "frames")) > 20
    assert read(flow(page), "frames") == read(boundary(page), "frames")
    assert epoch_slider(page).is_enabled()
    assert "epoch 6" in flow(page).locator(".epoch .readout").inner_text()


def test_scrubbing_needs_no_server(app, new_page):
    page = new_page(width=1440, height=1100)
    sent = count_sent(page)
    page.goto(f"{app}/playground?epochs=4&" + "&".join(f"{k}={v}" for k, v in SMALL.items()))
    flow(page).and_(page.locator("[data-state=ok]")).wait_for()
    wait_for(page, "paused")
    train(page)
    wait_for_recording(page)
    page.wait_for_timeout(1000)
    last, before = pixels(boundary(page)), len(sent)
    epoch_slider(page).press("Home")
    flow(page).get_by_role("slider", name="depth").press("Home")
    settle(boundary(page))
    assert [read(view, "step") for view in (flow(page), boundary(page))] == ["0", "0"]
    assert read(flow(page), "layer") == "0"
    assert (pixels(boundary(page)) != last).mean() > 0.02
    flow(page).get_by_role("button", name="Play epoch").click()
    page.wait_for_timeout(800)
    assert int(read(boundary(page), "step")) > 0
    assert len(sent) == before


def test_a_paused_run_ends_its_recording_with_where_it_stands(play):
    page = play(epochs="50")
    page.get_by_role("button", name="Epoch", exact=True).click()
    wait_for(page, r"epoch 1 /[\s\S]*")
    wait_for(page, "paused")
    page.get_by_role("button", name="Step", exact=True).click()
    boundary(page).and_(page.locator(f"[data-step='{STEPS + 1}']")).wait_for()
    wait_for_recording(page)
    assert read(flow(page), "step") == str(STEPS + 1)
    epoch_slider(page).press("Home")
    settle(flow(page))
    assert read(flow(page), "step") == "0"


def axis(page, label):
    # A box that gives way to another one may stand beside it for a moment.
    return page.locator("[data-testid=stSelectbox]", has_text=label).locator("input").last


def choose(page, label, name):
    axis(page, label).click()
    page.get_by_role("option", name=name, exact=True).click()


def test_other_axes_are_the_owners_and_have_a_recording_of_their_own(play, new_page):
    page = play(data="spiral_3d", epochs="3")
    train(page)
    wait_for_recording(page)
    choose(page, "Vertical", "x3")
    boundary(page).and_(page.locator("[data-frames='1']")).wait_for()
    wait_for_recording(page)
    _, content = download(boundary(page), "CSV")
    assert list(table(content)[0])[:2] == ["x1", "x3"]

    other = new_page(page.url, width=1440, height=1100)
    flow(other).and_(other.locator("[data-state=ok]")).wait_for()
    other.get_by_text("The run's owner chooses the axes").wait_for()
    assert axis(other, "Vertical").is_disabled()
    assert axis(other, "Vertical").input_value() == "x3"

    assert epoch_slider(page).is_enabled()
    wait_for_recording(other)


def test_the_same_input_on_both_axes_swaps_them(play):
    page = play(data="spiral_3d")
    choose(page, "Horizontal", "x2")
    until = time.monotonic() + 90
    while axis(page, "Vertical").input_value() != "x1" and time.monotonic() < until:
        page.wait_for_timeout(100)
    assert axis(page, "Vertical").input_value() == "x1"
    assert axis(page, "Horizontal").input_value() == "x2"


def long_run(home, epochs):
    """Put a paused run with the figures of so many epochs into the store; return its id."""
    jobs = Jobs(home)
    fields = {"epochs": epochs, "n_train": 200, "batch_size": 200}
    run = jobs.submit(Experiment.model_validate(fields), start=False)
    losses = [
        f"{part}_{figure}" for figure in ("loss", "accuracy") for part in ("train", "validation")
    ]
    effort = ["nfe_forward", "nfe_backward", "learning_rate", "gradient_norm", "seconds"]
    names = ["run", "step", "epoch", *losses, *effort, "samples_per_second"]
    rows = [
        (run, e, e, 1 / (1 + e), 2 / (1 + e), 0.5, 0.5, 1, 1, 0.1, 1.0, e / 10, 1e4)
        for e in range(epochs + 1)
    ]
    with jobs.store.writing() as db:
        marks = ", ".join("?" * len(names))
        db.executemany(f"INSERT INTO metrics ({', '.join(names)}) VALUES ({marks})", rows)
        db.execute("UPDATE runs SET step = ?, epoch = ? WHERE id = ?", (epochs, epochs, run))
    return run


def test_ten_thousand_epochs_are_a_small_chart_and_a_whole_export(app, home, new_page):
    run = long_run(home, 9000)
    page = new_page(width=1440, height=1100)
    received = []
    page.on(
        "websocket",
        lambda socket: socket.on("framereceived", lambda frame: received.append(len(frame))),
    )
    page.goto(f"{app}/playground?run={run}")
    page.locator("[data-testid=stVegaLiteChart] svg").nth(1).wait_for()
    page.wait_for_timeout(2000)
    assert max(received[20:]) < 300_000  # the rows of one chart would take more
    menu = page.locator("[class*=st-key-chart_menu]").first
    with page.expect_download() as waiting:
        menu.get_by_role("button", name="CSV").click()
    rows = list(csv.DictReader(io.StringIO(Path(waiting.value.path()).read_text())))
    assert len(rows) == 2 * 9001
