"""Accuracy over ε as a person uses it: nets are trained, attacked, and their curves taken home."""

import re
import statistics
from functools import partial
from itertools import pairwise

import pytest
from looking import fresh, press, rows_of, see
from playwright.sync_api import expect

PATIENCE = 120_000
TINY = (
    "view=curves&curve_n_train=60&curve_n_validation=80&curve_epochs=2&curve_width=4&curve_depth=3"
    "&curve_repetitions=2&curve_rate=0.05&samples=60&attack.steps=5&curve_nets=mlp,rk_rk4"
)


@pytest.fixture
def lab(open_lab):
    """Open the view by a link and wait until it is drawn."""
    return partial(open_lab, "robustness", "How accuracy falls", patience=PATIENCE)


def curves_of(rows, kind="PGD"):
    """{(net, repetition): {ε: accuracy}} of the rows of the chart."""
    found = {}
    for row in rows:
        if row["perturbation"] == kind:
            own = found.setdefault((row["model"], row["repetition"]), {})
            own[float(row["epsilon"])] = float(row["accuracy"])
    return found


def test_nets_are_trained_attacked_and_compared(lab):
    page = lab(f"{TINY}&curve_count=5&{fresh('curve_seed')}")
    press(page.get_by_role("button", name="Train 4 nets"))
    see(page, "4 of 4 nets are trained")
    see(page, r"60 samples of the validation set, wrong ones counted as wrong")
    top = float(see(page, r"5 sizes up to ε = ([\d.]+), as far as any input")[1])
    see(page, "4 of 4 trained nets are attacked at all ε. Thick: mean over 2 repetitions")
    curves = curves_of(rows_of(page, "attack_curves"))
    assert set(curves) == {(net, i) for net in ("MLP", "RK net, RK4") for i in "12"}
    for curve in curves.values():
        assert sorted(curve) == pytest.approx([0, top / 4, top / 2, 0.75 * top, top], rel=1e-4)
        values = [curve[eps] for eps in sorted(curve)]
        # Of 60 samples; a start at random may miss one that a smaller ε has found.
        assert all(b <= a + 5 for a, b in pairwise(values))
    clean = statistics.fmean(curves["MLP", i][0.0] for i in "12")
    table = page.get_by_test_id("stDataFrame").first
    expect(table).to_be_visible()

    # Another number of ε: only sizes that are new are computed, the ends stay what they were.
    box = page.locator(".st-key-robustness--curve_count input")
    box.fill("9")
    box.press("Enter")
    see(page, "9 sizes up to")
    see(page, "4 of 4 trained nets are attacked")
    again = curves_of(rows_of(page, "attack_curves"))
    for _ in range(10):  # the download of before may stay for a moment after the words have changed
        if {len(curve) for curve in again.values()} == {9}:
            break
        page.wait_for_timeout(1000)
        again = curves_of(rows_of(page, "attack_curves"))
    assert {len(curve) for curve in again.values()} == {9}
    assert statistics.fmean(again["MLP", i][0.0] for i in "12") == clean
    for key, curve in curves.items():
        assert again[key][top] == curve[top]


def test_noise_of_the_same_norm_and_the_way_to_the_checks(lab):
    page = lab(f"{TINY}&curve_count=3&curve_noise=true&attack.norm=l2&{fresh('curve_seed')}")
    press(page.get_by_role("button", name="Train 4 nets"))
    see(page, "4 of 4 nets are trained")
    see(page, "norm L2")
    see(page, "4 of 4 trained nets are attacked")
    noise = curves_of(rows_of(page, "attack_curves"), "noise of the same norm")
    attacked = curves_of(rows_of(page, "attack_curves"))
    for key, curve in noise.items():
        assert curve[0.0] == attacked[key][0.0]
        assert statistics.fmean(curve.values()) >= statistics.fmean(attacked[key].values())
    page.get_by_role("button", name="Sanity checks").click()
    expect(page).to_have_url(re.compile("view=checks.*run="), timeout=PATIENCE)


def test_what_is_not_legal_is_said(lab):
    page = lab("view=curves&curve_nets=mlp,resnet&curve_count=1")
    see(page, "'resnet' is not legal; legal are mlp")
    see(page, r"curve_count.*1 is not legal")
    none = lab("view=curves&curve_nets=mlp&curve_trainings=steady")
    see(none, "Steady state needs a net that flows: RK net, Euler")
