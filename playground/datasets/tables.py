"""Own data as a data set: rows of a kept table, shuffled, divided and standardised."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from playground.datasets.base import DATASETS, Split, blur, dataset, noise_option
from playground.datasets.columns import MAX_COLUMNS
from playground.datasets.table_store import fetch
from playground.registry import Options, option


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
    outputs: int = option(
        1,
        label="Columns to predict",
        help="Of a regression: the last so many columns are predicted together, the label column among "
        "them, such as the coordinates of key points; the columns before them are the inputs.",
        ge=1,
        le=MAX_COLUMNS - 1,
        when={"task": ("auto", "regression")},
    )
    standardise: bool = option(
        True,
        label="Standardise",
        help="Move every input, and every target of a regression, to mean 0 and standard deviation "
        "1 as measured on the training part.",
    )
    noise: float = noise_option(
        0.0,
        1.0,
        "Standard deviation of the normal noise added to every input, in units of the inputs after "
        "standardising.",
    )


def _task(options: TableOptions) -> Any:
    table = fetch(options.hash)
    if options.outputs > 1 and options.task != "classification":
        table.check_targets(options.outputs)
        return "regression"
    return table.task(options.task)


def _outputs(options: TableOptions) -> int:
    """Return how many columns are predicted."""
    return options.outputs if _task(options) == "regression" else 1


def _arrays(options: TableOptions) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs ``(rows, d)`` and classes ``(rows,)`` or targets ``(rows, k)``."""
    table = fetch(options.hash)
    if _task(options) == "regression":
        return table.regression(options.outputs)
    return table.features, table.classes


def stratified(y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
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
    n_train, n_validation = DATASETS["table"].split_sizes(options, n_train, n_validation)
    order = stratified(y, rng)[: n_train + n_validation]
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
        feature_names=table.input_names(_outputs(options)),
        class_names=() if regression else table.class_names,
        task="regression" if regression else "classification",
    )


@dataset(
    name="table",
    label="Own data",
    summary="A table of your own: number columns and one label column, as CSV or typed in.",
    options=TableOptions,
    features=lambda options: fetch(options.hash).input_names(_outputs(options)),
    classes=lambda options: fetch(options.hash).class_names,
    targets=_outputs,
    splitter=split,
    resolve_task=_task,
    rows=lambda options: len(fetch(options.hash).features),
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
    order = np.concatenate([stratified(y, rng) for _ in range(-(-n // len(x)))])[:n]
    return blur(x[order], options.noise, rng), y[order]
