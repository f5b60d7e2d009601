"""The very first visitor of a server, who comes by a link to a page deep inside."""

import os
import signal
from contextlib import suppress
from pathlib import Path

from playwright.sync_api import expect

from playground.jobs import Jobs

ROOT = Path(__file__).resolve().parents[2]


def test_a_deep_link_opens_on_a_server_that_nobody_has_visited(serve, new_page, tmp_path):
    url = serve(ROOT / "app.py", env={"PLAYGROUND_HOME": str(tmp_path)})
    try:
        page = new_page(f"{url}/integrators")
        expect(page.get_by_text("what a scheme does before any training")).to_be_visible(
            timeout=90_000
        )
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(page.get_by_text("Page not found")).to_have_count(0)
        assert page.url.split("?")[0] == f"{url}/integrators"
    finally:
        if pid := Jobs(tmp_path).engine_state().pid:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
