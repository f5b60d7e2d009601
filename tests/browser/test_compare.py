"""Nets side by side as a person compares them: trained together, changed one by one, asked what if."""

import re

from looking import boundary, flow, fresh, press, rows_of, see
from playwright.sync_api import expect

PATIENCE = 120_000
SMALL = "n_train=60&n_validation=40&network.width=3&network.depth=3&epochs=4"
NETS = "b.scheme=euler&c.network=standard_net&c.network.width=3&c.network.depth=3"
NAMES = ("A · Classical Runge-Kutta, order 4", "B · Euler", "C · StandardNet")


def link(*more):
    return "&".join(["nets=3", SMALL, NETS, fresh(), *more])


def figures(page, letter):
    return page.locator(f".st-key-compare_figures_{letter}")


def expect_ended(page, *letters):
    for letter in letters:
        expect(figures(page, letter)).to_contain_text("finished", timeout=PATIENCE)


def run_of(page, letter):
    name = "run" if letter == "a" else f"{letter}.run"
    page.wait_for_function(f"() => new URL(location).searchParams.has('{name}')")
    return page.evaluate(f"() => new URL(location).searchParams.get('{name}')")


def curves(page):
    rows = rows_of(page, "compare_loss")
    return {
        name: [(row["epoch"], row["loss"]) for row in rows if row["series"] == name]
        for name in dict.fromkeys(row["series"] for row in rows)
    }


def test_three_nets_train_to_their_end_and_all_see_the_same(open_lab):
    page = open_lab("compare", NAMES[2], link())
    expect(boundary(page).and_(page.locator("[data-state=ok]"))).to_have_count(3, timeout=PATIENCE)
    expect(flow(page)).to_have_count(3)
    press(page.get_by_role("button", name="Train", exact=True))
    expect_ended(page, "a", "b", "c")
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_disabled()
    drawn = curves(page)
    assert tuple(drawn) == NAMES
    assert all(float(points[-1][0]) == 4 for points in drawn.values())
    assert len({points[-1][1] for points in drawn.values()}) == 3

    ids = [run_of(page, letter) for letter in "abc"]
    again = open_lab("", NAMES[2], address=page.url)  # another browser
    expect_ended(again, "a", "b", "c")
    assert curves(again) == drawn
    page.reload()
    expect_ended(page, "a", "b", "c")
    assert [run_of(page, letter) for letter in "abc"] == ids
    page.get_by_role("button", name="Reset", exact=True).click()
    for letter in "abc":
        expect(figures(page, letter)).to_contain_text("epoch 0 / 4", timeout=PATIENCE)


def test_a_change_of_one_net_leaves_the_others(open_lab):
    page = open_lab("compare", NAMES[2], link())
    for letter in "abc":
        expect(figures(page, letter)).to_contain_text("epoch 0", timeout=PATIENCE)
    before = {letter: run_of(page, letter) for letter in "abc"}
    width = page.get_by_role("spinbutton", name="Width").nth(1)
    width.fill("5")
    width.press("Enter")
    page.wait_for_function("() => new URL(location).searchParams.get('b.network.width') === '5'")
    page.wait_for_function(
        "old => ![null, old].includes(new URL(location).searchParams.get('b.run'))",
        arg=before["b"],
    )
    assert [run_of(page, letter) for letter in "ac"] == [before["a"], before["c"]]
    press(page.locator(".st-key-compare-c-remove button").first)
    expect(figures(page, "b")).to_contain_text("epoch 0", timeout=PATIENCE)
    expect(boundary(page)).to_have_count(2)
    width.fill("1")  # fewer than the data have inputs
    width.press("Enter")
    see(page, "network.width: 1 is less than the 2 inputs")
    assert run_of(page, "a") == before["a"]


def test_a_net_that_is_refused_says_so_and_the_others_train(open_lab):
    big = "d.network.width=512&d.network.depth=200"
    page = open_lab("compare", "Net D", link("nets=4", big).replace("nets=3&", ""))
    see(page, "Not started: parameters: this net would need about")
    press(page.get_by_role("button", name="Train", exact=True))
    expect_ended(page, "a", "b", "c")
    see(page, "Not started: parameters: this net would need about")


def test_what_if_lays_two_runs_over_each_other(open_lab):
    page = open_lab("playground", "Flow: the features", f"{SMALL}&{fresh()}")
    press(page.get_by_role("button", name="Train", exact=True))
    see(page, "finished", PATIENCE)
    page.get_by_text("What if one setting were another?").click()
    see(page, r"Network · Depth is 3 in this run")
    depth = page.get_by_role("spinbutton", name="Depth").last
    depth.fill("5")
    depth.press("Enter")
    press(page.get_by_role("button", name="Train the other run"))
    see(page, r"Validation accuracy [\d.]+% instead of [\d.]+%", PATIENCE)
    see(page, r"Validation loss .* instead of")
    button = page.locator("[class*=st-key-chart_menu-what_if]").first
    name = re.search(r"chart_menu-(\S+)", button.get_attribute("class")).group(1)
    series = {row["series"] for row in rows_of(page, name)}
    assert series == {"this run: 3", "Network · Depth 5"}
    page.get_by_role("button", name="Open in Compare").click()
    see(page, "A · Depth 3")
    expect_ended(page, "a", "b")
