"""The attention lab's pictures: what they draw, and that a renderer takes them."""

import numpy as np
import pandas as pd
import pytest
import vl_convert

from playground.charts.attention import (
    COLOURS,
    GAP,
    over_pairs,
    over_times,
    overlaid,
    parameters,
    picture,
    widths,
)
from playground.charts.curves import standalone

COLUMNS = ("classic", GAP, "t = 0", "t = 1", "mean")


def cells(columns):
    return [
        {"column": c, "position": p, "words": f"row {p}", "weight": p / 3, "bright": p == 2}
        for c in columns
        if c != GAP
        for p in (1, 2)
    ]


@pytest.mark.parametrize(
    ("specification", "rows", "words"),
    [
        (
            overlaid("loss"),
            [
                {"epoch": i, "net": net, "set": name, "loss": 1 / (1 + i)}
                for net in ("classic", "ODE")
                for name in ("training", "validation")
                for i in range(4)
            ],
            ("classic", "ODE", "validation"),
        ),
        (over_times(COLUMNS, 2, 200), cells(COLUMNS), ("classic", "t = 1", "mean", "0.67")),
        (
            over_pairs(2, 200),
            [{"query": q, "position": p, "weight": 0.5} for q in (1, 2) for p in (1, 2)],
            ("looking (query)",),
        ),
        (
            widths(COLUMNS, 4),
            [
                {"column": c, "net": "ODE", "effective": v}
                for c in COLUMNS[2:]
                for v in (1.5, 2, 3.5)
            ],
            ("t = 0", "positions that share"),
        ),
        (
            parameters(("MNIST, classic", "MNIST, ODE"), ("encoding", "decoder")),
            [
                {"net": "MNIST, ODE", "part": part, "place": i, "count": 100}
                for i, part in enumerate(("encoding", "decoder"))
            ],
            ("MNIST, ODE", "encoding"),
        ),
    ],
)
def test_charts_are_rendered(specification, rows, words):
    svg = vl_convert.vegalite_to_svg(standalone(specification, pd.DataFrame(rows)))
    for word in words:
        assert word in svg


def test_a_picture_is_tinted_where_the_attention_lies():
    image = np.array([[0.0, 1.0], [1.0, 0.0]])
    spread = np.array([[0.0, 0.0], [0.4, 0.4]])
    shown = picture(image, spread, 0.4, COLOURS[1], edge=8)
    assert shown.shape == (8, 8, 3)
    np.testing.assert_array_equal(shown[0, 0], [0, 0, 0])
    np.testing.assert_array_equal(shown[0, 7], [1, 1, 1])
    tint = np.array([0xD5, 0x5E, 0x00]) / 255
    np.testing.assert_allclose(shown[7, 0], 0.2 + 0.8 * tint)
    np.testing.assert_allclose(shown[7, 7], 0.8 * tint)
    assert picture(np.zeros((4, 4, 3)), None, 1.0, COLOURS[0]).max() == 0
