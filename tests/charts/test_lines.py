"""Line charts: what they draw, read from the SVG."""

from __future__ import annotations

import re

import pandas as pd
import pytest
import vl_convert

from playground.charts.colours import CLASSES
from playground.charts.curves import standalone
from playground.charts.lines import Axis, lines

STEP, ERROR = Axis("step", "step size", log=True), Axis("error", "error", log=True)


def svg(specification: dict, rows: list[dict]) -> str:
    return vl_convert.vegalite_to_svg(standalone(specification, pd.DataFrame(rows)))


def strokes(text: str) -> list[str]:
    """Return the colours of the lines, in the order in which they are drawn."""
    lines_only = re.findall(r'aria-roledescription="line mark"[^>]*stroke="(#\w+)"', text)
    return lines_only or re.findall(r'<path[^>]*stroke="(#\w+)"[^>]*line mark', text)


def convergence(names: list[str]) -> list[dict]:
    return [
        {"series": name, "step": 2.0**-i, "error": 2.0 ** (-i * (order + 1))}
        for order, name in enumerate(names)
        for i in range(6)
    ]


def test_every_series_is_a_line_in_its_own_colour() -> None:
    names = ["Euler", "Heun", "Kutta"]
    specification = lines(STEP, ERROR, names)
    text = svg(specification, convergence(names))
    assert sorted(strokes(text)) == sorted(CLASSES[:3])
    for name in names:
        assert name in text
    assert "step size" in text
    assert specification["description"] == "error over step size"


def test_a_colour_belongs_to_a_name_and_not_to_its_place_in_the_rows() -> None:
    names = ["Euler", "Heun", "Kutta"]
    text = svg(lines(STEP, ERROR, names), convergence(names)[12:])
    assert strokes(text) == [CLASSES[2]]


@pytest.mark.parametrize("bad", [0.0, -1.0, float("inf"), float("nan")])
def test_what_a_logarithm_cannot_show_is_left_out_and_not_drawn_somewhere(bad: float) -> None:
    rows = convergence(["Euler"])
    known = svg(lines(STEP, ERROR, ["Euler"]), rows)
    text = svg(lines(STEP, ERROR, ["Euler"]), [*rows, {**rows[0], "error": bad}])
    assert "NaN" not in text
    assert text.count("aria-label") == known.count("aria-label")


def test_a_path_through_a_plane_is_drawn_along_its_time() -> None:
    turn = [(0, 0), (1, 0), (1, 1), (0, 1), (0, 2)]
    rows = [{"series": "a", "x": x, "y": y, "t": t} for t, (x, y) in enumerate(turn)]
    plane = lines(
        Axis("x", "x", domain=(0, 2)), Axis("y", "y", domain=(0, 2)), ["a"], order="t", points=False
    )
    text = svg(plane, rows)
    path = re.search(r'd="(M[^"]*)"[^>]*stroke="#0072B2"', text) or re.search(
        r'stroke="#0072B2"[^>]*d="(M[^"]*)"', text
    )
    places = [tuple(map(float, pair.split(","))) for pair in re.split("[ML]", path[1])[1:]]
    across = [x for x, _ in places]
    assert across[0] < across[1] == across[2] > across[3] == across[4]


def test_more_series_than_colours_are_told_apart_by_their_dashes() -> None:
    names = [f"scheme {i}" for i in range(12)]
    text = svg(lines(STEP, ERROR, names, points=False), convergence(names))
    assert text.count('stroke-dasharray="6,3"') >= 2
