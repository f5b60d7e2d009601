"""The chart of an evaluation: a line with a band for each attack, points for those that take long."""

import re

import pytest
import vl_convert

from playground.attacks import Curve, Report, Threat
from playground.charts.attack_checks import accuracy_curves, curve_rows
from playground.charts.colours import CLASSES, TRAIN
from playground.charts.curves import standalone

CURVES = (
    Curve("PGD", "pgd", {}, (0.0, 0.1, 0.2), ("1111", "1100", "0000")),
    Curve("FGSM", "fgsm", {}, (0.0, 0.1, 0.2), ("1111", "1110", "1000")),
    Curve("SPSA", "spsa", {}, (0.1, 0.2), ("10", "00")),
)
REPORT = Report(Threat("linf", (0.0, 1.0), 4, 2, 10, 0), 1.0, CURVES, ())


def test_rows_hold_accuracies_and_their_standard_errors():
    rows = curve_rows(REPORT)
    assert len(rows) == 8
    middle = rows[(rows["attack"] == "PGD") & (rows["eps"] == 0.1)].iloc[0]
    assert middle["accuracy"] == 0.5
    assert middle["error"] == pytest.approx((0.5 * 0.5 / 4) ** 0.5)
    assert (middle["low"], middle["high"]) == pytest.approx((0.25, 0.75))
    tried = rows[rows["attack"] == "SPSA"]
    assert tried["few"].all()
    assert list(tried["samples"]) == [2, 2]
    assert not rows[rows["attack"] != "SPSA"]["few"].any()
    assert rows["low"].min() == 0  # a band does not leave what an accuracy can be
    assert rows["high"].max() == 1


def test_an_evaluation_at_two_sizes_has_lines_all_the_same():
    short = tuple(Curve(c.label, c.attack, {}, c.epsilons[-2:], c.outcomes[-2:]) for c in CURVES)
    rows = curve_rows(Report(REPORT.threat, 1.0, short, ()))
    assert not rows["few"].any()


def test_the_chart_draws_lines_bands_points_and_the_line_of_chance():
    chart = accuracy_curves(("PGD", "FGSM", "SPSA"), 0.1, "ε (L∞)", 300)
    svg = vl_convert.vegalite_to_svg(standalone(chart, curve_rows(REPORT)))
    for word in ("PGD", "FGSM", "SPSA", "ε (L∞)", "accuracy", "chance, 0.1"):
        assert word in svg
    strokes = re.findall(r'aria-roledescription="line mark"[^>]*stroke="(#\w+)"', svg)
    assert sorted(strokes) == sorted(CLASSES[:2])
    bands = re.findall(r'aria-roledescription="area mark"[^>]*fill="(#\w+)"', svg)
    assert sorted(bands) == sorted(CLASSES[:2])
    assert f'stroke="{TRAIN}"' in svg
    assert svg.count(f'stroke="{CLASSES[2]}"') >= 2  # the bars of what was tried at two ε
    assert "standard error" in svg
    assert "datasets" not in chart
    assert chart["config"]["legend"]["columns"] == 4
