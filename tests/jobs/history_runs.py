"""Runs at rest with figures, put into a store without being trained."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any

from playground.jobs import Jobs
from playground.jobs.history import FIGURES
from playground.jobs.queries import insert_run
from playground.jobs.records import new_id


def put_run(
    jobs: Jobs,
    experiment: str,
    *,
    figures: int = 1,
    last: Mapping[str, float | None] | None = None,
    **columns: Any,
) -> str:
    """Insert a run with so many rows of metrics, the last of which has these figures; return its id."""
    run_id, now = new_id(), columns.pop("created", time.time())
    values = {
        "id": run_id,
        "user": jobs.user,
        "kind": "training",
        "experiment": experiment,
        "status": "finished",
        "created": now,
        "queued_since": now,
        "ended": now,
        "step": figures,
        "checkpoint_step": figures,
        **columns,
    }
    row: dict[str, Any] = dict.fromkeys(FIGURES)
    with jobs.store.writing() as db:
        insert_run(db, values)
        rows = []
        for step in range(1, figures + 1):
            decay = math.exp(-step / 50)
            made = {"train_loss": decay, "validation_loss": 1.1 * decay, "nfe_forward": 40}
            made |= {"validation_accuracy": 1 - decay / 2, "train_accuracy": 1 - decay / 3}
            made |= {"nfe_backward": 0, "seconds": step / 100}
            if step == figures:
                made |= last or {}
            rows.append({**row, **made, "run": run_id, "step": step, "epoch": float(step)})
        db.executemany(
            "INSERT INTO metrics (run, step, epoch, train_loss, validation_loss, train_accuracy, "
            "validation_accuracy, nfe_forward, nfe_backward, seconds) VALUES (:run, :step, :epoch, "
            ":train_loss, :validation_loss, :train_accuracy, :validation_accuracy, :nfe_forward, "
            ":nfe_backward, :seconds)",
            rows,
        )
    jobs._folder(run_id).make()
    return run_id
