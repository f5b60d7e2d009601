"""Accuracy over ε as it is drawn, read from the SVG."""

import re

import pandas as pd
import pytest
import vl_convert

from playground.charts.attack_curves import MEANS, attack_curves
from playground.charts.colours import CLASSES, TRAIN
from playground.charts.curves import standalone

NETS = ("MLP", "RK net")
KINDS = ("PGD", "noise of the same norm")


def data(kinds, repetitions=3):
    rows = [
        {
            "model": net,
            "perturbation": kind,
            "repetition": i,
            "epsilon": eps,
            "accuracy": 90 - 60 * eps - 3 * i - 20 * k,
        }
        for net in NETS
        for k, kind in enumerate(kinds)
        for i in range(repetitions)
        for eps in (0.0, 0.5, 1.0)
    ]
    frame = pd.DataFrame(rows)
    by = frame.groupby(["model", "perturbation", "epsilon"])["accuracy"]
    means = by.agg(mean="mean", low="min", high="max", repetitions="count").reset_index()
    return frame, means


def svg(kinds, at=0.5, repetitions=3):
    rows, means = data(kinds, repetitions)
    chart = attack_curves(NETS, kinds, "ε", 50.0, at)
    fixed = chart["datasets"]
    whole = {**chart, "datasets": {**fixed, MEANS: means.to_dict("records")}}
    return vl_convert.vegalite_to_svg(standalone(whole, rows))


def marks(text, kind):
    return re.findall(rf'<path[^>]*aria-roledescription="{kind}"[^>]*>', text)


@pytest.mark.parametrize("repetitions", [1, 3])
def test_every_repetition_has_a_thin_line_and_every_net_a_thick_one_and_a_band(repetitions):
    text = svg(KINDS[:1], repetitions=repetitions)
    lines = marks(text, "line mark")
    thin = [line for line in lines if 'stroke-width="0.8"' in line]
    assert len(thin) == 2 * repetitions
    assert len(lines) == len(thin) + 2
    assert len(marks(text, "area mark")) == 2
    assert {c for line in lines for c in CLASSES if c in line} == set(CLASSES[:2])
    assert len(marks(text, "point")) == 2 * 3


def test_noise_is_dashed_and_has_neither_band_nor_thin_lines():
    text = svg(KINDS)
    dashed = [line for line in marks(text, "line mark") if 'stroke-dasharray="6,4"' in line]
    assert len(dashed) == 2
    assert len(marks(text, "area mark")) == 2
    assert "noise of the same norm" in text  # in the legend


def test_chance_and_the_chosen_size_are_lines():
    grey = rf'<line[^>]*stroke="{TRAIN}"[^>]*>'
    lines = re.findall(grey, svg(KINDS[:1]))
    assert len(lines) == 2
    # Half-way up and half-way along a chart of 360 by 560 pixels.
    guess = next(line for line in lines if 'stroke-dasharray="2,3"' in line)
    assert "translate(560,180)" in guess
    assert "chance, 50 %" in svg(KINDS[:1])
    assert "translate(280,0)" in next(line for line in lines if line != guess)
    assert len(re.findall(grey, svg(KINDS[:1], at=None))) == 1
