"""A Streamlit server for any script, and pages of a real Chromium to look at it."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest

from playground.jobs import Jobs, Refused
from playground.ui.warm import main as warm_up

ROOT = Path(__file__).resolve().parents[2]
# The helpers beside this file, whichever way pytest imports test modules.
sys.path.insert(0, str(Path(__file__).parent))

CHROMIUM = os.environ.get("PLAYGROUND_CHROMIUM", "/usr/bin/chromium")
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items):
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            # A browser, a server, an engine and its workers share what may be two busy cores: a
            # person would wait and click again, and so does the test, in full, twice at most.
            item.add_marker(pytest.mark.flaky(reruns=2))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_healthy(process, url, log, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}:\n{log.read_text()}")
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"no answer from {url} in {seconds} s:\n{log.read_text()}")


@pytest.fixture(scope="session")
def serve(tmp_path_factory):
    """serve(script, env=None) starts `streamlit run script` and returns its address."""
    started = []

    def start(script, env=None):
        port = free_port()
        log = tmp_path_factory.mktemp("server") / "log.txt"
        command = [sys.executable, "-m", "streamlit", "run", str(script)]
        command += [f"--server.port={port}", "--server.headless=true"]
        with log.open("w") as output:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, **(env or {})},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        started.append(process)
        url = f"http://127.0.0.1:{port}"
        wait_until_healthy(process, url, log)
        return url

    yield start
    for process in started:
        process.terminate()
    for process in started:
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()


@pytest.fixture(scope="session")
def homes():
    """The folders of all stores that have been served."""
    return []


@pytest.fixture(autouse=True)
def stop_what_trains(homes):
    """Runs that a test leaves behind would take both cores from all tests after it."""
    yield
    for home in homes:
        for run in Jobs(home).list_runs(kind=None):
            if run.status not in ("queued", "running"):
                continue
            with suppress(Refused):
                Jobs(home, user=run.user).stop(run.id)


@pytest.fixture(scope="session")
def serve_app(serve, homes):
    """serve_app(home, settings=None) starts the whole app on a store; its engine ends with the tests."""

    def start(home, settings=None):
        homes.append(home)
        named = {"HOME": str(home), **(settings or {})}
        url = serve(ROOT / "app.py", env={f"PLAYGROUND_{name}": v for name, v in named.items()})
        warm_up(url)
        return url

    yield start
    for home in homes:
        if pid := Jobs(home).engine_state().pid:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    """The folder of the store behind ``app``."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def app(serve_app, home):
    """The address of the app with its usual settings, on a store that was empty at first."""
    return serve_app(home)


@pytest.fixture(scope="session")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api")
    if not Path(CHROMIUM).exists():
        pytest.skip(f"no Chromium at {CHROMIUM}; set PLAYGROUND_CHROMIUM")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def new_page(browser):
    """new_page(url, width=1280, height=900, **context options) opens a page of its own context."""
    contexts = []

    def open_page(url=None, width=1280, height=900, **options):
        viewport = {"width": width, "height": height}
        context = browser.new_context(viewport=viewport, accept_downloads=True, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        if url:
            page.goto(url)
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def open_lab(app, new_page):
    """open_lab(path, sign, link) opens a page and waits for a text; none may fail."""
    errors = []

    def open_named(path, sign, link="", *, address=None, patience=90_000, **context):
        options = {"width": 1440, "height": 1000, **context}
        page = new_page(address or f"{app}/{path}?{link}", **options)
        page.set_default_timeout(patience)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.get_by_text(sign).first.wait_for()
        return page

    yield open_named
    assert errors == []


@pytest.fixture(scope="session")
def canvas_url(serve):
    """The demo page of the canvas views."""
    return serve(Path(__file__).with_name("canvas_demo.py"))


@pytest.fixture
def show(new_page, canvas_url):
    """show(demo, **context options) opens a demo, waits for both views, collects page errors."""
    errors = []

    def open_demo(query, wait="ok", **options):
        page = new_page(**options)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{canvas_url}/?demo={query}")
        page.wait_for_selector(f".odenet[data-state={wait}]")
        page.wait_for_function("document.fonts.status === 'loaded'")
        return page

    yield open_demo
    assert errors == []
