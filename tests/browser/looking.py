"""Ways to look at views and charts, their state, their pixels, their downloads; and to press buttons."""

import base64
import csv
import io
import random
import re
from pathlib import Path

import numpy as np
from playwright.sync_api import TimeoutError, expect

PATIENCE = 90_000
BLUE, ORANGE = (0, 114, 178), (213, 94, 0)
LIGHT, DARK = (255, 255, 255), (18, 22, 29)


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


def rows_of(page, name):
    """The rows of a chart, by its download."""
    button = page.locator(f".st-key-chart_menu-{name}").get_by_role(
        "button", name="CSV", exact=True
    )
    for last in (False, False, True):  # a click on what is being drawn anew goes to nobody
        try:
            with page.expect_download(timeout=PATIENCE / 3) as waiting:
                button.click()
            break
        except TimeoutError:
            if last:
                raise
    return list(csv.DictReader(io.StringIO(Path(waiting.value.path()).read_text())))


def see(page, pattern, patience=120_000):
    """Wait until the page shows a pattern; return the match."""
    found = page.get_by_text(re.compile(pattern)).first
    expect(found).to_be_visible(timeout=patience)
    return re.search(pattern, found.inner_text())


def fresh(name="weight_seed"):
    """A seed that no earlier attempt of a test has had: its run would be found trained."""
    return f"{name}={random.randrange(9000)}"


def press(button):
    """Click a button that goes away when it was heard; again where it was being drawn anew."""
    for last in (False, False, True):
        button.click()
        try:
            expect(button).to_have_count(0, timeout=PATIENCE / 3)
            return
        except AssertionError:
            if last:
                raise
