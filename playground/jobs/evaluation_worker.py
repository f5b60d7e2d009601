"""The process of one evaluation: it reads the run from the store, and attacks its net.

The report is stored in one transaction, so that there is all of it or nothing at whatever moment the
process is killed.
"""

from __future__ import annotations

import time
from typing import Any

import torch

from playground.jobs.one_order import Told, serve
from playground.jobs.reader import Reader
from playground.jobs.records import Refused
from playground.jobs.reports import Made, Reports
from playground.training.attacked import Subject, subject_of
from playground.training.checkpoints import unpack
from playground.training.evaluation_settings import Evaluation
from playground.training.evaluations import evaluate


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
    """Evaluate, and store the report.

    Raises:
        ValueError: If the run cannot be evaluated, or its data cannot be had.
        Refused: If there is no such run, or the store does not take the report.
    """
    began = time.monotonic()
    reader, evaluation = Reader(order["home"]), Evaluation.model_validate(order["evaluation"])
    subject, step = trained(reader, order["run"], evaluation.samples)
    source, source_step = None, -1
    if evaluation.source:
        source, source_step = trained(reader, evaluation.source, evaluation.samples)
    report = evaluate(subject, evaluation, source, told.progress)
    made = Made(evaluation, step, source_step, time.monotonic() - began)
    Reports(reader.store).save(order["run"], made, report)
    told.status, told.reason, told.result = "finished", "The report is stored.", {"step": step}


if __name__ == "__main__":
    torch.set_num_threads(1)
    serve(work)
