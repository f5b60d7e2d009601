"""A table of a paper as a person computes it: one button, cells with verdicts, the runs behind them."""

from looking import rows_of, see
from playwright.sync_api import expect

PATIENCE = 120_000
QUICK = "paper=001/table3&reduced=true&repetitions=2"


def test_a_table_is_computed_by_one_button(open_lab):
    page = open_lab("papers", "Papers: printed beside reproduced", QUICK)
    see(page, "Reduced: 300 points and 10 epochs")
    page.get_by_role("button", name="Train 2 nets").click()
    see(page, "Its figures are not held against print", PATIENCE)
    lines = page.locator(".st-key-paper_lines")
    expect(lines).to_contain_text("validation accuracy, %", timeout=PATIENCE)
    expect(lines).to_contain_text("cannot be judged")
    rows = {row["source"]: float(row["mean"]) for row in rows_of(page, "paper_1")}
    assert rows["printed"] == 77.13  # the first quantity, training accuracy
    assert 30 < rows["reproduced"] < 80
    page.get_by_text("The 2 runs").click()
    see(page, "The 2 runs")
    again = open_lab("", "Its figures are not held against print", address=page.url)
    assert {r["source"]: float(r["mean"]) for r in rows_of(again, "paper_1")} == rows


def test_another_table_is_chosen_and_a_wrong_one_is_said(open_lab):
    page = open_lab("papers", "'001/table9' is not known", "paper=001/table9")
    see(page, "56 trainings")
    see(page, "The step size is 0.05 in the authors' code")
    page.get_by_role("combobox", name="Table or figure").click()
    page.get_by_role("option", name="001 · Table 4: nets and data sets").click()
    see(page, "72 trainings")
    expect(page.get_by_role("button", name="Train 72 nets")).to_be_visible(timeout=PATIENCE)
