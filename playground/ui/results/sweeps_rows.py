"""The results of a sweep as tables and charts take them."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

import numpy as np
import pandas as pd

from playground.sweeping import Row, Sweep, front_of
from playground.sweeping.plan import Value
from playground.sweeping.results import score_of

_NAMES = {
    "validation_accuracy": ("accuracy, %", "± accuracy"),
    "validation_loss": ("loss", "± loss"),
    "seconds": ("seconds", "± seconds"),
    "parameters": ("parameters", ""),
    "nfe_forward": ("NFE", ""),
}


def word(value: Value) -> str:
    """Return a value of a field as people read it."""
    if value is None or value == "":
        return "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)


def named(row: Row) -> str:
    """Return a setting in words."""
    return ", ".join(f"{short(field)} = {word(value)}" for field, value in row.point.values.items())


def short(field: str) -> str:
    """Return the last part of a dotted name, which tells people what it is."""
    return field.rpartition(".")[2].replace("_", " ")


def ordered(values: Sequence[Value]) -> list[Value]:
    """Return values each once: numbers by their size, anything else as it comes."""
    found = list(dict.fromkeys(values))
    numbers = all(isinstance(x, int | float) and not isinstance(x, bool) for x in found)
    return sorted(found) if numbers else found


def table_rows(sweep: Sweep, found: Sequence[Row]) -> pd.DataFrame:
    """Return a row for each setting: its fields, means and deviations, and how many have ended."""
    columns: dict[str, list[object]] = {}
    for field in sweep.fields:
        values = [row.point.values.get(field) for row in found]
        numbers = all(isinstance(x, int | float) and not isinstance(x, bool) for x in values)
        columns[field] = list(values) if numbers else [word(x) for x in values]
    for quantity, (mean, std) in _NAMES.items():
        columns[mean] = [row.mean(quantity) for row in found]
        if std:
            deviations = [row.std(quantity) for row in found]
            columns[std] = [math.nan if x is None else x for x in deviations]
    columns["ended"] = [f"{row.ended} of {sweep.repetitions}" for row in found]
    for name in ("diverged", "failed"):
        counts = [getattr(row, name) for row in found]
        if any(counts):
            columns[name] = counts
    return pd.DataFrame(columns)


def front_rows(found: Sequence[Row], cost: str) -> pd.DataFrame:
    """Return a row for each setting that has ended: cost, score, low, high, words and front."""
    score = score_of(found)
    front = {row.place for row in front_of(found, cost)}
    made = []
    for row in found:
        paid, mean, std = row.mean(cost), row.mean(score), row.std(score) or 0.0
        if math.isfinite(paid + mean) and paid > 0:
            made.append((paid, mean, mean - std, mean + std, named(row), row.place in front))
    made.sort(key=lambda each: each[0])
    return pd.DataFrame(made, columns=["cost", "score", "low", "high", "words", "front"])


def map_rows(
    found: Sequence[Row], across: str, down: str, quantity: str, *, less_is_better: bool
) -> pd.DataFrame:
    """Return a cell for each pair of values: the mean over all settings that have it.

    Columns: across, down, mean, low, high, words, count and light. Where one setting makes the cell
    the spread is that of its repetitions, else that of the settings' means.
    """
    cells: dict[tuple[str, str], list[Row]] = {}
    for row in found:
        if quantity in row.figures:
            values = row.point.values
            place = (word(values.get(across)), word(values.get(down)) if down else "")
            cells.setdefault(place, []).append(row)
    made = []
    for (x, y), rows in cells.items():
        means = [row.mean(quantity) for row in rows]
        mean = statistics.fmean(means)
        std = rows[0].std(quantity) if len(rows) == 1 else statistics.stdev(means)
        spread = "" if std is None else f" ± {std:.2g}"
        low, high = mean - (std or 0.0), mean + (std or 0.0)
        made.append((x, y, mean, low, high, f"{mean:.4g}{spread}", sum(r.ended for r in rows)))
    frame = pd.DataFrame(made, columns=["across", "down", "mean", "low", "high", "words", "count"])
    least, most = frame["mean"].min(), frame["mean"].max()
    share = (frame["mean"] - least) / ((most - least) or 1.0)
    frame["light"] = (1 - share if less_is_better else share) > 0.55
    return frame


def curve_rows(
    courses: Sequence[tuple[str, int, float]],
    places: dict[str, tuple[str, str]],
    factor: float,
    *,
    log: bool = False,
) -> pd.DataFrame:
    """Return mean and spread over the repetitions at each epoch: panel, series, epoch, mean, low, high.

    Args:
        courses: Id of a run, epoch and value.
        places: Panel and series of each run.
        factor: What values are multiplied by.
        log: Whether they are drawn on a logarithmic axis: mean and spread are of their logarithms, and
            what is not positive is left out.
    """
    frame = pd.DataFrame(courses, columns=["run", "epoch", "value"])
    values = factor * frame["value"].astype(float)
    if log:
        frame, values = frame[values > 0], np.log(values[values > 0])
    panels, series = zip(*(places[run] for run in frame["run"])) if len(frame) else ((), ())
    frame = frame.assign(value=values, panel=panels, series=series)
    keys = ["panel", "series", "epoch"]
    made = frame.groupby(keys, sort=False)["value"].agg(["mean", "std"]).reset_index()
    spread = made["std"].fillna(0.0)
    made["low"], made["high"] = made["mean"] - spread, made["mean"] + spread
    if log:
        ends = ["mean", "low", "high"]
        made[ends] = np.exp(made[ends])
    return made[[*keys, "mean", "low", "high"]]
