"""Images side by side, pixel by pixel; the bars of the classes as they are drawn."""

import numpy as np
import pandas as pd
import pytest
import vl_convert

from playground.charts.image_data import balance, sheet, strip


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
