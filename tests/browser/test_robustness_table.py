"""Table I as a person uses it: a very small protocol is trained, attacked, and held beside print."""

import csv
import io
import re
from functools import partial
from pathlib import Path

import pytest
from looking import fresh, press, see
from playwright.sync_api import expect

from playground.training.devices import gpus

PATIENCE = 180_000
TINY = "view=table&table_epochs=1&table_n_train=40&table_samples=30&table_repetitions=2"


@pytest.fixture
def lab(open_lab):
    """Open the view by a link and wait until it is drawn."""
    return partial(open_lab, "robustness", "Is TisODE more robust", patience=PATIENCE)


def test_a_reduced_protocol_is_trained_attacked_and_compared(lab):
    page = lab(f"{TINY}&{fresh('table_seed')}")
    see(page, "Reduced protocol, changed for trying out: Digits, 40 images to train on")
    see(page, "printed table has TisODE at 94.9 and ODENet at 95.1|TisODE at 94.9")
    press(page.get_by_role("button", name="Train 6 nets"))
    see(page, "6 of 6 nets are trained", PATIENCE)
    see(page, "6 of 6 nets are attacked. Clean accuracy", PATIENCE)
    see(page, "Of 15 pairs of nets", PATIENCE)
    see(page, "absolute figures cannot be compared")
    button = page.get_by_role("button", name="All cells")
    expect(button).to_be_visible(timeout=PATIENCE)
    with page.expect_download() as waiting:
        button.click()
    text = Path(waiting.value.path()).read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 6 * 6  # clean and five perturbations, three nets, two seeds
    assert {row["samples"] for row in rows} == {"30"}
    by = {
        (row["reproduced"], row["net"], row["repetition"]): float(row["accuracy"]) for row in rows
    }
    for net in ("cnn", "ode_net", "tis_ode"):
        for i in "12":
            assert by["PGD-0.15", net, i] <= by["PGD-0.1", net, i] + 5
            assert by["PGD-0.1", net, i] <= by["clean", net, i]
    printed = {(r["printed"], r["net"]): r["printed_mean"] for r in rows if r["printed"]}
    assert printed["PGD-0.2", "tis_ode"] == "67.4"
    assert all("cannot be judged" in row["verdict"] for row in rows if row["printed"])


@pytest.mark.skipif(bool(gpus()), reason="with a GPU the published protocols can be carried out")
def test_what_cannot_be_done_here_is_said(lab):
    # The tests may have images of their own on the server; then it is the GPU that is missing.
    page = lab("view=table&table_protocol=imgnet10")
    see(page, "needs images of your own|no GPU is present here")
    see(page, "All its cells: cannot be judged")
    expect(page.get_by_role("button", name=re.compile("^Train"))).to_have_count(0)
    page.get_by_text("Table I as it is printed").click()
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    other = lab("view=table&table_protocol=mnist")
    see(other, "no GPU is present here|are not on this server")
