"""The attention lab as a person uses it: train both nets, compare them, look where they look."""

import re
from functools import partial

import pytest
from looking import fresh, rows_of, see
from playwright.sync_api import expect

PATIENCE = 90_000
SHORT = "n_train=400&n_validation=120&epochs=3"


@pytest.fixture
def lab(open_lab):
    """Open the lab by a link and wait until it is drawn."""
    return partial(open_lab, "attention", "neural ODE and classic, side by side", patience=PATIENCE)


def switch(page, view):
    page.get_by_role("radio", name=view).click()


def train(page):
    page.get_by_role("button", name="Train both").click()
    # The engine may have to start first, and two trainings take longer than one.
    ended = page.get_by_text("finished: all 3 epochs are done")
    expect(ended).to_have_count(2, timeout=2 * PATIENCE)


@pytest.mark.full
def test_both_nets_are_trained_and_compared(lab):
    page = lab(f"{SHORT}&{fresh()}")
    expect(page.get_by_text("not trained yet: 3 epochs")).to_have_count(2, timeout=PATIENCE)
    train(page)
    rows = rows_of(page, "accuracy")
    assert {(row["net"], row["set"]) for row in rows} == {
        (net, name) for net in ("classic", "ODE") for name in ("training", "validation")
    }
    last = [row for row in rows if row["set"] == "validation" and float(row["epoch"]) == 3]
    shown = page.get_by_test_id("stMetric").all_inner_texts()
    for row in last:
        assert any(f"{float(row['accuracy']):.2%}" in text for text in shown)
    switch(page, "Table III: scores and time")
    told = see(page, r"Here it takes ([\d.]+) to ([\d.]+) times as long")
    times = rows_of(page, "inference")
    ratios = [
        float(b["microseconds"]) / float(a["microseconds"])
        for a in times
        for b in times
        if (a["net"], b["net"], a["images"]) == ("classic", "ODE", b["images"])
    ]
    assert (told[1], told[2]) == (f"{min(ratios):.1f}", f"{max(ratios):.1f}")
    switch(page, "Solver and NFE")
    see(page, r"3 stretches between the times × 1 step × 4 evaluations = 12")
    solved = rows_of(page, "solver_error")
    euler = [float(row["error"]) for row in solved if row["series"] == "Euler"]
    assert len(euler) == 5
    assert euler[-1] < euler[0]
    probed = rows_of(page, "nfe")
    assert {row["nfe"] for row in probed if row["series"] == "as it trains"} == {"12"}


def test_where_they_look_is_shown_for_a_chosen_image(lab):
    page = lab(f"{SHORT}&view=maps&network.encoding=rows&network.form=qkv&{fresh()}")
    see(page, "This view needs both nets trained")
    train(page)
    first = rows_of(page, "attention")
    columns = {row["column"] for row in first}
    assert {"classic", "t = 0", "t = 1", "mean"} <= columns
    assert len(first) == 8 * len(columns)
    for column in columns:
        weights = [float(row["weight"]) for row in first if row["column"] == column]
        assert sum(weights) == pytest.approx(1, abs=1e-5)
    pairs = rows_of(page, "pairs_ODE")
    assert len(pairs) == 64
    page.get_by_role("button", name="Next").click()
    page.wait_for_url(re.compile("image=2"), timeout=PATIENCE)
    see(page, "Image 2: ")
    assert rows_of(page, "attention") != first
    page.locator(".st-key-attention--among").get_by_role("combobox").click()
    page.get_by_role("option", name="those the classic one gets wrong").click()
    page.wait_for_url(re.compile("among=classic"), timeout=PATIENCE)
    see(page, r"classic: \d, \d+% \(wrong\)")


@pytest.mark.full
def test_table_four_is_counted_and_what_is_too_large_is_said(lab):
    page = lab("view=parameters&network.encoding=flat&network.form=qkv&network.n_times=50")
    see(page, r"network\.encoding: 'flat' is not legal")
    see(page, "8 of the 8 printed counts are those of the nets with one score a position")
    totals = {}
    for row in rows_of(page, "parameters"):
        totals[row["net"]] = totals.get(row["net"], 0) + int(row["count"])
    assert totals["MNIST, classic"] == 5387 - 129 + 3 * 128**2  # with queries, keys and values
    page.get_by_role("tab", name="Networks").click()
    see(page, "meant once, as here")
    page.locator(".st-key-attention--network-form").get_by_role("combobox").click()
    page.get_by_role("option", name="as counted").click()
    page.wait_for_function("!location.search.includes('network.form')", timeout=PATIENCE)
    expect(page.get_by_text("Figure 6: where the parameters are, as counted")).to_be_visible(
        timeout=PATIENCE
    )
    bars = rows_of(page, "parameters")
    assert sum(int(row["count"]) for row in bars if row["net"] == "CIFAR-100, ODE") == 6629
