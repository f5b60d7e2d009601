"""What am I seeing? The views in words, the step with its numbers, and where it comes from."""

from __future__ import annotations

import streamlit as st

from playground.experiment import Experiment
from playground.references import with_links
from playground.ui import formulas
from playground.ui.seeing import texts


def explanation(experiment: Experiment) -> None:
    """Draw the three folds below the views."""
    seeing, step, origin = st.tabs(
        ["What am I seeing?", "The step being taken", "Where it comes from"]
    )
    with seeing:
        st.markdown(texts("playground")[""])
    with step:
        for formula in (
            formulas.field_formula(experiment),
            formulas.activation_formula(experiment),
            formulas.step_formula(experiment),
            formulas.numbers(experiment),
        ):
            if formula:
                st.latex(formula)
        st.caption(formulas.evaluations(experiment))
    with origin:
        for title, slot in (
            ("Data", experiment.data),
            ("Network", experiment.network),
            ("Integrator", experiment.scheme),
            ("Optimiser", experiment.optimizer),
        ):
            if title == "Integrator" and not experiment.network.entry.uses_scheme:
                continue
            entry = slot.entry
            source = f" {with_links(entry.reference)}" if entry.reference else ""
            st.markdown(f"**{title}: {entry.label}.** {entry.summary}{source}")
