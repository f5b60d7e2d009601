"""``python -m playground health``: ask a server whether it is well, as containers do."""

from __future__ import annotations

import argparse
import json
import os
import sys
import urllib.error
import urllib.request
from typing import Any

PATIENCE = 10.0  # seconds


def add_commands(commands: Any) -> None:
    """Add ``health`` to the commands of the program."""
    health = commands.add_parser("health", help="ask a running app whether it is well")
    health.add_argument(
        "--url", metavar="URL", help="of the app; the one on this machine by default"
    )
    health.add_argument("--json", action="store_true", help="end with one line of JSON")
    health.set_defaults(run=_health)


def usual_url() -> str:
    """Return where the app of this machine is, by Streamlit's settings in the environment."""
    port = os.environ.get("STREAMLIT_SERVER_PORT", "8501")
    path = os.environ.get("STREAMLIT_SERVER_BASE_URL_PATH", "").strip("/")
    return f"http://127.0.0.1:{port}/{path}".rstrip("/")


def _health(arguments: argparse.Namespace) -> int:
    url = (arguments.url or usual_url()).rstrip("/")
    if not url.startswith(("http://", "https://")):
        raise ValueError(f"--url: {url!r} is no address; it has to begin with http:// or https://")
    found = asked(f"{url}/health")
    if arguments.json:
        print(json.dumps(found))
    else:
        print(", ".join(f"{name} {value}" for name, value in found.items()))
    return 0 if found.get("status") == "ok" else 1


def asked(url: str) -> dict[str, Any]:
    """Return what a server says of its health; why it says nothing, where it does not."""
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            return dict(json.load(answer))
    except urllib.error.HTTPError as error:
        try:
            return dict(json.load(error))
        except ValueError:
            return {"status": "unknown", "reason": f"{url} answered {error.code}"}
    except (OSError, ValueError, TypeError) as error:
        print(f"playground: {url}: {error}", file=sys.stderr)
        return {"status": "down", "reason": "no answer"}
