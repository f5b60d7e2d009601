"""The canvas views in a real browser: live data, bad data, theme and size."""

import statistics

import pytest
from looking import BLUE, DARK, boundary, flow, has_colour, pixels, read, settle, strength


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


def test_a_loaded_page_sends_frames_without_the_code(new_page, canvas_url):
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
        page.goto(f"{canvas_url}/?demo=live{extra}")
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
