"""A table to type in: cells, rows and columns, in a window wide enough for them.

The editor is drawn from a base frame and reports the frame as edited. The base changes only where the
columns do, or when the window opens again: an editor whose base changes forgets what it holds.
"""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from playground.datasets import Table, TableError, TableMissing, fetch, from_frame
from playground.datasets.table import shortest
from playground.experiment import Experiment
from playground.ui import state

_ABREAST = 3  # names of columns in one line
MOST_ROWS, MOST_COLUMNS = 2000, 64  # of a table that is taken into the editor
_EXAMPLE = """x1 x2 label
0 0.1 a
1 0.9 b
0.2 -0.2 a
0.9 1.2 b
-1 -0.7 c
-0.8 -1.1 c
0.1 0.3 a
1.1 0.7 b
-0.9 -1.2 c
-1.1 -0.9 c"""


def example() -> pd.DataFrame:
    """Return the table that is there at first, all cells as text."""
    header, *rows = (line.split() for line in _EXAMPLE.splitlines())
    return numbered(pd.DataFrame(rows, columns=header))


def numbered(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame of text whose rows count from 1, as the editor shows them."""
    texts = frame.astype(object).where(frame.notna(), "").astype(str)
    return texts.set_axis(pd.RangeIndex(1, len(frame) + 1), axis=0)


def with_column(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame with an empty column before the last one, under a name that is free."""
    number = 1
    while f"x{number}" in frame.columns:
        number += 1
    added = frame.copy()
    added.insert(max(len(frame.columns) - 1, 0), f"x{number}", "")
    return added


def renamed(frame: pd.DataFrame, column: str, name: str) -> pd.DataFrame:
    """Return a frame with one column called otherwise.

    Raises:
        TableError: If the name is empty or taken.
    """
    name = " ".join(name.split())
    if not name:
        raise TableError(f"column {column!r} needs a name")
    if name != column and name in frame.columns:
        raise TableError(f"there is a column {name!r} already")
    return frame.rename(columns={column: name})


def text_frame(table: Table) -> pd.DataFrame:
    """Return a table as text, the label in the last column."""
    cells = [[*map(shortest, x), y] for x, y in zip(table.features.tolist(), table.labels)]
    return numbered(pd.DataFrame(cells, columns=[*table.feature_names, table.label_name]))


def hand_table(experiment: Experiment, use: Callable[[Table], None]) -> None:
    """Draw the way to the editor, and the editor while it is open.

    Args:
        experiment: The experiment in the form.
        use: Takes the finished table; may raise ``TableError``.
    """
    held = st.session_state
    if "hand" not in held:
        _put(example(), "label")
    names = ", ".join(held["hand"].columns)
    st.caption(f"{len(held['hand'])} rows · {state.plain(names)}")
    st.button(
        "Edit the table",
        icon=":material/table_edit:",
        key="hand_open_button",
        help="Opens a table in which you type or paste your own data.",
        width="stretch",
        on_click=_open,
    )
    table = _in_use(experiment)
    if table is not None:
        st.button(
            "Edit the data in use",
            icon=":material/file_open:",
            key="hand_take",
            width="stretch",
            on_click=lambda: _open(table),
            help="Takes the rows of the table that is learned now in place of those typed in.",
        )
    if held.get("hand_open"):
        _window(use)


def _in_use(experiment: Experiment) -> Table | None:
    if experiment.data.name != "table":
        return None
    try:
        table = fetch(experiment.data.options.hash)
    except (TableMissing, TableError):
        return None
    rows, inputs = table.features.shape
    return table if rows <= MOST_ROWS and inputs < MOST_COLUMNS else None


def _put(frame: pd.DataFrame, label: str | None = None) -> None:
    """Make a frame the base of a fresh editor."""
    held = st.session_state
    held["hand"] = held["hand_base"] = numbered(frame)
    held["hand_version"] = held.get("hand_version", 0) + 1
    if label is not None:
        held["hand_label_name"] = label


def _open(table: Table | None = None) -> None:
    if table is None:
        _put(st.session_state["hand"])
    else:
        _put(text_frame(table), table.label_name)
    st.session_state["hand_error"] = ""
    st.session_state["hand_open"] = True


def _close() -> None:
    st.session_state["hand_open"] = False


@st.dialog("Your table", width="large", icon=":material/table_edit:", on_dismiss=_close)
def _window(use: Callable[[Table], None]) -> None:
    held = st.session_state
    st.caption(
        "Type, or paste from a spreadsheet. A row more: the last line. Rows less: mark them on the "
        "left, then the bin. The label column may hold words, the others hold numbers."
    )
    edited = st.data_editor(
        held["hand_base"],
        num_rows="dynamic",
        hide_index=False,
        height=410,
        key=f"hand_editor:{held['hand_version']}",
        column_config={
            name: st.column_config.TextColumn(name) for name in held["hand_base"].columns
        },
    )
    held["hand"] = edited
    _columns(list(edited.columns))
    label = _label_choice(list(edited.columns))
    if held["hand_error"]:
        st.error(held["hand_error"], icon=":material/error:")
    if st.button(
        "Use this table",
        key="use_table",
        type="primary",
        width="stretch",
        help="Checks the table and makes it the data; what is wrong with it is said.",
    ):
        try:
            use(from_frame(edited.fillna(""), label, numbers=range(1, len(edited) + 1)))
            held["hand_open"], held["hand_error"] = False, ""
            st.rerun()
        except TableError as error:
            held["hand_error"] = state.plain(str(error))
            _put(edited)  # numbers the rows anew, as the error counts them
            st.rerun(scope="fragment")


def _label_choice(names: list[str]) -> str:
    """Draw the choice of the label column and return it."""
    held = st.session_state
    if held.get("hand_label_name") not in names:
        held["hand_label_name"] = names[-1]
    held["hand_label"] = held["hand_label_name"]
    return st.selectbox(
        "Label column",
        names,
        key="hand_label",
        help="The column that is learned; the others are the inputs.",
        on_change=lambda: held.update(hand_label_name=held["hand_label"]),
    )


def _columns(names: list[str]) -> None:
    """Draw the names of the columns: rename, remove, add."""
    with st.expander("Columns", icon=":material/view_column:"):
        for i, name in enumerate(names):
            if i % _ABREAST == 0:
                places = st.columns(_ABREAST, gap="medium")
            with places[i % _ABREAST]:
                _column(i, name, removable=len(names) > 2)
        st.button(
            "Add a column",
            icon=":material/add:",
            key="hand_add",
            help="One more column at the end, empty at first.",
            on_click=lambda: _reshape(with_column(st.session_state["hand"])),
        )


def _column(i: int, name: str, *, removable: bool) -> None:
    """Draw the name of one column, to be changed, and the button that removes the column."""
    version = st.session_state["hand_version"]
    box, button = st.columns([4, 1], vertical_alignment="bottom", gap="small")
    key = f"hand_name:{version}:{i}"
    box.text_input(
        f"Name of column {i + 1}",
        name,
        key=key,
        help="Another name renames the column.",
        label_visibility="collapsed",
        on_change=_rename,
        args=(name, key),
    )
    button.button(
        "",
        icon=":material/delete:",
        key=f"hand_remove:{version}:{i}",
        help=f"Remove column {state.plain(name)}",
        disabled=not removable,
        on_click=lambda: _reshape(st.session_state["hand"].drop(columns=name)),
    )


def _rename(column: str, key: str) -> None:
    held = st.session_state
    try:
        frame = renamed(held["hand"], column, held[key])
    except TableError as error:
        held["hand_error"] = state.plain(str(error))
        return
    was_label = held["hand_label_name"] == column
    new = list(frame.columns)[list(held["hand"].columns).index(column)]
    _reshape(frame, new if was_label else None)


def _reshape(frame: pd.DataFrame, label: str | None = None) -> None:
    """Take a frame with other columns, of which the last error can no longer speak."""
    st.session_state["hand_error"] = ""
    _put(frame, label)
