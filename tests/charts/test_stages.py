"""Charts of the multi-stage lab: what they draw, read from their SVG."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
import vl_convert

from playground.analysis.stages import StageFigures
from playground.charts.colours import CLASSES, TRAIN, VALIDATION
from playground.charts.curves import standalone
from playground.charts.stages import (
    AT,
    BETWEEN,
    BORDERS,
    FLOOR,
    MARKS,
    heat_map,
    loss,
    residual,
    spread,
    waves,
)
from playground.ui.labs.multi_stage_rows import gap_notes, plane_rows, thinned


def svg(specification: dict, rows: pd.DataFrame, **others: pd.DataFrame) -> str:
    inside = {name: frame.to_dict("records") for name, frame in others.items()}
    return vl_convert.vegalite_to_svg(standalone({**specification, "datasets": inside}, rows))


def strokes(text: str) -> list[str]:
    """Return the colours of the lines, in the order in which they are drawn."""
    marks = re.findall(r'<path[^>]*aria-roledescription="line mark"[^>]*>', text)
    return [re.search(r'stroke="([^"]+)"', mark)[1] for mark in marks]


def marks(text: str, kind: str) -> int:
    return len(re.findall(rf'aria-roledescription="{kind}"', text))


def test_what_is_left_is_a_line_between_and_dots_at_the_points() -> None:
    x = np.linspace(-1, 1, 20)
    rows = pd.concat(
        [
            pd.DataFrame({"x": x, "value": 1e-7 * np.sin(9 * x), "set": BETWEEN}),
            pd.DataFrame({"x": x[:7], "value": 0.0, "set": AT}),
        ]
    )
    text = svg(residual("what is left"), rows)
    assert strokes(text) == [CLASSES[0]]
    assert marks(text, "point") == 7
    assert "1e-7" in text


@pytest.mark.parametrize("late", [False, True])
def test_the_strongest_wave_is_marked_and_named(late: bool) -> None:
    rows = pd.DataFrame({"frequency": [0.5, 1.0, 1.5], "amplitude": [1e-3, 5e-2, 0.0]})
    mark = pd.DataFrame({"frequency": [1.0], "words": ["f_d = 1, κ = 12"], "late": [late]})
    text = svg(waves("what is left"), rows, **{MARKS: mark})
    assert text.count("f_d = 1, κ = 12</text>") == 1
    assert marks(text, "point") == 2  # an amplitude of zero has no place on a logarithmic axis


def test_the_loss_shows_stages_and_the_floor() -> None:
    rows = pd.DataFrame({"iteration": [0, 1, 2, 3], "value": [1, 1e-3, 1e-5, 1e-9]})
    rows = pd.concat([rows.assign(series=AT), rows.assign(series=BETWEEN)])
    borders = pd.DataFrame({"start": [0, 2], "middle": [1, 3], "words": ["stage 1", "stage 2"]})
    floor = pd.DataFrame({"level": [1e-32], "words": ["last place of float64"]})
    text = svg(loss((AT, BETWEEN)), rows, **{BORDERS: borders, FLOOR: floor})
    assert strokes(text) == [TRAIN, VALIDATION]
    for words in ("stage 1", "stage 2", "last place of float64"):
        assert words in text


def test_a_map_has_a_cell_for_each_place() -> None:
    class Plane:
        fine_x = np.stack(
            np.meshgrid(np.linspace(-1, 1, 5), np.linspace(0, 3, 5), indexing="ij"), axis=-1
        ).reshape(-1, 2)

    values = Plane.fine_x[:, 0] * 10 + Plane.fine_x[:, 1]
    rows = plane_rows(Plane, values)
    middle = 10 * (rows["x"] + (rows["x2"] - rows["x"]) / 2.2)
    across = rows["y"] + (rows["y2"] - rows["y"]) / 2.2
    np.testing.assert_allclose(rows["value"], middle + across, atol=1e-12)
    assert marks(svg(heat_map("u", signed=True), rows), "rect mark") == 25


def test_spreads_have_a_bar_a_mean_and_every_value() -> None:
    rows = pd.DataFrame(
        {
            "group": ["1", "1", "2"],
            "series": "one stage",
            "value": [1e-4, 1e-3, 1e-2],
            "mean": [3e-4, 3e-4, 1e-2],
            "low": [1e-4, 1e-4, 1e-2],
            "high": [1e-3, 1e-3, 1e-2],
        }
    )
    text = svg(spread("layers", "RMS", ("1", "2"), ("one stage",)), rows)
    assert marks(text, "point") == 6
    assert "layers" in text


def test_thinned_keeps_both_ends() -> None:
    assert list(thinned(3)) == [0, 1, 2]
    kept = thinned(10_000, 50)
    assert (kept[0], kept[-1], len(kept)) == (0, 9999, 50)


def figures(stage: int, rms: float, fine: float) -> StageFigures:
    return StageFigures(stage, rms**2 / 2, rms, 3 * rms, fine, 3 * fine, 1, 1, 1, 1, 1)


def test_a_stage_that_only_fits_the_gaps_is_named() -> None:
    first, second = figures(1, 1e-4, 1e-4), figures(2, 1e-7, 1.2e-7)
    assert gap_notes([first, second]) == []
    (note,) = gap_notes([first, second, figures(3, 1e-10, 1.3e-7)])
    assert "Stage 3 only fits the gaps" in note
    assert "1e+03 times" in note
