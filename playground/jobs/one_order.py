"""The process of one task: an order comes in as a line of JSON, progress goes out line by line.

The work is done in a thread, so that the process can say how far it is, and can be ended at any moment.
It also ends when the server that started it is gone.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TextIO

_TELL_SECONDS = 0.3  # between two lines


@dataclass
class Told:
    """What is being computed, and what came of it.

    Attributes:
        what: What goes on, in words.
        share: The share of all work that is done.
        status: How it ended; empty until then.
        reason: Why, in words.
        result: What else the server is told at the end.
    """

    what: str = "The process begins"
    share: float = 0.0
    status: str = ""
    reason: str = ""
    result: Mapping[str, Any] = field(default_factory=dict)

    def progress(self, what: str, share: float) -> None:
        """Take what the work says of itself."""
        self.what, self.share = what, share


Work = Callable[[dict[str, Any], Told], None]


def tried(work: Work, order: dict[str, Any], told: Told) -> None:
    """Do the work; what fails is said in words."""
    try:
        work(order, told)
    except ValueError as error:  # also what is refused, or wrong with data
        told.status, told.reason = "failed", f"{str(error).rstrip('.')}."
    except Exception as error:
        traceback.print_exc()
        told.status, told.reason = "failed", f"The program failed: {error!r:.300}."


def lines(work: Work, order: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Do the work in a thread, and yield what the server is told while it goes on."""
    told, began = Told(), time.monotonic()
    thread = threading.Thread(target=tried, args=(work, order, told), daemon=True)
    thread.start()
    while thread.is_alive():
        seconds = round(time.monotonic() - began, 1)
        yield {"what": told.what, "share": round(told.share, 4), "seconds": seconds}
        thread.join(_TELL_SECONDS)
    yield {**told.result, "status": told.status, "reason": told.reason}


def _leave_with_the_server(held: TextIO) -> None:
    held.read()
    os._exit(1)


def serve(work: Work) -> None:
    """Wait for an order, and carry it out."""
    line = sys.stdin.readline()
    if not line:
        return
    order = json.loads(json.loads(line)["settings"])
    threading.Thread(target=_leave_with_the_server, args=(sys.stdin,), daemon=True).start()
    try:
        for news in lines(work, order):
            print(json.dumps(news), flush=True)
    except BrokenPipeError:  # the server has ended
        os._exit(1)
    os._exit(0)  # not waiting for the thread that listens
