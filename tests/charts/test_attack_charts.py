"""The charts of attacks: pictures and lines against what they are made of, and as files."""

import base64
import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from playground.charts.attack import (
    BALL,
    BORDER,
    GROUND,
    SHADES,
    attack_plane,
    ball_rows,
    border_rows,
    ground,
)
from playground.charts.colours import CLASSES
from playground.charts.exports import chart_png, chart_svg
from playground.charts.parting import LATER, over_depth, pair_paths

EXTENT = (-1.0, 1.0, -2.0, 2.0)


def linear_field(n=41):
    """A net with two classes whose margin is |x + y/2|."""
    x, y = np.meshgrid(np.linspace(-1, 1, n), np.linspace(2, -2, n))
    signed = x + y / 2
    return np.abs(signed), (signed > 0).astype(int)


def picture_of(frame):
    data = base64.b64decode(frame["url"][0].partition(",")[2])
    return np.asarray(Image.open(io.BytesIO(data)))


def rgb(colour):
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


@pytest.mark.parametrize("kind", ["regions", "margin"])
def test_the_picture_has_the_classes_colours_with_the_top_row_first(kind):
    margin, winner = linear_field()
    frame, shades = ground(kind, margin, winner, EXTENT)
    picture = picture_of(frame)
    assert picture.shape == (41, 41, 4)
    assert picture[-1, 0, :3].tolist() == rgb(CLASSES[0])
    assert picture[0, -1, :3].tolist() == rgb(CLASSES[1])
    assert frame[["left", "right", "bottom", "top"]].iloc[0].tolist() == list(EXTENT)
    near = np.abs(margin) < 0.05
    if kind == "margin":
        assert picture[near, 3].max() < 10 < picture[0, -1, 3]
        assert shades["value"].tolist() == [0, pytest.approx(np.quantile(margin, 0.98))]
    else:
        assert len(np.unique(picture[..., 3])) == 1
        assert shades.empty


def test_the_slope_goes_from_dark_to_light():
    slope = np.geomspace(1e-2, 1e2, 400).reshape(20, 20)
    frame, shades = ground("slope", slope, np.zeros((20, 20), int), EXTENT)
    light = picture_of(frame)[..., 1].ravel().astype(int)
    assert (np.diff(light) >= 0).all()
    assert light[-1] - light[0] > 200
    assert 1e-2 <= shades["value"][0] < shades["value"][1] <= 1e2


def test_borders_are_where_two_classes_are_equal():
    margin, winner = linear_field()
    rows = border_rows(margin, winner, EXTENT)
    np.testing.assert_allclose(rows["re"] + rows["im"] / 2, 0, atol=1e-9)
    assert rows["im"].max() > 1.8
    assert border_rows(margin[:1], winner[:1], EXTENT).empty
    assert border_rows(margin, np.zeros_like(winner), EXTENT).empty


@pytest.mark.parametrize("round_", [False, True])
def test_the_outline_of_the_ball(round_):
    rows = ball_rows((1.0, 2.0), 0.3, round_)
    gap = rows[["x", "y"]].to_numpy() - [1, 2]
    length = np.linalg.norm(gap, 2 if round_ else np.inf, axis=1)
    np.testing.assert_allclose(length, 0.3)


def plane_rows():
    return pd.DataFrame(
        {
            "point": [1, 1, 2],
            "step": [0, 1, 0],
            "x": [0.1, 0.4, -0.5],
            "y": [0.0, 0.5, -1.0],
            "class": ["a", "a", "b"],
            "says": ["b", "b", "a"],
            "state": ["flipped", "flipped", "wrong already"],
            "length": [0.6, 0.6, 0.0],
            "last": [False, True, True],
        }
    )


@pytest.mark.parametrize("kind", ["regions", "margin", "slope"])
def test_the_background_is_in_the_files(kind):
    margin, winner = linear_field()
    frame, shades = ground(kind, margin, winner, EXTENT)
    ends = tuple(shades["value"]) if len(shades) else None
    chart = attack_plane(("x1", "x2"), EXTENT, ("a", "b"), kind, ends)
    more = {GROUND: frame, SHADES: shades, BORDER: border_rows(margin, winner, EXTENT)}
    more |= {BALL: ball_rows((0, 0), 0.3, True)}
    inside = {key: rows.to_dict("records") for key, rows in more.items()}
    full = {**chart, "datasets": inside}
    svg = chart_svg(full, plane_rows()).decode()
    assert "data:image/png;base64" in svg
    assert svg.count('aria-roledescription="line mark"') >= 3 or svg.count("mark-line") >= 3
    assert ("slope ‖∇ margin‖" in svg) == (kind == "slope")
    drawn = np.asarray(Image.open(io.BytesIO(chart_png(full, plane_rows()))).convert("RGB"))
    bare = {**full, "datasets": {**inside, GROUND: []}}
    without = np.asarray(Image.open(io.BytesIO(chart_png(bare, plane_rows()))).convert("RGB"))
    assert (drawn != without).any(axis=2).mean() > 0.3  # the picture fills the plane


def test_depths_beyond_the_nets_own_are_shaded_in_the_files():
    rows = pd.DataFrame(
        {
            "depth": [0.0, 1.0, 2.0],
            "series": "flipped",
            "low": [1.0, 2.0, 3.0],
            "median": [2.0, 3.0, 4.0],
            "high": [3.0, 4.0, 5.0],
            "mean": [2.0, 3.0, 4.0],
        }
    )
    chart = over_depth("depth t", "distance", ("flipped", "holds"))
    images = []
    for end in (1.0, 2.0):
        later = [{"start": 1.0, "end": end}]
        file = chart_png({**chart, "datasets": {LATER: later}}, rows)
        images.append(np.asarray(Image.open(io.BytesIO(file)).convert("RGB")))
    changed = (images[0] != images[1]).any(axis=2)
    assert changed[:, changed.shape[1] * 3 // 4].mean() > 0.5
    assert not changed[:, changed.shape[1] // 4].any()


def test_pairs_are_solid_and_dashed():
    rows = pd.DataFrame(
        {
            "x": [0.0, 1.0, 0.0, 1.0],
            "y": [0.0, 1.0, 0.5, 2.0],
            "depth": [0.0, 1.0, 0.0, 1.0],
            "pair": 3,
            "kind": ["clean", "clean", "attacked", "attacked"],
            "class": "a",
            "part": "own",
            "end": [False, True, False, True],
            "says": "a",
        }
    )
    svg = chart_svg(pair_paths("PC1", "PC2", ("a", "b")), rows).decode()
    assert 'stroke-dasharray="5,3"' in svg
    assert svg.count(f'stroke="{CLASSES[0]}"') >= 2
