"""Own data: a CSV upload and a table to edit by hand, stored by the hash of its content."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from playground.datasets import Table, TableError, from_frame, parse_csv, store
from playground.experiment import Experiment
from playground.ui import state

MAX_UPLOAD_MB = 5
_EXAMPLE = pd.DataFrame(
    {
        "x1": [0.0, 1.0, 0.2, 0.9, -1.0, -0.8, 0.1, 1.1, -0.9, -1.1],
        "x2": [0.1, 0.9, -0.2, 1.2, -0.7, -1.1, 0.3, 0.7, -1.2, -0.9],
        "label": ["a", "b", "a", "b", "c", "c", "a", "b", "c", "c"],
    }
)


def own_data_panel(experiment: Experiment) -> None:
    """Draw the two ways to bring own data."""
    chosen = experiment.data.name == "table"
    with st.expander("Own data" + (" · in use" if chosen else ""), icon=":material/upload_file:"):
        upload, edit = st.tabs(["CSV file", "Table"])
        with upload:
            _upload()
        with edit:
            _edit()


def _upload() -> None:
    file = st.file_uploader(
        "CSV file",
        type=["csv", "txt"],
        max_upload_size=MAX_UPLOAD_MB,
        key="upload",
        help="Numeric columns and one label column with two classes or more; the first row names "
        "the columns.",
    )
    label = st.text_input(
        "Label column",
        key="upload_label",
        placeholder="last column, or one called label",
        help="The column that is learned; the others are the inputs.",
    )
    if file is not None and st.button("Use this file", key="use_upload", width="stretch"):
        try:
            _use(parse_csv(file.getvalue(), label=label.strip() or None))
        except TableError as error:
            st.error(f"{file.name}: {error}", icon=":material/error:")


def _edit() -> None:
    st.caption("Change cells and add rows of numbers; the label column may hold words.")
    frame = st.data_editor(_EXAMPLE, num_rows="dynamic", key="hand_table", height=230)
    if st.button("Use this table", key="use_table", width="stretch"):
        try:
            _use(from_frame(frame, label="label"))
        except TableError as error:
            st.error(str(error), icon=":material/error:")


def _use(table: Table) -> None:
    """Store a table and make it the data of the experiment."""
    rows = len(table.features)
    train = max(10, round(0.8 * rows))
    state.change(
        {
            "data": "table",
            "data.hash": store(table),
            "loss": "mean_square" if table.task("auto") == "regression" else "cross_entropy",
            "n_train": train,
            "n_validation": max(10, rows - train),
        }
    )
    st.rerun()
