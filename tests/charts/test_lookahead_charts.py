"""Charts of the Lookahead lab: what they draw, read from the SVG, and where contour lines lie."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
import vl_convert

from playground.charts.colours import CLASSES
from playground.charts.curves import standalone
from playground.charts.landscape import (
    ALONE,
    CONTOURS,
    FAST,
    SLOW,
    contours,
    landscape,
    levels,
)
from playground.charts.plane import ARROWS, portrait
from playground.charts.study import bands, whiskers
from playground.charts.toy import ENDS, QUARTILES, SERIES, counts, course, courses, with_mark


def svg(specification: dict, rows: pd.DataFrame, **others: pd.DataFrame) -> str:
    inside = {name: frame.to_dict("records") for name, frame in others.items()}
    given = {**specification, "datasets": inside}
    return vl_convert.vegalite_to_svg(standalone(given, rows))


def strokes(text: str) -> list[str]:
    """Return the colours of the lines, in the order in which they are drawn."""
    marks = re.findall(r'<path[^>]*aria-roledescription="line mark"[^>]*>', text)
    return [re.search(r'stroke="([^"]+)"', mark)[1] for mark in marks]


def losses(**more: object) -> pd.DataFrame:
    return pd.concat(
        [
            pd.DataFrame({"iteration": range(1, 6), "loss": [3, 2, 1, 0.5, 0.2], "method": name})
            for name in SERIES
        ]
    ).assign(**more)


def test_a_panel_has_both_methods_and_both_lines_of_its_title() -> None:
    text = svg(course("Figure 4", "28 against 14", "slow updates", 3.0), losses())
    assert strokes(text) == list(CLASSES[:2])
    for words in ("Figure 4", "28 against 14", "slow updates"):
        assert words in text


def test_the_picture_of_all_has_a_panel_for_each_rate_and_k() -> None:
    rows = pd.concat([losses(rate=rate, k=k) for rate in ("0.01", "0.1") for k in (4, 6, 8)])
    text = svg(courses("slow updates", 3.0), rows)
    assert len(strokes(text)) == 2 * 6
    for name in SERIES:
        assert name in text


def test_every_run_is_a_mark_and_what_the_limit_ended_has_another_shape() -> None:
    methods = ("gradient descent", "Lookahead, k = 4")
    rows = pd.DataFrame(
        {
            "method": [methods[0]] * 3 + [methods[1]] * 4,
            "count": [10, 20, 50, 5, 6, 7, 8],
            "ended": [ENDS[0], ENDS[0], ENDS[1], *[ENDS[0]] * 4],
            "jitter": 0.5,
        }
    )
    boxes = pd.DataFrame([{"method": m, "low": 5, "median": 7, "high": 9} for m in methods])
    text = svg(counts("rate 0.1", methods, "slow updates", 50.0), rows, **{QUARTILES: boxes})
    marks = re.findall(r'<path[^>]*aria-roledescription="point"[^>]*>', text)
    assert len(marks) == 7
    assert sum("by the limit" in mark for mark in marks) == 1
    assert sum(f'stroke="{CLASSES[1]}"' in mark for mark in marks) == 4


def test_the_target_is_marked_where_it_is() -> None:
    chart = with_mark(portrait("x", "y", (0, 4, 0, 8), ["a"]), (2.0, 4.0), "target")
    rows = pd.DataFrame({"x": [0, 4], "y": [0, 8], "t": [0, 1], "series": "a"})
    arrows = pd.DataFrame({"x": [1.0], "y": [1.0], "angle": [0.0], "speed": [1.0]})
    text = svg(chart, rows, **{ARROWS: arrows})
    assert "target" in text
    path = re.search(r'd="M([\d.]+),([\d.]+)L([\d.]+),([\d.]+)"[^>]*stroke="#0072B2"', text)
    path = path or re.search(r'stroke="#0072B2"[^>]*d="M([\d.]+),([\d.]+)L([\d.]+),([\d.]+)"', text)
    x0, y0, x1, y1 = map(float, path.groups())
    cross = re.search(
        rf'<path[^>]*transform="translate\(([\d.]+),([\d.]+)\)"[^>]*{CLASSES[2]}', text
    )
    assert float(cross[1]) == pytest.approx((x0 + x1) / 2)
    assert float(cross[2]) == pytest.approx((y0 + y1) / 2)


def test_contour_lines_lie_where_the_loss_has_their_value() -> None:
    across, up = np.linspace(-2, 2, 81), np.linspace(-3, 3, 121)
    grid = np.exp(across[None, :] ** 2 + up[:, None] ** 2)
    heights = levels(grid, 5)
    assert np.allclose(np.diff(np.log(heights)), np.log(heights[1] / heights[0]))
    assert grid.min() < heights[0] < heights[-1] < grid.max()
    rows = contours(across, up, grid, heights[:3])
    known = np.exp(rows["x"] ** 2 + rows["y"] ** 2)
    np.testing.assert_allclose(known, rows["loss"], rtol=0.03)
    assert set(rows["loss"]) == set(heights[:3])


def test_a_flat_or_broken_landscape_has_no_lines() -> None:
    assert levels(np.ones((4, 4))).size == 0
    assert levels(np.full((4, 4), np.nan)).size == 0
    x = np.arange(4.0)
    assert list(contours(x, x, np.ones((4, 4)), []).columns) == ["piece", "place", "x", "y", "loss"]
    partly = np.add.outer(x, x) + 1
    partly[0, 0] = np.inf
    assert np.isfinite(levels(partly)).all()
    assert np.isfinite(contours(x, x, partly, levels(partly))[["x", "y"]]).all(axis=None)


def test_the_paths_lie_over_the_contours_each_in_its_colour() -> None:
    rows = pd.concat(
        [
            pd.DataFrame(
                {
                    "x": [0, 1],
                    "y": [0, i],
                    "step": [0, 1],
                    "loss": 0.5,
                    "series": name,
                    "piece": name,
                }
            )
            for i, name in enumerate((ALONE, FAST, SLOW))
        ]
    )
    hills = contours(
        np.arange(3.0), np.arange(3.0), np.add.outer(np.arange(3.0), np.arange(3.0)), [2.0]
    )
    text = svg(landscape((0, 2, 0, 2), ("first", "second")), rows, **{CONTOURS: hills})
    drawn = strokes(text)
    assert sorted(drawn[-3:]) == sorted(CLASSES[:3])
    assert len(drawn) == 4
    assert text.count(f">{SLOW}<") == 1  # one legend


def spread(**more: object) -> pd.DataFrame:
    rows = [
        {"series": name, "group": group, "step": i, "mean": 0.9, "low": 0.7, "high": 1.1}
        for name in ("alone", "k = 5")
        for i, group in enumerate(("0.01", "0.1"))
    ]
    return pd.DataFrame(rows).assign(**more)


@pytest.mark.parametrize("top", [None, 1.0])
def test_means_stand_side_by_side_with_their_spread(top: float | None) -> None:
    chart = whiskers(("alone", "k = 5"), ("0.01", "0.1"), "learning rate", "accuracy", top)
    text = svg(chart, spread())
    means = re.findall(r'aria-label="[^"]*"[^>]*aria-roledescription="point"', text)
    assert len(means) == 4
    places = set(
        re.findall(r'aria-roledescription="point"[^>]*transform="translate\(([\d.]+)', text)
    )
    assert len(places) == 4
    assert ("1.1" in re.findall(r">([\d.]+)</text>", text)) == (top is None)


@pytest.mark.parametrize("log", [False, True])
def test_a_band_lies_behind_every_mean(log: bool) -> None:
    text = svg(bands(("alone", "k = 5"), "gradient evaluations", "loss", log), spread())
    assert strokes(text) == list(CLASSES[:2])
    assert len(re.findall(r'aria-roledescription="area mark"', text)) == 2
    assert "gradient evaluations" in text
