"""Portraits, regions, paths and folds: what they draw, read from the SVG and from the rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import vl_convert

from playground.charts.curves import standalone
from playground.charts.folds import BORDER, fold_map, fold_rows
from playground.charts.paths import paths_chart
from playground.charts.plane import ARROWS, portrait
from playground.charts.regions import POINTS, borders, regions


def svg(specification: dict, rows: pd.DataFrame, **more: pd.DataFrame) -> str:
    filled = {name: frame.to_dict("records") for name, frame in more.items()}
    return vl_convert.vegalite_to_svg(standalone({**specification, "datasets": filled}, rows))


def test_the_border_of_the_unit_disc_is_the_unit_circle() -> None:
    side = np.linspace(-2, 2, 201)
    values = np.hypot(side[None, :], side[:, None])
    rows = borders("disc", side, side, values)
    np.testing.assert_allclose(np.hypot(rows["re"], rows["im"]), 1.0, atol=1e-3)
    assert set(rows["piece"]) == {"disc 0"}
    assert len(borders("none", side, side, values, level=9.0)) == 0


def test_every_island_is_a_piece_of_its_own() -> None:
    side = np.linspace(-3, 3, 301)
    x, y = np.meshgrid(side, side)
    two = np.minimum(np.hypot(x - 1.5, y), np.hypot(x + 1.5, y))
    assert borders("two", side, side, two)["piece"].nunique() == 2


def test_regions_draw_borders_and_points() -> None:
    side = np.linspace(-2, 2, 41)
    rows = borders("Euler", side, side, np.hypot(side[None, :] + 1, side[:, None]))
    points = pd.DataFrame({"re": [-0.5, 0.5], "im": [0.1, 0.2], "layer": [1, 2]})
    text = svg(regions(["Euler"], (-3, 1, -2, 2), layers=2), rows, **{POINTS: points})
    assert "Euler" in text
    assert text.count('aria-roledescription="point"') == 2


def test_a_portrait_has_an_arrow_for_each_row_and_a_line_for_each_path() -> None:
    arrows = pd.DataFrame(
        {"x": [0, 1, 2], "y": [0, 1, 2], "angle": [0, 90, -45], "speed": [1, 2, 3]}
    )
    rows = pd.concat(
        pd.DataFrame({"series": name, "t": [0, 1], "x": [0, 1], "y": [1, 0]}) for name in ("a", "b")
    )
    text = svg(portrait("x", "v", (0, 2, 0, 2), ["a", "b"]), rows, **{ARROWS: arrows})
    assert text.count("rotate(90)") >= 1
    assert text.count('aria-roledescription="line mark"') == 2


def test_paths_are_coloured_by_class_and_marked_at_their_ends() -> None:
    rows = pd.DataFrame(
        {
            "path": [0, 0, 1, 1],
            "t": [0, 1, 0, 1],
            "x": [0, 1, 0, 1],
            "y": [0, 1, 1, 2],
            "class": ["inner", "inner", "outer", "outer"],
        }
    )
    text = svg(paths_chart("depth", "feature", ["inner", "outer"]), rows)
    assert text.count('aria-roledescription="point"') == 2
    assert "inner" in text
    assert "outer" in text


def test_the_map_of_folds_shows_sign_and_size() -> None:
    x, y = np.linspace(0, 1, 3), np.linspace(0, 2, 4)
    determinants = np.arange(-6.0, 6.0).reshape(4, 3)
    rows = fold_rows(x, y, determinants)
    assert (np.sign(rows["strength"]) == np.sign(rows["determinant"])).all()
    assert rows["strength"].is_monotonic_increasing
    assert (rows["x2"] > rows["x"]).all()
    border = borders("fold", x, y, determinants, 0.0)
    text = svg(fold_map(), rows, **{BORDER: border})
    assert text.count('aria-roledescription="rect mark"') >= 1
    assert "determinant" in text
