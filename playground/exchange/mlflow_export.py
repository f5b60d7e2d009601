"""Runs handed to MLflow (an optional extra): a run there for each run here.

Settings become parameters, figures metrics with their steps, name and marks tags; experiment, script and
weights become artifacts.
"""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from playground.exchange.archive import Bundle, bundle
from playground.exchange.extras import wanted
from playground.jobs import Reader
from playground.query import flatten
from playground.training.events import Metrics
from playground.training.weights import weights_only

EXPERIMENT = "ode-net-playground"
BATCH = 1000
"""Most metrics in one request, MLflow's own limit; of parameters it takes 100."""
_PARAMETERS = 100
_LONGEST = 6000  # characters of a parameter
_STATUS = {"finished": "FINISHED", "stopped": "KILLED", "paused": "KILLED"}


def to_mlflow(jobs: Reader, run_ids: Sequence[str], to: str | Path) -> list[str]:
    """Write runs to MLflow; return the ids that they have there.

    Args:
        jobs: The store.
        run_ids: Which runs.
        to: A folder, or the address of a tracking server (``http://…``, ``sqlite:///…``).

    Raises:
        ExtraMissing: If MLflow is not installed.
        Refused: If a run is gone.
    """
    mlflow = wanted("mlflow", "mlflow", "an export to MLflow")
    address = str(to) if "://" in str(to) else Path(to).resolve().as_uri()
    client = mlflow.MlflowClient(tracking_uri=address)
    known = client.get_experiment_by_name(EXPERIMENT)
    experiment = known.experiment_id if known else client.create_experiment(EXPERIMENT)
    return [
        _write(mlflow, client, experiment, bundle(jobs, run_id))
        for run_id in dict.fromkeys(run_ids)
    ]


def _write(mlflow: Any, client: Any, experiment: str, held: Bundle) -> str:
    about, entities = held.about, mlflow.entities
    began = about.started or about.created
    tags = {
        "playground.run": about.id,
        "playground.status": about.status,
        "mlflow.note.content": about.note,
    }
    tags |= {f"playground.version.{name}": text for name, text in about.versions.items()}
    tags |= {"playground.tags": ", ".join(about.tags)} if about.tags else {}
    run = client.create_run(
        experiment,
        start_time=round(1000 * began),
        tags=tags,
        run_name=about.name or about.id,
    ).info.run_id
    settings = flatten(json.loads(held.experiment_json))
    params = [entities.Param(name, text[:_LONGEST]) for name, text in settings.items()]
    for start in range(0, len(params), _PARAMETERS):
        client.log_batch(run, params=params[start : start + _PARAMETERS])
    points = [
        entities.Metric(name, value, round(1000 * moment), step)
        for name, value, moment, step in figures(held.figures.metrics(), began)
    ]
    for start in range(0, len(points), BATCH):
        client.log_batch(run, metrics=points[start : start + BATCH])
    _artifacts(client, run, held)
    ended = None if about.ended is None else round(1000 * about.ended)
    client.set_terminated(run, status=_STATUS.get(about.status, "FAILED"), end_time=ended)
    return run


def _artifacts(client: Any, run: str, held: Bundle) -> None:
    files = {"experiment.json": held.experiment_json.encode()}
    if held.script:
        files["train.py"] = held.script.encode()
    if held.checkpoint is not None:
        files["weights.safetensors"] = weights_only(held.checkpoint)
    with tempfile.TemporaryDirectory() as folder:
        for name, data in files.items():
            (Path(folder) / name).write_bytes(data)
            client.log_artifact(run, str(Path(folder) / name))


def figures(metrics: Sequence[Metrics], began: float) -> Iterator[tuple[str, float, float, int]]:
    """Yield every finite figure as name, value, time in seconds since 1970, and step."""
    for each in metrics:
        for name, value in vars(each).items():
            if name != "step" and value is not None and math.isfinite(value):
                yield name, float(value), began + each.seconds, each.step
