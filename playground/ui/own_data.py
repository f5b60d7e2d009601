"""Own data: a CSV upload and a table to edit by hand, stored by the hash of its content."""

from __future__ import annotations

from typing import Any

import streamlit as st

from playground.datasets import Table, TableError, Upload, column_names, read_upload, store
from playground.experiment import Experiment
from playground.ui import state
from playground.ui.data_choice import choose_data
from playground.ui.hand_table import hand_table

MAX_UPLOAD_MB = 10


def own_data_panel(experiment: Experiment) -> None:
    """Draw the two ways to bring own data."""
    chosen = experiment.data.name == "table"
    label = "Own data · in use" if chosen else "Own data"
    with st.expander(label, key="own_data", icon=":material/upload_file:"):
        upload, edit = st.tabs(["CSV file", "Table"])
        with upload:
            _upload()
        with edit:
            hand_table(experiment, use_table)


def _upload() -> None:
    file = st.file_uploader(
        "CSV file",
        type=["csv", "txt", "tsv"],
        max_upload_size=MAX_UPLOAD_MB,
        key="upload",
        help="Numeric columns and one label column with two classes or more; the first row names "
        "the columns. Commas, semicolons or tabs between the cells.",
    )
    if file is None:
        return
    try:
        read = _chosen_columns(file)
        _summary(read)
        if st.button("Use this file", key="use_upload", type="primary", width="stretch"):
            use_table(read.table)
            st.rerun()
    except TableError as error:
        st.error(f"{state.plain(file.name)}: {state.plain(str(error))}", icon=":material/error:")


def _chosen_columns(file: Any) -> Upload:
    """Draw the choice of the label column and return the file as it is read with it.

    Raises:
        TableError: If the file cannot be used; names row and column.
    """
    names, at = _cached(file, "names", lambda: column_names(file.getvalue()))
    label = st.selectbox(
        "Label column",
        names,
        index=at,
        key=f"upload_label:{file.file_id}",
        help="The column that is learned; the others are the inputs.",
    )
    chosen = None if label == names[at] else label
    return _cached(file, f"label {chosen}", lambda: read_upload(file.getvalue(), label=chosen))


def _cached(file: Any, what: str, make: Any) -> Any:
    """Return what was made of a file, made once: the page runs again at every click."""
    held = st.session_state.get("upload_read")
    if held is None or held[0] != file.file_id:
        held = st.session_state["upload_read"] = (file.file_id, {})
    if what not in held[1]:
        held[1][what] = make()
    return held[1][what]


def _summary(read: Upload) -> None:
    table = read.table
    inputs = len(table.feature_names)
    if table.task() == "regression":
        learned = f"numbers in {table.label_name!r}"
    else:
        learned = f"{len(table.class_names)} classes: {', '.join(table.class_names)}"
    text = f"{len(table.features)} rows · {inputs} input{'s' * (inputs > 1)} · {learned}"
    st.caption(state.plain(text))
    for note in read.notes:
        st.caption(f":material/info: {state.plain(note)}")


def use_table(table: Table) -> None:
    """Store a table and make it the data of the experiment.

    Raises:
        TableError: If there is no room for it, or the disk does not take it.
    """
    limit = state.jobs().settings.max_tables_mb
    try:
        key = store(table, limit_mb=limit, needed=state.jobs().tables_in_use)
    except OSError as error:
        raise TableError(f"the server could not keep the table ({error.strerror})") from error
    choose_data("table", hash=key)
