"""Own data: tables kept by the hash of their content, and the data set that draws from them.

A table is written once, as CSV, under a name that nobody chooses: the SHA-256 of its bytes. A link
carries the hash alone, so that a table opens only on the server that holds it.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

from playground.datasets.base import Split, blur, dataset, noise_option
from playground.datasets.csv_table import read_written
from playground.datasets.table import Table, TableError, TableMissing
from playground.registry import Options, option

SAMPLE_NAMES = ("sepal length", "sepal width", "petal length", "petal width")


class TableOptions(Options):
    """Options of ``table``."""

    hash: str = option(
        "",
        label="Table",
        help="SHA-256 of the uploaded table; empty means the sample table, Fisher's irises.",
        pattern=r"^([0-9a-f]{64})?$",
    )
    task: Literal["auto", "classification", "regression"] = option(
        "auto",
        label="Task",
        help="'auto' predicts numbers where the label column holds more than 10 different ones, "
        "and classes otherwise.",
    )
    standardise: bool = option(
        True,
        label="Standardise",
        help="Move every input, and the target of a regression, to mean 0 and standard deviation "
        "1 as measured on the training part.",
    )
    noise: float = noise_option(
        0.0,
        1.0,
        "Standard deviation of the normal noise added to every input, in units of the inputs after "
        "standardising.",
    )


def folder() -> Path:
    """Return where tables are kept: ``tables`` in ``PLAYGROUND_HOME`` or in the user's data."""
    home = os.environ.get("PLAYGROUND_HOME")
    base = Path(home) if home else Path.home() / ".local" / "share" / "ode-net-playground"
    return base / "tables"


def _path(key: str) -> Path:
    if not re.fullmatch(r"[0-9a-f]{64}", key):
        raise TableError(f"hash = {key!r} is not legal: 64 digits of 0-9 and a-f")
    return folder() / f"{key}.csv"


def store(table: Table) -> str:
    """Keep a table and return its hash; storing it again changes nothing.

    Raises:
        OSError: If the folder cannot be written.
    """
    data = table.to_csv()
    key = hashlib.sha256(data).hexdigest()
    path = _path(key)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as part:
            part.write(data)
        os.replace(part.name, path)  # readers see the whole file or none
    return key


def fetch(key: str) -> Table:
    """Return the table with this hash; the sample table for an empty one.

    Raises:
        TableMissing: If the table is not on this server.
        TableError: If the hash is malformed or the table damaged.
    """
    if not key:
        return _sample()
    path = _path(key)
    try:
        return _read(path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        raise TableMissing(
            f"table {key[:12]}… is not on this server: own data does not travel with the link. "
            "Ask its owner to export the data as CSV, and upload that file here."
        ) from None


@lru_cache(maxsize=16)
def _read(path: Path, _changed: int) -> Table:
    """Read a stored table; the time of its last change is part of the cache key."""
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != path.stem:
        raise TableError(f"table {path.stem[:12]}… is damaged on this server; upload it again")
    return read_written(data)


@lru_cache(maxsize=1)
def _sample() -> Table:
    from sklearn.datasets import load_iris  # slow to import, and only the sample needs it

    iris = load_iris()
    labels = tuple(str(iris.target_names[i]) for i in iris.target)
    return Table(iris.data, SAMPLE_NAMES, labels, "species")


def _task(options: TableOptions) -> Any:
    return fetch(options.hash).task(options.task)


def _arrays(options: TableOptions) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs ``(rows, d)`` and classes ``(rows,)`` or targets ``(rows, 1)``."""
    table = fetch(options.hash)
    if table.task(options.task) == "regression":
        return table.features, table.targets[:, None]
    return table.features, table.classes


def _order(y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a random order of the rows in which every beginning has the classes in proportion.

    One row of each class comes first, so that any training part as large as the number of classes
    holds them all.
    """
    order = rng.permutation(len(y))
    if y.ndim == 2:
        return order
    shuffled = y[order]
    place = np.empty(len(y))
    for label in np.unique(y):
        members = np.flatnonzero(shuffled == label)
        place[members] = np.arange(len(members)) / len(members)
    return order[np.argsort(place, kind="stable")]


def _scale(reference: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of each column, 1 for a constant one."""
    spread = reference.std(axis=0)
    return reference.mean(axis=0), np.where(spread > 0, spread, 1.0)


def _parts(n_train: int, n_validation: int, rows: int, least: int) -> tuple[int, int]:
    """Shrink both parts in proportion until they fit the rows; training keeps ``least``."""
    if n_train < least:
        raise TableError(
            f"n_train = {n_train} is not legal: the table has {least} classes, and each needs a "
            "training row"
        )
    wanted = n_train + n_validation
    if wanted <= rows:
        return n_train, n_validation
    most = rows - (n_validation > 0)
    train = min(max(round(rows * n_train / wanted), least), most)
    return train, rows - train if n_validation else 0


def split(
    options: TableOptions, n_train: int, n_validation: int, rng: np.random.Generator
) -> Split:
    """Shuffle the table and cut it into two parts, the classes in proportion in both.

    Raises:
        TableError: If the table is missing, or ``n_train`` is below the number of classes.
    """
    table = fetch(options.hash)
    x, y = _arrays(options)
    regression = y.ndim == 2
    least = 1 if regression else len(table.class_names)
    n_train, n_validation = _parts(n_train, n_validation, len(x), least)
    order = _order(y, rng)[: n_train + n_validation]
    order = np.concatenate([rng.permutation(order[:n_train]), rng.permutation(order[n_train:])])
    x, y = x[order], y[order]
    if options.standardise:
        mean, spread = _scale(x[:n_train])
        x = (x - mean) / spread
        if regression:
            mean, spread = _scale(y[:n_train])
            y = (y - mean) / spread
    x = blur(x, options.noise, rng).astype(np.float32)
    y = y.astype(np.float32 if regression else np.int64)
    return Split(
        x_train=x[:n_train],
        y_train=y[:n_train],
        x_validation=x[n_train:],
        y_validation=y[n_train:],
        feature_names=table.feature_names,
        class_names=() if regression else table.class_names,
        task="regression" if regression else "classification",
    )


@dataset(
    name="table",
    label="Own data",
    summary="A table of your own: number columns and one label column, as CSV or typed in.",
    options=TableOptions,
    features=lambda options: fetch(options.hash).feature_names,
    classes=lambda options: fetch(options.hash).class_names,
    splitter=split,
    resolve_task=_task,
)
def table(options: TableOptions, n: int, rng: np.random.Generator) -> tuple[Any, Any]:
    """Draw rows without repetition; where ``n`` exceeds the rows, the table is gone through again.

    Standardising measures the whole table here; :func:`split` measures the training part.
    """
    x, y = _arrays(options)
    if options.standardise:
        mean, spread = _scale(x)
        x = (x - mean) / spread
        if y.ndim == 2:
            mean, spread = _scale(y)
            y = (y - mean) / spread
    order = np.concatenate([_order(y, rng) for _ in range(-(-n // len(x)))])[:n]
    return blur(x[order], options.noise, rng), y[order]
