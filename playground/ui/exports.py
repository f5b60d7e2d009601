"""Everything that can be taken home: the run, its weights and data, its charts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from playground.charts.exports import chart_csv, chart_png, chart_svg
from playground.datasets import TableError, fetch, load, split_file, table_file
from playground.exchange.archive import archive
from playground.experiment import Experiment
from playground.jobs import RunRecord
from playground.training.events import Amendment
from playground.training.scripting.data import FILE, reads_file
from playground.training.weights import weights_only
from playground.ui import state


def export_menu(shown: RunRecord | None) -> None:
    """Draw the downloads of a run."""
    experiment = state.experiment()
    if shown is not None:
        experiment, _ = Experiment.from_stored(shown.experiment_json)
    _download("Experiment (JSON)", "experiment.json", lambda: _json(experiment))
    if experiment.data.entry.image_shape:
        st.caption("Images are not written as CSV: it would be many times their size.")
    elif _at_hand(experiment):
        _download("Data (CSV)", "data.csv", lambda: data_csv(experiment))
    else:
        st.caption("The table of this run is not on this server, so its data cannot be exported.")
    if shown is None:
        return
    changes = state.jobs().amendments(shown.id)
    script_menu(experiment, changes)
    _download("Metrics (CSV)", "metrics.csv", lambda: _metrics(shown.id))
    if shown.checkpoint_step >= 0:
        _download("Weights (safetensors)", "weights.safetensors", lambda: _weights(shown.id))
    _download("Run (zip)", "run.zip", lambda: archive(state.jobs(), [shown.id]))
    st.caption("The zip file can be brought back under Results → Runs, with every view of the run.")


def script_menu(experiment: Experiment, changes: Sequence[Amendment] = ()) -> None:
    """Draw the downloads of a run as a script, and of the images that the script reads.

    Args:
        experiment: The run.
        changes: Its recorded live changes.
    """
    from playground.training.script import refusal

    why = refusal(experiment)
    if why:
        st.caption(f"{why}.")
        return
    _download("Script (PyTorch)", "train.py", lambda: _script(experiment, changes))
    if reads_file(experiment):
        _download("Images of the script (npz)", FILE, lambda: _images(experiment))


def _at_hand(experiment: Experiment) -> bool:
    if experiment.data.name != "table":
        return True
    try:
        fetch(experiment.data.options.hash)
    except TableError:
        return False
    return True


def _download(label: str, name: str, make: Any) -> None:
    st.download_button(
        label,
        make,
        file_name=name,
        key=f"download:{name}",
        help=f"Made when you click, and kept as {name}.",
        on_click="ignore",
        width="stretch",
    )


def _json(experiment: Experiment) -> bytes:
    return experiment.model_dump_json(indent=2).encode()


def _weights(run_id: str) -> bytes:
    return weights_only(state.jobs().checkpoint(run_id) or b"")


def _script(experiment: Experiment, changes: Sequence[Amendment]) -> bytes:
    from playground.training.script import torch_script

    return torch_script(experiment, changes).encode()


def _images(experiment: Experiment) -> bytes:
    from playground.training.script import script_images

    return script_images(experiment) or b""


def _metrics(run_id: str) -> bytes:
    return pd.DataFrame(state.jobs().metrics(run_id)).to_csv(index=False).encode()


def data_csv(experiment: Experiment) -> bytes:
    """Return the data of an experiment as CSV that can be uploaded again.

    An own table is written as it was brought; of any other data set the points are, with the set
    that each belongs to.

    Raises:
        ValueError: If the data cannot be had.
    """
    data = experiment.data
    if data.name == "table":
        return table_file(fetch(data.options.hash))
    split = load(
        data.name,
        n_train=experiment.n_train,
        n_validation=experiment.n_validation,
        seed=experiment.data_seed,
        options=data.options,
    )
    return split_file(split)


def chart_menu(name: str, specification: dict[str, Any], rows: Callable[[], pd.DataFrame]) -> None:
    """Draw the downloads of one chart; ``rows`` is called when one of them is asked for."""
    with st.container(horizontal=True, gap="small", key=f"chart_menu:{name}"):
        for kind, make in (("PNG", chart_png), ("SVG", chart_svg)):
            st.download_button(
                kind,
                lambda make=make: make(specification, rows()),
                file_name=f"{name}.{kind.lower()}",
                key=f"chart:{name}:{kind}",
                help=f"The chart as a picture ({kind}).",
                on_click="ignore",
                type="tertiary",
            )
        st.download_button(
            "CSV",
            lambda: chart_csv(rows()),
            file_name=f"{name}.csv",
            key=f"chart:{name}:CSV",
            help="The numbers of the chart as a table (CSV).",
            on_click="ignore",
            type="tertiary",
        )
