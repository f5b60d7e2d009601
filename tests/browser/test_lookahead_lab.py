"""The Lookahead lab as a person uses it: every switch changes what is seen, and the link keeps it."""

import random
import re
from functools import partial

import pytest
from looking import press, rows_of, see
from playwright.sync_api import expect

PATIENCE = 60_000
TINY = "epochs=2&points=100&inner=sgd&rates=0.1&periods=5&repetitions=2"


@pytest.fixture
def lab(open_lab):
    """Open the lab by a link and wait until it is drawn."""
    return partial(open_lab, "lookahead", "what slow weights bring", patience=PATIENCE)


def control(page, key):
    return page.locator(f".st-key-lookahead--{key}")


def switch(page, key, choice):
    """Choose, and again if the click went to a control that was being drawn anew."""
    radio = control(page, key).get_by_role("radio", name=choice, exact=True)
    for _ in range(3):
        radio.click()
        try:
            expect(radio).to_be_checked(timeout=PATIENCE / 3)
            return
        except AssertionError:
            continue
    expect(radio).to_be_checked()


def lengths(page):
    """How many iterations each method has in each figure of the thesis."""
    counts = {}
    for row in rows_of(page, "figures_4_to_12"):
        key = (row["rate"], row["k"], row["method"])
        counts[key] = max(counts.get(key, 0), int(row["iteration"]))
    return counts


def wait_link(page, part):
    page.wait_for_url(re.compile(re.escape(part)), timeout=PATIENCE)


@pytest.mark.full
def test_every_switch_of_the_thesis_changes_its_figures_and_stays_in_the_link(lab):
    page = lab("view=thesis&seed=3")
    sentence = see(page, r"Of the nine pairs, on the axis of slow updates .*")[0]
    # The nine figures and two pictures of the state.
    expect(page.get_by_test_id("stVegaLiteChart")).to_have_count(11, timeout=PATIENCE)
    right = lengths(page)
    assert len(right) == 18
    switch(page, "axis", "gradients")
    other = see(page, r"Of the nine pairs, on the axis of gradient evaluations .*")[0]
    assert other != sentence
    evaluations = lengths(page)
    for (rate, k, method), count in evaluations.items():
        steps = int(k) if method == "Lookahead" else 1
        assert right[rate, k, method] == count // steps
    switch(page, "gradient", "as printed")
    wait_link(page, "gradient=printed")
    expect(page.get_by_text(other, exact=True)).to_be_hidden(timeout=PATIENCE)
    printed = lengths(page)
    assert printed != evaluations
    switch(page, "reset", "as indented")
    wait_link(page, "reset=as_indented")
    indented = lengths(page)
    plain = [key for key in printed if key[2] == "gradient descent"]
    assert [indented[key] for key in plain] == [printed[key] for key in plain]
    assert indented != printed
    page.reload()
    see(page, r"Of the nine pairs, on the axis of gradient evaluations .*")
    assert lengths(page) == indented


@pytest.mark.full
def test_the_state_is_moved_by_the_weights_of_the_chosen_cell(lab):
    page = lab("view=thesis&seed=3&gradient=printed")
    first = see(page, r"At t = 2 the state is at: .*")[0]
    control(page, "cell").get_by_role("combobox").click()
    page.get_by_role("option", name="rate 0.01, k = 8").click()
    wait_link(page, "cell=0.01%2F8")
    expect(page.get_by_text(first, exact=True)).to_be_hidden(timeout=PATIENCE)
    second = see(page, r"At t = 2 the state is at: .*")[0]
    ends = {
        row["series"]: (float(row["x"]), float(row["y"]))
        for row in rows_of(page, "state_plane")
        if abs(float(row["t"]) - 2) < 1e-9
    }
    for name, (x, y) in ends.items():
        assert f"{name} ({x:.3f}, {y:.3f})" in second


def test_the_distribution_counts_what_is_chosen_and_follows_the_number_and_the_seed(lab):
    page = lab("view=distribution&count=50&axis=evaluations")
    see(page, r"Iterations of 50 runs each, in gradient evaluations")
    claim = r"counted in slow updates, Lookahead was faster in \d+ % .*slower in \d+ %"
    first = see(page, claim)[0]
    rows = rows_of(page, "iterations_0_05")
    assert len(rows) == 4 * 50
    assert {row["ended"] for row in rows} <= {"by the rule", "by the limit"}
    control(page, "seed").get_by_role("spinbutton").fill("8")
    control(page, "seed").get_by_role("spinbutton").press("Enter")
    wait_link(page, "seed=8")
    see(page, r"the same 50 initial weights \(seed 8\)")
    assert rows_of(page, "iterations_0_05") != rows
    switch(page, "gradient", "as printed")
    expect(page.get_by_text(first)).to_be_hidden(timeout=PATIENCE)
    wait_link(page, "gradient=printed")
    page.reload()
    see(page, r"the same 50 initial weights \(seed 8\)")
    expect(control(page, "gradient").get_by_role("radio", name="as printed")).to_be_checked()


def test_a_study_is_trained_in_the_background_and_found_again_by_its_link(lab, app, new_page):
    # A seed that no earlier attempt of this test has had: its nets would be found trained.
    page = lab(f"view=nets&{TINY}&first={random.randrange(9000)}")
    see(page, "0 of 4 nets are trained")
    page.get_by_role("button", name="Train 4 nets").click()
    see(page, "4 of 4 nets are trained")
    see(page, r"Of 1 comparison Lookahead has the better mean validation loss in [01]")
    rows = rows_of(page, "ends_sgd")
    assert [row["series"] for row in rows] == ["alone", "k = 5"]
    switch(page, "quantity", "accuracy")
    see(page, "better mean validation accuracy")
    wait_link(page, "quantity=accuracy")
    assert rows_of(page, "ends_sgd") != rows
    courses = rows_of(page, "course_loss")
    assert {float(row["step"]) for row in courses} == {0, 4, 8}
    # Somebody else, by the link: nothing has to be trained again.
    other = new_page(page.url, width=1440, height=1000)
    see(other, "4 of 4 nets are trained")
    see(other, "better mean validation accuracy")
    expect(other.get_by_role("button", name=re.compile("^Train"))).to_have_count(0)
    # More repetitions train only what is missing.
    repetitions = control(page, "repetitions").get_by_role("slider")
    repetitions.press("ArrowRight")
    expect(repetitions).to_have_value("3")
    see(page, "4 of 6 nets are trained")
    expect(page.get_by_role("button", name="Train the other 2")).to_be_visible()


@pytest.mark.full
def test_a_study_can_be_stopped_and_goes_on(lab):
    # Minutes of training, and seeds that no earlier attempt of this test has had.
    page = lab(
        "view=nets&epochs=100&points=2000&batch=1&inner=sgd&rates=0.01&periods=5&repetitions=10"
        f"&width=16&depth=20&first={random.randrange(9000)}"
    )
    see(page, "0 of 20 nets are trained")
    page.get_by_role("button", name="Train 20 nets").click()
    stop = page.get_by_role("button", name="Stop the study")
    expect(stop).to_be_visible(timeout=PATIENCE)
    see(page, "to go")
    press(stop)
    again = page.get_by_role("button", name=re.compile(r"Train (the other )?\d+( nets)?$"))
    expect(again).to_be_visible(timeout=PATIENCE)


def test_the_landscape_follows_its_choice(lab):
    page = lab("view=nets&epochs=5&points=200&inner=sgd,momentum&rates=0.1&periods=5,10")
    see(page, "loss landscape: SGD, rate 0.1, k = 5")
    see(page, r"which explain [\d.]+ % and [\d.]+ % of their variance")
    rows = rows_of(page, "landscape")
    slow = [row for row in rows if row["series"] == "slow weights"]
    alone = [row for row in rows if row["series"] == "alone"]
    assert len(alone) == 1 + 5 * 7
    assert [int(row["step"]) for row in slow] == list(range(0, 36, 5))
    assert (slow[0]["x"], slow[0]["loss"]) == (alone[0]["x"], alone[0]["loss"])
    control(page, "look_k").get_by_role("combobox").click()
    page.get_by_role("option", name="10", exact=True).click()
    see(page, "loss landscape: SGD, rate 0.1, k = 10")
    control(page, "look").get_by_role("combobox").click()
    page.get_by_role("option", name="Momentum, rate 0.1").click()
    see(page, "loss landscape: Momentum, rate 0.1, k = 10")
    wait_link(page, "look=momentum%2F0.1")
    page.reload()
    see(page, "loss landscape: Momentum, rate 0.1, k = 10")


def test_what_a_link_says_wrongly_is_said_and_set_right(lab):
    page = lab("view=nets&rates=0.1,7&cell=1/1&repetitions=99&epochs=5&points=100")
    see(page, r"rates.*7.*is not legal|'7' is not legal")
    see(page, r"repetitions.*99 is not legal.*1 to 20")
