"""Runs as one zip file: all that is needed to see them elsewhere as they were here.

``manifest.json`` says what the file is. Each run has a folder that is called by its number:

    runs/0001/run.json                 name, status, times, versions …
    runs/0001/experiment.json          what was trained
    runs/0001/metrics.json             the figures, a list for each column
    runs/0001/checkpoint.safetensors   everything that is needed to go on
    runs/0001/snapshots/STEP.safetensors   kept weights, from which views and recordings are drawn
    runs/0001/train.py                 a script for people, where one can be written; it is never read

and ``data/HASH.csv`` or ``.npz`` holds own data. Equal runs give equal bytes.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import playground
from playground.exchange import own_data
from playground.exchange.about import (
    LONGEST_NAME,
    LONGEST_NOTE,
    LONGEST_REASON,
    MAX_RUNS,
    About,
    Change,
    Figures,
    Kept,
    Manifest,
    cleaned,
)
from playground.experiment import Experiment
from playground.jobs import Reader, Refused, RunRecord
from playground.jobs.artifacts import Folder
from playground.jobs.queries import metrics_of, read_amendments, row_of
from playground.jobs.records import IMPORTED, checked_id, record_of
from playground.training.events import Amendment, Metrics

MANIFEST = "manifest.json"
MAX_BYTES = 400_000_000
"""Most bytes of an archive before it is compressed."""
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The first moment that a zip file can say, the same for all entries: equal runs give equal bytes."""


@dataclass(frozen=True)
class Bundle:
    """One run with all that belongs to it.

    Attributes:
        about: What is said of it.
        experiment_json: What was trained.
        figures: Its metrics.
        checkpoint: From which it can go on, ``None`` where there is none.
        snapshots: Kept weights by their steps.
        script: A script that repeats it, empty where none can be written.
        data: The file of its own data, ``None`` for all other data, or where it is not on this server.
    """

    about: About
    experiment_json: str
    figures: Figures
    checkpoint: bytes | None = None
    snapshots: dict[int, bytes] = field(default_factory=dict)
    script: str = ""
    data: bytes | None = None

    @property
    def experiment(self) -> Experiment:
        """The experiment. Raises pydantic.ValidationError for one of another program version."""
        return Experiment.model_validate_json(self.experiment_json)

    @property
    def size(self) -> int:
        """Bytes of its weights and of its own data."""
        return sum(map(len, [self.checkpoint or b"", *self.snapshots.values(), self.data or b""]))


def archive(
    jobs: Reader, run_ids: Sequence[str], told: Callable[[int], None] | None = None
) -> bytes:
    """Return runs as a zip file that ``importing.bring`` reads, here or on another server.

    A run that still trains is written as far as it is stored.

    Args:
        jobs: The store.
        run_ids: Which, in their order; one that is named twice is written once.
        told: Is told how many runs have been written.

    Raises:
        Refused: If a run is gone, there are none or too many, or together they are too large.
    """
    chosen = list(dict.fromkeys(run_ids))
    if not 1 <= len(chosen) <= MAX_RUNS:
        raise Refused(f"{len(chosen)} runs cannot be put in one file; legal are 1 to {MAX_RUNS}")
    out, size, known = io.BytesIO(), 0, set()
    with zipfile.ZipFile(out, "w") as file:
        manifest = Manifest(program=playground.__version__, runs=[checked_id(i) for i in chosen])
        _add(file, MANIFEST, _json(manifest))
        for number, run_id in enumerate(chosen, 1):
            held = bundle(jobs, run_id)
            size += held.size
            if size > MAX_BYTES:
                raise Refused(
                    f"{len(chosen)} runs with their weights are more than {MAX_BYTES // 10**6} MB; "
                    f"export fewer at once (the first {number - 1} fit)"
                )
            for name, data in _files(held, number):
                if name not in known:  # two runs may have learned one table
                    known.add(name)
                    _add(file, name, data)
            if told is not None:
                told(number)
    return out.getvalue()


def _files(held: Bundle, number: int) -> Iterator[tuple[str, bytes]]:
    folder = f"runs/{number:04d}"
    yield f"{folder}/run.json", _json(held.about)
    yield f"{folder}/experiment.json", held.experiment_json.encode()
    yield f"{folder}/metrics.json", held.figures.model_dump_json().encode()
    if held.checkpoint is not None:
        yield f"{folder}/checkpoint.safetensors", held.checkpoint
    for step, weights in held.snapshots.items():
        yield f"{folder}/snapshots/{step}.safetensors", weights
    if held.script:
        yield f"{folder}/train.py", held.script.encode()
    if held.data is not None:
        experiment, _ = Experiment.from_stored(held.experiment_json)
        yield f"data/{held.about.data}.{own_data.kind_of(experiment).ending}", held.data


def _add(file: zipfile.ZipFile, name: str, data: bytes) -> None:
    info = zipfile.ZipInfo(name, EPOCH)
    info.external_attr, info.create_system = 0o600 << 16, 3
    packed = name.endswith((".json", ".py", ".csv"))  # weights do not become smaller
    info.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    file.writestr(info, data)


def _json(model: About | Manifest) -> bytes:
    return (json.dumps(model.model_dump(mode="json"), indent=1, sort_keys=True) + "\n").encode()


def bundle(jobs: Reader, run_id: str) -> Bundle:
    """Return a run with all that belongs to it, as of one moment.

    Raises:
        Refused: If there is no such run.
    """
    while True:
        row, metrics, amendments, listed, tags = stored(jobs, run_id)
        folder = Folder(jobs.store.runs_folder, checked_id(run_id))
        name = row["checkpoint"]
        checkpoint = folder.read(name) if name else None
        if checkpoint is None and name:
            with jobs.store.reading() as db:  # a newer one came in between, unless the file is lost
                if row_of(db, run_id, "checkpoint")["checkpoint"] != name:
                    continue
        break
    run = record_of(row)
    snapshots = {each["step"]: folder.read(each["file"]) for each in listed}
    kept = {step: weights for step, weights in snapshots.items() if weights is not None}
    experiment, _ = Experiment.from_stored(run.experiment_json)
    about = About(
        **_marks(run),
        tags=tags,
        status="stopped" if run.status in ("queued", "running") else run.status,
        held_seconds=row["held_seconds"],
        features=None if run.view.features is None else list(run.view.features),
        checkpoint_step=run.checkpoint_step if checkpoint is not None else None,
        snapshots=[Kept(step=s["step"], epoch=s["epoch"]) for s in listed if s["step"] in kept],
        amendments=[Change(step=each.step, **each.changes) for each in amendments],
        data=own_data.hash_of(experiment),
    )
    return Bundle(
        about,
        run.experiment_json,
        Figures.of(metrics),
        checkpoint,
        kept,
        _script(run, amendments),
        own_data.read(experiment),
    )


def _marks(run: RunRecord) -> dict[str, object]:
    """Return what is copied as it stands."""
    unsure = run.status in ("queued", "running")
    reason = f"it was {run.status} when it was exported" if unsure else run.reason
    return {
        "id": run.id,
        "name": cleaned(run.name, LONGEST_NAME),
        "note": cleaned(run.note, LONGEST_NOTE),
        "starred": bool(run.starred),
        "reason": cleaned(reason, LONGEST_REASON),
        "created": run.created,
        "started": run.started,
        "ended": run.ended,
        "estimate_seconds": run.estimate_seconds,
        "device": cleaned(run.device, 200),
        "device_reason": cleaned(run.device_reason, 2000),
        "path": run.path,
        "parameters": run.parameters,
        "notices": [cleaned(text, 2000) for text in run.notices],
        "versions": {key: text for key, text in run.versions.items() if key != IMPORTED},
        "step": run.step,
        "epoch": run.epoch,
    }


def stored(
    jobs: Reader, run_id: str
) -> tuple[object, list[Metrics], list[Amendment], list[object], list[str]]:
    """Return what the tables say of a run, all of one moment."""
    columns = ", ".join(Metrics.__dataclass_fields__)
    with jobs.store.reading() as db:
        db.execute("BEGIN")
        try:
            row = row_of(db, run_id)
            metrics = db.execute(
                f"SELECT {columns} FROM metrics WHERE run = ? ORDER BY step", (run_id,)
            ).fetchall()
            listed = db.execute(
                "SELECT step, epoch, file FROM snapshots WHERE run = ? ORDER BY step", (run_id,)
            ).fetchall()
            tags = db.execute(
                "SELECT tag FROM tags WHERE run = ? ORDER BY tag", (run_id,)
            ).fetchall()
            amendments = read_amendments(db, run_id)
        finally:
            db.execute("COMMIT")
    return row, list(map(metrics_of, metrics)), amendments, listed, [each["tag"] for each in tags]


def _script(run: RunRecord, amendments: Sequence[Amendment]) -> str:
    """Return the script that repeats a run, empty where none can be written."""
    from playground.training.script import torch_script

    try:
        return torch_script(run.experiment, amendments)
    except ValueError:  # a choice without code, data that are not here, another version's settings
        return ""
