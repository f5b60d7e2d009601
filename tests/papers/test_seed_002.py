"""The lecture on multi-stage nets: what is printed, and the computations on tiny budgets."""

import math

import numpy as np
import pytest

from playground.charts.panels import panel_chart
from playground.papers import PAPERS, Order, study_report
from playground.papers.seed_002 import (
    ADAM,
    AS_IT_IS,
    CHANGE,
    DIVIDED,
    END,
    FIRST,
    LARGE,
    LBFGS,
    MAGNITUDES,
    SCALES,
    SIZES,
    TWO,
)
from playground.papers.stages_figure_1 import compute
from playground.papers.stages_spread import fall, figure_2_found, figure_3_found
from playground.training.multi_stage_plans import MOST_STEPS, Budget, figure_1

TINY = Budget(6, 4)
REDUCED = Order("text", 1, reduced=True)


def silent(what, share):
    assert 0 <= share <= 1
    assert what


def drawn(found):
    for panel in found.panels:
        assert all(len(column) == len(panel.rows["x"]) for column in panel.rows.values())
        assert panel_chart(panel.chart, panel.rows, panel.options)


def test_what_the_lecture_prints():
    # Read by hand: (20·2 + 20²·2)·2 = 1680 and 30·2 + 30²·2 = 1860; plateaus of 1e-8 and 1e-7, two
    # stages 1e-14, and an error of 1e-7.
    printed = PAPERS["002/figure1"].printed
    assert {key: value.mean for key, value in printed.items()} == {
        ("weights", TWO, END): (20 * 2 + 20**2 * 2) * 2,
        ("weights", LARGE, END): 30 * 2 + 30**2 * 2,
        ("loss", LARGE, END): -8,
        ("loss", "one of 20, both", END): -7,
        ("loss", TWO, END): -14,
        ("max_error", TWO, END): -7,
        ("ratio", LBFGS, END): 0,
    }
    assert PAPERS["002/figure2"].repetitions == 8
    assert set(SCALES) == set(PAPERS["002/figure1"].variants)


@pytest.mark.parametrize("budget", [Budget(1000, 1000), Budget(3000, 4000)])
def test_adam_alone_takes_no_more_steps_than_an_experiment_may(budget):
    made = figure_1(budget, "none", 1)[ADAM]
    assert made.epochs == min(2 * (budget.adam + budget.lbfgs), MOST_STEPS)


def test_the_first_figure_tells_of_five_trainings():
    found = compute(REDUCED, silent, TINY)
    drawn(found)
    assert [run["status"] for run in found.runs] == ["finished"] * 5
    values = found.values
    assert values["weights", TWO, END] == [1680.0]
    assert values["parameters", TWO, END] == [1802.0]
    assert values["weights", LARGE, END] == [1860.0]
    assert values["parameters", LARGE, END] == [1951.0]
    # The second picture's error is what is left of the first one's target and net.
    first, second = found.panels[:2]
    n = len(first.rows["x"]) // 2
    left = np.subtract(first.rows["y"][:n], first.rows["y"][n:])
    np.testing.assert_allclose(second.rows["y"][:n], left, atol=1e-12)
    # And the loss after stage 1 is half of the mean square of such an error.
    half = float(np.mean(left**2)) / 2
    assert values["loss", TWO, FIRST][0] == pytest.approx(math.log10(half), abs=0.05)
    report = study_report(PAPERS["002/figure1"], REDUCED, found, 1.0, 0.0)
    kinds = {(line.quantity, line.row): line.verdict.kind for line in report.lines}
    assert kinds["weights", TWO] == kinds["weights", LARGE] == "agrees"


def test_a_fall_is_measured_in_deviations():
    before, after = [1e-3, 1e-4], [1e-4, 1e-5]
    over, times = fall(before, after)
    assert times == pytest.approx(10)
    assert over == pytest.approx(1 / np.std([-3, -4], ddof=1))
    assert fall([1e-3], [1e-4])[0] is None


def test_the_second_figure_repeats_every_size():
    found = figure_2_found(Order("scaled", 2, reduced=True), silent, Budget(2, 0))
    drawn(found)
    assert set(found.values) == {(q, row, CHANGE) for q in ("fall", "times") for row in SIZES}
    # Fifteen sizes, one of which (20 units, 3 layers) stands in two panels.
    assert len(found.runs) == 14 * 2
    assert [len(panel.rows["x"]) for panel in found.panels] == [5, 5, 5]


def test_the_third_figure_is_relative_to_the_data():
    found = figure_3_found(REDUCED, silent, Budget(2, 0))
    drawn(found)
    assert found.values["worse", AS_IT_IS, "1e+0"] == [0.0]
    # What is divided by its size is the same fit at every magnitude.
    divided = [found.values["relative", DIVIDED, column][0] for column in MAGNITUDES]
    np.testing.assert_allclose(divided, divided[4], atol=1e-6)
    assert found.values["relative", AS_IT_IS, "1e-4"][0] > 0.5  # the net itself is of size one
    assert len(found.panels) == 6
