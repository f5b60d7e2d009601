"""Keys, names for screen readers, contrast, little room, touch: no mouse, no large screen."""

import ast
import re
from pathlib import Path

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from looking import boundary, flow, fresh, read, settle
from playwright.sync_api import expect

from playground.charts.colours import CLASSES

ROOT = Path(__file__).resolve().parents[2]
# What is not ours to mend, and why.
NOT_OURS = {
    # The chart around it bears its description. Inside, groups for marks that are not there yet have a
    # role and no name; axe needs seconds for the rest and knows nothing of contrast in a picture.
    ".stVegaLiteChart svg": "Vega's own markup",
}
# While a script runs anew, what it has not drawn again yet is faint; the colours are the same.
SOLID = (
    "* { transition: none !important }[data-stale], details, details * { opacity: 1 !important }"
)
SERIOUS = ("serious", "critical")
SIZES = ((1024, 768), (820, 1180))
SMALL = "network.depth=3&network.width=4&n_train=400&n_validation=400"


def paths():
    (listed,) = (
        ast.literal_eval(node.value)
        for node in ast.parse((ROOT / "app.py").read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign) and node.targets[0].id == "PAGES"
    )
    return [(page[3], page[1]) for entries in listed.values() for page in entries]


def open_path(page, app, path, title):
    """Go to a page, and wait until all of it is drawn: the list of keys comes last."""
    page.goto(f"{app}/{path}")
    expect(page).to_have_title(f"{title} · ODE-net playground", timeout=60_000)
    expect(page.locator("h1")).to_have_text(title)
    page.locator(".keys").wait_for(timeout=60_000)
    expect(page.locator("[data-testid=stSkeleton]")).to_have_count(0)
    expect(page.locator("[data-stale=true]")).to_have_count(0, timeout=60_000)
    page.add_style_tag(content=SOLID)


def violations(page, **options):
    """What axe objects to, in words: all that is serious, and headings out of order."""
    page.evaluate(AXE_SCRIPT)
    found = page.evaluate(
        "([context, options]) => axe.run(context, options).then((results) => results.violations)",
        [{"exclude": [[own] for own in NOT_OURS]}, {"resultTypes": ["violations"], **options}],
    )
    return [
        f"{rule['id']}: {node['html'][:200]} {node['failureSummary']}"
        for rule in found
        for node in rule["nodes"]
        if rule["impact"] in SERIOUS or rule["id"] == "heading-order"
    ]


def wide(page):
    return page.evaluate(
        """[document.scrollingElement, document.querySelector('#stMain')]
           .map(e => e.scrollWidth - innerWidth)"""
    )


def test_every_page_can_be_read_by_all(app, new_page):
    """One tab for all pages: axe's rules, and a name for each chart."""
    page = new_page(width=1440, height=1000, color_scheme="light", reduced_motion="reduce")
    nameless = """[...document.querySelectorAll('.stVegaLiteChart')].filter(e => !e.ariaLabel)
        .map(e => 'a chart without a name: ' + e.outerHTML.slice(0, 200))"""
    wrong = []
    for path, title in paths():
        open_path(page, app, path, title)
        page.wait_for_timeout(300)  # headings are put in order a moment after they come
        found = violations(page) + page.evaluate(nameless)
        wrong += [f"{path or 'home'}: {one}" for one in found]
    assert not wrong, "\n".join(wrong)


FEW = ("", "lessons", "playground", "class", "runs")


@pytest.mark.parametrize(
    "some", [FEW, pytest.param((), marks=pytest.mark.full)], ids=["few", "all"]
)
def test_pages_can_be_read_in_the_dark_and_fit_a_tablet(app, new_page, some):
    page = new_page(width=1440, height=1000, color_scheme="dark", reduced_motion="reduce")
    wrong = []
    for path, title in paths():
        if some and path not in some:
            continue
        open_path(page, app, path, title)
        found = violations(page, runOnly={"type": "rule", "values": ["color-contrast"]})
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            for _ in range(40):  # what is laid out by the script follows in a moment
                page.wait_for_timeout(200)
                if max(wide(page)) <= 0:
                    break
            else:
                found.append(f"wider than {width} pixels by {wide(page)}")
        page.set_viewport_size({"width": 1440, "height": 1000})
        wrong += [f"{path or 'home'}: {one}" for one in found]
    assert not wrong, "\n".join(wrong)


@pytest.fixture
def play(app, open_lab):
    """Open the playground with a small net that is ready to train."""

    def open_playground(*more, path="playground", **context):
        link = "&".join((SMALL, fresh(), *more))
        page = open_lab(path, "Flow: the features through depth", link, **context)
        flow(page).and_(page.locator("[data-state=ok]")).first.wait_for()
        return page

    return open_playground


def figures(page):
    return page.locator(".st-key-figures")


def said(page):
    """What a screen reader was told last."""
    return page.locator(".access [role=status]")


def test_keys_train_pause_and_scrub(play):
    page = play("epochs=1000")
    expect(figures(page)).to_contain_text("paused")
    expect(page.locator(".st-key-train")).to_be_visible()
    page.locator(".keys").wait_for()
    page.keyboard.press("Control+Space")
    page.locator("input[type=number]").first.focus()  # a widget keeps its keys
    page.keyboard.press("Space")
    page.wait_for_timeout(500)
    expect(page.locator(".st-key-train")).to_be_visible()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press(" ")
    expect(page.locator(".st-key-pause")).to_be_visible()
    expect(said(page)).to_have_text(re.compile("training|finished"))
    page.keyboard.press(" ")
    expect(figures(page)).to_contain_text(re.compile("paused|finished"))
    expect(said(page)).to_have_text(re.compile(r"(paused|finished) · epoch [\d.]+ / 1000"))
    view = flow(page)
    view.and_(page.locator(":not([data-frames='0']):not([data-frames='1'])")).wait_for()
    settle(view)
    assert read(view, "layer") == "3"
    last = int(read(view, "frames")) - 1
    for key, name, value in (
        ("ArrowLeft", "layer", "2"),
        ("ArrowLeft", "layer", "1"),
        ("ArrowRight", "layer", "2"),
        ("Shift+ArrowLeft", "frame", str(last - 1)),
    ):
        page.keyboard.press(key)
        expect(view).to_have_attribute(f"data-{name}", value)
    expect(boundary(page)).to_have_attribute("data-frame", str(last - 1))
    label = view.locator("canvas").get_attribute("aria-label")
    assert re.match(r"Flow, Trajectories: \d+ points in .* through 3 layers; layer 2 / 3", label)
    assert re.search(r"epoch [\d.]+, validation accuracy [\d.]+ %\.", label)


def test_a_question_mark_lists_the_keys_of_the_page(app, new_page):
    page = new_page(f"{app}/", reduced_motion="reduce")
    flow(page).and_(page.locator("[data-state=ok]")).wait_for()
    page.locator(".keys").wait_for()
    page.keyboard.press("?")
    listed = page.get_by_role("dialog", name="Keyboard")
    expect(listed).to_contain_text("Play, or pause what plays")
    page.keyboard.press(" ")  # presses the button of the list
    expect(listed).to_have_count(0)
    # Nothing has moved by itself; the same key plays and pauses.
    assert read(flow(page), "playing") == ""
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press(" ")
    expect(flow(page)).to_have_attribute("data-playing", "epoch")
    page.keyboard.press(" ")
    expect(flow(page)).to_have_attribute("data-playing", "")
    moving = page.evaluate(
        """[...document.querySelectorAll('*')].filter(e => {
            const { transitionDuration, animationName } = getComputedStyle(e);
            const moves = (seconds) => parseFloat(seconds) > 0.001;
            return animationName !== 'none' || transitionDuration.split(', ').some(moves);
        }).map(e => e.outerHTML.slice(0, 120))"""
    )
    assert moving == []


def test_space_trains_all_nets_that_are_compared(app, open_lab):
    page = open_lab("compare", "Flow: the features through depth")
    page.locator(".st-key-compare-train button:enabled").first.wait_for()
    page.keyboard.press(" ")
    expect(page.locator(".st-key-compare-pause")).to_be_visible()
    page.keyboard.press(" ")
    expect(page.locator(".st-key-compare-train")).to_be_visible()


def finger(page):
    """Return a function that puts fingers down, moves them or lifts them, as a touch screen does."""
    session = page.context.new_cdp_session(page)

    def touch(kind, *points):
        touched = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)]
        session.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": touched})

    return touch


def test_fingers_turn_zoom_and_scrub(show):
    page = show("spiral", has_touch=True, width=820, height=1180)
    view = flow(page)
    touch = finger(page)
    view.get_by_role("tab", name="3-D").tap()
    settle(view)
    before = read(view, "camera").split()
    box = view.locator("canvas").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    touch("Start", (x, y))
    for step in range(1, 6):
        touch("Move", (x + 12 * step, y + 4 * step))
    touch("End")
    settle(view)
    turned = read(view, "camera").split()
    assert turned[0] != before[0]
    assert turned[2] == before[2]
    touch("Start", (x - 20, y), (x + 20, y))
    for step in range(1, 6):
        touch("Move", (x - 20 - 8 * step, y), (x + 20 + 8 * step, y))
    touch("End")
    settle(view)
    assert float(read(view, "camera").split()[2]) > 1.5 * float(turned[2])
    assert page.evaluate("visualViewport.scale") == 1  # the page itself was not zoomed
    assert page.evaluate("scrollY") == 0
    slider = view.get_by_role("slider", name="depth").bounding_box()
    along = slider["y"] + slider["height"] / 2
    touch("Start", (slider["x"] + slider["width"] - 12, along))
    for share in (0.8, 0.6, 0.5):
        touch("Move", (slider["x"] + share * slider["width"], along))
    touch("End")
    settle(view)
    assert float(read(view, "depth")) == pytest.approx(0.5, abs=0.05)
    small = view.evaluate(
        """root => [...root.querySelectorAll('button, input')].filter(e => e.getClientRects().length)
           .map(e => e.getBoundingClientRect()).filter(r => r.width < 24 || r.height < 24).length"""
    )
    assert small == 0


def edges(page, colours):
    """How many pixels beside marks of these colours have the colour of an edge, or nearly so."""
    return flow(page).evaluate(
        """(root, colours) => {
            const canvas = root.querySelector('canvas');
            const app = getComputedStyle(document.querySelector('.stApp'));
            const rgb = (colour) => colour.match(/\\d+/g).slice(0, 3).map(Number);
            const [below, ink] = [rgb(app.backgroundColor), rgb(app.color)];
            const edge = below.map((v, i) => v + 0.7 * (ink[i] - v));
            const [width, height] = [canvas.width - 140, canvas.height - 130];
            const { data } = canvas.getContext('2d').getImageData(60, 10, width, height);
            const like = (at, one, near) => one.every((v, a) => Math.abs(v - data[at + a]) < near);
            const steps = [-3, -2, 2, 3].flatMap((d) => [4 * d, 4 * d * width]);
            let count = 0;
            for (let i = 0; i < data.length; i += 4)
                if (like(i, edge, 24) && steps.some((d) => colours.some((one) => like(i + d, one, 4))))
                    count += 1;
            return count;
        }""",
        [list(bytes.fromhex(CLASSES[number].removeprefix("#"))) for number in colours],
    )


@pytest.mark.parametrize(("scheme", "faint"), [("light", (4, 5)), ("dark", (6, 7, 9))])
def test_marks_of_faint_classes_have_an_edge(show, scheme, faint):
    page = show("ten", color_scheme=scheme)
    settle(flow(page))
    assert edges(page, faint) > 100
    assert edges(page, (0, 1, 2)) < edges(page, faint) / 3
