"""The canvas views in a real browser: what is drawn."""

import re

import numpy as np
import pytest
from looking import (
    BLUE,
    DARK,
    LIGHT,
    ORANGE,
    boundary,
    download,
    flow,
    has_colour,
    pixels,
    read,
    settle,
    strength,
    table,
)


@pytest.mark.parametrize(("scheme", "background"), [("light", LIGHT), ("dark", DARK)])
def test_boundary_shows_the_class_colour_where_the_grid_says_so(show, scheme, background):
    page = show("halves", color_scheme=scheme)
    image = pixels(boundary(page))
    row = image[image.shape[0] // 3]
    inside = np.flatnonzero(row[:, 3] == 255)
    left, right = (
        row[np.percentile(inside, 25).astype(int)],
        row[np.percentile(inside, 75).astype(int)],
    )
    for pixel, colour in [(left, BLUE), (right, ORANGE)]:
        share, beside = strength(pixel, background, colour)
        assert share > 0.7
        assert beside < 14


def test_boundary_without_confidence_is_nearly_background_until_discretised(show):
    page = show("unsure")
    view = boundary(page)
    image = pixels(view)
    place = (image.shape[0] // 3, image.shape[1] * 2 // 5)
    assert strength(image[place], LIGHT, BLUE)[0] < 0.15
    switch = view.get_by_role("switch", name="Discretise")
    switch.click()
    assert switch.get_attribute("aria-checked") == "true"
    assert strength(pixels(view)[place], LIGHT, BLUE)[0] > 0.7


def test_switches_show_and_hide_the_points(show):
    page = show("spiral", device_scale_factor=2)
    view = boundary(page)
    with_train = pixels(view)
    view.get_by_role("switch", name="Train").click()
    without = pixels(view)
    # Training points wear white rings, test points dark ones.
    assert has_colour(with_train, LIGHT, 25) > has_colour(without, LIGHT, 25) + 200
    view.get_by_role("switch", name="Test").click()
    assert has_colour(pixels(view), (15, 20, 28), 20) > has_colour(without, (15, 20, 28), 20) + 100


def test_trajectories_end_in_dots_of_their_class(show):
    image = pixels(flow(show("spiral")))
    assert has_colour(image, BLUE) > 300
    assert has_colour(image, ORANGE) > 300


def test_regression_goes_from_blue_over_neutral_to_orange(show):
    view = boundary(show("regression"))
    view.get_by_role("switch", name="Train").click()
    image = pixels(view)
    canvas = image[: int(image.shape[0] * 0.8)]
    assert has_colour(canvas, BLUE, 25) > 20
    assert has_colour(canvas, ORANGE, 25) > 20
    rows = table(download(view, "Download the numbers as CSV")[1])
    assert list(rows[0]) == ["x1", "x2", "value"]
    for row in rows[::517]:
        expected = (float(row["x1"]) + float(row["x2"])) / 2
        assert float(row["value"]) == pytest.approx(expected, abs=0.006)


def test_one_input_is_a_strip_and_one_feature_a_curve_over_depth(show):
    page = show("one")
    assert flow(page).get_by_role("tab", name="3-D").count() == 0
    assert flow(page).get_by_role("tab", name="Warped grid").is_visible()
    tall = boundary(page).locator("canvas").bounding_box()["height"]
    assert tall < 200
    rows = table(download(boundary(page), "Download the numbers as CSV")[1])
    assert list(rows[0]) == ["x1", "class", "confidence"]
    assert [row["class"] for row in rows if abs(float(row["x1"])) < 0.45] == ["inside"] * 90
    assert len(rows) == 200


def test_hover_names_the_trajectory_and_reads_the_map(show):
    page = show("halves", width=1300)
    settle(flow(page))
    # Walk with the keyboard, which highlights as the pointer does.
    flow(page).locator("canvas").focus()
    page.keyboard.press("ArrowRight")
    tip = flow(page).locator(".tooltip")
    tip.wait_for()
    assert "class 0 · #0" in tip.inner_text()
    assert re.search(r"PC2\s+4", tip.inner_text())
    canvas = boundary(page).locator("canvas")
    box = canvas.bounding_box()
    canvas.hover(position={"x": box["width"] * 0.7, "y": box["height"] / 3})
    text = boundary(page).locator(".tooltip").inner_text()
    assert "class 1 · 100 %" in text
    assert "x1" in text
    assert "x2" in text


def test_hovering_a_head_chooses_its_trajectory(show):
    page = show("spiral")
    view = flow(page)
    view.scroll_into_view_if_needed()
    image = pixels(view)
    blue = np.argwhere(np.abs(image[..., :3].astype(int) - BLUE).max(-1) < 4)
    y, x = blue[len(blue) // 3]
    view.locator("canvas").hover(position={"x": float(x), "y": float(y)})
    view.locator(".tooltip").wait_for()
    assert "blue arm" in view.locator(".tooltip").inner_text()
    assert int(read(view, "chosen")) >= 0


def test_arrow_keys_move_the_cursor_over_the_map(show):
    view = boundary(show("halves"))
    canvas = view.locator("canvas")
    tip = view.locator(".tooltip")
    for key, name in [("ArrowLeft", "class 0"), ("ArrowRight", "class 1")]:
        for _ in range(3):
            canvas.press(key)
        settle(view)
        assert f"{name} · 100 %" in tip.inner_text()
        assert f"At the cursor: {name} · 100 %" in canvas.get_attribute("aria-label")
        canvas.press("Escape")
    settle(view)
    assert not tip.is_visible()


def test_points_in_one_place_and_broken_numbers_are_drawn_or_said(show):
    still = pixels(flow(show("still")))
    # All five points at the centre, in the class of the one drawn last.
    assert has_colour(still[: still.shape[0] * 3 // 4], BLUE) > 20
    view = flow(show("nan"))
    image = pixels(view)
    assert has_colour(image[: image.shape[0] * 3 // 4], BLUE) == 0
    assert (image[image.shape[0] // 2 - 12 : image.shape[0] // 2 + 6, ..., 3] > 0).any()
    view.locator("canvas").hover()
    settle(view)
    assert not view.locator(".tooltip").is_visible()
