"""Point sets, regression sets and own tables, all in one registry."""

from playground.datasets import classics, multiclass, points, regression, tables
from playground.datasets.base import (
    DATASETS,
    Dataset,
    Split,
    dataset,
)
from playground.datasets.csv_table import from_frame, parse_csv
from playground.datasets.draw import load, make, thumbnail
from playground.datasets.table import Table, TableError, TableMissing
from playground.datasets.tables import fetch, store

__all__ = [
    "DATASETS",
    "Dataset",
    "Split",
    "Table",
    "TableError",
    "TableMissing",
    "classics",
    "dataset",
    "fetch",
    "from_frame",
    "load",
    "make",
    "multiclass",
    "parse_csv",
    "points",
    "regression",
    "store",
    "tables",
    "thumbnail",
]
