"""Table I: what is printed of CNN, ODENet and TisODE under attack, beside what comes out here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from playground.datasets import TableError
from playground.experiment import Experiment
from playground.networks import NETWORKS
from playground.training.robust_protocol import (
    ATTACKED,
    PROTOCOLS,
    Protocol,
    cannot,
    experiments,
)
from playground.training.robust_table import NETS, SVHN_NOTE, TABLE_I
from playground.ui import state
from playground.ui.labs.charting import table
from playground.ui.labs.robustness_settings import SHEET, Settings
from playground.ui.labs.robustness_table_results import draw_results
from playground.ui.labs.robustness_words import options_words, training_words
from playground.ui.labs.studying import draw_study


def view(settings: Settings) -> None:
    """Draw the view."""
    controls, results = st.columns([1, 3], gap="large")
    protocol = protocol_of(settings)
    with controls:
        _controls(settings, protocol)
    with results:
        st.markdown("#### Is TisODE more robust? Printed beside reproduced")
        _reproduced(settings, protocol)
        _printed()


def _controls(settings: Settings, protocol: Protocol) -> None:
    form = SHEET.form
    form.field(settings, "table_protocol")
    form.field(settings, "table_repetitions")
    with st.expander("Smaller, for trying out"):
        for name in ("table_epochs", "table_n_train", "table_samples"):
            form.field(settings, name)
        form.seed(settings, "table_seed")
    st.caption(
        "**Published protocol** (Yan et al. 2020, by their code): Adam with a rate of 0.001 and a weight "
        "decay of 5·10⁻⁴, times 0.2 after epochs 30, 60 and 90 of 100, batches of 128, 3 trainings. Half "
        "of the images get noise of σ = 50, 75 or 100 / 255. TisODE: 0.01 times the steady-state loss, "
        "from epoch 5 on. 1000 test images; the attacks climb the margin from the image itself."
    )
    st.caption(f"**This protocol:** {protocol.about}")


def protocol_of(settings: Settings) -> Protocol:
    """Return the protocol; one that is changed for trying out counts as reduced."""
    protocol = PROTOCOLS[settings.table_protocol]
    if not (changes_of(settings) or settings.table_samples < ATTACKED):
        return protocol
    return replace(protocol, reduced=protocol.reduced or "it was changed for trying out")


def changes_of(settings: Settings) -> dict[str, Any]:
    """Return what is changed of a protocol's own numbers."""
    chosen = {"epochs": settings.table_epochs, "n_train": settings.table_n_train}
    return {name: value for name, value in chosen.items() if value}


def _reproduced(settings: Settings, protocol: Protocol) -> None:
    why = cannot(protocol)
    if why:
        st.info(
            f"Not here: {state.plain(why)}. All its cells: **cannot be judged**.",
            icon=":material/info:",
        )
        return
    try:
        made = experiments(
            protocol, settings.table_repetitions, settings.table_seed, **changes_of(settings)
        )
    except (TableError, ValueError) as error:
        st.info(f"{state.plain(str(error)).rstrip('.')}.", icon=":material/info:")
        return
    flat = [each for row in made.values() for each in row]
    st.markdown(_what(settings, protocol, made))
    st.caption(_attacks(protocol))
    st.caption(training_words(flat))
    draw_study(SHEET, flat, lambda runs: _ended_badly(made, runs))
    draw_results(settings, protocol, made)


def _what(settings: Settings, protocol: Protocol, made: dict[str, list[Experiment]]) -> str:
    first = made[NETS[0]][0]
    n_train, n_validation = first.split_sizes
    samples = min(settings.table_samples, n_validation)
    kind = (
        "**Reduced protocol**"
        if PROTOCOLS[settings.table_protocol].reduced
        else "**Published protocol**"
    )
    changed = ", changed for trying out" if changes_of(settings) else ""
    epochs = f"{first.epochs} epoch{'s' if first.epochs > 1 else ''}"
    return (
        f"{kind}{changed}: {first.data.entry.label}, {n_train:,} images to train on, the first "
        f"{samples:,} of {n_validation:,} others attacked; {epochs}, batches of {first.batch_size}, "
        f"{settings.table_repetitions} weight seeds from {settings.table_seed} on."
    )


def _attacks(protocol: Protocol) -> str:
    """Return the options of all attacks in words; those of one kind differ in ε and its share only."""
    kinds = {}
    for column in protocol.columns:
        kinds.setdefault(column.attack.entry.label, []).append(column)
    told = []
    for label, columns in kinds.items():
        sizes = " and ".join(f"{column.eps:.4g}" for column in columns)
        options = options_words(columns[0].attack)
        if len(columns) > 1 and hasattr(columns[0].attack.options, "alpha"):
            steps = " and ".join(f"{column.attack.options.alpha:.4g}" for column in columns)
            options += f" ({steps} in turn)"
        told.append(f"**{label}** of {sizes}: {options}")
    return (
        f"{'; '.join(told)}. Inputs stay in [0, 1]; images that are wrong already count as wrong."
    )


def _ended_badly(made: dict[str, list[Experiment]], runs: list[Any]) -> None:
    names = [name for name, row in made.items() for _ in row]
    for name, run in zip(names, runs):
        if run is not None and run.status == "diverged":
            st.warning(f"{NETWORKS[name].label}: {state.plain(run.reason)}.")


def _printed() -> None:
    """Draw the printed table, and what it says against its own text."""
    with st.expander("Table I as it is printed"):
        rows = [
            {"images": row.data, "perturbation": row.perturbation}
            | {NETWORKS[net].label: "{:.1f} ± {:.1f}".format(*row.cells[net]) for net in NETS}
            for row in TABLE_I
        ]
        table(pd.DataFrame(rows))
    st.caption(
        "Accuracies in percent, mean ± standard deviation over 3 trainings on images with noise. "
        f"{SVHN_NOTE}"
    )
