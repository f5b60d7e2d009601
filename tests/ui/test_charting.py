"""Charts of the laboratories where there is little room: their legends beside each other, or not."""

from __future__ import annotations

import copy

import pytest

from playground.charts.lines import Axis, lines
from playground.ui.labs.charting import with_narrow_legend

SCHEMES = ["Euler", "Heun, order 2", "Midpoint", "Ralston, order 2", "Heun, order 3"]
SCHEMES += ["Classical Runge-Kutta, order 4"]


def chart(names: list[str]) -> dict:
    return lines(Axis("step", "step"), Axis("error", "error"), names, height=340)


def columns(specification: dict) -> int:
    return specification["config"]["legend"]["columns"]


def test_names_stand_side_by_side_where_the_longest_of_each_column_fit() -> None:
    shown = with_narrow_legend(chart(SCHEMES), 420)
    assert columns(shown) == 2
    assert shown["height"] == 340


def test_names_that_do_not_fit_stand_below_each_other_and_the_chart_keeps_its_height() -> None:
    shown = with_narrow_legend(chart(SCHEMES), 240)
    assert columns(shown) == 1
    assert shown["height"] == 340 + 20 * 3
    assert columns(chart(SCHEMES)) == 2  # what is shared by all pages is left as it is


@pytest.mark.parametrize("names", [["a", "b"], ["Euler"], []])
def test_short_legends_are_left_alone(names: list[str]) -> None:
    assert with_narrow_legend(chart(names), 240) == chart(names)


def test_a_legend_without_columns_of_its_own_gets_as_many_as_fit() -> None:
    loose = chart(SCHEMES)
    legend = {k: v for k, v in loose["config"]["legend"].items() if k != "columns"}
    loose = {**loose, "config": {**loose["config"], "legend": legend}}
    assert columns(with_narrow_legend(loose, 420)) == 2
    assert columns(with_narrow_legend(loose, 560)) == 4


def test_names_beside_a_chart_are_left_alone() -> None:
    beside = copy.deepcopy(chart(SCHEMES))  # all pages share what is kept
    for layer in beside["layer"]:
        layer["encoding"]["color"]["legend"]["orient"] = "right"
    assert with_narrow_legend(beside, 240) == beside
