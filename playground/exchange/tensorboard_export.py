"""Runs handed to TensorBoard (an optional extra): a folder of events for each run."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from playground.exchange.archive import Bundle, bundle
from playground.exchange.extras import wanted
from playground.exchange.mlflow_export import figures
from playground.jobs import Reader
from playground.query import flatten

_ENDS = ("train_loss", "validation_loss", "train_accuracy", "validation_accuracy")


def to_tensorboard(jobs: Reader, run_ids: Sequence[str], to: str | Path) -> list[Path]:
    """Write runs as events; return their folders, which ``tensorboard --logdir TO`` shows.

    Args:
        jobs: The store.
        run_ids: Which runs.
        to: The folder of the folders; one is called by its run's id, with its name before it.

    Raises:
        ExtraMissing: If TensorBoard is not installed.
        Refused: If a run is gone.
        FileExistsError: If a run is there already: TensorBoard would draw it twice.
    """
    module = wanted("torch.utils.tensorboard", "tensorboard", "an export to TensorBoard")
    held = [bundle(jobs, run_id) for run_id in dict.fromkeys(run_ids)]
    folders = [Path(to) / folder_name(each) for each in held]
    for folder in folders:
        if folder.exists():
            raise FileExistsError(f"{folder} is there already; remove it, or choose another folder")
    for each, folder in zip(held, folders, strict=True):
        writer = module.SummaryWriter(log_dir=str(folder))
        try:
            _write(writer, each)
        finally:
            writer.close()
    return folders


def folder_name(held: Bundle) -> str:
    """Return the folder of a run: letters and digits of its name, and its id."""
    words = re.sub(r"[^A-Za-z0-9]+", "-", held.about.name).strip("-")[:40]
    return f"{words}-{held.about.id}" if words else held.about.id


def _write(writer: Any, held: Bundle) -> None:
    about = held.about
    began = about.started or about.created
    for name, value, moment, step in figures(held.figures.metrics(), began):
        writer.add_scalar(name, value, global_step=step, walltime=moment)
    tree = json.loads(held.experiment_json)
    described = json.dumps(tree, indent=2)
    # TensorBoard draws texts as Markdown; four blanks make a block of code of them.
    writer.add_text(
        "experiment", "\n".join(f"    {line}" for line in described.splitlines()), 0, began
    )
    last = held.figures.metrics()[-1:]
    ends = {f"final/{n}": v for each in last for n in _ENDS if (v := getattr(each, n)) is not None}
    writer.add_hparams(dict(flatten(tree)), ends, run_name=".")
