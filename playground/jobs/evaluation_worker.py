"""The process of one evaluation: an order comes in as a line of JSON, progress goes out line by line.

It reads the run from the store, attacks its net, and stores the report in one transaction, so that
there is all of it or nothing at whatever moment the process is killed. It also ends when the server
that started it is gone.
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
from playground.jobs.records import Refused
from playground.jobs.reports import Made, Reports
from playground.training.attacked import Subject, subject_of
from playground.training.checkpoints import unpack
from playground.training.evaluation_settings import Evaluation
from playground.training.evaluations import evaluate

_TELL_SECONDS = 0.3  # between two lines


@dataclass
class Told:
    """What is being computed, and what came of it."""

    what: str = "The net and its samples are read"
    share: float = 0.0
    step: int = -1
    status: str = ""
    reason: str = ""

    def progress(self, what: str, share: float) -> None:
        """Take what the evaluation says."""
        self.what, self.share = what, share


def trained(reader: Reader, run_id: str, samples: int) -> tuple[Subject, int]:
    """Return the net of a run's newest checkpoint with samples, and the step of the checkpoint.

    Raises:
        Refused: If there is no such run, or no checkpoint of it.
        ValueError: If its data cannot be had, or it tells no classes.
    """
    run = reader.get(run_id)
    held = reader.checkpoint(run_id)
    if held is None:
        raise Refused(f"the run {run_id} has no checkpoint yet; train it first")
    tree, weights = unpack(held)
    return subject_of(run.experiment, weights, samples), int(tree["step"])


def work(order: dict[str, Any], told: Told) -> None:
    """Evaluate, and store the report; what fails is said in words."""
    try:
        began = time.monotonic()
        reader, evaluation = Reader(order["home"]), Evaluation.model_validate(order["evaluation"])
        subject, step = trained(reader, order["run"], evaluation.samples)
        source, source_step = None, -1
        if evaluation.source:
            source, source_step = trained(reader, evaluation.source, evaluation.samples)
        report = evaluate(subject, evaluation, source, told.progress)
        made = Made(evaluation, step, source_step, time.monotonic() - began)
        Reports(reader.store).save(order["run"], made, report)
        told.step, told.status, told.reason = step, "finished", "The report is stored."
    except ValueError as error:  # also what is refused, or wrong with data
        told.status, told.reason = "failed", f"{str(error).rstrip('.')}."
    except Exception as error:
        traceback.print_exc()
        told.status, told.reason = "failed", f"The program failed: {error!r:.300}."


def lines(order: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Evaluate in a thread, and yield what the server is told while it goes on."""
    told, began = Told(), time.monotonic()
    thread = threading.Thread(target=work, args=(order, told), daemon=True)
    thread.start()
    while thread.is_alive():
        seconds = round(time.monotonic() - began, 1)
        yield {"what": told.what, "share": round(told.share, 4), "seconds": seconds}
        thread.join(_TELL_SECONDS)
    yield {"step": told.step, "status": told.status, "reason": told.reason}


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
