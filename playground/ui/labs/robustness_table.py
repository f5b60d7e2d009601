"""Table I: what is printed of CNN, ODENet and TisODE under attack, beside what comes out here."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from playground.datasets import TableError
from playground.experiment import Experiment
from playground.networks import NETWORKS
from playground.training.robust_protocol import PROTOCOLS, Protocol, cannot, experiments
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
    protocol = PROTOCOLS[settings.table_protocol]
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


def changes_of(settings: Settings) -> dict[str, Any]:
    """Return what is changed of a protocol's own numbers."""
    chosen = {"epochs": settings.table_epochs, "n_train": settings.table_n_train}
    return {name: value for name, value in chosen.items() if value}


def _reproduced(settings: Settings, protocol: Protocol) -> None:
    why = cannot(protocol)
    if why:
        st.info(f"Not here: {state.plain(why)}. All its cells: **cannot be judged**.", icon="ℹ️")
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
    st.caption(training_words(flat))
    draw_study(SHEET, flat, lambda runs: _ended_badly(made, runs))
    draw_results(settings, protocol, made)


def _what(settings: Settings, protocol: Protocol, made: dict[str, list[Experiment]]) -> str:
    first = made[NETS[0]][0]
    n_train, n_validation = first.split_sizes
    samples = min(settings.table_samples, n_validation)
    kind = "**Reduced protocol**" if protocol.reduced else "**Published protocol**"
    changed = ", changed for trying out" if changes_of(settings) else ""
    attacks = "; ".join(
        f"{column.label}: {options_words(column.attack)}"
        for column in protocol.columns
        if column.attack.name != "gaussian_noise"
    )
    return (
        f"{kind}{changed}: {first.data.entry.label}, {n_train:,} images to train on, the first "
        f"{samples:,} of {n_validation:,} others attacked; {first.epochs} epochs, batches of "
        f"{first.batch_size}, {settings.table_repetitions} weight seeds from {settings.table_seed} on."
        f"\n\nAttacks: {attacks}."
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
