"""From a training to the screen: pictures a second in a real Chromium, and how old they are.

Needs what the browser tests need (``requirements-dev.txt`` and a Chromium).
"""

from __future__ import annotations

import os
import statistics
import tempfile
from itertools import pairwise
from pathlib import Path

from benchmarks.load_server import app

CHROMIUM = os.environ.get("PLAYGROUND_CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
LINKS = {
    "the default net": "epochs=2000",
    "100 layers": "epochs=400&network.depth=100",
    "stepped by torch": "epochs=400&path=torch",
}
SECONDS = 8.0
SEEN = """(view) => {
    window.seen = [];
    const feeds = window[Symbol.for("odenet.feeds")];
    let last = null;
    new MutationObserver(() => {
        if (view.dataset.step === last) return;
        last = view.dataset.step;
        // The version of a picture begins with the nanosecond at which it was written.
        const { known } = feeds.values().next().value ?? { known: "" };
        const written = Number(BigInt("0x" + known.split("-")[0]) / 1000000n);
        window.seen.push([Date.now(), Date.now() - written]);
    }).observe(view, {attributes: true, attributeFilter: ["data-step"]});
}"""


def pixel() -> dict[str, dict[str, float]]:
    """Watch three trainings and print pictures a second and their age when they are on screen.

    Returns:
        For each training the pictures a second, the longest gap in ms, and the median age in ms: from
        the worker's last byte of a picture to the page that shows it.
    """
    from playwright.sync_api import sync_playwright

    results = {}
    with (
        tempfile.TemporaryDirectory() as home,
        app(Path(home)) as served,
        sync_playwright() as play,
    ):
        url = served.url
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        cold = chromium.new_page()
        cold.goto(url)  # whoever comes first to a cold server comes to its first page
        cold.wait_for_selector(".odenet[data-state=ok]", timeout=120_000)
        cold.close()  # it plays a recording, which would be drawn beside what is measured
        print("pixel: pictures of the decision boundary that a browser shows while it trains")
        for name, link in LINKS.items():
            page = chromium.new_page(viewport={"width": 1440, "height": 1000})
            page.goto(f"{url}/playground?{link}")
            page.wait_for_selector(".odenet[data-mode=boundary][data-state=ok]", timeout=120_000)
            result = results[name] = _watch(page)
            page.close()
            print(
                f"  {name:28s} {result['pictures_per_second']:5.1f} pictures/s, longest gap "
                f"{result['longest_gap_ms']:.0f} ms, age {result['age_ms']:.0f} ms"
            )
        chromium.close()
    return results


def _watch(page: object) -> dict[str, float]:
    """Train for a while and return what was seen."""
    page.get_by_role("button", name="Train", exact=True).click()
    page.get_by_role("button", name="Pause", exact=True).wait_for()
    page.locator(".odenet[data-mode=boundary]").evaluate(SEEN)
    page.wait_for_timeout(1000 * SECONDS)
    seen = page.evaluate("window.seen")
    page.get_by_role("button", name="Pause", exact=True).click()
    page.get_by_role(
        "button", name="Go on", exact=True
    ).wait_for()  # or it would go on beside the next
    gaps = [later - earlier for (earlier, _), (later, _) in pairwise(seen)]
    return {
        "pictures_per_second": 1e3 * len(gaps) / sum(gaps),
        "longest_gap_ms": max(gaps),
        "age_ms": statistics.median(age for _, age in seen),
    }
