"""Charts of a fit: what they draw, read from the SVG."""

from __future__ import annotations

import re

import pandas as pd
import pytest
import vl_convert

from playground.charts.colours import CLASSES, TRAIN
from playground.charts.curves import standalone
from playground.charts.dynamics import LATER, PARTS, SAMPLES, component_chart, field_chart
from playground.charts.plane import ARROWS


def paths(trajectories: int = 2) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"x": x, "y": x / 2 + k, "t": x, "series": series, "trajectory": k, "part": part}
            for series in ("true", "learned")
            for k in range(trajectories)
            for part, span in zip(PARTS, ((0, 1, 2), (2, 3)))
            for x in span
        ]
    )


def svg(specification: dict, rows: pd.DataFrame, **more: list[dict]) -> str:
    inside = {ARROWS: [], SAMPLES: [], LATER: [], **more}
    return vl_convert.vegalite_to_svg(standalone({**specification, "datasets": inside}, rows))


def lines(text: str) -> list[tuple[str, bool]]:
    """Return colour and whether it is dashed of every line of a trajectory."""
    found = re.findall(
        r'<path aria-label="[^"]*" role="graphics-symbol" [^>]*line mark[^>]*>', text
    )
    return [
        (re.search(r'stroke="(#\w+)"', each).group(1), 'stroke-dasharray="5' in each)
        for each in found
    ]


@pytest.mark.parametrize(
    "chart",
    [field_chart("x", "y", (0, 3, 0, 3), "learned"), component_chart("x", (0, 3), (0, 3))],
    ids=["plane", "over time"],
)
def test_trajectories_are_grey_where_true_and_dashed_beyond(chart: dict) -> None:
    drawn = lines(svg(chart, paths()))
    expected = [(colour, dashed) for colour in (TRAIN, CLASSES[0]) for dashed in (False, True)] * 2
    assert sorted(drawn) == sorted(expected)


def test_a_trajectory_ends_where_it_flew_away() -> None:
    rows = paths(1)
    rows.loc[(rows["series"] == "learned") & (rows["x"] > 1), "y"] = None
    drawn = lines(svg(field_chart("x", "y", (0, 3, 0, 3), "true"), rows))
    assert sorted(drawn) == sorted([(TRAIN, False), (TRAIN, True), (CLASSES[0], False)])


def test_arrows_have_the_colour_of_their_field_and_turn() -> None:
    arrows = [{"x": 1, "y": 1, "angle": a, "speed": 2.0} for a in (0, 90)]
    for series, colour in (("true", TRAIN), ("learned", CLASSES[0])):
        text = svg(field_chart("x", "y", (0, 3, 0, 3), series), paths(0), **{ARROWS: arrows})
        assert text.count(f'fill="{colour}"') >= 2
        assert "rotate(90)" in text


def test_samples_that_are_held_back_are_paler() -> None:
    samples = [
        {"x": 1.0, "y": 1.0, "t": 1.0, "trajectory": 1, "used": True},
        {"x": 2.0, "y": 1.0, "t": 2.0, "trajectory": 1, "used": False},
    ]
    text = svg(component_chart("x", (0, 3), (0, 3)), paths(1), **{SAMPLES: samples})
    points = re.findall(rf'<path[^>]*fill="{CLASSES[1]}"[^>]*>', text)
    opacities = sorted(float(re.search(r' opacity="([\d.]+)"', each).group(1)) for each in points)
    assert opacities == [0.3, 0.75]


def test_the_time_that_was_not_trained_on_is_shaded() -> None:
    chart = component_chart("x", (0, 4), (0, 3))
    later = [{"start": 2.0, "end": 4.0}]
    with_it, without = svg(chart, paths(1), **{LATER: later}), svg(chart, paths(1))
    assert with_it.count("rect mark") == without.count("rect mark") + 1


def test_the_legend_names_the_truth_only_where_there_is_one() -> None:
    for make in (
        lambda known: field_chart("x", "y", (0, 3, 0, 3), "learned", known=known),
        lambda known: component_chart("x", (0, 3), (0, 3), known=known),
    ):
        learned = paths(1)[lambda rows: rows["series"] == "learned"]
        assert ">true<" in svg(make(True), learned)
        assert ">true<" not in svg(make(False), learned)
        assert ">learned<" in svg(make(False), learned)
