"""Lookahead for neural ODEs: figures and claims on few initialisations, against counts made by hand."""

import numpy as np
import pytest

from playground.analysis.toy_lookahead import initial_weights
from playground.papers import PAPERS, study_report
from playground.papers.seed_004 import AHEAD, EVALUATIONS, PLAIN, SLOW
from playground.papers.toy_claims import example, faster, gradients, iterations, stable
from playground.papers.toy_figures import _held, figure, train_pair

FIGURES = [name for name in PAPERS if name.startswith("004/figure")]
# Median evaluations of 300 other initialisations by another program: gradient descent, k = 4, 6 and 8.
KNOWN = {
    "printed": {"rate 0.01": (28, 56, 59, 61), "rate 0.05": (9, 23, 23, 22)},
    "right": {"rate 0.05": (34, 71, 72, 77), "rate 0.1": (23, 51, 53, 55)},
}


def silent(what, share):
    assert what
    assert 0 <= share <= 1


def test_the_nine_figures_have_the_settings_of_their_captions():
    assert [int(name.removeprefix("004/figure")) for name in FIGURES] == list(range(4, 13))
    captions = {4: (4, 0.01), 6: (4, 0.1), 8: (6, 0.05), 12: (8, 0.1)}
    for number, (k, rate) in captions.items():
        assert PAPERS[f"004/figure{number}"].label == f"Figure {number}: k = {k}, rate {rate:g}"


def test_a_figure_counts_as_its_runs_do():
    found = figure(0.05, 6, "right", 2, 9, silent)
    pairs = [train_pair(0.05, 6, "right", initial_weights(9, 2023 + i)) for i in range(2)]
    for i, (plain, ahead) in enumerate(pairs):
        assert found.values["iterations", PLAIN, SLOW][i] == sorted(plain.steps)[4]
        assert found.values["iterations", AHEAD, EVALUATIONS][i] == sorted(ahead.steps)[4]
        assert found.values["iterations", AHEAD, SLOW][i] == sorted(ahead.steps // 6)[4]
        assert found.values["stopped", PLAIN, "runs"][i] == pytest.approx(
            100 * plain.stopped.mean()
        )
    course = found.panels[0].rows
    ahead = pairs[0][1]
    drawn = [y for y, series in zip(course["y"], course["series"]) if series == AHEAD]
    assert drawn == ahead.losses[5 : ahead.steps[0] : 6, 0].tolist()
    for panel in found.panels:
        assert len({len(column) for column in panel.rows.values()}) == 1
        numbers = [v for column in panel.rows.values() for v in column if isinstance(v, float)]
        assert np.isfinite(numbers).all()


def test_an_ended_run_keeps_its_last_loss():
    plain, _ = train_pair(0.05, 4, "printed", initial_weights(20, 1))
    held = _held(plain)
    assert held.shape == (plain.steps.max(), 20)
    for i, steps in enumerate(plain.steps):
        assert (held[steps - 1 :, i] == plain.losses[steps - 1, i]).all()


@pytest.mark.parametrize("variant", ["printed", "right"])
def test_medians_are_those_of_another_program(variant):
    found = iterations(variant, 1, 300, silent)
    for row, medians in KNOWN[variant].items():
        for column, median in zip((PLAIN, "k = 4", "k = 6", "k = 8"), medians):
            values = found.values["evaluations", row, column]
            assert np.mean(values) == pytest.approx(median, rel=0.3)
    assert "Medians wander" in found.notes[0]


def test_the_claim_holds_for_slow_updates_and_not_for_what_they_cost():
    study = PAPERS["004/claim_faster"]
    found = faster("right", 2, 100, silent)
    lines = study_report(study, study.order("right", 2), found, 1.0, 0.0).lines
    kinds = {
        axis: {line.verdict.kind for line in lines if line.column == axis}
        for axis in (SLOW, EVALUATIONS)
    }
    assert kinds == {SLOW: {"agrees"}, EVALUATIONS: {"differs"}}
    assert "in 9 of 9 pairs" in found.notes[0]
    assert "At the rate 0.01 the limit of 50 steps ended" in found.notes[1]


def test_with_the_appendixs_indentation_hardly_anything_is_left_of_a_step():
    once, every = (figure(0.01, 4, v, 1, 30, silent) for v in ("printed", "indented"))
    key = ("iterations", AHEAD, EVALUATIONS)
    assert every.values[key][0] > 1.5 * once.values[key][0]


def test_nothing_oscillates_with_the_right_gradient():
    right, printed = (stable(v, 1, 60, silent) for v in ("right", "printed"))
    assert max(max(v) for v in right.values.values()) == 0
    assert "nothing oscillates" in right.notes[0]
    assert printed.values["rose", "rate 0.1", PLAIN][0] > 50


def test_the_listing_is_not_the_gradient():
    study = PAPERS["004/listing4_2"]
    found = gradients(1, 40, silent)
    lines = study_report(study, study.order(repetitions=1), found, 1.0, 0.0).lines
    kinds = {line.row: line.verdict.kind for line in lines}
    assert kinds == {"as printed": "differs", "right": "agrees"}


def test_the_worked_example_agrees_but_for_what_was_rounded():
    study = PAPERS["004/example"]
    found = example(1, silent)
    lines = study_report(study, study.order(), found, 1.0, 0.0).lines
    assert {(line.row, line.column) for line in lines if line.verdict.kind == "differs"} == {
        ("z(1.5)", "second")
    }
