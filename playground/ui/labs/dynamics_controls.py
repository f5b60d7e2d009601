"""The controls of the dynamics lab, and the upload of own samples."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import streamlit as st

from playground.datasets import TableError
from playground.datasets.trajectories import (
    MAX_BYTES,
    MAX_ROWS,
    MAX_STATES,
    Trajectories,
    fetch_trajectories,
    keep_trajectories,
    read_trajectories,
)
from playground.optimizers import OPTIMIZERS
from playground.training.dynamics_settings import NAMES
from playground.ui import formulas, state
from playground.ui.labs.dynamics_settings import SHEET, Settings

FORM = SHEET.form
FIELDS = Settings.model_fields


def controls(settings: Settings) -> None:
    """Draw all controls, in three tabs."""
    data, network, training = st.tabs(["Data", "Network", "Training"])
    with data:
        _data(settings)
    with network:
        _network(settings)
    with training:
        _training(settings)


def _pair(settings: Settings, *names: str) -> None:
    for column, name in zip(st.columns(len(names), gap="small"), names):
        with column:
            FORM.field(settings, name)


def _data(settings: Settings) -> None:
    FORM.field(settings, "source")
    if settings.source == "own":
        _own(settings)
        FORM.field(settings, "share")
        return
    FORM.slot(settings.problem, "problem", FIELDS["problem"], only=NAMES)
    entry = settings.problem.entry
    with st.container(key="formulas"):
        st.latex(_stacked(entry.pose(settings.problem.options).formula))
    FORM.field(settings, "n_trajectories")
    FORM.field(settings, "n_samples")
    FORM.field(settings, "noise")
    FORM.field(settings, "share")
    FORM.field(settings, "horizon", placeholder=f"{entry.horizon:g}")
    FORM.seed(settings, "data_seed")


def _stacked(formula: str) -> str:
    """Return a system with an equation in each line: side by side they are wider than the controls."""
    lines = r" \\ ".join(part.replace("=", "&=", 1) for part in formula.split(r",\quad "))
    return rf"\begin{{aligned}} {lines} \end{{aligned}}"


def _network(settings: Settings) -> None:
    now = "t, y" if settings.with_time else "y"
    st.latex(rf"\dot y = f_\theta({now})")
    _pair(settings, "width", "depth")
    _pair(settings, "activation", "augment")
    FORM.field(settings, "with_time")
    FORM.seed(settings, "weight_seed")
    st.caption(
        "An MLP that sees the state in units of the samples: less their mean, divided by their "
        "deviation."
    )


def _training(settings: Settings) -> None:
    names = [name for name in type(settings.scheme).registry if name != "custom"]
    FORM.slot(settings.scheme, "scheme", FIELDS["scheme"], only=names)
    if settings.scheme.entry.kind != "adaptive":
        FORM.field(settings, "steps")
    FORM.field(settings, "gradient")
    FORM.slot(settings.optimizer, "optimizer", FIELDS["optimizer"], only=list(OPTIMIZERS))
    FORM.slot(settings.schedule, "schedule", FIELDS["schedule"])
    FORM.field(settings, "iterations")
    _pair(settings, "segment", "batch")
    _step(settings)


def _step(settings: Settings) -> None:
    """Draw the step that the solver takes, with its numbers."""
    scheme = settings.scheme.chosen
    st.caption("The step being taken, from a sample to the next; NFE are those of a segment.")
    with st.container(key="step_formulas"):
        if scheme.formula:
            st.latex(scheme.formula)
        st.latex(formulas.segment_numbers(settings.fit))


def _own(settings: Settings) -> None:
    """Draw the upload of own samples, and what is in use."""
    file = st.file_uploader(
        "CSV file",
        type=["csv", "txt", "tsv"],
        max_upload_size=MAX_BYTES // 1_000_000,
        key="dynamics:upload",
        help=f"A column t, one to {MAX_STATES} columns of states and, where there is more than one "
        f"trajectory, a column trajectory; up to {MAX_ROWS:,} rows.",
    )
    if file is not None:
        name = state.plain(file.name)
        try:
            data = _read(file)
            st.caption(f"{name}: {_words(data)}")
            st.button(
                "Use this file",
                key="dynamics:use",
                help="Makes the file what the net learns, in place of a known system.",
                type="primary",
                width="stretch",
                on_click=_use,
                args=(data,),
            )
        except TableError as error:
            st.error(f"{name}: {state.plain(str(error))}", icon=":material/error:")
    if settings.table:
        with suppress(TableError):  # said where the samples would be drawn
            st.caption(f"In use: {_words(fetch_trajectories(settings.table))}")


def _read(file: Any) -> Trajectories:
    """Return what is in a file, read once: the page runs again at every click."""
    held = st.session_state.get("dynamics:read")
    if held is None or held[0] != file.file_id:
        held = st.session_state["dynamics:read"] = file.file_id, read_trajectories(file.getvalue())
    return held[1]


def _words(data: Trajectories) -> str:
    many = len(data.times)
    span = min(t[0] for t in data.times), max(t[-1] for t in data.times)
    return state.plain(
        f"{data.n_samples:,} samples of {many} trajector{'ies' if many > 1 else 'y'}, "
        f"states {', '.join(data.names)}, t from {span[0]:.4g} to {span[1]:.4g}"
    )


def _use(data: Trajectories) -> None:
    try:
        limit = state.jobs().settings.max_tables_mb
        key = keep_trajectories(data, limit_mb=limit, needed=state.jobs().tables_in_use)
    except OSError as error:
        state.say(f"The server could not keep the samples ({error.strerror}).", "error")
        return
    except TableError as error:
        state.say(f"{error}.", "error")
        return
    SHEET.change({"source": "own", "table": key, "shown": 1})
