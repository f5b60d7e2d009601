"""Own numbers for the multi-stage lab: a CSV file whose last column is fitted."""

from __future__ import annotations

from typing import Any

import streamlit as st

from playground.datasets import Table, TableError, column_names, read_upload, store
from playground.ui import state
from playground.ui.labs.multi_stage_settings import SHEET

MAX_UPLOAD_MB = 10


def own_table() -> None:
    """Draw the upload, and the use of what was uploaded."""
    file = st.file_uploader(
        "CSV file",
        type=["csv", "txt", "tsv"],
        max_upload_size=MAX_UPLOAD_MB,
        key="multi_stage:upload",
        help="Number columns with a name in the first row; one of them is fitted, the others are the "
        "inputs.",
    )
    if file is None:
        return
    try:
        names, at = _once(file, "names", lambda: column_names(file.getvalue()))
        label = st.selectbox(
            "Column to fit",
            names,
            index=at,
            key=f"multi_stage:{file.file_id}",
            help="What the nets learn; all other columns are their inputs.",
        )
        chosen = None if label == names[at] else label
        read = _once(file, str(chosen), lambda: read_upload(file.getvalue(), label=chosen))
        rows, inputs = read.table.features.shape
        st.caption(state.plain(f"{rows} rows, {inputs} input{'s' * (inputs > 1)}, fits {label!r}"))
        st.button(
            "Use this file",
            key="multi_stage:use",
            help="Makes the file what the stages fit, in place of a function.",
            type="primary",
            width="stretch",
            on_click=_use,
            args=(read.table,),
        )
    except TableError as error:
        st.error(f"{state.plain(file.name)}: {state.plain(str(error))}", icon=":material/error:")


def _once(file: Any, what: str, make: Any) -> Any:
    """Return what was made of a file, made once: the page runs again at every click."""
    held = st.session_state.get("multi_stage:read")
    if held is None or held[0] != file.file_id:
        held = st.session_state["multi_stage:read"] = (file.file_id, {})
    if what not in held[1]:
        held[1][what] = make()
    return held[1][what]


def _use(table: Table) -> None:
    if table.targets is None:
        state.say("The column holds words; one with numbers can be fitted.", "error")
        return
    try:
        limit = state.jobs().settings.max_tables_mb
        key = store(table, limit_mb=limit, needed=state.jobs().tables_in_use)
    except OSError as error:
        state.say(f"The server could not keep the table ({error.strerror}).", "error")
        return
    except TableError as error:
        state.say(f"{error}.", "error")
        return
    rows = len(table.features)
    SHEET.change(
        {
            "data": "table",
            "data.hash": key,
            "data.task": "regression",
            "n_train": min(4000, max(10, round(0.8 * rows))),
        }
    )
