"""Point sets, regression sets, own tables and sets of images, all in one registry."""

from playground.datasets import classics, functions, multiclass, points, regression, tables
from playground.datasets.base import (
    DATASETS,
    Dataset,
    Split,
    dataset,
)
from playground.datasets.csv_table import Upload, column_names, from_frame, parse_csv, read_upload
from playground.datasets.csv_writing import split_file, table_file
from playground.datasets.draw import load, make, split_sizes, thumbnail
from playground.datasets.functions import FUNCTIONS
from playground.datasets.table import Table, TableError, TableMissing, TargetsError
from playground.datasets.table_store import fetch, store

from playground.datasets import images  # isort: skip - last in the registry

__all__ = [
    "DATASETS",
    "FUNCTIONS",
    "Dataset",
    "Split",
    "Table",
    "TableError",
    "TableMissing",
    "TargetsError",
    "Upload",
    "classics",
    "column_names",
    "dataset",
    "fetch",
    "from_frame",
    "functions",
    "images",
    "load",
    "make",
    "multiclass",
    "parse_csv",
    "points",
    "read_upload",
    "regression",
    "split_file",
    "split_sizes",
    "store",
    "table_file",
    "tables",
    "thumbnail",
]
