"""Own data: a CSV upload and a table to edit by hand, stored by the hash of its content."""

from __future__ import annotations

from typing import Any

import streamlit as st

from playground.datasets import Table, TableError, Upload, column_names, read_upload, store
from playground.experiment import Experiment
from playground.ui import folds, state
from playground.ui.data_choice import choose_data
from playground.ui.hand_table import hand_table

MAX_UPLOAD_MB = 10


def own_data_panel(experiment: Experiment) -> None:
    """Draw the two ways to bring own data."""
    chosen = experiment.data.name == "table"
    label = "Own data · in use" if chosen else "Own data"
    folds.expander(label, "own_data", lambda: _two_ways(experiment), icon=":material/upload_file:")


def _two_ways(experiment: Experiment) -> None:
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
        more = _more_targets(file, read.table)
        table = read.table.with_targets(more)
        _summary(read, table, 1 + len(more))
        if st.button(
            "Use this file",
            key="use_upload",
            type="primary",
            width="stretch",
            help="Keeps the table on the server and makes it the data.",
        ):
            use_table(table, 1 + len(more))
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


def _more_targets(file: Any, table: Table) -> list[str]:
    """Draw the choice of further columns that are learned together with the label column."""
    if table.targets is None or len(table.feature_names) < 2:
        return []
    return st.multiselect(
        "Further columns to predict",
        table.feature_names,
        key=f"upload_targets:{file.file_id}:{table.label_name}",
        placeholder="none: the label column alone",
        help="Numbers that a net predicts together with those of the label column, such as the "
        "coordinates of key points. The columns that are left are the inputs.",
    )


def _cached(file: Any, what: str, make: Any) -> Any:
    """Return what was made of a file, made once: the page runs again at every click."""
    held = st.session_state.get("upload_read")
    if held is None or held[0] != file.file_id:
        held = st.session_state["upload_read"] = (file.file_id, {})
    if what not in held[1]:
        held[1][what] = make()
    return held[1][what]


def _summary(read: Upload, table: Table, outputs: int) -> None:
    inputs = len(table.input_names(outputs))
    if outputs > 1:
        learned = f"numbers in {outputs} columns: {', '.join(table.target_names(outputs))}"
    elif table.task() == "regression":
        learned = f"numbers in {table.label_name!r}"
    else:
        learned = f"{len(table.class_names)} classes: {', '.join(table.class_names)}"
    text = f"{len(table.features)} rows · {inputs} input{'s' * (inputs > 1)} · {learned}"
    st.caption(state.plain(text))
    for note in read.notes if outputs == 1 else ():
        st.caption(f":material/info: {state.plain(note)}")


def use_table(table: Table, outputs: int = 1) -> None:
    """Store a table and make it the data of the experiment.

    Args:
        table: The table.
        outputs: How many of its last columns are predicted, if they hold numbers.

    Raises:
        TableError: If there is no room for it, or the disk does not take it.
    """
    limit = state.jobs().settings.max_tables_mb
    try:
        key = store(table, limit_mb=limit, needed=state.jobs().tables_in_use)
    except OSError as error:
        raise TableError(f"the server could not keep the table ({error.strerror})") from error
    choose_data("table", hash=key, **({"outputs": outputs} if outputs > 1 else {}))
