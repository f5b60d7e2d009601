"""The controls of what makes a training robust, wherever a net is trained."""

from __future__ import annotations

from typing import Any

import streamlit as st

from playground import hardening
from playground.datasets import TableMissing
from playground.experiment import Experiment
from playground.hardening import HARDENINGS
from playground.ui.controls import Form


def hardening_choice(form: Form, settings: Any, experiment: Experiment) -> None:
    """Draw the choice among the hardenings that suit a training.

    Args:
        form: The form of the page.
        settings: What it shows; its field is ``hardening``.
        experiment: The training.
    """
    try:
        told = {"task": experiment.task, "n_outputs": experiment.n_outputs}
    except TableMissing:  # which its start would say
        told = {"task": "classification", "n_outputs": 2}
    staged = experiment.network.entry.staged
    legal = [n for n in HARDENINGS if not hardening.unfit(n, staged=staged, **told)]
    field = type(settings).model_fields["hardening"]
    form.slot(settings.hardening, "hardening", field, only=legal)


def regularizer_choice(form: Form, settings: Any) -> None:
    """Draw the choice of the regulariser, or say why the net has none.

    Args:
        form: The form of the page.
        settings: What it shows; its fields are ``network`` and ``regularizer``.
    """
    if settings.network.entry.rests:
        field = type(settings).model_fields["regularizer"]
        form.slot(settings.regularizer, "regularizer", field)
    else:
        st.caption(
            "A flow can also be asked to come to rest at its horizon; "
            f"{settings.network.entry.label} is none that goes on beyond it."
        )
