"""Runs as flat tables: a row for each run with its settings, and one for each measurement."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from playground.exchange.archive import stored
from playground.experiment import Experiment
from playground.jobs import Reader, RunRecord
from playground.jobs.records import record_of

if TYPE_CHECKING:
    import pandas as pd

Table = Literal["metrics", "runs"]
MAX_ROWS = 2_000_000
"""Most measurements in one table."""
_ENDS = ("train_loss", "validation_loss", "train_accuracy", "validation_accuracy", "seconds")
_GUARDED = ("=", "+", "-", "@", "\t", "\r")  # begin what a spreadsheet takes for a formula
_TEXTS = ("name", "note", "tags", "reason")


def metrics_table(jobs: Reader, run_ids: Sequence[str]) -> pd.DataFrame:
    """Return the figures of runs: a row for each run and step, in the order of the runs.

    Args:
        jobs: The store.
        run_ids: Which runs.

    Returns:
        Columns ``run``, ``name`` and those of ``Metrics``; a figure that is no number is ``nan``.

    Raises:
        Refused: If a run is gone.
        ValueError: If there are more than two million rows.
    """
    import pandas as pd

    from playground.training.events import Metrics

    parts: list[dict[str, Any]] = []
    for run_id in dict.fromkeys(run_ids):
        row, metrics, *_ = stored(jobs, run_id)
        parts += [{"run": run_id, "name": row["name"], **vars(each)} for each in metrics]
        if len(parts) > MAX_ROWS:
            raise ValueError(f"more than {MAX_ROWS} rows of figures; export fewer runs at once")
    frame = pd.DataFrame(parts, columns=["run", "name", *Metrics.__dataclass_fields__])
    shares = [name for name in frame if "accuracy" in name]
    return frame.astype(dict.fromkeys(shares, float)).astype({"run": "string", "name": "string"})


def runs_table(jobs: Reader, run_ids: Sequence[str]) -> pd.DataFrame:
    """Return runs with their settings, a row for each.

    Args:
        jobs: The store.
        run_ids: Which runs.

    Returns:
        Columns on the run, its last figures (``final.…``), and its settings by their dotted names
        (``set.…``), as texts; a setting that a run has not is missing.

    Raises:
        Refused: If a run is gone.
    """
    import pandas as pd

    rows = []
    for run_id in dict.fromkeys(run_ids):
        row, metrics, amendments, _, tags = stored(jobs, run_id)
        run = record_of(row)
        last = metrics[-1] if metrics else None
        rows.append(
            {
                **_about(run, tags),
                **{f"final.{name}": getattr(last, name, None) for name in _ENDS},
                "amendments": json.dumps([vars(each) for each in amendments]),
                **{f"set.{name}": text for name, text in settings_of(run).items()},
            }
        )
    frame = pd.DataFrame(rows)
    return frame.astype({name: float for name in frame if name.startswith("final.")})


def settings_of(run: RunRecord) -> dict[str, str]:
    """Return the settings of a run by their dotted names, as a link has them."""
    return Experiment.from_stored(run.experiment_json)[0].to_query()


def _about(run: RunRecord, tags: Sequence[str]) -> dict[str, Any]:
    return {
        "run": run.id,
        "name": run.name,
        "status": run.status,
        "reason": run.reason,
        "starred": bool(run.starred),
        "tags": ", ".join(tags),
        "note": run.note,
        "created": run.created,
        "started": run.started,
        "ended": run.ended,
        "device": run.device,
        "path": run.path,
        "parameters": run.parameters,
        "step": run.step,
        "epoch": run.epoch,
        **{f"version.{name}": text for name, text in sorted(run.versions.items())},
    }


def table_of(jobs: Reader, run_ids: Sequence[str], which: Table) -> pd.DataFrame:
    """Return one of the two tables. Raises as they do."""
    return (metrics_table if which == "metrics" else runs_table)(jobs, run_ids)


def as_csv(frame: pd.DataFrame) -> bytes:
    """Return a table as CSV in UTF-8; what is no number is an empty cell.

    A person's words that a spreadsheet would take for a formula get an apostrophe before them.
    """
    texts = {name: frame[name].map(_guarded) for name in frame if name in _TEXTS}
    return frame.assign(**texts).to_csv(index=False, lineterminator="\n").encode()


def _guarded(text: Any) -> Any:
    return f"'{text}" if isinstance(text, str) and text.startswith(_GUARDED) else text


def as_parquet(frame: pd.DataFrame) -> bytes:
    """Return a table as Parquet, in types that any reader knows."""
    out = io.BytesIO()
    frame.to_parquet(out, index=False, engine="pyarrow")
    return out.getvalue()


def as_json(jobs: Reader, run_ids: Sequence[str]) -> bytes:
    """Return both tables as one JSON object, ``runs`` and ``metrics``; what is no number is ``null``.

    Raises:
        Refused: If a run is gone.
        ValueError: If there are too many rows.
    """
    tables = {
        "runs": _records(runs_table(jobs, run_ids)),
        "metrics": _records(metrics_table(jobs, run_ids)),
    }
    return (json.dumps(tables, allow_nan=False, ensure_ascii=False) + "\n").encode()


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    rows = frame.to_dict("records")
    return [{name: _finite(value) for name, value in row.items()} for row in rows]


def _finite(value: Any) -> Any:
    """Return a value that JSON can hold."""
    import pandas as pd

    if value is None or value is pd.NA:
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value.item() if hasattr(value, "item") else value
