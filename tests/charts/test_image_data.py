"""Images side by side, pixel by pixel; the bars of the classes as they are drawn."""

import numpy as np
import pandas as pd
import pytest
import vl_convert

from playground.charts.image_data import balance, sheet, strip, with_points


def test_a_strip_has_each_image_in_its_place_and_sharp():
    images = np.random.default_rng(0).random((3, 3, 8, 10)).astype(np.float32)
    found = strip(images, 4)
    factor = -(-96 // 10)
    wide = 10 * factor
    assert found.shape == (8 * factor, 4 * wide + 3 * 6, 4)
    for i, image in enumerate(images):
        place = found[:, i * (wide + 6) : i * (wide + 6) + wide]
        assert (place[..., 3] == 255).all()
        shades = place[factor // 2 :: factor, factor // 2 :: factor, :3]
        np.testing.assert_array_equal(shades, np.round(255 * image).transpose(1, 2, 0))
    assert (found[:, 3 * (wide + 6) :, 3] == 0).all()


def test_grey_is_the_same_in_all_colours_and_strange_numbers_are_cut_off():
    image = np.linspace(-1, 2, 64).reshape(1, 1, 8, 8)
    found = strip(image)[::12, ::12]
    assert (found[..., 0] == found[..., 2]).all()
    assert (found[0, 0, 0], found[-1, -1, 0]) == (0, 255)


def test_a_sheet_has_rows_of_strips():
    images = np.random.default_rng(1).random((5, 1, 8, 8))
    found = sheet(images, 2)
    row = strip(images[:2], 2)
    assert found.shape == (3 * row.shape[0] + 2 * 6, *row.shape[1:])
    np.testing.assert_array_equal(found[: len(row)], row)
    np.testing.assert_array_equal(found[-len(row) :], strip(images[4:], 2))


@pytest.mark.parametrize("shape", [(2, 8, 8), (2, 2, 8, 8)])
def test_what_is_no_image_is_refused(shape):
    with pytest.raises(ValueError, match="not legal"):
        strip(np.zeros(shape))
    with pytest.raises(ValueError, match="3 images do not fit in 2"):
        strip(np.zeros((3, 1, 8, 8)), 2)


def test_the_balance_is_drawn_for_both_parts():
    names = ("ants", "bees")
    rows = pd.DataFrame(
        {
            "class": ["ants", "ants", "bees", "bees"],
            "set": ["training", "validation"] * 2,
            "count": [41, 9, 13, 7],
            "share": [0.76, 0.56, 0.24, 0.44],
        }
    )
    specification = {**balance(names), "datasets": {"rows": rows.to_dict("records")}}
    svg = vl_convert.vegalite_to_svg(specification)
    for word in ("ants", "bees", "training", "validation", "images"):
        assert word in svg
    assert svg.count('aria-roledescription="bar"') == 4


def test_points_are_drawn_over_the_pixel_in_which_they_lie():
    image = np.zeros((12, 12))
    drawn = with_points(image, np.array([[3.0, 8.0]]), np.array([[10.0, 1.0], [40.0, 5.0]]))
    side = drawn.shape[0] // 12
    coloured = drawn.max(axis=2) > 0
    assert coloured[8 * side + side // 2, 3 * side + side // 2]
    assert coloured[1 * side + side // 2, 10 * side + side // 2]
    truth = tuple(drawn[8 * side + side // 2, 3 * side + side // 2])
    guess = tuple(drawn[1 * side + side // 2, 10 * side + side // 2])
    assert truth[2] > truth[0]  # blue
    assert guess[0] > guess[2]  # orange
    rows, columns = np.nonzero((drawn == truth).all(axis=2))
    assert (rows.mean() / side, columns.mean() / side) == pytest.approx((8.5, 3.5), abs=0.05)
    assert not coloured[:, : 2 * side].any()  # what lies outside is nowhere


def test_points_at_the_very_edge_do_no_harm():
    drawn = with_points(np.ones((8, 8)), np.array([[-0.5, -0.5], [7.5, 7.49]]))
    assert drawn.shape == (192, 192, 3)
    assert (drawn[0, 0] != 255).any()
