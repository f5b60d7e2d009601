"""The served app as an attacker meets it: foreign pages, forged uploads, strange paths, hostile texts."""

import http.client
import json
import os
import time
import urllib.error
import urllib.request
from urllib.parse import urlsplit

import psutil
import pytest
from playwright.sync_api import expect
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from playground.datasets import parse_csv, table_store
from playground.experiment import Experiment
from playground.jobs import Jobs, marks
from playground.jobs.backup import back_up
from playground.sweeping import Sweep, storing
from tests.jobs.history_runs import put_run

SECONDS = 1000.0
WAIT = 90 * SECONDS
USER = "fedcba9876543210fedcba9876543210"
KEEPS_ITS_ID = f"localStorage.setItem('ode-net-playground-browser', '{USER}')"
MARK = "HOSTILE"
HOSTILE = (
    f"{MARK}<img src=x onerror='window.hurt=1'><script>window.hurt=1</script> "
    "[a](javascript:window.hurt=1) "
    r"![b](http://evil.example/b.png) $\href{http://evil.example}{c}$ :material/skull: :red[d]"
)
TAG = "<img src=x onerror='hurt=1'>[a](b:c)"
EXPERIMENT = Experiment().amended({"n_train": "100", "n_validation": "100", "network.width": "4"})
FOUND = """() => ({
    hurt: window.hurt === undefined ? null : window.hurt,
    images: document.querySelectorAll('img[src="x"], img[src*="evil"]').length,
    links: [...document.querySelectorAll('a')].map(a => a.getAttribute('href') || '')
        .filter(href => !href.startsWith('#') && /evil|javascript:|^b:c/.test(href)),
    icons: [...document.querySelectorAll('[data-testid=stIconMaterial], span')]
        .filter(e => e.children.length === 0 && e.textContent.trim() === 'skull').length,
    formulas: [...document.querySelectorAll('.katex')].filter(e => /evil/.test(e.innerHTML)).length,
    scripts: [...document.querySelectorAll('script')].filter(e => /hurt/.test(e.textContent)).length,
})"""
NOTHING = {"hurt": None, "images": 0, "links": [], "icons": 0, "formulas": 0, "scripts": 0}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("security")


@pytest.fixture(scope="module")
def app(serve_app, home):
    return serve_app(home, {"TEACHER_KEY": "sesame-9f2"})


@pytest.fixture(scope="module")
def jobs(app, home):
    made = Jobs(home, user=USER)
    made.ensure_engine()
    return made


# Requests that no page of the app makes ---------------------------------------------------------


def status(app, method, path, headers=None, body=None):
    """The answer to a path that is sent as it stands, without anybody making it legal."""
    place = urlsplit(app)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=20)
    connection.putrequest(method, path, skip_accept_encoding=True)
    for name, value in (headers or {}).items():
        connection.putheader(name, value)
    connection.putheader("Content-Length", str(len(body or b"")))
    connection.endheaders(body)
    answer = connection.getresponse()
    text = answer.read(1_000_000)
    connection.close()
    return answer.status, text, {name.lower(): value for name, value in answer.getheaders()}


def test_a_connection_from_a_foreign_page_is_refused(app):
    stream = app.replace("http://", "ws://") + "/_stcore/stream"
    with connect(stream, origin=app, subprotocols=["streamlit"]):
        pass
    for origin in (
        "http://evil.example",
        "null",
        "http://127.0.0.1.evil.example",
        "https://localhost.evil",
    ):
        with (
            pytest.raises(WebSocketException),
            connect(stream, origin=origin, open_timeout=10) as held,
        ):
            held.recv(timeout=10)  # refused at once, or closed before a word


def test_an_upload_without_the_token_of_this_server_is_refused(app):
    path = "/_stcore/upload_file/nobodys-session/a-file"
    body = (
        b'--x\r\nContent-Disposition: form-data; name="f"; filename="f.csv"\r\n\r\nx,y\r\n--x--\r\n'
    )
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    for method in ("PUT", "POST", "DELETE"):
        for more in ({}, {"X-Xsrftoken": "made up"}, {"Cookie": "_streamlit_xsrf=made-up"}):
            code, _, _ = status(
                app, method, path, {**kind, **more, "Origin": "http://evil.example"}, body
            )
            assert code in (403, 405), (method, more)


def test_the_route_of_live_pictures_answers_junk_with_not_found(app, home, jobs):
    run = put_run(jobs, EXPERIMENT.model_dump_json())
    # What is no id and lands on the route is not found; what a server makes another path of is the app.
    strange = [
        "x",
        "%00",
        "..%2f..%2fstore.sqlite",
        "a" * 6000,
        "%F0%9F%92%A5",
        "'%3B--",
        run.upper(),
    ]
    for name in strange:
        code, text, _ = status(app, "GET", f"/live/{name}")
        assert code in (400, 404, 414), name
        assert b"SQLite" not in text
    for path in ("/live/../../etc/passwd", "/live/%2e%2e/%2e%2e/etc/passwd", "//live//x", "/live/"):
        _, text, _ = status(app, "GET", path)
        assert b"root:" not in text
        assert b"SQLite format" not in text
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        code, _, _ = status(app, method, f"/live/{run}")
        assert code in (403, 404, 405), method
    code, _, headers = status(app, "GET", f"/live/{run}?known=" + "9" * 3000)
    assert code == 204
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert not list(home.rglob("passwd"))


def test_pages_say_what_they_are_and_no_second_way_in_is_open(app):
    code, _, headers = status(app, "GET", "/")
    assert code == 200
    assert headers["content-type"].startswith("text/html")
    # Pages may be embedded (a lesson in a course's page), so no frame is forbidden.
    assert "x-frame-options" not in headers
    code, text, _ = status(
        app, "POST", "/_stcore/agent/interact", {"Content-Type": "application/json"}, b"{}"
    )
    assert code >= 400, text[:200]
    for path in (
        "/app/static/x",
        "/../app.py",
        "/static/%2e%2e/%2e%2e/app.py",
        "/component/../x/..%2fapp.py",
    ):
        _, text, _ = status(app, "GET", path)
        assert b"names_its_pages" not in text


def test_nothing_listens_beyond_the_loopback_address(app, jobs):
    port = urlsplit(app).port
    pids = {
        c.pid
        for c in psutil.net_connections(kind="inet")
        if c.status == psutil.CONN_LISTEN and c.laddr.port == port and c.pid
    }
    assert pids
    until = time.monotonic() + 90
    while not jobs.engine_state().slots:
        assert time.monotonic() < until
        time.sleep(0.2)
    engine = jobs.engine_state().pid
    found = []
    for pid in (*pids, engine):
        family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        for process in family:
            found += [
                c.laddr.ip
                for c in process.net_connections(kind="inet")
                if c.status == psutil.CONN_LISTEN
            ]
    assert len(found) >= 2  # the app and the engine's scheduler at least
    assert set(found) <= {"127.0.0.1", "::1"}


# Texts that people write ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def written(jobs, home):
    """Hostile texts wherever a person, or a file that they bring, can put one; ids of what has them."""
    experiment = EXPERIMENT.model_dump_json()
    texts = {"name": HOSTILE, "reason": HOSTILE, "device_reason": HOSTILE, "note": HOSTILE}
    texts["notices"] = json.dumps([HOSTILE])
    runs = [put_run(jobs, experiment, status=state, **texts) for state in ("finished", "failed")]
    marks.set_tags(jobs, runs[0], [TAG])
    sweep = Sweep(base=EXPERIMENT, grid={"l2": (0, 0.01)}, name=HOSTILE[:100])
    kept = storing.keep(jobs, sweep)
    rows = "".join(
        f"{i % 10},{i % 7},{'<b>[x](javascript:y)</b>' if i % 2 else ':red[z]'}\n"
        for i in range(60)
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLAYGROUND_HOME", str(home))
        table = table_store.store(
            parse_csv(f"<img src=x>,$\\href{{http://evil.example}}{{c}}$,label\n{rows}")
        )
    return {"runs": runs, "sweep": kept, "table": table}


@pytest.fixture
def visit(app, new_page):
    def open_page(path):
        page = new_page(width=1440, height=1000)
        page.set_default_timeout(90 * SECONDS)
        page.context.add_init_script(KEEPS_ITS_ID)
        page.on("dialog", lambda dialog: pytest.fail(f"a dialog: {dialog.message}"))
        page.goto(f"{app}/{path}")
        return page

    return open_page


def test_what_people_write_stays_text_in_the_history(visit, written):
    first, second = written["runs"]
    page = visit(f"runs?chosen={first}")
    expect(page.get_by_role("heading", name=MARK).first).to_be_visible(timeout=WAIT)
    expect(page.locator(".st-key-run_figures")).to_contain_text("<img src=x", timeout=WAIT)
    expect(page.locator(".st-key-run_figures")).to_contain_text(
        "](javascript:window.hurt=1)", timeout=WAIT
    )
    assert page.evaluate(FOUND) == NOTHING
    page.goto(f"{page.url.split('?')[0]}?chosen={first},{second}")
    expect(page.get_by_text("2 runs side by side")).to_be_visible(timeout=WAIT)
    page.wait_for_timeout(1500)
    assert page.evaluate(FOUND) == NOTHING


@pytest.mark.parametrize("place", ["playground", "compare", "sweeps", "table", "link"])
def test_what_people_write_stays_text_on_a_page(visit, written, place):
    first, second = written["runs"]
    junk = urllib.request.quote(HOSTILE)
    paths = {
        "playground": (f"playground?run={second}", ".st-key-figures", MARK),
        "compare": (
            f"compare?a={junk}&runs={first},{second}&{junk}=1",
            "[data-testid=stMain]",
            "Compare",
        ),
        "sweeps": (
            f"sweeps?sweep={written['sweep']}&kept={written['sweep']}",
            "[data-testid=stMain]",
            MARK,
        ),
        "table": (
            f"playground?data=table&data.hash={written['table']}",
            ".st-key-figures",
            "paused",
        ),
        "link": (f"playground?data={junk}&{junk}=1&epochs={junk}", "[data-testid=stMain]", MARK),
    }
    path, where, words = paths[place]
    page = visit(path)
    expect(page.locator(where).first).to_contain_text(words, timeout=WAIT)
    page.wait_for_timeout(1500)
    assert page.evaluate(FOUND) == NOTHING


# What is broken -------------------------------------------------------------------------------


def test_a_damaged_database_is_said_on_the_page_and_the_runs_come_back(visit, home, jobs, written):
    back_up(jobs.store)
    with jobs.store.reading() as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with (home / "store.sqlite").open("r+b") as file:
        file.write(os.urandom(8192))
    for suffix in ("-wal", "-shm"):  # a cache of pages would hide it for a while
        (home / f"store.sqlite{suffix}").unlink(missing_ok=True)
    page = visit("runs")
    alert = page.locator("[data-testid=stAlert]", has_text="was damaged").first
    expect(alert).to_be_visible(timeout=60 * SECONDS)
    expect(page.locator(".st-key-set_aside")).to_contain_text(
        "nothing was deleted", timeout=60 * SECONDS
    )
    expect(page.locator(".st-key-runs_count")).to_contain_text("runs", timeout=60 * SECONDS)
    names = {run.id for run in jobs.list_runs(USER)}
    assert set(written["runs"]) <= names
    assert list((home / "set-aside").iterdir())
    page.get_by_role("button", name="I have read this").click()
    expect(page.locator(".st-key-set_aside")).to_have_count(0, timeout=WAIT)
