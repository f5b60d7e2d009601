"""The charts of a sweep, by what is drawn in their SVG."""

import re

import pandas as pd
import vl_convert

from playground.charts.sweeps import MOST_WRITTEN, heat, multiples, pareto


def svg_of(chart, rows):
    return vl_convert.vegalite_to_svg(
        {**chart, "datasets": {"rows": rows.to_dict("records")}, "width": chart.get("width", 500)}
    )


def cells(across, down):
    made = [
        (x, y, float(i), i - 0.5, i + 0.5, f"{i}.25", 2, i > 1)
        for i, (x, y) in enumerate((x, y) for y in down for x in across)
    ]
    names = ["across", "down", "mean", "low", "high", "words", "count", "light"]
    return pd.DataFrame(made, columns=names)


def test_a_map_has_a_cell_with_its_figure_for_each_pair():
    across, down = ("1", "3", "20"), ("euler", "rk4")
    svg = svg_of(heat(across, down, "network.depth", "scheme", "Accuracy"), cells(across, down))
    for i in range(6):
        assert f">{i}.25</text>" in svg
    for word in (*across, *down, "network.depth", "scheme"):
        assert f">{word}</text>" in svg
    fills = set(re.findall(r'aria-roledescription="rect mark"[^>]* fill="([^"]+)"', svg))
    assert len(fills) == 6  # the figures are told apart by colour


def test_bright_is_good_whichever_way():
    rows = cells(("a", "b"), ("c",))
    more = heat(("a", "b"), ("c",), "x", "y", "t")
    less = heat(("a", "b"), ("c",), "x", "y", "t", less_is_better=True)
    assert svg_of(more, rows) != svg_of(less, rows)


def test_figures_are_left_out_of_a_map_with_many_cells():
    across, down = tuple(map(str, range(20))), tuple(map(str, range(100, 110)))
    assert len(across) * len(down) > MOST_WRITTEN
    assert ">7.25</text>" not in svg_of(heat(across, down, "x", "y", "t"), cells(across, down))


def test_a_front_is_drawn_and_told_from_the_rest():
    rows = pd.DataFrame(
        [(1.0, 60.0, 58.0, 62.0, "a", True), (10.0, 50.0, 49.0, 51.0, "b", False)],
        columns=["cost", "score", "low", "high", "words", "front"],
    )
    svg = svg_of(pareto("seconds", "accuracy, %"), rows)
    for word in ("seconds", "accuracy, %", "on the front", "beaten"):
        assert word in svg
    assert svg.count("setting: a") == 1
    assert svg.count("setting: b") == 1


def test_each_panel_has_a_curve_for_each_series():
    panels, series = ("depth = 1", "depth = 3"), ("euler", "rk4")
    rows = pd.DataFrame(
        [
            (panel, name, epoch, epoch + i, epoch, epoch + 2 * i)
            for panel in panels
            for i, name in enumerate(series)
            for epoch in (0, 1, 2)
        ],
        columns=["panel", "series", "epoch", "mean", "low", "high"],
    )
    svg = svg_of(multiples(panels, series, "scheme", "accuracy, %"), rows)
    for word in (*panels, *series, "epoch"):
        assert word in svg
    assert svg.count('aria-roledescription="line mark"') == 4
