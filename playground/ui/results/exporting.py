"""Runs taken home from the page of the runs, and brought back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from playground.charts.exports import chart_png, chart_svg
from playground.charts.run_curves import QUANTITIES, run_curves
from playground.exchange import tables
from playground.exchange.about import MAX_RUNS
from playground.exchange.archive import archive
from playground.exchange.importing import bring
from playground.exchange.parts import script_of, weights_of, zipped
from playground.experiment import Experiment
from playground.jobs import RunRecord
from playground.training.script import refusal
from playground.ui import state
from playground.ui.home_page import PLAYGROUND

MAX_IMPORT_MB = 50
_KEY = "exchange"  # begins the keys of this part


def draw_export(runs: Sequence[RunRecord]) -> None:
    """Draw the downloads of the runs that are chosen; each file is made when it is asked for."""
    if not runs:
        st.caption("Choose runs to export them.")
        return
    chosen = list(runs[:MAX_RUNS])
    if len(runs) > MAX_RUNS:
        st.caption(
            f"{len(runs)} runs are chosen; at most {MAX_RUNS} are exported at once, the first ones. For "
            "more there is the command line: python -m playground export."
        )
    ids = [run.id for run in chosen]
    jobs, name = state.jobs(), _stem(chosen)
    with st.container(horizontal=True, gap="small", key=f"{_KEY}_export"):
        _button(
            "Runs (zip)",
            f"{name}.zip",
            lambda: archive(jobs, ids),
            "All of the runs: settings, figures and weights. It can be brought back, here or on another "
            "server, with every view.",
        )
        for which, label in (("metrics", "Figures"), ("runs", "Settings")):
            for ending, make in (("csv", tables.as_csv), ("parquet", tables.as_parquet)):
                _button(
                    f"{label} ({_WORDS[ending]})",
                    f"{name}-{which}.{ending}",
                    lambda which=which, make=make: make(tables.table_of(jobs, ids, which)),
                    _TABLES[which],
                )
        _button(
            "JSON", f"{name}.json", lambda: tables.as_json(jobs, ids), "Both tables in one file."
        )
        _weights(chosen, name)
        _scripts(chosen, name)
    _pictures(ids, name)


_WORDS = {"csv": "CSV", "parquet": "Parquet"}
_TABLES = {
    "metrics": "A row for each run and step: losses, accuracies, evaluations, seconds.",
    "runs": "A row for each run: its settings, its last figures, and what you say of it.",
}


def _stem(runs: Sequence[RunRecord]) -> str:
    """Return how the files are called; nothing that a person typed is in it."""
    return f"run-{runs[0].id}" if len(runs) == 1 else f"{len(runs)}-runs"


def _button(label: str, file: str, make: Callable[[], bytes], text: str) -> None:
    st.download_button(
        label,
        make,
        file_name=file,
        key=f"{_KEY}:{label}",
        help=text,
        on_click="ignore",
        icon=":material/download:",
    )


def _weights(runs: Sequence[RunRecord], name: str) -> None:
    """Draw the download of the weights of those runs that have some."""
    ids = [run.id for run in runs if run.checkpoint_step >= 0]
    _parts("Weights", ids, name, weights_of, ".safetensors", "Weights as safetensors.")


def _scripts(runs: Sequence[RunRecord], name: str) -> None:
    """Draw the download of the scripts of those runs for which one can be written."""
    ids = [run.id for run in runs if not refusal(Experiment.from_stored(run.experiment_json)[0])]
    text = "PyTorch scripts that repeat the runs without this program."
    _parts("Scripts", ids, name, script_of, ".py", text)


def _parts(
    label: str, ids: Sequence[str], name: str, make: Callable[..., bytes], ending: str, text: str
) -> None:
    jobs = state.jobs()
    if len(ids) == 1:
        _button(label, f"{name}{ending}", lambda: make(jobs, ids[0]), text)
    elif ids:
        file = f"{name}-{label.lower()}.zip"
        _button(
            label, file, lambda: zipped(make, jobs, ids, ending), f"{text} A file for each run."
        )


def _pictures(ids: Sequence[str], name: str) -> None:
    """Draw the choice of a quantity, and the downloads of its curves."""
    jobs = state.jobs()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        quantity = st.selectbox(
            "Curves of",
            list(QUANTITIES),
            format_func=QUANTITIES.get,
            key=f"{_KEY}:quantity",
            help="What the pictures of the curves show.",
            width=220,
        )
        for ending, draw in (("png", chart_png), ("svg", chart_svg)):
            _button(
                f"Curves ({ending.upper()})",
                f"{name}-{quantity}.{ending}",
                lambda draw=draw: draw(*run_curves(tables.metrics_table(jobs, ids), quantity)),
                "A line for each run over its epochs.",
            )


def draw_import() -> None:
    """Draw the place where exported runs are brought back."""
    file = st.file_uploader(
        "Exported runs (zip)",
        type=["zip"],
        max_upload_size=MAX_IMPORT_MB,
        key=f"{_KEY}:file",
        help="A file that this program has exported, here or elsewhere. Its runs become yours, with all "
        "of their views. Larger files: python -m playground import.",
    )
    if file is not None:
        st.button(
            "Bring them back",
            key=f"{_KEY}:import",
            help="Puts the runs of the file among yours, with all of their views.",
            type="primary",
            icon=":material/upload:",
            on_click=_bring,
            args=(file,),
            disabled=file.file_id in _brought(),
        )
    _arrived()


def _brought() -> dict[str, list[str]]:
    """Return what has been brought back in this tab: the new ids by the uploaded files'."""
    return st.session_state.setdefault(f"{_KEY}:brought", {})


def _bring(file: Any) -> None:
    """Put the runs of a file in the store, once: a click may be delivered twice."""
    if file.file_id in _brought():
        return
    try:
        new = bring(state.jobs(), file.getvalue())
    except ValueError as error:  # Refused among them
        state.say(f"{file.name}: {error}.", "error")
        return
    _brought()[file.file_id] = new
    words = "One run was" if len(new) == 1 else f"{len(new)} runs were"
    state.say(f"{words} brought back.", "success")


def _arrived() -> None:
    """Draw the way to what has been brought back last."""
    if not _brought():
        return
    last = list(_brought().values())[-1]
    with st.container(horizontal=True, gap="small", key=f"{_KEY}_arrived"):
        for run_id in last[:5]:
            try:
                run = state.jobs().get(run_id)
            except ValueError:  # deleted meanwhile
                continue
            label = state.plain(run.name) or run.id
            if st.button(
                f"Open {label}",
                key=f"{_KEY}:open:{run_id}",
                icon=":material/open_in_new:",
                help="Shows the run in the playground.",
            ):
                state.show_run(run)
                st.switch_page(PLAYGROUND)
    if len(last) > 5:
        st.caption(f"and {len(last) - 5} more, among your runs.")
