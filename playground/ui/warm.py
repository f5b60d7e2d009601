"""Warm a fresh server up: ``python -m playground.ui.warm URL``.

The first run of the app's script starts the engine, and the first one of a page imports what it needs,
torch among it, which takes seconds. This visits two pages before anybody does.
"""

from __future__ import annotations

import sys
import time
import urllib.error
import urllib.request

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

PATIENCE = 60.0  # seconds for the server to come up, and again for its first run


def wait_until_healthy(url: str) -> None:
    """Return as soon as the server answers.

    Raises:
        TimeoutError: If it does not.
    """
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(f"{url}/_stcore/health", timeout=2).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise TimeoutError(f"no answer from {url}")


def visit(url: str, page: str = "") -> None:
    """Run the app's script once, as a browser that opens a page would.

    Args:
        url: Of the server.
        page: The page's address below it; the first page's is empty.

    Raises:
        TimeoutError: If the run does not end in time.
    """
    address = url.replace("http", "ws", 1) + "/_stcore/stream"
    message = BackMsg()
    message.rerun_script.query_string = ""
    message.rerun_script.page_name = page
    until = time.monotonic() + PATIENCE
    with connect(address, subprotocols=["streamlit"], max_size=None) as socket:
        socket.send(message.SerializeToString())
        while True:
            answer = ForwardMsg()
            answer.ParseFromString(socket.recv(timeout=max(0.0, until - time.monotonic())))
            if answer.WhichOneof("type") == "script_finished":
                return


def main(url: str) -> None:
    """Wait for the server at ``url`` and visit it: the first page, and the one that most go on to."""
    wait_until_healthy(url)
    for page in ("", "playground"):
        visit(url, page)


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"))
