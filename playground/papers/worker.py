"""The process of one study: an order comes in as a line of JSON, progress goes out line by line.

What came out is stored in one transaction, so that there is all of it or nothing at whatever moment the
process is killed. It also ends when the server that started it is gone.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TextIO

import torch

from playground.jobs.reader import Reader
from playground.papers import PAPERS, Order, Study
from playground.papers.studied import Studied

_TELL_SECONDS = 0.3  # between two lines


@dataclass
class Told:
    """What is being computed, and what came of it."""

    what: str = "The study begins"
    share: float = 0.0
    status: str = ""
    reason: str = ""

    def progress(self, what: str, share: float) -> None:
        """Take what the study says."""
        self.what, self.share = what, share


def work(order: dict[str, Any], told: Told) -> None:
    """Compute, and store what comes out; what fails is said in words."""
    try:
        began = time.monotonic()
        study, asked = PAPERS[order["paper"]], Order(**json.loads(order["order"]))
        if not isinstance(study, Study):
            raise ValueError(f"paper: {study.name} is a table, which the engine trains")
        found = study.compute(asked, told.progress)
        Studied(Reader(order["home"]).store).save(study, asked, found, time.monotonic() - began)
        told.status, told.reason = "finished", "The result is stored."
    except ValueError as error:  # also what is refused, or wrong with data
        told.status, told.reason = "failed", f"{str(error).rstrip('.')}."
    except Exception as error:
        traceback.print_exc()
        told.status, told.reason = "failed", f"The program failed: {error!r:.300}."


def lines(order: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Compute in a thread, and yield what the server is told while it goes on."""
    told, began = Told(), time.monotonic()
    thread = threading.Thread(target=work, args=(order, told), daemon=True)
    thread.start()
    while thread.is_alive():
        seconds = round(time.monotonic() - began, 1)
        yield {"what": told.what, "share": round(told.share, 4), "seconds": seconds}
        thread.join(_TELL_SECONDS)
    yield {"status": told.status, "reason": told.reason}


def _leave_with_the_server(held: TextIO) -> None:
    held.read()
    os._exit(1)


def main() -> None:
    """Wait for an order, and carry it out."""
    torch.set_num_threads(1)
    line = sys.stdin.readline()
    if not line:
        return
    order = json.loads(json.loads(line)["settings"])
    threading.Thread(target=_leave_with_the_server, args=(sys.stdin,), daemon=True).start()
    try:
        for news in lines(order):
            print(json.dumps(news), flush=True)
    except BrokenPipeError:  # the server has ended
        os._exit(1)
    os._exit(0)  # not waiting for the thread that listens


if __name__ == "__main__":
    main()
