"""Lookahead where people would use it: on nets that learn from mini-batches."""

from __future__ import annotations

import streamlit as st

from playground.experiment import Experiment
from playground.training.lookahead_study import Cell, cells, experiment_of
from playground.ui.labs import lookahead_landscape, lookahead_study
from playground.ui.labs.lookahead_found import Study
from playground.ui.labs.lookahead_settings import INNERS, NET_PERIODS, NET_RATES, SHEET, Settings


def view(settings: Settings) -> None:
    """Draw the view."""
    controls, charts = st.columns([1, 3], gap="large")
    with controls:
        _controls(settings)
    with charts:
        draw_nets(settings)


def draw_nets(settings: Settings) -> None:
    """Draw what nets come to with Lookahead and without, and two paths over a landscape."""
    study = study_of(settings)
    if not study.cells:
        st.info(
            "Choose an inner optimiser, a learning rate and a k at least.",
            icon=":material/info:",
        )
        return
    lookahead_study.draw_comparison(study, settings)
    lookahead_landscape.draw_landscape(study.base, settings)


def _controls(settings: Settings) -> None:
    form = SHEET.form
    form.many(settings, "inner", {name: _label(name) for name in INNERS})
    form.many(settings, "rates", {rate: rate for rate in NET_RATES})
    form.many(settings, "periods", {k: k for k in NET_PERIODS})
    for name in ("alpha", "repetitions", "first"):
        form.field(settings, name)
    with st.expander("Net and data"):
        for name in ("data", "points", "scheme", "width", "depth", "batch", "epochs"):
            form.field(settings, name)


def _label(name: str) -> str:
    from playground.optimizers import OPTIMIZERS

    return OPTIMIZERS[name].label


def study_of(settings: Settings) -> Study:
    """Return what the settings ask for: the cells, and an experiment for each cell and seed."""
    base = base_of(settings)
    every: list[Cell] = []
    if settings.inner and settings.rates and settings.periods:
        rates, periods = map(float, settings.rates), map(int, settings.periods)
        every = cells(settings.inner, tuple(rates), tuple(periods))
    seeds = range(settings.first, settings.first + settings.repetitions)
    made = tuple(
        tuple(experiment_of(base, cell, settings.alpha, seed) for seed in seeds) for cell in every
    )
    return Study(base, tuple(every), made)


def base_of(settings: Settings) -> Experiment:
    """Return the experiment that all cells share, but for the optimiser and the seed."""
    return Experiment.model_validate(
        {
            "data": settings.data,
            "n_train": settings.points,
            "n_validation": settings.points,
            "network": {
                "name": "rk_net",
                "options": {"width": settings.width, "depth": settings.depth},
            },
            "scheme": settings.scheme,
            "batch_size": settings.batch,
            "epochs": settings.epochs,
        }
    )
