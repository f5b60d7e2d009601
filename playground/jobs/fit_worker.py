"""The process of one fit: settings come in as a line of JSON, what happens goes out line by line.

It waits for its settings with all libraries loaded, fits, and ends. It also ends when the server that
started it is gone, or when no settings come for a long time.
"""

from __future__ import annotations

import json
import math
import os
import select
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, TextIO

import torch

from playground.analysis.learned import picture
from playground.training.control import Orders
from playground.training.dynamics import Began, Iteration, Weights, field_of, fit, observed_of
from playground.training.dynamics_settings import Dynamics

IDLE_SECONDS = 1800.0
_TELL_SECONDS = 0.2  # between two lines of figures


class Listener:
    """The control of a fit: what the server asks while it goes on."""

    def __init__(self, lines: TextIO) -> None:
        """Listen to lines in the background."""
        self._orders = Orders()
        threading.Thread(target=self._listen, args=(lines,), daemon=True).start()

    def poll(self) -> Orders:
        """Return what is asked now."""
        return self._orders

    def _listen(self, lines: TextIO) -> None:
        for line in lines:
            self._orders = Orders(halt="stop", reason=json.loads(line)["stop"])
        self._orders = Orders(halt="stop", reason="The server has ended.")


def told(settings: Dynamics, listener: Listener) -> Iterator[dict[str, Any]]:
    """Fit, and yield what the server is told."""
    rows: list[list[float | None]] = []
    observed, said = None, 0.0
    for event in fit(settings, listener):
        if isinstance(event, Iteration):
            rows.append([_rounded(value) for value in asdict(event).values()])
        elif isinstance(event, Began):
            yield {"began": asdict(event)}
        elif isinstance(event, Weights):
            observed = observed_of(settings) if observed is None else observed
            drawn = picture(field_of(settings, observed, event.payload), observed)
            yield {"rows": rows, "iteration": event.iteration, "picture": drawn.as_json()}
            rows = []
        else:
            status = type(event).__name__.lower()
            yield {"rows": rows, "status": status, "reason": event.reason}
            return
        if rows and time.monotonic() - said > _TELL_SECONDS:
            yield {"rows": rows}
            rows, said = [], time.monotonic()


def _rounded(value: float) -> float | None:
    return float(f"{value:.6g}") if math.isfinite(value) else None


def main() -> None:
    """Wait for settings, and fit."""
    torch.set_num_threads(1)
    torch.nn.functional.mse_loss(torch.zeros(1, requires_grad=True), torch.ones(1)).backward()
    torch.optim.Adam([torch.zeros(1, requires_grad=True)]).step()  # its first one takes a second
    if not select.select([sys.stdin], [], [], IDLE_SECONDS)[0]:
        return
    line = sys.stdin.readline()
    if not line:
        return
    settings = Dynamics.model_validate_json(json.loads(line)["settings"])
    try:
        for news in told(settings, Listener(sys.stdin)):
            print(json.dumps(news), flush=True)
    except BrokenPipeError:  # the server has ended
        os._exit(1)


if __name__ == "__main__":
    main()
