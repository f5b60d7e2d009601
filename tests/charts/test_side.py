"""Charts of nets side by side: what they draw, read from the SVG."""

import re

import pandas as pd
import pytest
import vl_convert

from playground.charts.colours import CLASSES
from playground.charts.curves import standalone
from playground.charts.side import differences, strip
from playground.charts.study import bands

NETS = ("PreActResNet", "TM-ResNet")


def svg(specification, rows):
    return vl_convert.vegalite_to_svg(standalone(specification, rows))


def marks(text, kind):
    return re.findall(rf'<path[^>]*aria-roledescription="{kind}"[^>]*>', text)


def test_every_repetition_is_a_point_and_equal_seeds_are_joined():
    rows = [
        {"net": net, "repetition": i, "value": 90 + i + k, "mean": 92 + k, "low": 91, "high": 94}
        for k, net in enumerate(NETS)
        for i in (1, 2, 3)
    ]
    text = svg(strip(NETS, "accuracy"), pd.DataFrame(rows))
    points = marks(text, "point")
    assert len(points) == 6
    assert {colour for p in points for colour in CLASSES if colour in p} == set(CLASSES[:2])
    assert len(marks(text, "line mark")) == 3


@pytest.mark.parametrize(("low", "bars"), [(-1.0, 2), (None, 0)])
def test_differences_are_beside_zero_with_a_bar_where_there_is_an_error(low, bars):
    high = None if low is None else 2.0
    rows = [
        {"net": NETS[1], "repetition": i, "difference": d, "mean": 0.5, "low": low, "high": high}
        for i, d in ((1, 0.0), (2, 1.0))
    ]
    text = svg(differences(NETS, "difference"), pd.DataFrame(rows))
    assert len(marks(text, "point")) == 2
    rules = re.findall(r'<line[^>]*aria-roledescription="rule mark"[^>]*>', text)
    assert sum(CLASSES[1] in rule for rule in rules) == bars
    assert text.count('stroke-dasharray="4,4"') == 1  # zero


def test_bands_say_what_a_series_is():
    chart = bands(NETS, "epoch", "accuracy", of="net", across="epoch")
    tips = chart["layer"][1]["encoding"]["tooltip"]
    assert [tip["title"] for tip in tips[:2]] == ["net", "epoch"]
    assert tips[1]["field"] == "epoch"
    rows = pd.DataFrame(
        [
            {"series": n, "epoch": e, "mean": e, "low": e - 1, "high": e + 1}
            for n in NETS
            for e in (0, 1)
        ]
    )
    assert len(marks(svg(chart, rows), "line mark")) == 2
