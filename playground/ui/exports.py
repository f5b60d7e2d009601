"""Everything that can be taken home: the run, its weights and data, its charts."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from playground.charts.exports import chart_csv, chart_png, chart_svg
from playground.datasets import load
from playground.experiment import Experiment
from playground.jobs import RunRecord
from playground.training.weights import weights_only
from playground.ui import state


def export_menu(shown: RunRecord | None) -> None:
    """Draw the downloads of a run."""
    experiment = state.experiment()
    if shown is not None:
        experiment = Experiment.model_validate_json(shown.experiment_json)
    _download("Experiment (JSON)", "experiment.json", lambda: _json(experiment))
    _download("Data (CSV)", "data.csv", lambda: data_csv(experiment))
    if shown is None:
        return
    changes = state.jobs().amendments(shown.id)
    _download("Script (PyTorch)", "train.py", lambda: _script(experiment, changes))
    _download("Metrics (CSV)", "metrics.csv", lambda: _metrics(shown.id))
    if shown.checkpoint_step >= 0:
        _download("Weights (safetensors)", "weights.safetensors", lambda: _weights(shown.id))


def _download(label: str, name: str, make: Any) -> None:
    st.download_button(
        label, make, file_name=name, key=f"download:{name}", on_click="ignore", width="stretch"
    )


def _json(experiment: Experiment) -> bytes:
    return experiment.model_dump_json(indent=2).encode()


def _weights(run_id: str) -> bytes:
    return weights_only(state.jobs().checkpoint(run_id) or b"")


def _script(experiment: Experiment, changes: list) -> bytes:
    from playground.training.script import torch_script

    return torch_script(experiment, changes).encode()


def _metrics(run_id: str) -> bytes:
    return pd.DataFrame(state.jobs().metrics(run_id)).to_csv(index=False).encode()


def data_csv(experiment: Experiment) -> bytes:
    """Return the points of an experiment as CSV: inputs, label, and which set each belongs to."""
    split = load(
        experiment.data.name,
        n_train=experiment.n_train,
        n_validation=experiment.n_validation,
        seed=experiment.data_seed,
        options=experiment.data.options,
    )
    parts = []
    for name, x, y in (
        ("train", split.x_train, split.y_train),
        ("validation", split.x_validation, split.y_validation),
    ):
        frame = pd.DataFrame(x, columns=list(split.feature_names))
        labels = np.asarray(split.class_names)[y] if split.task == "classification" else y[:, 0]
        parts.append(frame.assign(label=labels, set=name))
    buffer = io.StringIO()
    pd.concat(parts).to_csv(buffer, index=False)
    return buffer.getvalue().encode()


def chart_menu(name: str, specification: dict[str, Any], rows: Callable[[], pd.DataFrame]) -> None:
    """Draw the downloads of one chart; ``rows`` is called when one of them is asked for."""
    with st.container(horizontal=True, gap="small", key=f"chart_menu:{name}"):
        for kind, make in (("PNG", chart_png), ("SVG", chart_svg)):
            st.download_button(
                kind,
                lambda make=make: make(specification, rows()),
                file_name=f"{name}.{kind.lower()}",
                key=f"chart:{name}:{kind}",
                on_click="ignore",
                type="tertiary",
            )
        st.download_button(
            "CSV",
            lambda: chart_csv(rows()),
            file_name=f"{name}.csv",
            key=f"chart:{name}:CSV",
            on_click="ignore",
            type="tertiary",
        )
