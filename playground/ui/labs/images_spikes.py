"""Whether the training of a neural ODE becomes unstable: epochs whose loss stands far above the least."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from playground.charts.depth import marked
from playground.training.events import Metrics
from playground.training.image_nfe import Spike, spikes
from playground.ui.labs.charting import draw, table
from playground.ui.labs.images_settings import SHEET, Settings

_LATE = 0.5  # share of the epochs behind which an epoch is late
Trainings = dict[str, list[list[Metrics]]]
"""The figures of every repetition of each net, by its name."""


def draw_spikes(found: Trainings, settings: Settings) -> None:
    """Draw loss, evaluations and gradient over the epochs, with a mark where the loss rose."""
    st.markdown("##### Does it become unstable?")
    field, _ = st.columns([2, 3])
    with field:
        SHEET.form.field(settings, "nfe_factor")
    series = tuple(name for name, runs in found.items() if runs)
    marks: list[tuple[str, Spike]] = []
    parts: dict[str, list[dict[str, Any]]] = {
        "train_loss": [],
        "nfe_forward": [],
        "gradient_norm": [],
    }
    for name in series:
        for i, run in enumerate(found[name]):
            training = f"{name}, repetition {i + 1}"
            own = {spike.epoch: spike for spike in spikes(run, settings.nfe_factor)}
            marks += [(training, spike) for spike in own.values()]
            for m in run:
                if m.step == 0:
                    continue
                times = own[m.epoch].times if m.epoch in own else 0.0
                row = {"series": name, "training": training, "epoch": m.epoch, "marked": times}
                for quantity, rows in parts.items():
                    rows.append({**row, "value": getattr(m, quantity)})
    for column, (quantity, title, log) in zip(
        st.columns(3, gap="medium"),
        (
            ("train_loss", "training loss", True),
            ("nfe_forward", "NFE, forward", False),
            ("gradient_norm", "norm of the gradient", True),
        ),
    ):
        with column:
            draw(f"spikes_{quantity}", marked(series, title, log), pd.DataFrame(parts[quantity]))
    st.markdown(_told(found, marks, settings))
    if marks:
        with st.expander("The marked epochs"):
            table(_spike_rows(marks))


def _told(found: Trainings, marks: list[tuple[str, Spike]], settings: Settings) -> str:
    """Say how many epochs stand out, and whether late ones do."""
    trainings = sum(map(len, found.values()))
    epochs = sum(m.step > 0 for runs in found.values() for run in runs for m in run)
    limit = f"more than {settings.nfe_factor:g} times the least loss before"
    if not marks:
        return (
            f"**None** of {epochs:,} epochs of {trainings} trainings ended with {limit}: nothing became "
            "unstable here. Longer trainings and higher learning rates are likelier to."
        )
    late = sum(spike.epoch > _LATE * settings.nfe_epochs for _, spike in marks)
    worst_of, worst = max(marks, key=lambda each: each[1].times)
    harder = sum(spike.nfe > spike.usual_nfe for _, spike in marks)
    return (
        f"**{len(marks)}** of {epochs:,} epochs of {trainings} trainings ended with {limit} (diamonds), "
        f"**{late}** of them in the second half. The worst is epoch {worst.epoch:g} of {worst_of}: "
        f"{worst.times:.3g} times. At {harder} of them the solver worked harder than in the median epoch "
        "before."
    )


def _spike_rows(marks: list[tuple[str, Spike]]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "training": training,
                "epoch": f"{spike.epoch:g}",
                "loss": f"{spike.loss:.4g}",
                "times the least": f"{spike.times:.3g}",
                "NFE": spike.nfe,
                "usual NFE": f"{spike.usual_nfe:g}",
                "gradient norm": f"{spike.gradient_norm:.3g}",
                "usual norm": f"{spike.usual_norm:.3g}",
            }
            for training, spike in marks
        ]
    )
