"""The canvas views in a real browser: what is on screen, what is kept, what is exported."""

import base64
import csv
import io
import re
import statistics
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

DEMO = Path(__file__).with_name("canvas_demo.py")
BLUE, ORANGE = (0, 114, 178), (213, 94, 0)
LIGHT, DARK = (255, 255, 255), (18, 22, 29)


@pytest.fixture(scope="module")
def url(serve):
    return serve(DEMO)


@pytest.fixture
def show(new_page, url):
    """show(demo, **context options) opens a demo, waits for both views, collects page errors."""
    errors = []

    def open_demo(query, wait="ok", **options):
        page = new_page(**options)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{url}/?demo={query}")
        page.wait_for_selector(f".odenet[data-state={wait}]")
        page.wait_for_function("document.fonts.status === 'loaded'")
        return page

    yield open_demo
    assert errors == []


def flow(page):
    return page.locator(".odenet[data-mode=flow]")


def boundary(page):
    return page.locator(".odenet[data-mode=boundary]")


def read(view, name):
    return view.get_attribute(f"data-{name}")


def settle(view):
    """Waits until two looks in a row see the same number of draws."""
    before = None
    for _ in range(40):
        now = read(view, "renders")
        if now == before:
            return
        before = now
        view.page.wait_for_timeout(120)
    raise AssertionError("the view never came to rest")


def pixels(view):
    """The canvas as (height, width, 4) bytes."""
    settle(view)
    size, data = view.locator("canvas").evaluate(
        """canvas => {
            const image = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            let text = "";
            for (let i = 0; i < image.data.length; i += 8192)
                text += String.fromCharCode(...image.data.subarray(i, i + 8192));
            return [[canvas.height, canvas.width], btoa(text)];
        }"""
    )
    return np.frombuffer(base64.b64decode(data), np.uint8).reshape(*size, 4)


def strength(pixel, background, colour):
    """How far a pixel is on the way from background to colour, and how far beside that way."""
    pixel, background = np.asarray(pixel[:3], float), np.asarray(background, float)
    way = np.asarray(colour, float) - background
    share = (pixel - background) @ way / (way @ way)
    return share, np.abs(pixel - background - share * way).max()


def has_colour(image, colour, tolerance=12):
    near = np.abs(image[..., :3].astype(int) - colour).max(-1) <= tolerance
    return int((near & (image[..., 3] > 200)).sum())


def download(view, name):
    with view.page.expect_download() as waiting:
        view.get_by_role("button", name=name).click()
    return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()


def table(data):
    return list(csv.DictReader(io.StringIO(data.decode())))


def count_sent(page):
    """Counts what the browser sends to the server from now on."""
    sent = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    return sent


# What is drawn


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


# Depth and epochs


def test_depth_moves_without_a_word_to_the_server(new_page, url):
    page = new_page()
    sent = count_sent(page)
    page.goto(f"{url}/?demo=spiral")
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


# Live data


@pytest.mark.parametrize("extra", ["", "&load=1"])
def test_live_frames_arrive_fast_in_the_same_node(show, extra):
    page = show(f"live{extra}")
    view = flow(page)
    view.get_by_role("tab", name="Warped grid").click()
    view.get_by_role("slider", name="depth").fill("0.5")
    page.wait_for_timeout(1500)
    nodes = [read(v, "node-id") for v in (view, boundary(page))]
    elements = page.evaluate("document.querySelectorAll('*').length")
    before = int(read(boundary(page), "renders"))
    changes = boundary(page).evaluate(
        """root => new Promise(done => {
            let changes = 0, last = root.dataset.step;
            const watch = new MutationObserver(() => {
                if (root.dataset.step !== last) changes += 1;
                last = root.dataset.step;
            });
            watch.observe(root, { attributes: true, attributeFilter: ["data-step"] });
            setTimeout(() => { watch.disconnect(); done(changes); }, 4000);
        })"""
    )
    assert changes / 4 >= 5
    assert int(read(boundary(page), "renders")) - before >= changes
    assert [read(v, "node-id") for v in (view, boundary(page))] == nodes
    assert read(view, "tab") == "warp"
    assert read(view, "depth") == "0.5000"
    assert page.evaluate("document.querySelectorAll('*').length") <= elements + 5


def test_a_loaded_page_sends_frames_without_the_code(new_page, url):
    sizes = {}
    for extra in ("", "&load=1"):
        page = new_page()
        received = sizes[extra] = []
        page.on(
            "websocket",
            lambda socket, log=received: socket.on(
                "framereceived", lambda frame: log.append(len(frame))
            ),
        )
        page.goto(f"{url}/?demo=live{extra}")
        page.wait_for_selector(".odenet[data-state=ok]")
        page.wait_for_timeout(2500)
    large = {extra: [size for size in log[10:] if size > 20_000] for extra, log in sizes.items()}
    code = statistics.median(large[""]) - statistics.median(large["&load=1"])
    assert code > 40_000


def test_first_frames_replace_the_invitation_in_the_same_node(show):
    page = show("growing", wait="empty")
    view = flow(page)
    assert view.locator(".message").inner_text() == "Press train to start"
    assert view.get_by_role("slider").count() == 0
    node = read(view, "node-id")
    page.wait_for_selector(".odenet[data-mode=flow][data-state=ok]")
    assert read(view, "node-id") == node
    assert not view.locator(".message").is_visible()
    assert has_colour(pixels(view), BLUE) > 300


@pytest.mark.parametrize(("demo", "reason"), [("broken", "header"), ("short", "cut short")])
def test_unreadable_frames_are_said_and_do_not_throw(show, demo, reason):
    page = show(demo, wait="error")
    text = flow(page).locator(".message").inner_text()
    assert text.startswith("This picture cannot be drawn")
    assert reason in text


def test_a_change_of_theme_redraws_the_same_node(show):
    page = show("halves", color_scheme="light")
    view = boundary(page)
    node = read(view, "node-id")
    light = pixels(view)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(
        "getComputedStyle(document.querySelector('.stApp')).backgroundColor === 'rgb(18, 22, 29)'"
    )
    page.wait_for_timeout(400)
    dark = pixels(view)
    assert read(view, "node-id") == node
    # The map is darker, and the numbers at the axes turned from dark to light.
    assert strength(dark[dark.shape[0] // 3, dark.shape[1] * 2 // 5], DARK, BLUE)[0] > 0.7
    labels = slice(int(light.shape[0] * 0.82), int(light.shape[0] * 0.93))
    assert light[labels][light[labels][..., 3] > 200][:, 0].min() < 130
    assert dark[labels][dark[labels][..., 3] > 200][:, 0].max() > 130


def test_views_follow_the_width_of_their_column(show):
    page = show("spiral&width=640", width=760)
    settle(flow(page))
    wide = flow(page).locator("canvas").bounding_box()["width"]
    page.set_viewport_size({"width": 330, "height": 800})
    page.wait_for_timeout(500)
    settle(flow(page))
    view = flow(page)
    assert view.locator("canvas").bounding_box()["width"] < wide
    ratio = page.evaluate("devicePixelRatio")
    width = view.locator("canvas").evaluate("canvas => canvas.width")
    assert width == round(view.locator("canvas").bounding_box()["width"] * ratio)


# Exports


@pytest.mark.parametrize(("scheme", "background"), [("light", LIGHT), ("dark", DARK)])
def test_png_is_what_is_shown_on_the_page_colour(show, scheme, background):
    page = show("halves", color_scheme=scheme, device_scale_factor=2)
    view = boundary(page)
    shown = pixels(view)
    name, data = download(view, "Download as PNG image")
    image = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    assert name == "boundary-step-1200.png"
    assert image.shape[:2] == shown.shape[:2]
    assert tuple(image[1, -2]) == background
    opaque = shown[..., 3] == 255
    assert np.abs(image[opaque].astype(int) - shown[opaque][:, :3]).max() <= 1


def test_flow_csv_holds_every_layer_up_to_the_depth(show):
    view = flow(show("halves"))
    name, data = download(view, "Download the numbers as CSV")
    rows = table(data)
    assert name == "flow-trajectories-step-1200.csv"
    assert list(rows[0]) == ["trajectory", "label", "layer", "t", "PC1", "PC2", "PC3"]
    assert len(rows) == 5 * 3
    for row in rows:
        assert row["label"] == f"class {int(row['trajectory']) % 2}"
        assert float(row["t"]) == int(row["layer"])
        assert float(row["PC1"]) == pytest.approx(int(row["trajectory"]), abs=1e-3)
        assert float(row["PC2"]) == pytest.approx(2 * int(row["layer"]), abs=1e-3)
    view.get_by_role("slider", name="depth").fill("0.5")
    assert len(table(download(view, "Download the numbers as CSV")[1])) == 5 * 2


def test_warp_csv_holds_the_nodes_at_the_depth(show):
    view = flow(show("halves"))
    view.get_by_role("tab", name="Warped grid").click()
    view.get_by_role("slider", name="depth").fill("0.75")
    rows = table(download(view, "Download the numbers as CSV")[1])
    assert len(rows) == 25
    for row in rows:
        assert float(row["t"]) == 1.5
        assert float(row["PC1"]) == pytest.approx(int(row["grid_column"]), abs=1e-3)
        assert float(row["PC2"]) == pytest.approx(int(row["grid_row"]) + 1.5, abs=1e-3)


def test_boundary_csv_holds_class_and_confidence_of_every_cell(show):
    rows = table(download(boundary(show("halves")), "Download the numbers as CSV")[1])
    assert len(rows) == 40 * 40
    assert list(rows[0]) == ["x1", "x2", "class", "confidence"]
    assert (float(rows[0]["x1"]), float(rows[0]["x2"])) == pytest.approx((-1.17, 1.17))
    assert {(float(row["x1"]) > 0, row["class"], row["confidence"]) for row in rows} == {
        (False, "class 0", "1"),
        (True, "class 1", "1"),
    }
