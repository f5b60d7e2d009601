"""A class in real browsers: a teacher, students who join by the link, what each of them sees."""

import base64
import http.server
import io
import re
import threading

import pytest
import segno
from looking import boundary, press, see
from playwright.sync_api import expect

from playground.classroom import classes, members
from playground.experiment import Experiment
from playground.jobs import Jobs

PATIENCE = 90_000
SMALL = {"n_train": "60", "n_validation": "60", "epochs": "3", "network.width": "4"}
USER = "0123456789abcdef0123456789abcdef"
STUDENT = "f" * 32


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("class")


@pytest.fixture(scope="module")
def app(serve_app, home):
    return serve_app(home)


@pytest.fixture
def come(app, new_page):
    """come(path, user) opens a page in the browser of somebody; none may fail."""
    errors = []

    def open_page(path, user=None, **context):
        page = new_page(width=1440, height=1000, **context)
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: errors.append(str(error)))
        if user:
            page.context.add_init_script(
                f"localStorage.setItem('ode-net-playground-browser', '{user}')"
            )
        page.goto(f"{app}/{path}")
        return page

    yield open_page
    assert errors == []


def link_of(**more):
    experiment = Experiment().amended({**SMALL, **more})
    return "&".join(f"{name}={text}" for name, text in experiment.to_query().items())


def test_students_join_by_the_link_and_follow_the_teacher(come, home):
    teacher = come(f"playground?{link_of()}")
    see(teacher, "Flow: the features")
    teacher.get_by_role("link", name="Class").click()
    teacher.get_by_label("Name of the class", exact=True).fill("Numerics *8*")
    teacher.get_by_role("button", name="Open", exact=True).click()
    see(teacher, "Nobody yet")
    expect(teacher).to_have_url(re.compile(r"code=[A-Z]{5}$"), timeout=PATIENCE)
    code = teacher.url[-5:]
    # The code on the wall says the address that stands below it.
    source = teacher.get_by_alt_text("QR code").first.get_attribute("src")
    wanted = io.BytesIO()
    code_on_wall = segno.make(teacher.url, error="l", micro=False)
    code_on_wall.save(
        wanted, kind="svg", scale=8, border=4, dark="#000", light="#fff", xmldecl=False
    )
    assert base64.b64decode(source.partition("base64,")[2]) == wanted.getvalue()
    assert teacher.get_by_alt_text("QR code").first.evaluate("image => image.naturalWidth") > 100

    student = come(f"class?code={code}")
    student.get_by_label("Nickname", exact=True).fill("<i>Ada</i>")
    student.get_by_role("button", name="Join", exact=True).click()
    see(student, "you are <i>Ada</i>")
    see(teacher, "<i>Ada</i>")
    student.get_by_role("button", name="Follow the teacher").click()
    see(student, "the teacher shows nothing now")

    teacher.get_by_role("button", name="Show what I do").click()
    see(student, "Flow: the features")
    expect(student.get_by_role("button", name="Train")).to_have_count(0)
    press(teacher.get_by_role("button", name="Train", exact=True))
    see(student, "epoch 3 / 3")
    expect(boundary(student)).to_be_visible()
    # Another run of the teacher's is shown as soon as it is there.
    teacher.get_by_role("button", name="Reset").click()
    see(student, "paused")
    press(student.get_by_role("button", name="Try it yourself"))
    press(student.get_by_role("button", name="Train", exact=True))
    see(student, "finished")

    teacher.get_by_role("button", name="Board", exact=True).click()
    see(teacher, "1 run by 1 member")
    expect(teacher.get_by_test_id("stDataFrame")).to_contain_text("<i>Ada</i>", timeout=PATIENCE)
    assert len(Jobs(home).list_runs()) >= 2


@pytest.fixture(scope="module")
def lesson(app, home):
    """A class with one member's trained run and a rule."""
    teacher, student = Jobs(home, user=USER), Jobs(home, user=STUDENT)
    teacher.ensure_engine()
    found = classes.open_class(teacher, "Second")
    members.join(student, found.code, "Emmy")
    run = student.submit(Experiment().amended({**SMALL, "network.depth": "7"}))
    return found.code, run


def open_first(page, cells):
    """Click on the first link of a table until it opens a page: its cells are drawn on a canvas."""
    for _ in range(20):
        cells.scroll_into_view_if_needed()
        page.wait_for_timeout(500)
        box = cells.bounding_box()
        page.mouse.click(box["x"] + 25, box["y"] + 52)
        page.wait_for_timeout(500)
        if len(page.context.pages) > 1:
            return page.context.pages[1]
    raise AssertionError("no click on the link opened a page")


def test_a_run_on_the_board_is_opened_and_taken_off(come, lesson):
    code, run = lesson
    page = come(f"class?code={code}", USER)
    see(page, "1 run by 1 member")
    cells = page.get_by_test_id("stDataFrame")
    expect(cells).to_contain_text("Emmy", timeout=PATIENCE)
    expect(cells).to_contain_text("7", timeout=PATIENCE)
    opened = open_first(page, cells)
    expect(opened).to_have_url(re.compile(f"run={run}"), timeout=PATIENCE)
    see(opened, "epoch 3 / 3")
    see(opened, "belongs to somebody else")
    opened.close()
    page.get_by_text("Take a run off the board").click()
    choice = page.get_by_role("combobox", name="Run")
    choice.fill("Emmy")
    page.get_by_role("option", name=re.compile("Emmy")).wait_for()
    choice.press("Enter")
    page.get_by_role("button", name="Take it off").click()
    see(page, "No run yet")
    page.get_by_role("button", name="Put 1 back").click()
    see(page, "1 run by 1 member")


def test_what_a_link_locks_cannot_be_moved_and_survives_a_reload(come):
    page = come(f"playground?{link_of()}&lock=network.choice,epochs&hide=seeds,nonsense")
    see(page, "'nonsense' is no control")
    for _ in range(2):
        see(page, "Flow: the features")
        expect(page.get_by_role("combobox", name="Family")).to_be_disabled(timeout=PATIENCE)
        expect(page.get_by_label("Epochs", exact=True)).to_be_disabled()
        expect(page.get_by_label("Width", exact=True)).to_be_enabled()
        expect(page.get_by_label("Data seed", exact=True)).to_have_count(0)
        expect(page).to_have_url(re.compile(r"lock=network\.choice%2Cepochs"), timeout=PATIENCE)
        page.reload()


@pytest.fixture
def course():
    """course(text) serves a page of somebody else's, and returns its address."""
    servers = []

    def serve(text):
        class Page(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_):
                """Say nothing."""

        server = http.server.HTTPServer(("127.0.0.1", 0), Page)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://localhost:{server.server_port}/"

    yield serve
    for server in servers:
        server.shutdown()


def test_the_playground_in_a_frame_of_another_page(come, app, course):
    source = f"{app}/playground?{link_of()}&embed=true"
    frame = f'<h1>A course</h1><iframe src="{source}" width="1200" height="900"></iframe>'
    page = come("lessons")
    page.goto(course(frame))
    inside = page.frame_locator("iframe")
    expect(inside.get_by_text("Flow: the features")).to_be_visible(timeout=PATIENCE)
    expect(inside.get_by_role("button", name="Share")).to_have_count(0)
    expect(inside.get_by_label("Epochs", exact=True)).to_have_count(0)
    press(inside.get_by_role("button", name="Train", exact=True))
    expect(inside.get_by_text(re.compile("epoch 3 / 3")).first).to_be_visible(timeout=PATIENCE)
    out = inside.get_by_role("link", name="Open in the playground").get_attribute("href")
    assert out.startswith(f"{app}/playground?")
    assert "embed" not in out
