"""The canvas views in a real browser: depth, epochs and the camera."""

import pytest
from looking import boundary, count_sent, flow, pixels, read, settle


def test_depth_moves_without_a_word_to_the_server(new_page, canvas_url):
    page = new_page()
    sent = count_sent(page)
    page.goto(f"{canvas_url}/?demo=spiral")
    page.wait_for_selector(".odenet[data-state=ok]")
    page.wait_for_timeout(800)
    before = len(sent)
    assert before > 0
    slider = flow(page).get_by_role("slider", name="depth")
    seen = set()
    for value in ("0", "0.25", "0.5"):
        slider.fill(value)
        settle(flow(page))
        seen.add((read(flow(page), "depth"), flow(page).locator(".depth .readout").inner_text()))
    assert seen == {
        ("0.0000", "layer 0 / 20 · t = 0.00"),
        ("0.2500", "layer 5 / 20 · t = 1.25"),
        ("0.5000", "layer 10 / 20 · t = 2.50"),
    }
    flow(page).get_by_role("tab", name="Warped grid").click()
    page.wait_for_timeout(300)
    assert len(sent) == before


def test_depth_can_be_worked_by_keyboard(show):
    view = flow(show("spiral"))
    slider = view.get_by_role("slider", name="depth")
    slider.focus()
    for key, layer in [
        ("Home", "0"),
        ("ArrowRight", "1"),
        ("PageUp", "11"),
        ("ArrowLeft", "10"),
        ("End", "20"),
    ]:
        slider.press(key)
        settle(view)
        assert read(view, "layer") == layer
    assert "layer 20 / 20" in view.locator("canvas").get_attribute("aria-label")
    view.get_by_role("tab", name="Trajectories").press("ArrowRight")
    settle(view)
    assert read(view, "tab") == "warp"
    assert view.get_by_role("tab", name="Warped grid").get_attribute("aria-selected") == "true"


def test_play_moves_depth_smoothly_and_pause_holds_it(show):
    view = flow(show("spiral"))
    view.get_by_role("button", name="Play depth").click()
    depths = view.evaluate(
        """async root => {
            const seen = [];
            const end = performance.now() + 2000;
            while (performance.now() < end) {
                await new Promise(requestAnimationFrame);
                seen.push(root.dataset.depth);
            }
            return [...new Set(seen)].map(Number);
        }"""
    )
    assert len(depths) > 20
    assert depths == sorted(depths)
    # Between the layers too: with 20 layers, whole layers are multiples of 0.05.
    assert any(abs(20 * d - round(20 * d)) > 0.1 for d in depths)
    view.get_by_role("button", name="Pause depth").click()
    settle(view)
    held = read(view, "depth")
    view.page.wait_for_timeout(300)
    assert read(view, "depth") == held


def test_reduced_motion_plays_in_steps_and_never_by_itself(show):
    page = show("recording&autoplay=1&group=g", reduced_motion="reduce")
    page.wait_for_timeout(600)
    assert read(flow(page), "playing") == ""
    flow(page).get_by_role("button", name="Play depth").click()
    seen = set()
    for _ in range(14):
        page.wait_for_timeout(100)
        seen.add(20 * float(read(flow(page), "depth")))
    assert len(seen) > 1
    assert all(value == pytest.approx(round(value)) for value in seen)


def test_autoplay_moves_epoch_and_depth(show):
    page = show("recording&autoplay=1&group=g")
    places = set()
    for _ in range(6):
        places.add((read(flow(page), "frame"), read(flow(page), "depth")))
        page.wait_for_timeout(250)
    assert len({frame for frame, _ in places}) > 2
    assert len({depth for _, depth in places}) > 2
    assert read(boundary(page), "frame") != "0"


def test_one_epoch_slider_moves_all_views_of_a_group(show):
    page = show("recording&group=g")
    assert boundary(page).get_by_role("slider", name="epoch").count() == 0
    settle(boundary(page))
    late = pixels(boundary(page))
    slider = flow(page).get_by_role("slider", name="epoch")
    slider.press("ArrowLeft")
    settle(boundary(page))
    assert [read(view, "frame") for view in (flow(page), boundary(page))] == ["58", "58"]
    slider.press("Home")
    settle(boundary(page))
    assert read(boundary(page), "step") == "0"
    assert (pixels(boundary(page)) != late).any(-1).mean() > 0.2
    assert flow(page).locator(".epoch .readout").inner_text() == "epoch 0 · 50.0 %"


def test_a_boundary_alone_has_its_own_epoch_slider(show):
    view = boundary(show("alone"))
    view.get_by_role("slider", name="epoch").press("Home")
    settle(view)
    assert read(view, "epoch") == "0"
    assert read(view, "frames") == "60"


def test_space_turns_by_keys_and_pointer_and_keeps_its_camera(show):
    page = show("spiral")
    view = flow(page)
    view.get_by_role("tab", name="3-D").click()
    settle(view)
    start = read(view, "camera")
    canvas = view.locator("canvas")
    canvas.press("ArrowRight")
    settle(view)
    turned = read(view, "camera")
    assert turned != start
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + 100, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 160, box["y"] + 130, steps=4)
    page.mouse.up()
    page.mouse.wheel(0, -300)
    settle(view)
    yaw, pitch, zoom = map(float, read(view, "camera").split())
    assert (f"{yaw:.3f}", f"{pitch:.3f}") != tuple(turned.split()[:2])
    assert zoom > 1.2
    kept = read(view, "camera")
    view.get_by_role("tab", name="Trajectories").click()
    view.get_by_role("tab", name="3-D").click()
    settle(view)
    assert read(view, "camera") == kept
