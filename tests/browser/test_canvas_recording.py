"""The canvas views in a real browser: from a live picture to a recording and back."""

import numpy as np
from looking import boundary, flow, pixels, read, settle


def rest(page):
    page.get_by_role("button", name="rest").click()
    for view in (flow(page), boundary(page)):
        view.and_(page.locator("[data-frames='60']")).wait_for()
        settle(view)


def changed(image, other):
    """The share of pixels that look different: positions lose their last bits, nothing moves."""

    def on_white(pixels):
        colour, alpha = pixels[..., :3].astype(float), pixels[..., 3:] / 255
        return colour * alpha + 255 * (1 - alpha)

    return (np.abs(on_white(image) - on_white(other)).max(-1) > 40).mean()


def test_a_live_view_keeps_the_place_of_the_epoch_slider(show):
    page = show("resting")
    slider = flow(page).get_by_role("slider", name="epoch")
    assert slider.is_disabled()
    assert flow(page).get_by_role("button", name="Play epoch").is_disabled()
    assert boundary(page).get_by_role("slider", name="epoch").count() == 0
    tall = flow(page).bounding_box()["height"]
    rest(page)
    assert slider.is_enabled()
    assert flow(page).bounding_box()["height"] == tall


def test_the_recording_takes_over_without_a_flicker(show):
    page = show("resting")
    views = (flow(page), boundary(page))
    before = [pixels(view) for view in views]
    nodes = [read(view, "node-id") for view in views]
    rest(page)
    assert [read(view, "node-id") for view in views] == nodes
    for view, old in zip(views, before):
        assert changed(pixels(view), old) < 0.002


def test_a_recording_is_scrubbed_by_keyboard_and_played_by_the_space_bar(show):
    page = show("resting")
    rest(page)
    slider = flow(page).get_by_role("slider", name="epoch")
    slider.focus()
    slider.press("Home")
    settle(boundary(page))
    assert [read(view, "step") for view in (flow(page), boundary(page))] == ["0", "0"]
    slider.press(" ")
    page.wait_for_timeout(1200)
    assert read(flow(page), "playing") == "epoch"
    slider.press(" ")
    settle(flow(page))
    frames = [int(read(view, "frame")) for view in (flow(page), boundary(page))]
    assert 0 < frames[0] < 59
    assert frames[0] == frames[1]


def test_training_that_goes_on_is_seen_at_once_wherever_one_had_scrubbed(show):
    page = show("resting")
    last = pixels(boundary(page))
    rest(page)
    slider = flow(page).get_by_role("slider", name="epoch")
    slider.focus()
    slider.press("Home")
    slider.press(" ")
    page.get_by_role("button", name="go on").click()
    boundary(page).and_(page.locator("[data-frames='1']")).wait_for()
    flow(page).and_(page.locator("[data-frames='1']")).wait_for()
    assert (pixels(boundary(page)) == last).mean() > 0.999
    rest(page)
    assert [read(view, "frame") for view in (flow(page), boundary(page))] == ["59", "59"]
    assert read(flow(page), "playing") == ""


def test_squeezed_positions_are_those_that_were_sent(show):
    image = {}
    for demo in ("recording", "squeezed"):
        page = show(f"{demo}&group=g")
        slider = flow(page).get_by_role("slider", name="epoch")
        slider.focus()
        for _ in range(2):
            slider.press("PageDown")
        flow(page).get_by_role("slider", name="depth").fill("0.6")
        image[demo] = pixels(flow(page))
    assert changed(image["recording"], image["squeezed"]) < 0.002


def test_a_torn_recording_is_said(show):
    page = show("torn", wait="error")
    text = flow(page).locator(".message").inner_text()
    assert "damaged" in text
