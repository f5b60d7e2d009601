"""The figures of a run for the page: fetched once, then only what is new."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, fields
from threading import Lock

import numpy as np
import pandas as pd
import streamlit as st

from playground.jobs import Refused
from playground.ui import state

_ROOM = 256  # rows for which a table has room at first
_HELD = 12  # runs whose tables are held for one tab


@dataclass
class History:
    """The metrics of one run as columns that grow: a new row costs the same after ten thousand.

    A run of the page that a newer one overtakes goes on for a moment beside it, in another thread.
    """

    run_id: str
    rows: int = 0
    columns: dict[str, np.ndarray] = field(default_factory=dict)
    frame: pd.DataFrame | None = None
    lock: Lock = field(default_factory=Lock, repr=False)

    @property
    def last_step(self) -> int:
        """Step of the newest row, -1 without one."""
        return int(self.columns["step"][self.rows - 1]) if self.rows else -1

    def extend(self, fresh: list) -> None:
        """Add ``Metrics`` that are not there yet; a figure that is ``None`` becomes ``nan``."""
        with self.lock:
            last = self.last_step
            fresh = [row for row in fresh if row.step > last]
            if not fresh:
                return
            for name in (column.name for column in fields(fresh[0])):
                values = np.array([getattr(row, name) for row in fresh], dtype=float)
                self.columns[name] = _appended(self.columns.get(name), self.rows, values)
            self.rows += len(fresh)
            self.frame = pd.DataFrame({name: c[: self.rows] for name, c in self.columns.items()})


def _appended(column: np.ndarray | None, rows: int, values: np.ndarray) -> np.ndarray:
    needed = rows + len(values)
    if column is None or len(column) < needed:
        grown = np.empty(max(_ROOM, 2 * needed))
        if column is not None:
            grown[:rows] = column[:rows]
        column = grown
    column[rows:needed] = values
    return column


def run_metrics(run_id: str) -> pd.DataFrame | None:
    """Return the metrics of a run, one row a step, ``None`` while there are none.

    The table is made anew only when there are new rows: while there are none it is the same object.
    """
    held: History | None = st.session_state.get("metrics")
    if held is None or held.run_id != run_id:
        held = st.session_state["metrics"] = History(run_id)
    with suppress(Refused):  # deleted in this very moment
        held.extend(state.jobs().metrics(run_id, since_step=held.last_step))
    return held.frame


def histories(run_ids: Iterable[str]) -> dict[str, pd.DataFrame | None]:
    """Return the metrics of several runs by their ids, as ``run_metrics`` does; the last few are held."""
    held: dict[str, History] = st.session_state.setdefault("histories", {})
    found = {}
    for run_id in run_ids:
        history = held.pop(run_id, None) or History(run_id)
        held[run_id] = history  # the latest comes last
        with suppress(Refused):
            history.extend(state.jobs().metrics(run_id, since_step=history.last_step))
        found[run_id] = history.frame
    for run_id in list(held)[:-_HELD]:
        held.pop(run_id, None)
    return found


@dataclass(frozen=True)
class Picture:
    """The newest frame of a run: a text that changes with it, and its bytes (empty before the first)."""

    run_id: str
    version: str | None = None
    frame: bytes = b""


def live_picture(run_id: str) -> Picture:
    """Return the newest frame of a run; it is read only when there is a newer one."""
    held: Picture | None = st.session_state.get("live")
    if held is None or held.run_id != run_id:
        held = Picture(run_id)
    fresh = state.jobs().live(run_id, known=held.version)
    if fresh is not None:
        held = Picture(run_id, *fresh)
    st.session_state["live"] = held
    return held
