"""Nets side by side as a person uses it: a very small study, its pairs, and the printed table."""

import random
import re
import statistics
from functools import partial

import pytest
from looking import press, rows_of, see
from playwright.sync_api import expect

from playground.training.devices import gpus

PATIENCE = 120_000
TINY = "view=side&n_train=100&n_validation=60&epochs=2&side_width=4&side_repetitions=2"


@pytest.fixture
def lab(open_lab):
    """Open the view by a link and wait until it is drawn."""
    return partial(open_lab, "images", "What the paper prints", patience=PATIENCE)


@pytest.mark.full
def test_two_nets_are_trained_twice_and_compared_in_pairs(lab):
    seed = random.randrange(9000)
    page = lab(f"{TINY}&side_rivals=tm_resnet&weight_seed={seed}")
    see(page, "Table 1's protocol: 120 epochs, batches of 256")
    see(page, "2 epochs, batches of 64, 100 images of .* and 60 to judge by")
    press(page.get_by_role("button", name="Train 4 nets"))
    see(page, "4 of 4 nets are trained")
    pattern = r"TM-ResNet: ([+−][\d.]+) ± ([\d.]+) percentage points over 2 pairs: "
    pattern += r"(better|worse|no difference within 2 standard errors)"
    mean, error, verdict = see(page, pattern).groups()
    mean = float(mean.replace("−", "-"))
    rows = rows_of(page, "side_strip")
    values = {(row["net"], row["repetition"]): float(row["value"]) for row in rows}
    assert len(values) == 4
    differences = [values["TM-ResNet", i] - values["PreActResNet", i] for i in "12"]
    assert mean == pytest.approx(statistics.fmean(differences), abs=0.006)
    known = statistics.stdev(differences) / 2**0.5
    assert float(error) == pytest.approx(known, abs=0.006)
    clear = abs(statistics.fmean(differences)) > 2 * known
    assert (verdict in ("better", "worse")) == clear
    epochs = {row["epoch"] for row in rows_of(page, "side_course")}
    assert {float(epoch) for epoch in epochs} == {0, 1, 2}


def test_published_sizes_say_what_they_need_and_the_code_can_be_copied(lab):
    page = lab(f"{TINY}&side_size=published&side_rivals=tm_resnet,mixer")
    if not gpus():
        see(page, "The published sizes need a GPU, and none is present here")
        expect(page.get_by_role("button", name=re.compile("^Train"))).to_have_count(0)
    see(page, "The mixer is left out")
    see(page, r"TM-ResNet is ahead in 8 of 10 cells")
    see(page, r"stable only on \(−1, 0\), Euler's on \(−2, 0\)")
    page.get_by_text("Use it in your own net").click()
    see(page, r"x = step\(block, x\)")


@pytest.mark.full
def test_what_is_not_legal_is_said(lab):
    page = lab(f"{TINY}&side_rivals=ho_resnet&scheme=ab2")
    see(page, "'ab2' has no explicit tableau; legal is euler")
    page.get_by_role("tab", name="Network").click()
    expect(page.locator(".st-key-images--network")).to_have_count(0)
    expect(page.locator(".st-key-images--scheme")).to_be_visible()
    wrong = lab("view=side&side_rivals=resnet&side_width=3")
    see(wrong, "'resnet' is not legal; legal are tm_resnet")
    see(wrong, r"side_width.*3 is not legal")
