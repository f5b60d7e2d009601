"""The runs as a table of which rows are chosen."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from playground.datasets import DATASETS
from playground.jobs.history import Line
from playground.networks import NETWORKS
from playground.registry import Registry
from playground.ui.results.runs_settings import PAGE_ROWS, SHEET, Settings

_FEW, _HEIGHT = 10, 420  # rows that are shown without scrolling; pixels of a table of more
_WIDE_ONLY = ("rate", "parameters", "NFE", "note")
_MARKS = {
    "queued": "… waiting",
    "running": "▶ training",
    "paused": "‖ paused",
    "finished": "✓ finished",
    "stopped": "■ stopped",
    "diverged": "✗ diverged",
    "failed": "✗ failed",
}
_CHOSEN = "runs:table"


def label_of(registry: Registry, name: str) -> str:
    """Return what people read for a name; the name itself where another version knew it."""
    return registry[name].label if name in registry else name


def net_of(line: Line) -> str:
    """Return network, integrator and size in a few words."""
    network, size = line.network, (line.width, line.depth)
    words = [label_of(NETWORKS, network)]
    if network in NETWORKS and NETWORKS[network].uses_scheme:
        words.append(line.scheme)
    if None not in size:
        words.append("×".join(f"{number:g}" for number in size))
    return ", ".join(words)


def title_of(line: Line) -> str:
    """Return a run in a few words: its name, or what it trains."""
    return line.name or f"{label_of(DATASETS, line.data)}, {net_of(line)}"


def rows_of(lines: Sequence[Line], *, narrow: bool) -> pd.DataFrame:
    """Return the rows of the table.

    Args:
        lines: What is on this page of it.
        narrow: Whether columns that not everybody needs are left out.
    """
    now = time.time()
    rows = {
        "★": ["★" if line.starred else "" for line in lines],
        "name": [line.name for line in lines],
        "data": [label_of(DATASETS, line.data) for line in lines],
        "net": [net_of(line) for line in lines],
        "validation": [_percent(line.validation_accuracy) for line in lines],
        "loss": [line.validation_loss for line in lines],
        "rate": [line.learning_rate for line in lines],
        "epochs": [line.epoch for line in lines],
        "time": [line.seconds for line in lines],
        "NFE": [line.nfe_forward for line in lines],
        "parameters": [line.parameters or None for line in lines],
        "status": [_MARKS[line.status] for line in lines],
        "when": [age(now - line.created) for line in lines],
        "tags": [", ".join(line.tags) for line in lines],
        "note": [line.note.replace("\n", " ")[:80] for line in lines],
    }
    dropped = _WIDE_ONLY if narrow else ()
    return pd.DataFrame({name: column for name, column in rows.items() if name not in dropped})


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def age(seconds: float) -> str:
    """Return how long ago something was, in words."""
    for size, word in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {word} ago"
    return "just now"


def draw_table(settings: Settings, lines: Sequence[Line], *, narrow: bool) -> None:
    """Draw one page of the runs; what is chosen in it goes to the settings.

    Args:
        settings: What is set.
        lines: All runs that fit, in their order.
        narrow: Whether there is little room.
    """
    pages = max(1, -(-len(lines) // PAGE_ROWS))
    page = min(settings.page, pages)
    shown = lines[(page - 1) * PAGE_ROWS : page * PAGE_ROWS]
    ids = [line.id for line in shown]
    rows = [ids.index(run_id) for run_id in settings.chosen if run_id in ids]
    key = _key(ids, rows)
    st.dataframe(
        rows_of(shown, narrow=narrow),
        hide_index=True,
        width="stretch",
        height="content" if len(shown) <= _FEW else _HEIGHT,
        key=key,
        on_select=lambda: _choose(key, ids),
        selection_mode="multi-row",
        selection_default=_default(key, rows),
        column_config=_columns(),
        alt=f"{len(lines)} runs, page {page} of {pages}",
    )
    if pages > 1:
        _turn(page, pages, len(lines))


def _columns() -> dict[str, object]:
    number, text = st.column_config.NumberColumn, st.column_config.TextColumn
    return {
        "★": text(width=30),
        "name": text(width=120),
        "net": text(width=190),
        "validation": number("accuracy", format="%.1f %%", width=76, help="On the validation set."),
        "loss": number(format="%.3g", width=66, help="On the validation set."),
        "rate": number(format="%.3g", width=66, help="Learning rate."),
        "epochs": number(format="%.4g", width=62),
        "time": number(format="%.3g s", width=70, help="Seconds of training, without pauses."),
        "NFE": number(width=56, help="Evaluations of the field in one forward pass."),
        "parameters": number(format="localized", width=86),
        "status": text(width=96),
        "when": text(width=86, help="When it was handed in."),
        "tags": text(width=100),
    }


def _key(ids: Sequence[str], rows: Sequence[int]) -> str:
    """Return the key of the table, a new one for other runs.

    A table keeps what is chosen in it by its key. So there is a new one as well where a link, a button
    or the browser's way back has chosen others.
    """
    digest = hashlib.sha256(" ".join(ids).encode()).hexdigest()[:12]
    count = st.session_state.setdefault(_CHOSEN, 0)
    held = st.session_state.get(f"{_CHOSEN}:{digest}:{count}")
    if held is not None and sorted(held.selection.rows) != sorted(rows):
        count = st.session_state[_CHOSEN] = count + 1
    return f"{_CHOSEN}:{digest}:{count}"


def _default(key: str, rows: Sequence[int]) -> dict[str, object]:
    """Return with what the table begins, which must stay while it is there."""
    held = st.session_state.setdefault("runs:defaults", {})
    if key not in held:
        held.clear()
        held[key] = list(rows)
    return {"selection": {"rows": held[key], "columns": [], "cells": []}}


def _choose(key: str, ids: Sequence[str]) -> None:
    """Take what is chosen in the table; what is chosen and not in it stays."""
    picked = [ids[row] for row in st.session_state[key].selection.rows if row < len(ids)]
    before = [run_id for run_id in SHEET.settings.chosen if run_id not in ids or run_id in picked]
    fresh = [run_id for run_id in picked if run_id not in before]
    SHEET.change({"chosen": (*before, *fresh)})


def choose(run_ids: Sequence[str]) -> None:
    """Choose other runs than the table says."""
    SHEET.change({"chosen": tuple(run_ids)})


def _turn(page: int, pages: int, total: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="runs_pages"):
        for word, icon, to, possible in (
            ("Newer page", ":material/chevron_left:", page - 1, page > 1),
            ("Older page", ":material/chevron_right:", page + 1, page < pages),
        ):
            st.button(
                word.replace("Newer", "Previous").replace("Older", "Next"),
                icon=icon,
                key=f"runs:{word}",
                help=f"{PAGE_ROWS} runs further in the list.",
                disabled=not possible,
                on_click=lambda to=to: SHEET.change({"page": to}),
            )
        first = (page - 1) * PAGE_ROWS
        st.caption(f"{first + 1} to {min(first + PAGE_ROWS, total)} of {total:,}")
